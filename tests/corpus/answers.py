"""What our acknowledgments (TA1, 999) say of a file, as notes to compare with what its makers expect."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from edi.acks import acknowledge_group, acknowledge_interchange
from edi.files import FileReport

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that an acknowledgment says: the element that says it (`TA105`, `AK905`, `IK502`, `IK304`,
    `IK403`), its code, and for a segment or element where it is.
    """

    says: str
    code: str
    segment: str = ""
    loop: str = ""
    position: str = ""
    element: str = ""
    component: str = ""

    def covers(self, said: Note) -> bool:
        """True where `said` has everything that this note states."""
        stated = msgspec.structs.asdict(self).items()
        return all(not value or getattr(said, name) == value for name, value in stated)


class Expectation(msgspec.Struct, frozen=True):
    """Files (a pattern of names) and what an acknowledgment of each must say. With `reason`, the makers of
    the file expect something else (`makers`), and the reason says why that is not what X12 asks for.
    `accepted` says that every set is accepted.
    """

    files: str
    notes: tuple[Note, ...] = ()
    unreadable: str = ""
    accepted: bool = False
    makers: str = ""
    reason: str = ""


@cache
def load_expectations() -> tuple[Expectation, ...]:
    """The expectations of expected.toml."""
    raw = tomllib.loads((Path(__file__).parent / "expected.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["expectation"], tuple[Expectation, ...])


def find_expectations(name: str) -> list[Expectation]:
    """What is expected of the acknowledgments of a file."""
    return [each for each in load_expectations() if fnmatchcase(name, each.files)]


def read_notes(report: FileReport) -> Iterator[Note]:
    """Everything that our TA1 and 999 of a file say."""
    for interchange in report.interchanges:
        yield Note("TA105", acknowledge_interchange(interchange, created=NOW).element(5))
        for group in interchange.groups:
            answer = acknowledge_group(interchange.header, group)
            yield from (Note("AK905", code) for code in answer.get("syntaxErrorCodes", ()))  # type: ignore[attr-defined]  # a JSON list
            for entry in answer.get("transactionSets", ()):  # type: ignore[attr-defined]  # a JSON list
                yield from read_set_notes(entry)


def read_set_notes(entry: Mapping[str, Any]) -> Iterator[Note]:
    """What the answer to one transaction set says."""
    yield from (Note("IK502", code) for code in entry.get("syntaxErrorCodes", ()))
    for segment in entry.get("segmentErrors", ()):
        place = {
            "segment": segment["segmentIdCode"],
            "loop": segment.get("loopIdentifierCode", ""),
            "position": segment["segmentPosition"],
        }
        yield Note("IK304", segment["syntaxErrorCode"], **place)
        for element in segment.get("elementErrors", ()):
            yield Note(
                "IK403",
                element["syntaxErrorCode"],
                element=element["elementPosition"],
                component=element.get("componentPosition", ""),
                **place,
            )


def find_unsaid(expectation: Expectation, report: FileReport) -> list[Note]:
    """The expected notes that our acknowledgments of a file do not have."""
    said = list(read_notes(report))
    unsaid = [note for note in expectation.notes if not any(note.covers(each) for each in said)]
    if expectation.accepted and not all(entry.accepted for entry in report.sets):
        unsaid.append(Note("IK501", "A"))
    return unsaid
