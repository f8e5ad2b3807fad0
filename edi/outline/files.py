"""The outline of an X12 file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from edi.codes import find_meaning
from edi.files import FileReport, GroupReport, InterchangeReport, SetReport
from edi.findings import Finding
from edi.guides.registry import load_guide
from edi.inspection import Inspected
from edi.notation import parse_amount
from edi.outline.contents import read_first
from edi.outline.loops import Children, LoopMaker, count_units, list_units
from edi.outline.rows import UNNAMED, RowMaker, make_notes
from edi.outline.shapes import Field, Kind, Outline, Row, Section, Unit
from edi.outline.values import make_visible, write_date, write_money, write_time
from edi.outline.words import find_contents, plural
from edi.segments import Delimiters, Segment
from edi.tree import Loop

USAGES = {"T": "test", "P": "production"}
TA1 = "TA1"
TA1_NAME = "Interchange Acknowledgment"
TA1_ELEMENTS = (
    ("Interchange Control Number", "I12"),
    ("Interchange Date", "373"),
    ("Interchange Time", "337"),
    ("Interchange Acknowledgment Code", "I17"),
    ("Interchange Note Code", "I18"),
)
CENTURY = "20"
FUNCTIONS = {
    "HC": "claims",
    "HP": "claim payments",
    "HS": "eligibility inquiries",
    "HB": "eligibility answers",
    "HR": "claim status requests",
    "HN": "claim status notices",
    "HI": "service reviews",
    "PI": "patient information",
    "BE": "enrollments",
    "RA": "payments and premiums",
    "FA": "functional acknowledgments",
    "AG": "application advice",
}


def outline_file(inspected: Inspected, *, redacted: bool = False) -> Outline:
    """The outline of a readable X12 file. Raises ValueError for an input that is none."""
    if inspected.report is None:
        raise ValueError("only a readable X12 file has the outline of a file")
    return _FileMaker(redacted=redacted).make(inspected, inspected.report)


def write_envelope_day(text: str) -> str:
    """YYMMDD or CCYYMMDD as 11/02/2026."""
    return write_date(CENTURY + text if len(text) == 6 else text)


def write_envelope_moment(day: str, time: str) -> str:
    """Date and time of an envelope."""
    return make_visible(f"{write_envelope_day(day)} {write_time(time)}")


def name_set(guide: str | None) -> str:
    """What its guide calls a transaction set."""
    return load_guide(guide).name if guide else "of no guide known here"


class _FileMaker:
    """Makes the sections of a file, and numbers its units through."""

    def __init__(self, *, redacted: bool) -> None:
        self.redacted = redacted
        self.units: list[Unit] = []
        self.delimiters = Delimiters()

    def make(self, inspected: Inspected, report: FileReport) -> Outline:
        sections = tuple(map(self._interchange, report.interchanges))
        return Outline(
            name=inspected.name,
            kind=inspected.kind,
            verdict=inspected.verdict,
            counts=inspected.counts,
            sections=sections,
            units=tuple(self.units),
            facts=tuple(sum_up(report, self.units)),
            notes=make_notes(report.findings),
            redacted=self.redacted,
        )

    def _interchange(self, report: InterchangeReport) -> Section:
        header, self.delimiters = report.header, report.header.delimiters
        answers = tuple(map(self._acknowledgment, report.acknowledgments))
        children: Children = (*answers, *map(self._group, report.groups))
        return Section(
            kind=Kind.INTERCHANGE,
            id="ISA",
            name=f"Interchange {make_visible(header.control_number)}",
            children=children,
            hint=make_visible(f"{header.sender} ▶ {header.receiver}"),
            facts=(
                ("sender", make_visible(f"{header.sender} ({header.sender_qualifier})")),
                ("receiver", make_visible(f"{header.receiver} ({header.receiver_qualifier})")),
                ("written", write_envelope_moment(header.date, header.time)),
                ("use", USAGES.get(header.usage, make_visible(header.usage))),
            ),
            notes=make_notes(report.findings),
            units=tuple(list_units(children)),
        )

    def _acknowledgment(self, segment: Segment) -> Row:
        fields = []
        for position, (name, number) in enumerate(TA1_ELEMENTS, 1):
            text = segment.element(position)
            shown = {"373": write_envelope_day, "337": write_time}.get(number, str)(text)
            if text:
                told = find_meaning(number, text)
                seen = make_visible(text)
                fields.append(Field(f"{TA1}{position:02d}", name, seen, make_visible(shown), told))
        return Row(TA1, TA1_NAME, 0, tuple(fields))

    def _group(self, report: GroupReport) -> Section:
        header = report.header
        children: Children = tuple(map(self._set, report.sets))
        return Section(
            kind=Kind.GROUP,
            id="GS",
            name=f"Group {make_visible(header.control_number)}",
            children=children,
            hint=FUNCTIONS.get(header.functional_id, make_visible(header.functional_id)),
            facts=(
                ("sender", make_visible(header.sender)),
                ("receiver", make_visible(header.receiver)),
                ("written", write_envelope_moment(header.date, header.time)),
                ("version", make_visible(header.version)),
            ),
            notes=make_notes(report.findings),
            units=tuple(list_units(children)),
        )

    def _set(self, report: SetReport) -> Section:
        separators = (
            (report.tree.component_separator, report.tree.repetition_separator) if report.tree else (":", "^")
        )
        rows = RowMaker(*separators, redacted=self.redacted)
        return make_set(rows, report, self.units)


def make_set(rows: RowMaker, report: SetReport, units: list[Unit]) -> Section:
    """A transaction set as a section; its units go to `units`."""
    placed: dict[int, list[Finding]] = {}
    for finding in report.findings:
        ordinal = finding.x12.ordinal if finding.x12 else None
        placed.setdefault(ordinal or 0, []).append(finding)
    notes = placed.pop(0, [])
    contents = find_contents(load_guide(report.guide)) if report.guide else None
    children: Children
    if report.tree is not None:
        children = LoopMaker(rows, contents, placed, units).make(report.tree)
    else:
        children = tuple(rows.make(segment, placed.pop(segment.ordinal, ())) for segment in report.segments)
    if report.tree is not None:
        held = {segment.ordinal for segment in report.tree.all_segments()}
        lost = [segment for segment in report.segments if segment.ordinal not in held]
        children = (*children, *(rows.make(segment, placed.pop(segment.ordinal, ())) for segment in lost))
    children = (*children, *_place_rest(placed))
    count_units(children, units)
    return Section(
        kind=Kind.SET,
        id=make_visible(report.set_id),
        name=f"Transaction set {make_visible(report.control_number)}",
        children=children,
        hint=name_set(report.guide),
        facts=(("guide", report.guide or "none"), ("segments", f"{report.segment_count:,}")),
        notes=make_notes(notes),
        units=tuple(list_units(children)),
    )


def _place_rest(placed: dict[int, list[Finding]]) -> Iterator[Row]:
    """Findings about segments that the set does not have."""
    for ordinal, findings in sorted(placed.items()):
        yield Row("?", UNNAMED, ordinal, (), make_notes(findings))


def sum_up(report: FileReport, units: Iterable[Unit]) -> Iterator[tuple[str, str]]:
    """The file in a few facts: its kinds of sets, its claims, its money."""
    sets = Counter((found.set_id, found.guide or "") for found in report.sets)
    told = (
        make_visible(f"{count:,} of {set_id} {guide}".rstrip()) for (set_id, guide), count in sets.items()
    )
    yield "transaction sets", ", ".join(told) or "none"
    yield "segments", f"{sum(found.segment_count for found in report.sets):,}"
    yield from count_contents(units)
    payments = [amount for found in report.sets if found.tree for amount in read_payments(found.tree)]
    if payments:
        yield "payments", write_money(str(sum(payments, Decimal(0))))


def count_contents(units: Iterable[Unit]) -> Iterator[tuple[str, str]]:
    """How many claims (payments, members ...) there are, and their sums."""
    listed = list(units)
    words = Counter(unit.word for unit in listed)
    for word, count in words.items():
        yield plural(word, 2), f"{count:,}"
    for name in ("charge", "paid"):
        amounts = [read_money(getattr(unit, name)) for unit in listed]
        known = [amount for amount in amounts if amount is not None]
        if known:
            yield {"charge": "charges", "paid": "paid"}[name], write_money(str(sum(known, Decimal(0))))


def read_money(shown: str) -> Decimal | None:
    """An amount that was written for people."""
    return parse_amount(shown.replace("$", "").replace(",", ""))


def read_payments(tree: Loop) -> Iterator[Decimal]:
    """The payment of a remittance or premium (BPR02)."""
    amount = parse_amount(next((read_first(loop, ("BPR/02",)) for loop in tree.loops()), ""))
    if amount is not None:
        yield amount
