"""Excerpts: one claim of an 837 interchange by itself, in its envelope and under its own hierarchy; one set.

What a person may see of a batch is the claim asked for, never the patients who travel beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edi.envelope_writer import write_interchange
from edi.files import GroupReport, InterchangeReport, SetReport, check_file
from edi.guide import LoopUse
from edi.interchange import Group, Interchange, TransactionSet
from edi.segments import Segment
from edi.tree import Loop

CLAIM = "2300"


class NoSuchSetError(Exception):
    """The file holds no such transaction set."""


class NoSuchClaimError(Exception):
    """The file holds no claim at that set control number and position."""


def cut_claim(content: bytes, set_control_number: str, position: int) -> bytes:
    """The interchange with the claim at `position` (from 1) of set `set_control_number` and nothing else.

    Segments are those of the file; only the numbers of the hierarchy (HL01, HL02, HL04), SE01, GE01 and
    IEA01 are counted anew. Raises NoSuchClaimError, and Unreadable as `check_file` does.
    """
    for interchange in check_file(content, keep=True).interchanges:
        for group in interchange.groups:
            for report in group.sets:
                if report.control_number == set_control_number and report.tree is not None:
                    claim = _find_claim(report.tree, position)
                    if claim is not None:
                        return _write(interchange, group, report, list(_segments(report.tree, claim)))
    raise NoSuchClaimError(f"no claim at position {position} of the set asked for")


def cut_set(content: bytes, set_control_number: str, meant: Callable[[SetReport], bool]) -> bytes:
    """The interchange with one transaction set and nothing else, segment for segment as it came.

    Of several with this control number it is the one that is `meant`. Raises NoSuchSetError, and Unreadable
    as `check_file` does.
    """
    numbered = [
        (interchange, group, report)
        for interchange in check_file(content, keep=True).interchanges
        for group in interchange.groups
        for report in group.sets
        if report.control_number == set_control_number
    ]
    chosen = numbered if len(numbered) == 1 else [it for it in numbered if meant(it[2])]
    if not chosen:
        raise NoSuchSetError("no such transaction set")
    interchange, group, report = chosen[0]
    found = TransactionSet(report.set_id, report.control_number, report.guide or "", list(report.segments))
    alone = Interchange(interchange.header, (Group(group.header, (found,)),))
    return write_interchange(alone).encode("utf-8", "surrogateescape")


def _find_claim(tree: Loop, position: int) -> Loop | None:
    return next((claim for number, claim in enumerate(tree.descend(CLAIM), 1) if number == position), None)


def _segments(tree: Loop, claim: Loop) -> Iterator[Segment]:
    """ST to SE: the claim, and of the loops around it whatever does not lead to another claim."""
    way = set(map(id, _way(claim)))
    yield from _walk(tree, way, claim)


def _way(claim: Loop) -> Iterator[Loop]:
    loop: Loop | None = claim
    while loop is not None:
        yield loop
        loop = loop.parent


def _walk(loop: Loop, way: set[int], claim: Loop) -> Iterator[Segment]:
    for child in loop.children:
        if isinstance(child, Segment):
            yield child
        elif child is claim or not leads_to_claims(child.use):
            yield from child.all_segments()
        elif id(child) in way:
            yield from _walk(child, way, claim)


def leads_to_claims(use: LoopUse) -> bool:
    """True for the claim loop and for the loops that may hold one."""
    return any(inner.id == CLAIM for inner in use.loop_uses())


def _write(
    interchange: InterchangeReport, group: GroupReport, report: SetReport, segments: list[Segment]
) -> bytes:
    renewed = [Segment(list(segment.elements), number) for number, segment in enumerate(segments, 1)]
    number_hierarchy(renewed)
    if renewed[-1].id == "SE":
        renewed[-1].elements[1] = str(len(renewed))
    found = TransactionSet(report.set_id, report.control_number, report.guide or "", renewed)
    alone = Interchange(interchange.header, (Group(group.header, (found,)),))
    return write_interchange(alone).encode("utf-8", "surrogateescape")


def number_hierarchy(segments: list[Segment]) -> None:
    """Numbers the levels of one claim from 1: each is the child of the one before it."""
    levels = [segment for segment in segments if segment.id == "HL"]
    for number, level in enumerate(levels, 1):
        parent = str(number - 1) if number > 1 else ""
        level.elements[1:] = [str(number), parent, level.element(3), "1" if number < len(levels) else "0"]
