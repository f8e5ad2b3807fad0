"""Claims that are surely right: written without their places in the document, and read without findings.

Of nearly all claims the answer is that nothing is wrong. Such a claim needs no way back from its segments to
the document, and no reader that goes on after a fault. At the first doubt the claim is left to
`edi.lone_claims`, which alone finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any

from edi.edits.basis import Basis, default_basis
from edi.edits.tables import CodeTables
from edi.findings import Finding, Place
from edi.generation import Context
from edi.openings import Opening, OpeningPlan
from edi.reader import Reading, SetReader
from edi.segments import Segment
from edi.sure.doubts import Doubtful
from edi.sure.facts import ClaimFacts
from edi.sure.rows import ClaimRows, keeps_order
from edi.sure.screens import Screening, choose_screens
from edi.sure.walk import walk
from edi.tree import Loop
from edi.written_claims import ClaimText

NOWHERE = Place()


class SureReader(SetReader):
    """Reads on from an opening until anything is wrong."""

    def __init__(self, opening: Opening, reading: Reading, context: Context) -> None:
        super().__init__(reading, context.delimiters, NOWHERE)
        loop: Loop | None = None
        self.opened: list[Loop] = []
        for held in opening.way:
            around, loop = loop, Loop(held.use, loop, children=held.children.copy(), shape=held.shape)
            if around is not None:
                around.children[-1] = loop
            self.opened.append(loop)
        assert loop is not None, "a set is open"
        self.tree, self.loop, self.last = self.opened[0], loop, opening.segments[-1]
        self.begin_anew(opening.counts)

    def let_go(self, opening: Opening) -> None:
        """Take apart what was read, but not the closed loops of the opening, which others share."""
        inner = self.opened[-1]
        for child in inner.children[len(opening.way[-1].children) :]:
            if isinstance(child, Loop):
                child.let_go()
        for loop in self.opened:
            loop.parent = None

    def note(self, finding: Finding, loop: Loop) -> None:
        """Anything that is found is a doubt."""
        raise Doubtful

    def _recover(self, segments: list[Segment], index: int) -> None:
        raise Doubtful


def write_sure(
    plan: OpeningPlan,
    opening: Opening,
    document: Mapping[str, Any],
    context: Context,
    reading: Reading,
    basis: Basis | None,
) -> ClaimText | None:
    """The text of a claim about which there is surely nothing to say; None where that is not sure."""
    if opening.findings or not keeps_order(reading.guide.id):
        return None
    screening = choose_screens(reading.rules)
    try:
        rows = ClaimRows(plan, opening, document, context)
        rows.finish()
        if screening.able:
            screen_rows(opening, reading, screening, rows, basis or default_basis())
        else:
            read_rows(opening, reading, rows, context, basis.tables if basis is not None else None)
    except Doubtful:
        return None
    return rows.join_levels()


def screen_rows(
    opening: Opening, reading: Reading, screening: Screening, rows: ClaimRows, basis: Basis
) -> None:
    """Check rows by screens. Raises Doubtful."""
    claim = ClaimFacts(opening, rows.rows, walk(opening, reading.shapes, screening, rows.rows))
    for doubt in screening.screens:
        if doubt(claim, basis):
            raise Doubtful


def read_rows(
    opening: Opening, reading: Reading, rows: ClaimRows, context: Context, tables: CodeTables | None
) -> None:
    """Check rows by the rules themselves. Raises Doubtful."""
    reader = SureReader(opening, reading, context)
    reader.tables = tables
    begin = len(opening.segments) + 1
    ordinals = range(begin, begin + len(rows.rows))
    segments = list(map(Segment, rows.rows, ordinals, repeat(0), repeat(None), repeat(True)))
    try:
        reader.read_known(segments)
        reader.end()
    finally:
        reader.let_go(opening)
