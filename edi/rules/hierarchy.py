"""Rules of the hierarchical levels (HL), the same in every guide that nests loops by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from edi.findings import Finding, find
from edi.guide import ElementUse
from edi.rules.places import cite, locate
from edi.rules.registry import INTEGRITY, JoinedTally, rule, total_rule
from edi.segments import Segment
from edi.tree import Loop

CHILD_CODE = 4


LEVELS = ("2000A", "2000B", "2000C", "2000D", "2000E", "2000F")
SOURCES = "005010X222A1 and 005010X214 2000A to 2000D"


def level_of(loop: Loop) -> Segment | None:
    """The HL that begins a loop, or None where none does."""
    first = loop.children[0] if loop.children else None
    return first if isinstance(first, Segment) and first.elements[0] == "HL" else None


def level_above(loop: Loop) -> Segment | None:
    """The HL of the level around a level; wrappers are looked through."""
    above = loop.parent
    while above is not None and above.use.wrapper:
        above = above.parent
    return level_of(above) if above is not None else None


class LevelNumbers(JoinedTally):
    """Counts the levels of a set; `fault` is the finding about the first with a wrong number."""

    def __init__(self) -> None:
        self.count = 0
        self.fault: Finding | None = None

    def resume(self, counts: Mapping[str, int]) -> None:
        """Begin after so many HL."""
        self.count = counts.get("HL", 0)

    def begin(self, loop: Loop, opener: Segment) -> None:
        """A level begins."""
        if opener.elements[0] != "HL":
            return
        self.count += 1
        if self.fault is None and opener.element(1) not in ("", str(self.count)):
            self.fault = report("hierarchy.number_out_of_order", loop, opener, 1, expected=str(self.count))

    def state(self) -> dict[str, str]:
        """The fault as JSON, "" where there is none."""
        return {"fault": msgspec.json.encode(self.fault).decode() if self.fault is not None else ""}

    def join(self, state: dict[str, str]) -> None:
        """Keep the earlier fault."""
        if not state["fault"]:
            return
        other = msgspec.json.decode(state["fault"], type=Finding)
        if self.fault is None or _ordinal(other) < _ordinal(self.fault):
            self.fault = other


def _ordinal(finding: Finding) -> int:
    return (finding.x12.ordinal or 0) if finding.x12 is not None else 0


@total_rule("ST_LOOP", over=LEVELS, tally=LevelNumbers, cites=f"{SOURCES}, HL01", snip=INTEGRITY)
def levels_are_numbered(root: Loop, levels: LevelNumbers) -> Iterator[Finding]:
    """Levels are numbered from 1 through the set.

    A wrong number is told once, since those after it are wrong by the same fault.
    """
    if levels.fault is not None:
        yield levels.fault


@rule(*LEVELS, cites=f"{SOURCES}, HL02 and HL04", snip=INTEGRITY, needs=("HL",))
def levels_are_linked(loop: Loop) -> Iterable[Finding]:
    """A level names the level that it stands in, and tells of those below."""
    level = level_of(loop)
    if level is None:
        return ()
    found = []
    stated, code = level.element(2), level.element(CHILD_CODE)
    parent = level_above(loop) if stated else None
    if parent is not None and stated != parent.element(1):
        found.append(report("hierarchy.parent_wrong", loop, level, 2, name=loop.use.name))
    right = "1" if has_levels(loop) else "0"
    if code != right and code in ("0", "1") and is_open(level):
        name = loop.use.name
        found.append(report("hierarchy.child_code_wrong", loop, level, CHILD_CODE, name=name, expected=right))
    return found


def report(code: str, loop: Loop, level: Segment, element: int, **words: str) -> Finding:
    """The finding `code` at an element of HL."""
    place, source = locate(loop, level, element), cite(loop, level, element)
    return find(code, x12=place, rule=source, value=level.element(element), severity=None, **words)


def has_levels(loop: Loop) -> bool:
    """True where a level stands below, also one whose own HL is lost, which is told by itself.

    Of levels that are read as they go by, the first alone is still there.
    """
    if loop.shape is not None:
        return not loop.shape.names.isdisjoint(LEVELS)
    return any(child.use.id in LEVELS for child in loop.loops())


def is_open(level: Segment) -> bool:
    """True where the guide allows both child codes at this level."""
    uses = level.use.elements if level.use is not None else ()
    allowed = next((use for use in uses if use.position == CHILD_CODE), None)
    return isinstance(allowed, ElementUse) and allowed.usage != "N" and len(allowed.codes or ()) > 1
