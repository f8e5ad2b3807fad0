"""Spoilt samples: what their acknowledgments say reads back as the findings that they were made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

import pytest

from edi.acks import find_rejections, judge_findings, read_277ca, read_824, read_999, read_ta1
from edi.acks.answering import acknowledge_file, claim_findings
from edi.acks.interchange import judge_interchange
from edi.acks.notes import MISSES
from edi.envelope import Unreadable
from edi.files import FileReport, SetReport, check_file
from edi.findings import Acknowledgments, Finding, Place, load_catalogue
from edi.models import StatusCode

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FILES = sorted(SAMPLES.glob("*/*/*.x12"))
CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
VALUES = (
    "",
    "X",
    "20261399",
    "-5",
    "Q9",
    "0" * 90,
    "12.345",
    "\u00e9",
    "  ",
    "AA",
    "18",
    "99",
    "7",
    "1" * 36,
)
ENVELOPE = {b"ISA", b"IEA", b"GS", b"GE", b"ST", b"SE"}
ROUNDS = 40


def spoil(text: bytes, chance: Random) -> bytes:
    """A sample with one to three segments left out, doubled, moved, renamed, or with another value."""
    head, lines = text[:106], text[106:].lstrip(b"\n").split(b"~\n")
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines) - 1)
        name = lines[at].partition(b"*")[0]
        if name in ENVELOPE and chance.random() < 0.8:
            continue
        act = chance.randrange(6)
        if act == 0:
            del lines[at]
        elif act == 1:
            lines.insert(at, lines[at])
        elif act == 2:
            lines.insert(chance.randrange(len(lines) - 1), lines.pop(at))
        elif act == 3:
            lines[at] = chance.choice((b"ZZZ", b"K3", b"REF", b"JZ%")) + lines[at][len(name) :]
        else:
            lines[at] = change_value(lines[at], chance)
    return head + b"\n" + b"~\n".join(lines)


def change_value(line: bytes, chance: Random) -> bytes:
    """A segment with another value in an element or component."""
    elements = line.split(b"*")
    at = chance.randrange(1, len(elements) + 1)
    value = chance.choice(VALUES).encode()
    if at == len(elements):
        return line + b"*" + value
    parts = elements[at].split(b":")
    parts[chance.randrange(len(parts))] = value
    elements[at] = b":".join(parts)
    return b"*".join(elements)


@cache
def spoilt(seed: int) -> tuple[FileReport, ...]:
    """Reports of spoilt samples that can be read."""
    return tuple(make_reports(seed))


def make_reports(seed: int) -> Iterator[FileReport]:
    chance = Random(seed)
    for _ in range(ROUNDS):
        try:
            yield check_file(spoil(chance.choice(FILES).read_bytes(), chance), edits=chance.random() < 0.3)
        except Unreadable:
            continue


def codes_of(finding: Finding) -> Acknowledgments:
    return load_catalogue()[finding.code].acknowledgments


def show(place: Place | None) -> tuple[object, ...]:
    """A place as a 999 can say it."""
    if place is None:
        return ()
    loop = (place.loop or "")[:4]
    at = loop if loop[:1].isdigit() else ""
    segment = (place.segment or "").rstrip("%")
    return (at, segment, place.ordinal, place.element, place.component, place.repetition)


def expect_notes(report: SetReport) -> Counter[tuple[object, ...]]:
    """What the 999 must say of a set: the code and place of each finding for which it has one."""
    expected: Counter[tuple[object, ...]] = Counter()
    for finding in report.findings:
        codes, place = codes_of(finding), finding.x12 or Place()
        if codes.ik304 is None:
            continue
        assert place.ordinal is not None, finding.code
        if codes.ik304 == "8":
            assert place.element, f"{finding.code}: IK304 8 announces an element"
            expected[f"IK403 {codes.ik403}", show(place)] += 1
        elif codes.ik304 not in MISSES:
            expected[f"IK304 {codes.ik304}", show(place)[:3]] = 1
        elif codes.ik304 != "I6":
            expected[f"IK304 {codes.ik304}", place.ordinal] += 1
        else:
            expected["IK304 I6", "situation"] += 1
    return expected


def read_notes(findings: tuple[Finding, ...]) -> Counter[tuple[object, ...]]:
    """What a 999 that was read says, in the same form."""
    said: Counter[tuple[object, ...]] = Counter()
    for finding in findings:
        element, _, code = (finding.rule or "").partition(" ")
        if element == "IK403":
            said[finding.rule, show(finding.x12)] += 1
        elif element == "IK304" and code not in MISSES:
            said[finding.rule, show(finding.x12)[:3]] += 1
        elif element == "IK304" and code != "I6":
            said[finding.rule, finding.x12.ordinal if finding.x12 else None] += 1
        elif element == "IK304":
            said["IK304 I6", "situation"] += 1
    return said


@pytest.mark.parametrize("seed", range(6))
def test_a_999_reads_back_as_the_findings_of_each_set(seed: int) -> None:
    for report in spoilt(seed):
        answer = check_file(acknowledge_file(report, kind="999", created=CREATED))
        assert answer.all_findings == ()
        read = [read_999(document) for entry in answer.sets for document in entry.documents]
        answered = {
            (group.group_control_number, entry.control_number): entry
            for group in read
            for entry in group.sets
        }
        for interchange in report.interchanges:
            for group in interchange.groups:
                for entry in (
                    group.sets if len({each.control_number for each in group.sets}) == len(group.sets) else ()
                ):
                    found = answered.get((group.header.control_number, entry.control_number))
                    if found is not None:
                        assert read_notes(found.findings) == expect_notes(entry)
                        assert found.code == ("R" if not entry.accepted else found.code)
                    elif entry.accepted and group.header.functional_id != "FA":
                        assert any(finding.stops for finding in group.findings)


@pytest.mark.parametrize("seed", range(6))
def test_what_a_situation_requires_is_noted_with_its_trigger(seed: int) -> None:
    for report in spoilt(seed):
        answer = check_file(acknowledge_file(report, kind="999", created=CREATED))
        for entry in answer.sets:
            for document in entry.documents:
                for read in read_999(document).sets:
                    for finding in read.findings:
                        if finding.rule == "IK304 I6":
                            assert finding.trigger is not None and finding.trigger.ordinal


@pytest.mark.parametrize("seed", range(6))
def test_a_ta1_reads_back_as_the_finding_that_decides(seed: int) -> None:
    for report in spoilt(seed):
        answered = check_file(acknowledge_file(report, kind="999", created=CREATED)).interchanges
        for interchange, answer in zip(report.interchanges, answered, strict=True):
            read = read_ta1(answer.acknowledgments[0])
            code, note = judge_interchange(interchange.findings)
            assert (read.code, read.note) == (code, note)
            decided = [each for each in interchange.findings if codes_of(each).ta105 == note]
            for finding in read.findings:
                assert finding.code in {each.code for each in decided} | {"acknowledgment.interchange_noted"}
                assert finding.stops == (code == "R")


@pytest.mark.parametrize("seed", range(6))
def test_an_824_reads_back_as_the_findings_of_each_set(seed: int) -> None:
    """A set without findings of its own is told those that reject its group."""
    for report in spoilt(seed):
        text = acknowledge_file(report, kind="824", created=CREATED)
        if not text:
            continue
        answer = check_file(text)
        assert [finding.code for finding in answer.all_findings if finding.stops] == []
        read = [
            advice for entry in answer.sets for document in entry.documents for advice in read_824(document)
        ]
        reported = [
            entry.findings or (group.findings if any(each.stops for each in group.findings) else ())
            for interchange in report.interchanges
            for group in interchange.groups
            if group.header.functional_id not in ("FA", "AG")
            for entry in group.sets
        ]
        assert len(read) == len(reported)
        for advice, findings in zip(read, reported, strict=True):
            said = [(finding.code, finding.x12 and finding.x12.ordinal) for finding in advice.findings]
            meant = [(finding.code, finding.x12 and finding.x12.ordinal) for finding in findings]
            assert said == meant


@pytest.mark.parametrize("seed", range(6))
def test_a_277ca_reads_back_as_the_findings_that_stop_each_claim(seed: int) -> None:
    for report in spoilt(seed):
        text = acknowledge_file(report, kind="277ca", created=CREATED)
        if not text:
            continue
        answer = check_file(text)
        assert [finding.code for finding in answer.all_findings if finding.stops] == []
        read = [read_277ca(document) for entry in answer.sets for document in entry.documents]
        sets = [entry for entry in report.sets if entry.set_id == "837" and entry.tree is not None]
        meant = Counter(
            frozenset(
                show_status(status) for status in judge_findings(found) if any(each.stops for each in found)
            )
            for entry in sets
            for found in claim_findings(entry)
        )
        said = Counter(
            frozenset(
                (finding.rule or "")
                for finding in find_rejections(claim)
                if "serviceLines" not in (finding.pointer or "")
            )
            for document in read
            for claim in document.claims
        )
        assert said == meant


def show_status(status: StatusCode) -> str:
    return f"STC01 {status.category}:{status.status}:{status.entity}".rstrip(":")
