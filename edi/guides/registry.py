"""The registry of guides: which there are, and which one a transaction set follows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from edi.collector import resting_collector
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


class UnknownGuideError(KeyError):
    """No guide has this id; the text says which one is meant, or which there are."""

    def __str__(self) -> str:
        asked = str(self.args[0])
        meant = load_short_names().get(asked.upper())
        told = f"{asked} is {meant}" if meant in load_heads() else f"there are {', '.join(load_heads())}"
        return f"no guide has the id {asked!r}: {told}"


@cache
def load_short_names() -> dict[str, str]:
    """The ids of the guides by what people call them (837P)."""
    raw = tomllib.loads((files("schemas") / "versions.toml").read_text(encoding="utf-8"))
    return dict(raw["short"])


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


class GuideHead(msgspec.Struct, frozen=True):
    """The first lines of an overlay file: what guide it is, of which transaction set, by which versions."""

    guide: str
    set: str
    versions: tuple[str, ...]


@cache
def load_heads() -> dict[str, GuideHead]:
    """The heads of the files of `schemas/guides`, by guide id.

    Which guide a set follows is asked before any is loaded, and the whole files take long (measured: 70 ms
    for fifteen, their heads 5 ms), so only what stands before the first table is parsed.
    """
    texts = (
        entry.read_text(encoding="utf-8")
        for entry in (files("schemas") / "guides").iterdir()
        if entry.name.endswith(".toml")
    )
    heads = [msgspec.convert(_parse_head(text), GuideHead) for text in texts]
    return {head.guide: head for head in sorted(heads, key=lambda head: head.guide)}


def _parse_head(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text.partition("\n[")[0])
    except tomllib.TOMLDecodeError:  # a text of several lines goes on with a bracket
        return tomllib.loads(text)


def _parse_source(text: str) -> GuideSource:
    """A file without its JSON names, which are most of it and which `edi.guides.overlay` reads."""
    first = min((at for at in (text.find("\n[template"), text.find("\n[loop")) if at >= 0), default=len(text))
    needed = text if text.find("\n[[fix", first) >= 0 or text.find("\n[codes", first) >= 0 else text[:first]
    return msgspec.convert(tomllib.loads(needed), GuideSource)


@cache
@resting_collector()
def load_guide(guide_id: str) -> Guide:
    """The guide, loaded, corrected and proven once. Raises UnknownGuideError, GuideError, MapChangedError."""
    if guide_id not in load_heads():
        raise UnknownGuideError(guide_id)
    text = (files("schemas") / "guides" / f"{guide_id}.toml").read_text(encoding="utf-8")
    return load_source(_parse_source(text))


@cache
def _versions() -> dict[tuple[str, str], str]:
    return {
        (source.set, version): source.guide
        for source in load_heads().values()
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
    return tuple(sign for sign in signs if sign.guide in load_heads())


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
