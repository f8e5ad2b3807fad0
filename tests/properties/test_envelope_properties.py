"""Properties of the envelope: reading never raises but Unreadable; what was wrapped is read back equal."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edi.envelope import FileReading, SetRead, Unreadable, read_envelopes, stream_file
from edi.envelope_writer import (
    DelimiterInValue,
    EnvelopeSettings,
    wrap_interchange,
    write_interchange,
    write_segment,
    write_segments,
)
from edi.findings import load_catalogue
from edi.segments import Delimiters, Segment

SETTINGS = EnvelopeSettings(
    sender_qualifier="ZZ",
    sender="HARBORCLINIC",
    receiver_qualifier="ZZ",
    receiver="MERIDIAN",
    group_sender="HARBOR",
    group_receiver="MERIDIAN",
    usage="P",
    control_number=1,
    group_control_number=1,
    created=datetime(2025, 3, 4, 15, 6, tzinfo=UTC),
)
MARKS = "*:^~|}!>+\x1c\x1d\x1e\x1f'\n\t"
# Values hold no delimiter, no line break and no blank at their ends (a file's blanks are its form, not data).
TEXT = st.text(
    st.characters(blacklist_characters=MARKS + "\r\x00\x1a", blacklist_categories=("Cs", "Cc")),
    min_size=1,
    max_size=12,
).filter(lambda value: value == value.strip())
IDS = st.sampled_from(["NM1", "REF", "CLM", "HI", "N3", "SV1"])
ROWS = st.lists(st.tuples(IDS, st.lists(st.one_of(TEXT, st.just("")), max_size=6)), max_size=8)


@st.composite
def delimiters(draw: st.DrawFn) -> Delimiters:
    element, component, repetition = draw(st.permutations(MARKS.replace("\n", "")))[:3]
    segment = draw(st.sampled_from([mark for mark in MARKS if mark not in (element, component, repetition)]))
    line_end = "" if segment == "\n" else draw(st.sampled_from(["", "\n", "\r\n", "\r"]))
    return Delimiters(element, component, repetition, segment, line_end)


def make_set(number: int, rows: list[tuple[str, list[str]]]) -> list[Segment]:
    body = [[segment_id, *values, "END"] for segment_id, values in rows]
    control_number = f"{number:04d}"
    trailer = ["SE", str(len(body) + 2), control_number]
    everything = [["ST", "837", control_number, "005010X222A1"], *body, trailer]
    return [Segment(elements, ordinal) for ordinal, elements in enumerate(everything, 1)]


def count_findings(reading: FileReading) -> int:
    found = 0
    for interchange in reading.interchanges:
        found += len(interchange.findings)
        for group in interchange.groups:
            found += len(group.findings) + sum(len(each.findings) for each in group.sets)
    return found


@given(delimiters(), st.lists(st.lists(ROWS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_what_is_wrapped_is_read_back_equal(
    marks: Delimiters, contents: list[list[list[tuple[str, list[str]]]]]
) -> None:
    groups = [
        ("HC", "005010X222A1", [make_set(number, rows) for number, rows in enumerate(sets, 1)])
        for sets in contents
    ]
    text = wrap_interchange(msgspec.structs.replace(SETTINGS, delimiters=marks), groups)
    reading = read_envelopes(text)
    (interchange,) = reading.interchanges
    assert interchange.header.delimiters == marks
    assert [[each.segments for each in group.sets] for group in interchange.groups] == [
        sets for _, _, sets in groups
    ]
    assert [finding.code for finding in reading.findings] in ([], ["file.utf8"])
    assert all(finding.code.endswith("doubtful") for finding in interchange.findings)
    assert write_interchange(interchange).encode() == text


@given(delimiters(), st.lists(ROWS, min_size=1, max_size=3))
def test_offsets_point_at_the_segments(
    marks: Delimiters, contents: list[list[tuple[str, list[str]]]]
) -> None:
    sets = [make_set(number, rows) for number, rows in enumerate(contents, 1)]
    text = wrap_interchange(
        msgspec.structs.replace(SETTINGS, delimiters=marks), [("HC", "005010X222A1", sets)]
    )
    data = b"\r\n" + text
    for event in stream_file(data):
        if isinstance(event, SetRead):
            for segment in event.transaction_set.segments:
                expected = marks.element.join(segment.elements).encode()
                assert data[segment.offset : segment.offset + len(expected)] == expected


def assert_told_or_read(data: bytes) -> None:
    for strict in (False, True):
        try:
            reading = read_envelopes(data, strict=strict)
        except Unreadable as unreadable:
            assert unreadable.finding.code in load_catalogue()
        else:
            assert reading.interchanges


@settings(max_examples=300)
@given(st.binary(max_size=400))
@example(b"ISA")
@example(b"ISA*")
@example(b"\xff\xfe")
@example(b"ISA" + b"*" * 400)
@example(b"ISA*ISA*ISA*" * 30)
def test_random_bytes_are_unreadable_or_read(data: bytes) -> None:
    assert_told_or_read(data)


VALID = wrap_interchange(
    SETTINGS,
    [
        (
            "HC",
            "005010X222A1",
            [make_set(1, [("NM1", ["85", "", "MUÑOZ"]), ("HI", ["ABK:J02"])]), make_set(2, [])],
        )
    ],
)
PIECES = st.sampled_from(
    [
        b"~",
        b"*",
        b"\n",
        b"\r\n",
        b":",
        b"^",
        b"ISA*",
        b"IEA*1*000000001~",
        b"GS*",
        b"ST*837*1~",
        b"SE*",
        b"GE*",
        b"TA1*",
    ]
)


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(VALID)),
            st.integers(0, 40),
            st.one_of(PIECES, st.binary(max_size=3), st.just(b"")),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_valid_file_changed_anywhere_is_unreadable_or_read(changes: list[tuple[int, int, bytes]]) -> None:
    data = VALID
    for place, length, piece in changes:
        data = data[:place] + piece + data[place + length :]
    assert_told_or_read(data)


@settings(max_examples=250)
@given(st.integers(20, 320), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.sampled_from(["utf-8", "latin-1"]))
def test_hard_wrapping_at_any_width_changes_nothing(width: int, line_end: bytes, counted_in: str) -> None:
    """`counted_in` latin-1 wraps every so many bytes, even inside of a letter; utf-8 so many letters."""
    text = VALID.replace(b"\n", b"").decode(counted_in)
    lines = [text[start : start + width].encode(counted_in) for start in range(0, len(text), width)]
    wrapped = stream_file(line_end.join(lines))
    sets = [event.transaction_set.segments for event in wrapped if isinstance(event, SetRead)]
    plain = [event.transaction_set.segments for event in stream_file(VALID) if isinstance(event, SetRead)]
    assert sets == plain


@pytest.mark.parametrize("change", ["SE", "GE", "IEA", "GS", "ST"])
def test_a_lost_segment_of_the_envelope_never_goes_unnoticed(change: str) -> None:
    lines = VALID.decode().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith(change + "*"))
    reading = read_envelopes("".join(lines[:place] + lines[place + 1 :]).encode())
    assert count_findings(reading) > 0


LINES = st.lists(
    st.lists(st.text(st.sampled_from("A1:^*~\n\r "), max_size=4), max_size=5).map(
        lambda rest: ["REF", *rest]
    ),
    max_size=4,
)


@given(LINES, st.sampled_from(["", "\n", "\r\n"]))
@settings(max_examples=300, deadline=None)
def test_segments_written_at_once_are_the_segments_written_one_by_one(
    rows: list[list[str]], line_end: str
) -> None:
    delimiters = Delimiters(line_end=line_end)
    segments = [Segment(row) for row in rows]
    try:
        expected = "".join(write_segment(segment, delimiters) for segment in segments)
    except DelimiterInValue:
        with pytest.raises(DelimiterInValue):
            write_segments(segments, delimiters)
        return
    assert write_segments(segments, delimiters) == expected
