"""Writing: exact ISA, counts, control numbers, and the promises of the caller."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from edi.envelope import read_envelopes
from edi.envelope_writer import (
    DelimiterInValue,
    EnvelopeSettings,
    join_components,
    wrap_interchange,
    write_interchange,
    write_segments,
)
from edi.segments import Delimiters, Segment

SETTINGS = EnvelopeSettings(
    sender_qualifier="ZZ",
    sender="HARBORCLINIC",
    receiver_qualifier="30",
    receiver="MERIDIAN",
    group_sender="HARBOR",
    group_receiver="MERIDIAN",
    usage="T",
    control_number=41,
    group_control_number=7,
    created=datetime(2025, 3, 4, 5, 6, tzinfo=UTC),
)
ISA = (
    "ISA*00*          *00*          "
    "*ZZ*HARBORCLINIC   *30*MERIDIAN       *250304*0506*^*00501*000000041*1*T*:~"
)


def make_set(number: str = "0001", name: str = "HARBOR CLINIC") -> list[Segment]:
    rows = [["ST", "837", number, "005010X222A1"], ["NM1", "41", "2", name], ["SE", "3", number]]
    return [Segment(row, ordinal) for ordinal, row in enumerate(rows, 1)]


def test_isa_is_padded_to_106_characters() -> None:
    lines = wrap_interchange(SETTINGS, [("HC", "005010X222A1", [make_set()])]).decode().split("\n")
    assert lines[0] == ISA
    assert len(lines[0]) == 106


def test_groups_are_numbered_and_counted() -> None:
    groups = [
        ("HC", "005010X222A1", [make_set("0001"), make_set("0002")]),
        ("HC", "005010X222A1", [make_set()]),
    ]
    lines = wrap_interchange(SETTINGS, groups).decode().split("\n")
    assert lines[1] == "GS*HC*HARBOR*MERIDIAN*20250304*0506*7*X*005010X222A1~"
    assert [line for line in lines if line.startswith(("GE", "IEA"))] == [
        "GE*2*7~",
        "GE*1*8~",
        "IEA*2*000000041~",
    ]


def test_what_was_wrapped_is_read_back_without_findings() -> None:
    text = wrap_interchange(SETTINGS, [("HC", "005010X222A1", [make_set("0001"), make_set("0002")])])
    reading = read_envelopes(text)
    (interchange,) = reading.interchanges
    (group,) = interchange.groups
    assert reading.findings == interchange.findings == group.findings == ()
    assert [each.segments for each in group.sets] == [make_set("0001"), make_set("0002")]
    assert (interchange.header.control_number, group.header.control_number) == ("000000041", "7")


def test_a_ta1_alone_makes_an_interchange_without_groups() -> None:
    ta1 = Segment(["TA1", "000000017", "250303", "0900", "A", "000"])
    text = wrap_interchange(SETTINGS, [], [ta1])
    assert text.decode().split("\n")[1:] == ["TA1*000000017*250303*0900*A*000~", "IEA*0*000000041~", ""]
    assert read_envelopes(text).interchanges[0].acknowledgments == (ta1,)


def test_empty_elements_components_and_repetitions_at_the_end_are_left_out() -> None:
    rows = [["SV1", "HC:99213::", "125", ""], ["NM1", "", "::", ""], ["EB", "A:^B:^C", "", ":"], ["HL"]]
    text = write_segments([Segment(row) for row in rows], Delimiters())
    assert text == "SV1*HC:99213*125~NM1~EB*A^B^C~HL~"


def test_writing_leaves_the_segments_as_they_were() -> None:
    segment = Segment(["SV1", "HC:99213:", ""])
    write_segments([segment], Delimiters())
    assert segment.elements == ["SV1", "HC:99213:", ""]


@pytest.mark.parametrize("character", ["*", "~", "\n", "\r"])
def test_a_delimiter_inside_a_value_is_a_broken_promise_that_names_the_place_only(character: str) -> None:
    name = f"ROSALIND{character}FAIRWEATHER"
    with pytest.raises(DelimiterInValue) as caught:
        wrap_interchange(SETTINGS, [("HC", "005010X222A1", [make_set(name=name)])])
    assert (caught.value.segment_id, caught.value.element) == ("NM1", 3)
    assert "ROSALIND" not in str(caught.value)


@pytest.mark.parametrize("character", list("*:^~\r\n"))
def test_a_part_of_a_composite_may_hold_no_delimiter_at_all(character: str) -> None:
    with pytest.raises(DelimiterInValue):
        join_components(["HC", f"99{character}213"], Delimiters(), segment_id="SV1", element=1)


def test_components_are_joined_without_empty_ones_at_the_end() -> None:
    assert join_components(["HC", "99213", "", ""], Delimiters(), segment_id="SV1", element=1) == "HC:99213"


BROKEN_SETTINGS: list[dict[str, Any]] = [
    {"control_number": 0},
    {"control_number": 1_000_000_000},
    {"group_control_number": 0},
    {"group_control_number": 1_000_000_000},
    {"sender": ""},
    {"sender": "SIXTEEN CHARACTE"},
    {"receiver": " MERIDIAN"},
    {"receiver": "MÜLLER"},
    {"sender_qualifier": "Z"},
    {"group_sender": "H"},
    {"group_receiver": "SIXTEEN CHARACTE"},
    {"usage": "X"},
    {"sender": "HARBOR:CLINIC"},
    {"group_sender": "HARBOR^CLINIC"},
    {"delimiters": Delimiters(element=":")},
    {"delimiters": Delimiters(component="A")},
    {"delimiters": Delimiters(segment=" ")},
    {"delimiters": Delimiters(repetition="")},
    {"delimiters": Delimiters(line_end="\n\n")},
]


@pytest.mark.parametrize("change", BROKEN_SETTINGS)
def test_settings_that_do_not_fit_the_envelope_are_refused(change: dict[str, Any]) -> None:
    settings = msgspec.structs.replace(SETTINGS, **change)
    with pytest.raises(ValueError, match=r"ISA|GS|delimiter|line end") as caught:
        wrap_interchange(settings, [("HC", "005010X222A1", [make_set()])])
    assert "CLINIC" not in str(caught.value)


def test_the_last_of_several_groups_must_have_a_number_too() -> None:
    settings = msgspec.structs.replace(SETTINGS, group_control_number=999_999_999)
    group = ("HC", "005010X222A1", [make_set()])
    assert wrap_interchange(settings, [group])
    with pytest.raises(ValueError, match="GS06"):
        wrap_interchange(settings, [group, group])


def test_contents_that_make_no_interchange_are_refused() -> None:
    with pytest.raises(ValueError, match="group or a TA1"):
        wrap_interchange(SETTINGS, [])
    with pytest.raises(ValueError, match="needs a transaction set"):
        wrap_interchange(SETTINGS, [("HC", "005010X222A1", [])])
    with pytest.raises(ValueError, match="only TA1"):
        wrap_interchange(SETTINGS, [], [Segment(["GS", "HC"])])


@pytest.mark.parametrize(
    "wrong", [[], make_set()[:2], make_set()[1:], [*make_set()[:2], Segment(["SE", "4", "0001"])]]
)
def test_a_set_that_is_not_closed_rightly_is_refused(wrong: list[Segment]) -> None:
    with pytest.raises(ValueError, match="SE"):
        wrap_interchange(SETTINGS, [("HC", "005010X222A1", [wrong])])


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_a_regular_file_is_written_back_byte_for_byte(line_end: str) -> None:
    delimiters = Delimiters("|", ">", "}", "\x1e", line_end)
    settings = msgspec.structs.replace(SETTINGS, delimiters=delimiters)
    ta1 = Segment(["TA1", "000000017", "250303", "0900", "A", "000"])
    text = wrap_interchange(settings, [("HC", "005010X222A1", [make_set(name="CLÍNICA")])], [ta1])
    assert write_interchange(read_envelopes(text).interchanges[0]).encode() == text
