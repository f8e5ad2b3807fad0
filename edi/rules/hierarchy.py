"""Rules of the hierarchical levels (HL), the same in every guide that nests loops by them."""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, find
from edi.guide import ElementUse
from edi.rules.places import cite, locate
from edi.rules.registry import rule
from edi.segments import Segment
from edi.tree import Loop

CHILD_CODE = 4


def walk_levels(loop: Loop, parent: Segment | None = None) -> Iterator[tuple[Loop, Segment, Segment | None]]:
    """Every level of a transaction set in file order: its loop, its HL, and the HL of the level above."""
    for child in loop.children:
        if not isinstance(child, Loop) or not child.children:
            continue
        level = child.children[0]
        if child.use.wrapper:
            yield from walk_levels(child, parent)
        elif isinstance(level, Segment) and level.elements[0] == "HL":
            yield child, level, parent
            yield from walk_levels(child, level)


@rule("ST_LOOP", cites="005010X222A1 and 005010X214 2000A to 2000D, HL01, HL02 and HL04")
def levels_are_linked(root: Loop) -> Iterator[Finding]:
    """Levels are numbered from 1 through the set, name the level that they stand in, and tell of those below.

    A wrong number is told once, since those after it are wrong by the same fault.
    """
    in_order = True
    for number, (loop, level, parent) in enumerate(walk_levels(root), 1):
        if in_order and level.element(1) and level.element(1) != str(number):
            in_order = False
            yield report("hierarchy.number_out_of_order", loop, level, 1, expected=str(number))
        if parent is not None and level.element(2) and level.element(2) != parent.element(1):
            yield report("hierarchy.parent_wrong", loop, level, 2, name=loop.use.name)
        code = level.element(CHILD_CODE)
        right = "1" if has_levels(loop) else "0"
        if code in ("0", "1") and code != right and is_open(level):
            name = loop.use.name
            yield report("hierarchy.child_code_wrong", loop, level, CHILD_CODE, name=name, expected=right)


def report(code: str, loop: Loop, level: Segment, element: int, **words: str) -> Finding:
    """The finding `code` at an element of HL."""
    place, source = locate(loop, level, element), cite(loop, level, element)
    return find(code, x12=place, rule=source, value=level.element(element), severity=None, **words)


def has_levels(loop: Loop) -> bool:
    """True where a level stands below."""
    return next(walk_levels(loop), None) is not None


def is_open(level: Segment) -> bool:
    """True where the guide allows both child codes at this level."""
    uses = level.use.elements if level.use is not None else ()
    allowed = next((use for use in uses if use.position == CHILD_CODE), None)
    return isinstance(allowed, ElementUse) and allowed.usage != "N" and len(allowed.codes or ()) > 1
