"""Sifting: the rows of a transaction set, unit by unit, past the reader or to it."""

from __future__ import annotations

from itertools import count, pairwise
from typing import Protocol

from edi.reader import SetReader, shape_of
from edi.recovery import LOOKAHEAD
from edi.rows import HeldRows, Rows
from edi.segments import Segment
from edi.sieve.forms import LoopForms, doubt_rows
from edi.sieve.paths import Paths
from edi.sieve.screens import Screening, load_screens
from edi.sieve.windows import Window
from edi.tree import Loop

WINDOW = 2048
"""Rows that are looked at at once: enough to be quick, few enough to stay near the processor."""
FEW = 2
"""Where less than one in so many units has gone through, the rest of the set is read without the sieve."""
ENOUGH = 200
"""So many units have to be seen before that is told."""


class UnitWriter(Protocol):
    """What takes the units of a set in their order, those that go through and those that are read."""

    def look(self, segments: list[Segment]) -> None:
        """These segments are read."""

    def write(self, window: Window, first: int, last: int, around: Loop, *, plain: bool) -> bool:
        """Take a unit that goes through, by its first row and the row after its last; false where it has to
        be read. What the reader has handed on comes before it. `plain` is that of its segments.
        """

    def take_back(self) -> None:
        """The unit that was written last has to be read after all."""


class Sieve:
    """Reads a transaction set with a reader that drops what is complete, and spares it the units that are
    surely right. The findings are those that the reader would have had alone.
    """

    def __init__(self, reader: SetReader, writer: UnitWriter | None = None) -> None:
        reading = reader.reading
        self.reader = reader
        self.writer = writer
        self.held = HeldRows()
        self.seen = self.passed = 0
        self.active = bool(reading.guide.handed_on)
        if not self.active:
            return
        load_screens()
        self.paths = Paths(reading.routes, reading.guide.handed_on)
        self.loops = LoopForms(self.paths)
        self.shapes = reading.shapes
        self.screening = Screening(self.paths, reading.rules)
        self.active = self.screening.complete

    def take(self, rows: Rows, ordinal: int) -> None:
        """The next rows of the set, the first of which has this ordinal."""
        if not self.active:
            self.read(rows.make_segments(count(ordinal)))
            return
        self.held.add(rows, ordinal)
        if len(self.held.rows) >= WINDOW:
            self._sift()

    def read(self, segments: list[Segment]) -> None:
        """The next segments of the set, of which nothing is known."""
        self._read_held(len(self.held.rows))
        self._read(segments)

    def end(self) -> None:
        """Nothing follows in this set."""
        if self.held.rows:
            self._sift()
        self._read_held(len(self.held.rows))
        self.reader.end()

    def _read_held(self, number: int) -> None:
        if number:
            self._read(self.held.make_segments(0, number))
            self.held.drop(number)

    def _read(self, segments: list[Segment]) -> None:
        if self.writer is not None:
            self.writer.look(segments)
        self.reader.read(segments)

    def _sift(self) -> None:
        """Look at the rows that are held; those of the last unit stay: it is not known where it ends."""
        held = self.held
        window = Window(self.paths, held, self.reader.component)
        if len(window.starts) < 2:
            self._read_held(len(held.rows))
            return
        doubted = self._doubt(window)
        if window.starts[0]:
            self._read(held.make_segments(0, window.starts[0]))
        passing: list[int] = []
        ready, alike = False, self.writer is None and not self.screening.fitting
        for number, (first, last) in enumerate(pairwise(window.starts)):
            if number not in doubted:
                ready = ready or self._settle(first)
                if ready and (alike or self._write(window, number)):
                    passing.append(number)
                    continue
            self._pass(window, passing)
            self._read(held.make_segments(first, last))
            ready = False
        self._pass(window, passing)
        self.seen += len(window.starts) - 1
        self.active = self.seen < ENOUGH or self.passed * FEW >= self.seen
        held.drop(window.starts[-1])

    def _doubt(self, window: Window) -> set[int]:
        """The units that are not surely right."""
        found = window.units_of(window.astray)
        accepts = self.shapes.plain_accepts if self.held.plain else self.shapes.accepts
        found |= window.units_of(doubt_rows(window, accepts))
        found |= window.units_of(self.loops.doubt(window))
        window.leave_out(found)
        return found | window.units_of(self.screening.doubt(window))

    def _settle(self, first: int) -> bool:
        """Complete what a unit that begins at row `first` would end; true where the reader is ready for it.

        Of each kind of loop the tree keeps the first, so that is always read.
        """
        reader, unit = self.reader, self.paths.unit
        reader.close_before(self.held.make_segments(first, first + LOOKAHEAD + 1))
        shape = shape_of(reader.loop)
        return (
            shape.station is unit.parent
            and shape.count(unit) > 0
            and self.paths.enters(shape.at, self.held.rows[first])
        )

    def _fits(self, window: Window, unit: int) -> bool:
        """True where a unit may go through after those before it."""
        reader = self.reader
        for kind, fits in self.screening.fitting.items():
            if not fits(reader.loop, reader.tree.tally(kind), window, unit):
                return False
        return True

    def _write(self, window: Window, unit: int) -> bool:
        """True where a unit may go through, and is written where that is wanted."""
        writer = self.writer
        if writer is None:
            return self._fits(window, unit)
        first, last = window.starts[unit : unit + 2]
        if not writer.write(window, first, last, self.reader.loop, plain=self.held.plain):
            return False
        fits = self._fits(window, unit)  # This counts it, so it is asked last.
        if not fits:
            writer.take_back()
        return fits

    def _pass(self, window: Window, units: list[int]) -> None:
        """Let units go through: they count, and leave nothing else behind."""
        if not units:
            return
        reader, loop = self.reader, self.reader.loop
        for kind, take in self.screening.taking.items():
            take(reader.tree.tally(kind), window, units)
        for _ in units:
            before, loop.shape = loop.shape, shape_of(loop).follow(self.paths.unit)
            if loop.shape is before:
                break
        self.passed += len(units)
        units.clear()
