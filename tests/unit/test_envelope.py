"""Envelopes: pairing, counts and control numbers, reading and writing."""

from __future__ import annotations

from datetime import UTC, datetime

from edi.envelope import read_envelopes
from edi.envelope_writer import EnvelopeSettings, wrap_interchange
from edi.segments import Segment

SETTINGS = EnvelopeSettings(
    sender_qualifier="ZZ",
    sender="CLAIMWIRE",
    receiver_qualifier="ZZ",
    receiver="MERIDIAN",
    group_sender="CLAIMWIRE",
    group_receiver="MERIDIAN",
    usage="T",
    control_number=41,
    group_control_number=7,
    created=datetime(2025, 3, 4, 15, 6, tzinfo=UTC),
)


def make_set(number: str = "0001") -> list[Segment]:
    rows = [["ST", "837", number, "005010X222A1"], ["NM1", "41", "2", "HARBOR CLINIC"], ["SE", "3", number]]
    return [Segment(row, ordinal) for ordinal, row in enumerate(rows, 1)]


def test_what_was_wrapped_is_read_back_without_findings() -> None:
    text = wrap_interchange(SETTINGS, [("HC", "005010X222A1", [make_set("0001"), make_set("0002")])])
    reading = read_envelopes(text)
    (interchange,) = reading.interchanges
    (group,) = interchange.groups
    assert reading.findings == interchange.findings == group.findings == ()
    assert [transaction_set.segments for transaction_set in group.sets] == [
        make_set("0001"),
        make_set("0002"),
    ]
    assert interchange.header.control_number == "000000041"
    assert group.header.control_number == "7"
