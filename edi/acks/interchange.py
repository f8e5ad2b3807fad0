"""Interchange acknowledgments: TA1 read, and TA1 made from the findings of an interchange.

A TA1 stands beside the groups, in no transaction set, so it is read by a table instead of a guide.
Source: 005010 TA1 (TA101 to TA105).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from edi.codes import meaning
from edi.envelope_checks import check_acknowledgment
from edi.findings import Finding, Place, Severity, find, load_catalogue
from edi.models import InterchangeAcknowledgment
from edi.segments import Segment

if TYPE_CHECKING:
    from edi.files import InterchangeReport

NO_ERROR = "000"
CONTENT_NOT_VALID = "024"


def read_ta1(segment: Segment) -> InterchangeAcknowledgment:
    """What `segment` (a TA1) says of an interchange. Never raises for what it holds.

    `findings` tell of elements that are not valid, and of the note where it is not 000.
    """
    code, note = segment.element(4), segment.element(5)
    place = Place(segment="TA1", offset=segment.offset)
    return InterchangeAcknowledgment(
        control_number=segment.element(1),
        date=segment.element(2),
        time=segment.element(3),
        code=code,
        note=note,
        findings=(*check_acknowledgment(segment, place), *find_note(segment, code, note)),
    )


def find_note(segment: Segment, code: str, note: str) -> Iterator[Finding]:
    """The receiver's note as a finding: an error where the interchange was rejected, else a warning."""
    if note in ("", NO_ERROR):
        return
    text = meaning("interchange_note", note) or "a note that this version does not know"
    noted = find(
        "acknowledgment.interchange_noted",
        x12=find_place(segment.element(1), note),
        rule=f"TA105 {note}",
        severity=Severity.ERROR if code == "R" else Severity.WARNING,
        meaning=text,
    )
    yield msgspec.structs.replace(noted, code=invert_notes().get(note, noted.code))


def find_place(number: str, note: str) -> Place:
    """The place in the interchange with this control number that a note is about."""
    stated = meaning("interchange_place", note) or ""
    return Place(interchange=number, segment=stated[:3] or None, element=int(stated[3:] or 0) or None)


@cache
def invert_notes() -> dict[str, str]:
    """The finding that each TA105 stands for, where the catalogue has only one that becomes it."""
    found: dict[str, list[str]] = {}
    for code, entry in load_catalogue().items():
        if entry.acknowledgments.ta105:
            found.setdefault(entry.acknowledgments.ta105, []).append(code)
    return {note: codes[0] for note, codes in found.items() if len(codes) == 1}


def acknowledge_interchange(report: InterchangeReport, *, created: datetime) -> Segment:
    """The TA1 that answers an interchange: A, E or R by the findings about ISA and IEA, with the first note.

    `created` is when the answer is made; TA102 and TA103 repeat the date and time of the interchange
    answered, and its own where those are blank, since TA1 requires them. What is no plain text is not
    repeated: it could break the file.
    """
    header = report.header
    code, note = judge_interchange(report.findings)
    number = repeat(header.control_number, "").zfill(9)
    when = (repeat(header.date, f"{created:%y%m%d}"), repeat(header.time, f"{created:%H%M}"))
    return Segment(["TA1", number, *when, code, note])


def repeat(text: str, otherwise: str) -> str:
    """`text` where it is letters and digits, else `otherwise`."""
    return text if text.isascii() and text.isalnum() else otherwise


def judge_interchange(findings: Iterable[Finding]) -> tuple[str, str]:
    """TA104 and TA105 for the findings of an interchange; those that stop it come first."""
    catalogue = load_catalogue()
    worst = sorted(findings, key=lambda finding: not finding.stops)
    noted = [(finding, catalogue[finding.code].acknowledgments.ta105) for finding in worst]
    for finding, note in noted:
        if finding.stops:
            return "R", note or CONTENT_NOT_VALID
        if note:
            return "E", note
    return "A", NO_ERROR
