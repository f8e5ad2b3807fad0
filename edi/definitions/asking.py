"""What is asked for: a guide, a loop, a segment in it; an unknown name is answered by what there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from edi.definitions.reading import define_guide, list_guides
from edi.definitions.shapes import GuideDefinition, LoopDefinition, SegmentDefinition
from edi.guides.registry import load_heads, load_short_names

CLOSE = 0.5
LISTED = 40
Definition = GuideDefinition | LoopDefinition | SegmentDefinition


class UnknownNameError(Exception):
    """There is no such guide, loop or segment; the text says what there is."""


def find_guide_id(asked: str) -> str:
    """The id of a guide by its id, by a version that it is read by, or by what people call it (837P).

    Raises UnknownNameError.
    """
    name = asked.upper()
    short = {known.upper(): guide for known, guide in load_short_names().items()}
    if name in list_guides():
        return name
    if name in short:
        return short[name]
    held = [head.guide for head in load_heads().values() if name in head.versions]
    if len(held) == 1:
        return held[0]
    known = held or [*load_short_names(), *list_guides()]
    raise UnknownNameError(tell("guide", asked, known, ambiguous=bool(held)))


def find_loop(guide: GuideDefinition, asked: str) -> LoopDefinition:
    """A loop of a guide by its id. Raises UnknownNameError."""
    for loop in guide.loops:
        if loop.id == asked.upper():
            return loop
    raise UnknownNameError(tell("loop", asked, [loop.id for loop in guide.loops], inside=guide.short))


def find_segments(loop: LoopDefinition, asked: str) -> tuple[SegmentDefinition, ...]:
    """The uses of a segment in a loop: all of an id (REF), or the one with a qualifier (REF[G1], REF*G1).

    Raises UnknownNameError.
    """
    name, _, code = asked.upper().replace("*", "[").rstrip("]").partition("[")
    found = [segment for segment in loop.segments if segment.id == name]
    if code:
        found = [segment for segment in found if code in list_qualifiers(segment)]
    if not found:
        keys = [segment.key.partition("/")[2] for segment in loop.segments]
        raise UnknownNameError(tell("segment", asked, keys, inside=loop.id))
    return tuple(found)


def list_qualifiers(segment: SegmentDefinition) -> set[str]:
    """The codes that may stand where a segment is told from its neighbours, else in its first element."""
    every = [part for element in segment.elements for part in (element, *element.components)]
    place = segment.told_by or next((part.place for part in every if part.codes), "")
    return {code.code for part in every if part.place == place for code in part.codes}


def tell(kind: str, asked: str, known: Iterable[str], *, inside: str = "", ambiguous: bool = False) -> str:
    """`there is no loop 2310 in 837P; did you mean 2310A?`"""
    names = list(dict.fromkeys(known))
    if ambiguous:
        return f"{asked} is the version of several guides: {', '.join(names)}"
    near = [name for name in names if name.startswith(asked.upper()) and asked] or get_close_matches(
        asked.upper(), names, 5, CLOSE
    )
    missing = f"there is no {kind} {asked}" + (f" in {inside}" if inside else "")
    if near:
        return f"{missing}; did you mean {join_or(near[:8])}?"
    more = " ..." if len(names) > LISTED else ""
    return f"{missing}; there are {', '.join(names[:LISTED])}{more}"


def join_or(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def define(guide: str, loop: str = "", segment: str = "", *more: str) -> tuple[Definition, ...]:
    """The definition of a guide, of a loop of it, or of the uses of a segment in that loop.

    Raises UnknownNameError.
    """
    found = define_guide(find_guide_id(guide))
    if more:
        raise UnknownNameError(f"a place is a guide, a loop and a segment; {more[0]} is one too many")
    if not loop:
        return (found,)
    inside = find_loop(found, loop)
    return find_segments(inside, segment) if segment else (inside,)
