"""The envelope and TA1 as a guide, for people to look up (`schemas/control.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from edi.guide import Guide
from edi.guides.loading import GuideSource, load_from_map

CONTROL = "TA1"
LOOP = "ISA_LOOP"


@cache
def load_control_source() -> GuideSource:
    """The file."""
    text = (files("schemas") / "control.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), GuideSource)


@cache
def load_control() -> Guide:
    """Interchange, group and TA1 as a guide. Raises MapChangedError."""
    source = load_control_source()
    return Guide(
        id=source.guide,
        name=source.name,
        transaction_set=source.set,
        functional_group=source.group,
        root=load_from_map(source, LOOP),
        versions=source.versions,
    )
