"""What screens ask of a claim: its rows by their ids, its lines in parts, its days, what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import msgspec

from edi.edits.billed import FORMS, ServiceForm
from edi.levels import PLAIN
from edi.notation import parse_date
from edi.openings import Opening
from edi.rows import Row
from edi.sure.doubts import Doubtful

SEPARATOR = PLAIN.component
SERVICE, STATEMENT = "472", "434"
INSTITUTION = "A"
REFERRING = ("2300", "2400")


class Line(msgspec.Struct, frozen=True, gc=False):
    """A service line: the row of its service, the parts of its procedure, what else the edits of lines ask,
    and its rows from `begin` to before `end`. `place` is its own; `first` and `last` are its days.
    """

    row: Row
    form: ServiceForm
    parts: list[str]
    qualifier: str
    procedure: str
    modifiers: tuple[str, ...]
    place: str
    first: date | None
    last: date | None
    begin: int
    end: int


class ClaimFacts:
    """A claim whose rows have been accepted: `loops` are those in which they stand, `at` has the numbers of
    the rows with an id.
    """

    def __init__(self, opening: Opening, rows: Sequence[Row], loops: Sequence[str]) -> None:
        self.opening = opening
        self.rows = rows
        self.loops = loops
        self.at = at = dict[str, list[int]]()
        for number, row in enumerate(rows):
            found = at.get(row[0])
            if found is None:
                at[row[0]] = [number]
            else:
                found.append(number)
        self.subscriber = self.find_only("SBR", "2000B")
        self.claim = claim = self.find_only("CLM", "2300")
        self.care = [*claim[5].split(SEPARATOR), "", ""]
        self.place, self.institutional = self.care[0], self.care[1] == INSTITUTION
        self.frequency = self.care[2]
        self.program = value(self.subscriber, 9)
        self.lines = self._read_lines()
        self.first, self.last = self._read_days()

    def find_only(self, name: str, loop: str) -> Row:
        """The row of a segment that a claim has once in a loop."""
        for number in self.at.get(name, ()):
            if self.loops[number] == loop:
                return self.rows[number]
        raise Doubtful

    def find(self, name: str, loop: str = "") -> list[Row]:
        """The rows with an id, of one loop or of all."""
        rows, loops = self.rows, self.loops
        return [rows[number] for number in self.at.get(name, ()) if not loop or loops[number] == loop]

    def has(self, name: str, loop: str) -> bool:
        """Whether a loop has a segment with this id."""
        loops = self.loops
        for number in self.at.get(name, ()):  # noqa: SIM110 -- half the time of any() over so few
            if loops[number] == loop:
                return True
        return False

    def find_references(self) -> set[str]:
        """The qualifiers of the REF of the claim and of its lines."""
        rows, loops = self.rows, self.loops
        return {rows[at][1] for at in self.at.get("REF", ()) if loops[at] in REFERRING}

    def name_patient(self) -> str:
        """The loop of the patient's name."""
        return "2010CA" if self.has("NM1", "2010CA") else "2010BA"

    def _read_lines(self) -> list[Line]:
        starts = self.at.get("LX", [])
        return [self._read_line(begin, end) for begin, end in pairwise([*starts, len(self.rows)])]

    def _read_line(self, begin: int, end: int) -> Line:
        """The line that begins with the LX at `begin`. Raises Doubtful where the service is not next."""
        rows = self.rows
        row = rows[begin + 1]
        form = FORMS.get(row[0])
        if form is None:
            raise Doubtful
        days = ""
        for number in range(begin + 2, end):
            dated = rows[number]
            if dated[0] == "DTP" and dated[1] == SERVICE:
                days = dated[3]
                break
        first, _, last = days.partition("-")
        day = parse_date(first)
        parts = value(row, form.procedure).split(SEPARATOR)
        return Line(
            row,
            form,
            parts,
            parts[0],
            parts[1] if len(parts) > 1 else "",
            tuple([part for part in parts[2:6] if part]) if len(parts) > 2 else (),
            value(row, form.place) if form.place else "",
            day,
            parse_date(last) if last else day,
            begin,
            end,
        )

    def _read_days(self) -> tuple[date | None, date | None]:
        """The first and last day of service or of the statement."""
        days = [line.first for line in self.lines if line.first is not None]
        days += [line.last for line in self.lines if line.last is not None]
        for row in self.find("DTP", "2300"):
            if row[1] == STATEMENT:
                begins, _, ends = row[3].partition("-")
                days += [it for it in (parse_date(begins), parse_date(ends or begins)) if it is not None]
        return (min(days), max(days)) if days else (None, None)


def value(row: Row, element: int) -> str:
    """An element of a row, or "" where it is shorter."""
    return row[element] if element < len(row) else ""
