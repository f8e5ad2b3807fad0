"""Envelopes: headers and trailers paired, counted and numbered; each fault with its acknowledgment code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edi.envelope import (
    FileReading,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Noted,
    SetRead,
    read_envelopes,
    stream_file,
)
from edi.files import check_file
from edi.findings import Finding, Severity, load_catalogue
from edi.streaming import stream_units

FILE = """\
ISA*00*          *00*          *ZZ*HARBORCLINIC   *ZZ*MERIDIANHEALTH *250304*1506*^*00501*000000041*1*T*:~
TA1*000000017*250303*0900*A*000~
GS*HC*HARBOR*MERIDIAN*20250304*1506*7*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00*41*20250304*1506*CH~
SE*3*0001~
ST*837*0002*005010X222A1~
BHT*0019*00*42*20250304*1506*CH~
SE*3*0002~
GE*2*7~
GS*FA*HARBOR*MERIDIAN*20250304*150601*8*X*005010X231A1~
ST*999*0001*005010X231A1~
SE*2*0001~
GE*1*8~
IEA*2*000000041~
"""

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def read(*changes: tuple[str, str], strict: bool = False) -> FileReading:
    text = FILE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return read_envelopes(text.encode(), strict=strict)


def findings_of(reading: FileReading) -> Iterator[Finding]:
    yield from reading.findings
    for interchange in reading.interchanges:
        yield from interchange.findings
        for group in interchange.groups:
            yield from group.findings
            for transaction_set in group.sets:
                yield from transaction_set.findings


def codes(reading: FileReading) -> list[str]:
    return [finding.code for finding in findings_of(reading)]


def test_a_right_envelope_is_read_without_findings() -> None:
    reading = read()
    assert codes(reading) == []
    (interchange,) = reading.interchanges
    assert interchange.header.sender == "HARBORCLINIC"
    assert interchange.header.receiver == "MERIDIANHEALTH"
    assert (interchange.header.usage, interchange.header.acknowledgment_requested) == ("T", "1")
    assert [segment.element(1) for segment in interchange.acknowledgments] == ["000000017"]
    first, second = interchange.groups
    assert (first.header.functional_id, first.header.version) == ("HC", "005010X222A1")
    assert [(each.set_id, each.control_number) for each in first.sets] == [("837", "0001"), ("837", "0002")]
    assert second.sets[0].implementation == "005010X231A1"


def test_streaming_tells_the_same_in_order() -> None:
    kinds = [type(event) for event in stream_file(b"\n" + FILE.encode())]
    assert kinds == [
        *(InterchangeOpened, GroupOpened, SetRead, SetRead, GroupClosed, GroupOpened, SetRead, GroupClosed),
        *(InterchangeClosed, Noted),
    ]


# (change, finding, acknowledgment element, code): what a TA1 or 999 says for each fault
FAULTS = [
    (("ISA*00*", "ISA*07*"), "isa.authorization_qualifier", "ta105", "010"),
    (("ISA*00*", "ISA*03*"), "isa.authorization", "ta105", "011"),
    (("*00*          *ZZ*", "*09*          *ZZ*"), "isa.security_qualifier", "ta105", "012"),
    (("*00*          *ZZ*", "*01*          *ZZ*"), "isa.security", "ta105", "013"),
    (("*ZZ*HARBOR", "*XX*HARBOR"), "isa.sender_qualifier", "ta105", "005"),
    (("HARBORCLINIC   ", " " * 15), "isa.sender", "ta105", "006"),
    (("*ZZ*MERIDIAN", "*99*MERIDIAN"), "isa.receiver_qualifier", "ta105", "007"),
    (("MERIDIANHEALTH ", " " * 15), "isa.receiver", "ta105", "008"),
    (("*250304*1506*^", "*250230*1506*^"), "isa.date", "ta105", "014"),
    (("*250304*1506*^", "*250304*2460*^"), "isa.time", "ta105", "015"),
    (("*^*00501*", "*U*00501*"), "isa.repetition_separator", "ta105", "016"),
    (("*00501*", "*00502*"), "isa.version", "ta105", "017"),
    (("*^*00501*", "*U*00401*"), "isa.version_4010", "ta105", "003"),
    (("*1*T*", "*2*T*"), "isa.acknowledgment_requested", "ta105", "019"),
    (("*1*T*", "*1*X*"), "isa.usage", "ta105", "020"),
    (("*T*:", "*T*9"), "isa.component_separator", "ta105", "027"),
    (("*T*:", "*T-:"), "isa.element_separator", "ta105", "026"),
    (("HARBORCLINIC   ", "HARBORCLINIC*  "), "isa.element_separator", "ta105", "026"),
    (("HARBORCLINIC   ", "HARBORCLINIC"), "isa.wrong_length", "ta105", "022"),
    (("IEA*2*000000041", "IEA*2*000000042"), "interchange.control_number_mismatch", "ta105", "001"),
    (("IEA*2*", "IEA*3*"), "interchange.group_count", "ta105", "021"),
    (("IEA*2*", "IEA*two*"), "interchange.group_count", "ta105", "021"),
    (("IEA*2*000000041~\n", ""), "interchange.missing_trailer", "ta105", "023"),
    (("GE*2*7~\n", "GE*2*7~\nNTE*ADD*LOST~\nNTE*ADD*TOO~\n"), "interchange.stray_segment", "ta105", "024"),
    (("SE*3*0001~\n", "SE*3*0001~\nNTE*ADD*LOST~\n"), "interchange.stray_segment", "ta105", "024"),
    (("TA1*", "nte*ADD*LOST~\nTA1*"), "interchange.lowercase_ids", "ta105", "024"),
    (("*HARBOR*MERIDIAN", "*H*MERIDIAN"), "gs.sender", "ta105", "024"),
    (("*HARBOR*MERIDIAN", "*HARBOR*"), "gs.receiver", "ta105", "024"),
    (("*20250304*1506*7", "*20251304*1506*7"), "gs.date", "ta105", "024"),
    (("*20250304*1506*7", "*20250304*150*7"), "gs.time", "ta105", "024"),
    (("*7*X*", "*7*T*"), "gs.agency", "ta105", "024"),
    (("GS*HC*", "GS*PO*"), "group.not_supported", "ak905", "1"),
    (("*X*005010X222A1", "*X*"), "group.version", "ak905", "2"),
    (("005010X231A1~", "004010X231A1~"), "group.version_4010", "ak905", "2"),
    (("GE*2*7~\n", ""), "group.missing_trailer", "ak905", "3"),
    (("GE*2*7", "GE*2*8"), "group.control_number_mismatch", "ak905", "4"),
    (("GE*2*", "GE*1*"), "group.set_count", "ak905", "5"),
    (("*8*X*", "*7*X*"), "group.duplicate_control_number", "ak905", "19"),
    (("ST*837*0002", "ST*404*0002"), "set.not_supported", "ik502", "1"),
    (("SE*3*0001~\n", ""), "set.missing_trailer", "ik502", "2"),
    (("SE*3*0001", "SE*3*0009"), "set.control_number_mismatch", "ik502", "3"),
    (("SE*3*0001", "SE*4*0001"), "set.segment_count", "ik502", "4"),
    (("SE*3*0001", "SE**0001"), "set.segment_count", "ik502", "4"),
    (("ST*837*0001", "ST**0001"), "set.identifier", "ik502", "6"),
    (("ST*837*0002", "ST*835*0002"), "set.not_in_group", "ik502", "18"),
    (("0001*005010X222A1", "0001*005010X223A2"), "set.implementation_mismatch", "ik502", "19"),
]


@pytest.mark.parametrize(("change", "code", "element", "acknowledgment"), FAULTS)
def test_each_fault_of_the_envelope_is_found_and_has_its_acknowledgment_code(
    change: tuple[str, str], code: str, element: str, acknowledgment: str
) -> None:
    reading = read(change)
    found = [finding for finding in findings_of(reading) if finding.code == code]
    assert len(found) == 1, codes(reading)
    assert found[0].x12 is not None
    assert found[0].x12.interchange == "000000041"
    assert getattr(load_catalogue()[code].acknowledgments, element) == acknowledgment


def test_one_fault_makes_one_finding() -> None:
    alone = {code for change, code, _, _ in FAULTS if codes(read(change)) == [code]}
    # an empty ST01 is also no transaction of HIPAA; a duplicate GS06 also differs from its GE02;
    # a GS08 that is missing or old also differs from ST03
    together = {"set.identifier", "group.duplicate_control_number", "group.version", "group.version_4010"}
    assert {code for _, code, _, _ in FAULTS} - alone == together


def test_a_control_number_that_is_no_number_is_found() -> None:
    reading = read(("*000000041*", "*00000004A*"), ("IEA*2*000000041", "IEA*2*00000004A"))
    assert codes(reading) == ["isa.control_number"]


@pytest.mark.parametrize("number", ["", "0", "1234567890", "7A"])
def test_a_group_control_number_is_one_to_nine_digits(number: str) -> None:
    reading = read(("*1506*7*X", f"*1506*{number}*X"), ("GE*2*7", f"GE*2*{number}"))
    assert codes(reading) == ["group.control_number"]


@pytest.mark.parametrize("number", ["1", "0123456789"])
def test_a_set_control_number_is_four_to_nine_characters(number: str) -> None:
    reading = read(("ST*837*0001", f"ST*837*{number}"), ("SE*3*0001", f"SE*3*{number}"))
    assert codes(reading) == ["set.control_number"]


def test_a_set_control_number_is_unique_within_its_group_only() -> None:
    reading = read(("ST*837*0002", "ST*837*0001"), ("SE*3*0002", "SE*3*0001"))
    assert codes(reading) == ["set.duplicate_control_number"]
    assert load_catalogue()["set.duplicate_control_number"].acknowledgments.ik502 == "23"


def test_an_interchange_control_number_is_unique_within_the_file_for_its_sender() -> None:
    twice = read_envelopes((FILE + FILE).encode())
    assert codes(twice) == ["interchange.duplicate_control_number"]
    other_sender = read_envelopes((FILE + FILE.replace("HARBORCLINIC   ", "LAKESIDECLINIC ")).encode())
    assert codes(other_sender) == []


def test_an_interchange_with_nothing_in_it_is_refused() -> None:
    lines = FILE.splitlines(keepends=True)
    assert codes(read_envelopes((lines[0] + "IEA*0*000000041~\n").encode())) == ["interchange.empty"]


def test_an_interchange_of_ta1_alone_is_right() -> None:
    lines = FILE.splitlines(keepends=True)
    assert codes(read_envelopes((lines[0] + lines[1] + "IEA*0*000000041~\n").encode())) == []


def test_segments_without_a_group_are_invalid_content() -> None:
    text = "".join(line for line in FILE.splitlines(keepends=True) if line[:2] not in ("GS", "GE"))
    reading = read_envelopes(text.replace("IEA*2", "IEA*0").encode())
    assert codes(reading) == ["interchange.stray_segment"]


def test_leading_zeros_in_counts_are_no_fault() -> None:
    assert codes(read(("SE*3*0001", "SE*0003*0001"), ("GE*2*", "GE*02*"))) == []


def test_a_set_without_trailer_keeps_what_came_and_the_next_set_is_read() -> None:
    reading = read(("SE*3*0001~\n", ""))
    first, second = reading.interchanges[0].groups[0].sets
    assert [segment.id for segment in first.segments] == ["ST", "BHT"]
    assert [finding.code for finding in first.findings] == ["set.missing_trailer"]
    assert [segment.id for segment in second.segments] == ["ST", "BHT", "SE"]
    assert second.findings == ()


def test_a_finding_of_a_set_says_where_it_is() -> None:
    (finding,) = findings_of(read(("SE*3*0002", "SE*9*0002")))
    place = finding.x12
    assert place is not None
    assert (place.interchange, place.group, place.set) == ("000000041", "7", "0002")
    assert (place.segment, place.ordinal, place.element) == ("SE", 3, 1)
    assert place.offset == FILE.index("SE*3*0002")
    assert finding.value == "9"


def test_strict_reading_turns_warnings_into_errors() -> None:
    change = ("HARBORCLINIC   ", "HARBORCLINIC")
    assert [finding.severity for finding in findings_of(read(change))] == [Severity.WARNING]
    assert [finding.severity for finding in findings_of(read(change, strict=True))] == [Severity.ERROR]
    set_warning = ("0001*005010X222A1", "0001*005010X223A2")
    assert [finding.severity for finding in findings_of(read(set_warning, strict=True))] == [Severity.ERROR]


def test_no_message_holds_a_value_of_the_file() -> None:
    for change, *_ in FAULTS:
        for finding in findings_of(read(change)):
            assert "HARBOR" not in finding.message + finding.remedy


def test_reading_holds_one_set_at_a_time() -> None:
    many = FILE.splitlines(keepends=True)
    sets = [f"ST*837*{number:04d}*005010X222A1~\nSE*2*{number:04d}~\n" for number in range(1, 3001)]
    text = many[0] + many[2] + "".join(sets) + "GE*3000*7~\nIEA*1*000000041~\n"
    events = stream_file(text.encode())
    numbers = [event.transaction_set.control_number for event in events if isinstance(event, SetRead)]
    assert numbers == [f"{number:04d}" for number in range(1, 3001)]


def test_strict_reading_refuses_empty_elements_at_the_end_of_a_segment() -> None:
    content = (SAMPLES / "837P" / "paid_in_full" / "claim.x12").read_bytes().replace(b"*CH~", b"*CH**~")
    for strict in (False, True):
        (finding,) = check_file(content, strict=strict).all_findings
        assert (finding.code, finding.stops) == ("segment.trailing_separators", strict)
        told = [
            each
            for event in stream_units([content], strict=strict)
            for each in getattr(event, "findings", ())
        ]
        assert told == [finding]
