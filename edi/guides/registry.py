"""The registry of guides: which there are, and which one a transaction set follows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from edi.guide import Guide
from edi.guides.loading import GuideSource, load_source
from edi.segments import Segment

#: What GS08 and ST03 hold where the sender names the release and no guide.
RELEASE = "005010"


class ContentSign(msgspec.Struct, frozen=True):
    """A segment that tells which guide a set follows; where `element` is given, with `code` there."""

    set: str
    segment: str
    guide: str
    element: int = 0
    code: str = ""


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


@cache
def load_signs() -> tuple[ContentSign, ...]:
    """The signs of `schemas/versions.toml` for the guides there are."""
    raw = tomllib.loads((files("schemas") / "versions.toml").read_text(encoding="utf-8"))
    signs = msgspec.convert(raw["content"], tuple[ContentSign, ...])
    return tuple(sign for sign in signs if sign.guide in load_sources())


def names_no_guide(implementation: str, group_version: str) -> bool:
    """True where ST03 and GS08 name the release at most: the content of the set has to tell."""
    return not {implementation, group_version} - {"", RELEASE}


def recognise_guide(
    set_id: str, implementation: str, group_version: str, segments: Iterable[Segment]
) -> str | None:
    """The guide of a set of the lone release `005010`, by its first telling segment; None where none."""
    if not names_no_guide(implementation, group_version):
        return None
    signs = [sign for sign in load_signs() if sign.set == set_id]
    for segment in segments if signs else ():
        for sign in signs:
            if segment.id == sign.segment and (
                not sign.element or segment.element(sign.element) == sign.code
            ):
                return sign.guide
    return None


def known_versions(set_id: str) -> list[str]:
    """The versions of a transaction set that can be read."""
    return sorted(version for (name, version) in _versions() if name == set_id)
