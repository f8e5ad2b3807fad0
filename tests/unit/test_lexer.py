"""The lexer: finding ISA, its delimiters, and cutting bytes into segments."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from edi.delimiters import NO_SEPARATOR, read_header
from edi.envelope import FileReading, Interchange, read_envelopes
from edi.findings import Finding, Severity
from edi.lexer import Unreadable
from edi.plain_chunks import holds_plain
from edi.segments import Delimiters

ISA = (
    "ISA*00*          *00*          "
    "*ZZ*HARBORCLINIC   *ZZ*MERIDIANHEALTH *250304*1506*^*00501*000000041*1*T*:~"
)
ROWS = [
    "GS*HC*HARBOR*MERIDIAN*20250304*1506*7*X*005010X222A1~",
    "ST*837*0001*005010X222A1~",
    "NM1*85*2*HARBOR CLINIC*****XX*1234567893~",
    "SV1*HC:99213*125*UN*1***1:2~",
    "SE*4*0001~",
    "GE*1*7~",
    "IEA*1*000000041~",
]
FILE = "\n".join([ISA, *ROWS]) + "\n"


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def only(reading: FileReading) -> Interchange:
    (interchange,) = reading.interchanges
    return interchange


def body(reading: FileReading) -> list[list[str]]:
    sets = only(reading).groups[0].sets
    return [segment.elements for segment in sets[0].segments]


def file_codes(data: bytes) -> list[str]:
    return codes(read_envelopes(data).findings)


def unreadable_code(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read_envelopes(data)
    return caught.value.finding.code


PLAIN = body(read_envelopes(FILE.encode()))


def test_a_plain_file_is_read_without_findings() -> None:
    reading = read_envelopes(FILE.encode())
    assert reading.findings == ()
    assert only(reading).findings == ()
    assert PLAIN == [
        ["ST", "837", "0001", "005010X222A1"],
        ["NM1", "85", "2", "HARBOR CLINIC", "", "", "", "", "XX", "1234567893"],
        ["SV1", "HC:99213", "125", "UN", "1", "", "", "1:2"],
        ["SE", "4", "0001"],
    ]


def test_the_delimiters_come_from_isa() -> None:
    delimiters = only(read_envelopes(FILE.encode())).header.delimiters
    found = (delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment)
    assert found == ("*", ":", "^", "~")
    assert delimiters.line_end == "\n"


@pytest.mark.parametrize("marks", ["|}^!", "\x1d\x1f\x1e\x1c", "^|~}", "\t>^\x1e", "*:^\n", "*:^\r"])
def test_any_four_characters_serve_as_delimiters(marks: str) -> None:
    element, component, repetition, segment = tuple(marks)
    text = FILE.replace("\n", "").translate(str.maketrans("*:^~", marks))
    reading = read_envelopes(text.encode())
    delimiters = only(reading).header.delimiters
    assert (delimiters.element, delimiters.segment) == (element, segment)
    assert (delimiters.component, delimiters.repetition) == (component, repetition)
    assert [[value.replace(component, ":") for value in row] for row in body(reading)] == PLAIN


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n", "\r"])
def test_line_ends_after_the_terminator_are_no_part_of_segments(line_end: str) -> None:
    reading = read_envelopes(FILE.replace("\n", line_end).encode())
    assert body(reading) == PLAIN
    assert reading.findings == ()
    assert only(reading).header.delimiters.line_end == line_end


@pytest.mark.parametrize("terminator", ["\n", "\r", "\r\n"])
def test_line_ends_serve_as_terminator(terminator: str) -> None:
    reading = read_envelopes(FILE.replace("~\n", terminator).encode())
    assert body(reading) == PLAIN
    assert reading.findings == ()


def test_mixed_line_ends_are_read() -> None:
    text = FILE.replace("NM1*85", "\r\n\nNM1*85").replace("SE*", "\r\nSE*")
    assert body(read_envelopes(text.encode())) == PLAIN


def test_offsets_are_byte_places_of_the_file_as_received() -> None:
    data = b"\xef\xbb\xbf\r\n" + FILE.replace("HARBOR CLINIC", "CLÍNICA MUÑOZ").encode()
    interchange = only(read_envelopes(data))
    group = interchange.groups[0]
    segments = [interchange.header.segment, group.header.segment, *group.sets[0].segments]
    assert [data[segment.offset :].split(b"*")[0].decode() for segment in segments] == [
        *("ISA", "GS", "ST", "NM1", "SV1", "SE")
    ]


def test_ordinals_count_from_st() -> None:
    segments = only(read_envelopes(FILE.encode())).groups[0].sets[0].segments
    assert [segment.ordinal for segment in segments] == [1, 2, 3, 4]


def wrap_lines(text: str, width: int, line_end: str = "\r\n") -> str:
    joined = text.replace("\n", "")
    return line_end.join(joined[start : start + width] for start in range(0, len(joined), width))


@pytest.mark.parametrize("width", [40, 80, 110, 150])
def test_hard_wrapped_lines_are_joined_and_told(width: int) -> None:
    data = wrap_lines(FILE, width).encode()
    reading = read_envelopes(data)
    assert body(reading) == PLAIN
    assert codes(reading.findings) == ["file.wrapped_lines"]


def test_offsets_in_a_wrapped_file_point_into_the_file_as_received() -> None:
    data = wrap_lines(FILE, 80).encode()
    segments = only(read_envelopes(data)).groups[0].sets[0].segments
    starts = [data[segment.offset :].replace(b"\r\n", b"")[:2].decode() for segment in segments]
    assert starts == ["ST", "NM", "SV", "SE"]


def test_a_line_break_inside_a_value_of_an_unwrapped_file_stays_for_the_checks_to_find() -> None:
    rows = body(read_envelopes(FILE.replace("HARBOR CLINIC", "HARBOR\nCLINIC").encode()))
    assert rows[1][3] == "HARBOR\nCLINIC"


FORGIVEN = {
    "file.bom": b"\xef\xbb\xbf" + FILE.encode(),
    "file.leading_blanks": b"\r\n \n" + FILE.encode(),
    "file.leading_text": b"Subject: claims of today\n\n" + FILE.encode(),
    "file.trailing_control": FILE.encode() + b"\x1a\x00\x00",
    "file.boundary": FILE.encode() + b"\r\n--a7f3--\r\n",
    "file.indented": FILE.replace("\n", "\n    ").encode(),
    "file.no_final_terminator": FILE.rstrip("~\n").encode(),
    "file.empty_segment": FILE.replace("SV1", "~\nSV1").encode(),
    "file.line_break_before_terminator": FILE.replace("~\n", "\n~").encode(),
    "file.latin1": FILE.replace("HARBOR CLINIC", "CLÍNICA").encode("latin-1"),
}


@pytest.mark.parametrize("code", FORGIVEN)
def test_what_is_forgiven_is_told(code: str) -> None:
    reading = read_envelopes(FORGIVEN[code])
    told = [*reading.findings, *only(reading).findings]
    assert codes(told) == [code]
    assert told[0].severity is Severity.WARNING
    assert [row[0] for row in body(reading)] == ["ST", "NM1", "SV1", "SE"]


@pytest.mark.parametrize("code", FORGIVEN)
def test_strict_reading_forgives_nothing(code: str) -> None:
    reading = read_envelopes(FORGIVEN[code], strict=True)
    assert [finding.severity for finding in [*reading.findings, *only(reading).findings]] == [Severity.ERROR]


def test_names_in_utf8_stay_intact() -> None:
    reading = read_envelopes(FILE.replace("HARBOR CLINIC", "CLÍNICA ÅNGSTRÖM").encode())
    assert body(reading)[1][3] == "CLÍNICA ÅNGSTRÖM"
    assert codes(reading.findings) == ["file.utf8"]
    assert reading.encoding == "utf-8"


def test_a_sender_in_utf8_stays_intact() -> None:
    interchange = only(read_envelopes(FILE.replace("HARBORCLINIC   ", "HARBORMUÑOZ    ").encode()))
    assert interchange.header.sender == "HARBORMUÑOZ"


def test_bytes_that_are_not_utf8_are_read_as_latin1() -> None:
    reading = read_envelopes(FILE.replace("HARBOR CLINIC", "CLÍNICA MUÑOZ").encode("latin-1"))
    assert body(reading)[1][3] == "CLÍNICA MUÑOZ"
    assert reading.encoding == "latin-1"


@pytest.mark.parametrize("line_end", ["\n", ""])
def test_an_isa_that_is_too_short_is_read_by_its_separators(line_end: str) -> None:
    data = FILE.replace("HARBORCLINIC   ", "HARBORCLINIC").replace("\n", line_end).encode()
    interchange = only(read_envelopes(data))
    assert interchange.header.sender == "HARBORCLINIC"
    assert interchange.header.delimiters.component == ":"
    assert codes(interchange.findings) == ["isa.wrong_length"]


HEADER_FAULTS = {
    "isa.element_separator": (ISA, ISA.replace("T*:", "T-:")),
    "isa.component_separator": (ISA, ISA.replace("T*:", "T*A")),
    "isa.component_separator_doubtful": (":", "-"),
    "isa.component_separator_unused": (ISA, ISA.replace("T*:", "T*>")),
    "isa.segment_terminator": ("*T*:~", "*T*:&"),
    "isa.repetition_separator": ("*^*", "*U*"),
}


@pytest.mark.parametrize("code", HEADER_FAULTS)
def test_a_wrong_delimiter_in_isa_is_a_finding_and_the_file_is_read(code: str) -> None:
    old, new = HEADER_FAULTS[code]
    text = FILE.replace(old, new)
    if code == "isa.segment_terminator":
        text = text.replace("~\n", "\n")
    reading = read_envelopes(text.encode())
    assert codes(only(reading).findings) == [code]
    assert [row[0] for row in body(reading)] == ["ST", "NM1", "SV1", "SE"]


def test_version_4010_has_no_repetition_separator() -> None:
    data = FILE.replace("*^*00501*", "*U*00401*").encode()
    interchange = only(read_envelopes(data))
    assert interchange.header.delimiters.repetition == NO_SEPARATOR
    assert codes(interchange.findings) == ["isa.version_4010"]


def test_interchanges_with_different_delimiters_follow_one_another() -> None:
    other = FILE.replace("000000041", "000000042").translate(str.maketrans("*:^~", "|>}!"))
    reading = read_envelopes((FILE + other + FILE.replace("000000041", "000000043")).encode())
    assert [interchange.header.control_number for interchange in reading.interchanges] == [
        *("000000041", "000000042", "000000043")
    ]
    assert reading.findings == ()
    assert all(interchange.findings == () for interchange in reading.interchanges)


def test_an_interchange_without_trailer_ends_where_the_next_begins_even_with_other_delimiters() -> None:
    cut_off = FILE[: FILE.index("IEA*")]
    other = FILE.replace("000000041", "000000042").translate(str.maketrans("*:^~", "|>}!"))
    first, second = read_envelopes((cut_off + other).encode()).interchanges
    assert codes(first.findings) == ["interchange.missing_trailer"]
    assert codes(second.findings) == []
    assert len(second.groups) == 1


def test_isa_inside_a_value_does_not_begin_an_interchange() -> None:
    rows = body(read_envelopes(FILE.replace("HARBOR CLINIC", "PATIENT ISA").encode()))
    assert rows[1][3] == "PATIENT ISA"


def test_text_after_the_interchange_is_an_error() -> None:
    reading = read_envelopes(FILE.encode() + b"GS*HC*LOST~")
    assert codes(reading.findings) == ["file.stray_text"]
    assert reading.findings[0].severity is Severity.ERROR


def test_findings_about_the_file_say_where() -> None:
    (finding,) = read_envelopes(FILE.replace("SV1", "~\nSV1").encode()).findings
    assert finding.x12 is not None
    assert finding.x12.interchange == "000000041"
    assert finding.x12.offset == FILE.index("\nSV1")


UNREADABLE = {
    "file.empty": b" \r\n\x00\x1a",
    "file.utf16": FILE.encode("utf-16"),
    "file.ebcdic": FILE.encode("cp500"),
    "file.not_x12": b'{"claimInformation": {"patientControlNumber": "A1"}}',
    "file.no_interchange_header": "".join(ROWS).encode(),
    "file.lowercase_header": b"isa*00*" + b"x" * 200,
    "file.truncated_header": FILE[:60].encode(),
    "file.unreadable_header": b"ISA*00*" + b"x" * 200,
}


@pytest.mark.parametrize("code", UNREADABLE)
def test_what_cannot_be_read_says_why(code: str) -> None:
    assert unreadable_code(UNREADABLE[code]) == code


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_refused_with_or_without_byte_order_mark(encoding: str) -> None:
    assert unreadable_code(FILE.encode(encoding)) == "file.utf16"


def test_unreadable_holds_no_text_of_the_file() -> None:
    with pytest.raises(Unreadable) as caught:
        read_envelopes(b"ROSALIND FAIRWEATHER 1961-02-03")
    assert "FAIRWEATHER" not in str(caught.value)
    assert caught.value.finding.severity is Severity.FATAL


def test_a_file_cut_anywhere_is_read_as_far_as_it_goes() -> None:
    data = FILE.encode()
    for end in range(len(ISA) + 1, len(data) - 3):
        reading = read_envelopes(data[:end])
        told = codes([*reading.findings, *only(reading).findings])
        assert "interchange.missing_trailer" in told or "interchange.control_number_mismatch" in told, end


def test_lower_case_ids_are_an_error_and_the_segments_are_read() -> None:
    whole = re.sub(r"(?m)^\w+", lambda found: found[0].lower(), FILE)
    for text in (whole, FILE.replace("\nGS*", "\ngs*").replace("\nST*", "\nst*")):
        reading = read_envelopes(text.encode())
        assert codes([*reading.findings, *only(reading).findings]) == ["interchange.lowercase_ids"]
        assert body(reading) == PLAIN


def test_the_parts_of_a_multipart_message_are_read_one_by_one() -> None:
    head = "--a7f3\r\nContent-Type: application/EDI-X12\r\n\r\n"
    message = f"{head}{FILE}\r\n{head}{FILE.replace('000000041', '000000042')}\r\n--a7f3--\r\n"
    reading = read_envelopes(message.encode())
    assert [each.header.control_number for each in reading.interchanges] == ["000000041", "000000042"]
    assert codes(reading.findings) == ["file.leading_text", "file.boundary", "file.boundary"]


def test_two_thousand_sets_of_one_group_are_read_and_counted() -> None:
    one = "".join(row + "\n" for row in ROWS[1:5])
    sets = "".join(
        one.replace("0001~", f"{number:04}~").replace("*0001*", f"*{number:04}*") for number in range(1, 2001)
    )
    text = FILE.replace(one, sets).replace("GE*1*", "GE*2000*")
    interchange = only(read_envelopes(text.encode()))
    assert len(interchange.groups[0].sets) == 2000
    assert codes(interchange.findings) + codes(interchange.groups[0].findings) == []
    assert not any(each.findings for each in interchange.groups[0].sets)


COMPOSITES = (
    *("CLM*A*1***11>B>1~", "HI*ABK>J209~", "SV1*HC>99213*1~", "SV2*0300*HC>80053*1~"),
    *("SV3*AD>D0120*1~", "SVC*HC>99213*1~"),
)


def test_a_component_separator_that_isa_does_not_declare_is_told_by_any_composite_and_not_guessed() -> None:
    for segment in COMPOSITES:
        text = f"{ISA}GS*HC*A*B~ST*837*1~{segment}NTE*ADD*A {'x' * 8000}:~SE*1*1~"
        header = read_header(text, 0)
        assert header is not None
        assert (header.delimiters.component, header.elements[16]) == (">", ">")
        assert header.faults == ("isa.component_separator_unused",)
        for unlike in (text.replace("NTE*ADD*", "NTE*ADD*:"), text.replace(">", "-"), text.replace(">", "=")):
            other = read_header(unlike, 0)
            assert other is not None
            assert (other.delimiters.component, other.faults) == (":", ())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("N3*1 MAIN ST~SV1*HC:99213~", True),
        ("N3* 1 MAIN ST~SV1*HC:99213~", False),
        ("N3*1 MAIN ST ~SV1*HC:99213~", False),
        ("N3*1 MAIN ST *~SV1*HC:99213~", False),
        ("N3*1 MAIN ST~SV1*HC :99213~", False),
        ("N3*1 MAIN ST~SV1*HC: 99213~", False),
        ("N3*1 MAIN^ST~", False),
        ('N3*1 "MAIN" ST~', False),
        ("N3*1 MAIN\\ST~", False),
        ("N3*1 MAIN\x0bST~", False),
        ("N3*1 MAIN\x7fST~", False),
        ("N3*1 MAIN\x00ST~", False),
    ],
)
def test_blanks_at_edges_repetitions_and_controls_are_not_plain(text: str, plain: bool) -> None:
    assert holds_plain(text, "~", Delimiters()) is plain
    assert holds_plain(text.replace("~", "~\r\n"), "~\r\n", Delimiters(line_end="\r\n")) is plain
    if ":" not in text:
        assert holds_plain(text, "~", Delimiters(component=NO_SEPARATOR)) is plain
