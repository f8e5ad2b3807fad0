"""The registry of guides: which there are, and which one a transaction set follows."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from edi.guide import Guide
from edi.guides.loading import GuideSource, load_source


@cache
def load_sources() -> dict[str, GuideSource]:
    """The overlay files of `schemas/guides`, by guide id."""
    folder = files("schemas") / "guides"
    sources = (
        msgspec.convert(tomllib.loads(entry.read_text(encoding="utf-8")), GuideSource)
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )
    return {source.guide: source for source in sorted(sources, key=lambda source: source.guide)}


@cache
def load_guide(guide_id: str) -> Guide:
    """The guide, loaded, corrected and proven once. Raises KeyError, GuideError, MapChangedError."""
    return load_source(load_sources()[guide_id])


@cache
def _versions() -> dict[tuple[str, str], str]:
    return {
        (source.set, version): source.guide
        for source in load_sources().values()
        for version in (source.guide, *source.versions)
    }


def resolve_guide(set_id: str, implementation: str, group_version: str) -> str | None:
    """The guide of a set by ST03, else by GS08; None where neither is known."""
    known = _versions()
    return known.get((set_id, implementation)) or known.get((set_id, group_version))


def known_versions(set_id: str) -> list[str]:
    """The versions of a transaction set that can be read."""
    return sorted(version for (name, version) in _versions() if name == set_id)
