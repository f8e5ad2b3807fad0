"""Real files are dirty: what is wrong with the form of a file is forgiven and told, or refused when strict.

Each case is a valid sample with one thing wrong with its form. Read leniently it gives the same documents as
the sample, and findings of severity info or warning; read strictly it is refused with the same code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edi.envelope import Unreadable
from edi.files import check_file
from edi.findings import Severity
from edi.streaming import SetEnded, UnitRead, stream_units

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "837P" / "paid_in_full" / "claim.x12"
TEXT = SAMPLE.read_text(encoding="ascii")
FLAT = TEXT.replace("\n", "")
MARKS = "*:^~"


def wrap(text: str, width: int, line_end: str) -> str:
    return line_end.join(text[at : at + width] for at in range(0, len(text), width))


def mark(marks: str) -> str:
    return FLAT.translate(str.maketrans(MARKS, marks))


MAIL = "From: billing@example.com\nSubject: claims\nContent-Type: application/edi-x12\n\n"
PART = "--frontier\r\nContent-Disposition: form-data; name=claims\r\n\r\n"

#: Name -> the file and what is told of it.
FORGIVEN: dict[str, tuple[str, list[str]]] = {
    "byte order mark": ("\ufeff" + TEXT, ["file.bom"]),
    "blank lines before ISA": ("\n\n" + TEXT, ["file.leading_blanks"]),
    "mail headers": (MAIL + TEXT, ["file.leading_text"]),
    "a part of a form": (PART + TEXT + "\r\n--frontier--\r\n", ["file.leading_text", "file.boundary"]),
    "lines of 80 columns": (wrap(FLAT, 80, "\r\n"), ["file.wrapped_lines"]),
    "lines of 80 columns with LF": (wrap(FLAT, 80, "\n"), ["file.wrapped_lines"]),
    "indentation": (TEXT.replace("\n", "\n  "), ["file.indented"]),
    "indentation with tabs": (TEXT.replace("\n", "\n\t"), ["file.indented"]),
    "end of file by 0x1A": (TEXT + "\x1a", ["file.trailing_control"]),
    "filled up with NUL": (TEXT + "\0" * 512, ["file.trailing_control"]),
    "line breaks before terminators": (TEXT.replace("~\n", "\n~"), ["file.line_break_before_terminator"]),
    "terminator twice": (TEXT.replace("LX*1~", "LX*1~~"), ["file.empty_segment"]),
    "no terminator at the end": (TEXT.rstrip("~\n"), ["file.no_final_terminator"]),
    "ISA that is too short": (TEXT.replace("MO  *ZZ", "MO*ZZ"), ["isa.wrong_length"]),
    "ISA that is too long": (TEXT.replace("ER  *2611", "ER    *2611"), ["isa.wrong_length"]),
    "another component separator than ISA declares": (
        TEXT.replace("*T*:~", "*T*>~"),
        ["isa.component_separator_unused"],
    ),
    "empty elements at an end": (TEXT.replace("0101~", "0101***~"), ["segment.trailing_separators"]),
    "empty elements in the envelope": (TEXT.replace("GE*1*8~", "GE*1*8*~"), ["segment.trailing_separators"]),
    "empty components at an end": (TEXT.replace("HC:87880*", "HC:87880::*"), ["element.trailing_separators"]),
}  # fmt: skip

#: Files that X12 allows, however odd they look: nothing is told of them.
ALLOWED = {
    "control characters": mark("\x1d\x1f\x1e\x1c"),
    "bars and braces": mark("|^}!"),
    "tabs": mark("\t>!~"),
    "LF for terminator": mark("*:^\n"),
    "CR for terminator": mark("*:^\r"),
    "CRLF for terminator": mark("*:^\r").replace("\r", "\r\n"),
    "LF after terminators": TEXT,
    "CR after terminators": TEXT.replace("\n", "\r"),
    "CRLF after terminators": TEXT.replace("\n", "\r\n"),
    "nothing after terminators": FLAT,
}
#: Files that are read as far as they go and refused either way.
REFUSED: dict[str, tuple[str, str]] = {
    "lower-case ids": (
        re.sub(r"(?m)^\w+", lambda found: found[0].lower(), TEXT),
        "interchange.lowercase_ids",
    ),
    "text after IEA": (TEXT + "TOTAL CLAIMS: 1\n", "file.stray_text"),
    "another terminator than ISA declares": (TEXT.replace("*T*:~", "*T*:!"), "isa.segment_terminator"),
    "the same in one line": (FLAT.replace("*T*:~", "*T*:!"), "isa.segment_terminator"),
    "line breaks instead of it": (TEXT.replace("~", "").replace("*T*:", "*T*:~"), "isa.segment_terminator"),
}
UNREADABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "UTF-16": (lambda: TEXT.encode("utf-16"), "file.utf16"),
    "UTF-16 without a mark": (lambda: TEXT.encode("utf-16-le"), "file.utf16"),
    "EBCDIC": (lambda: TEXT.encode("cp500"), "file.ebcdic"),
    "no ISA": (lambda: TEXT[TEXT.index("GS*") :].encode(), "file.no_interchange_header"),
}
DOCUMENTS = check_file(TEXT.encode()).sets[0].documents


@pytest.mark.parametrize("case", FORGIVEN)
def test_what_is_wrong_with_the_form_is_forgiven_and_told(case: str) -> None:
    text, expected = FORGIVEN[case]
    report = check_file(text.encode())
    assert sorted(finding.code for finding in report.all_findings) == sorted(expected)
    assert {finding.severity for finding in report.all_findings} <= {Severity.INFO, Severity.WARNING}
    assert report.sets[0].documents == DOCUMENTS


@pytest.mark.parametrize("case", FORGIVEN)
def test_strict_reading_refuses_it_with_the_same_code(case: str) -> None:
    text, expected = FORGIVEN[case]
    stopping = [
        finding.code for finding in check_file(text.encode(), strict=True).all_findings if finding.stops
    ]
    assert sorted(stopping) == sorted(expected)


@pytest.mark.parametrize("case", [*FORGIVEN, *ALLOWED])
def test_a_stream_in_small_pieces_reads_the_same(case: str) -> None:
    data = (ALLOWED.get(case) or FORGIVEN[case][0]).encode()
    pieces = [data[at : at + 11] for at in range(0, len(data), 11)]
    events = list(stream_units(pieces))
    assert [event.document for event in events if isinstance(event, UnitRead)] == list(DOCUMENTS)
    assert len([event for event in events if isinstance(event, SetEnded)]) == 1


@pytest.mark.parametrize("case", ALLOWED)
def test_what_x12_allows_is_read_without_a_word(case: str) -> None:
    report = check_file(ALLOWED[case].encode(), strict=True)
    assert report.all_findings == ()
    assert report.sets[0].documents == DOCUMENTS


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_forgiven_is_refused_and_read_all_the_same(case: str) -> None:
    text, code = REFUSED[case]
    report = check_file(text.encode())
    assert [finding.code for finding in report.all_findings if finding.stops] == [code]
    assert report.sets[0].documents == DOCUMENTS


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_no_one_can_read_is_refused_cleanly(case: str) -> None:
    make, code = UNREADABLE[case]
    with pytest.raises(Unreadable) as refused:
        check_file(make())
    assert refused.value.finding.code == code


def test_interchanges_with_other_delimiters_follow_one_another() -> None:
    numbered = [TEXT, mark("|>!\n"), mark("\x1d\x1f\x1e\x1c")]
    text = "".join(
        re.sub(r"(?<=00501.)0{8}8|0{8}8(?=\W\n?$)", f"00000000{number}", each)
        for number, each in enumerate(numbered, 1)
    )
    report = check_file(text.encode(), strict=True)
    assert report.all_findings == ()
    assert [each.documents for each in report.sets] == [DOCUMENTS] * 3


def test_a_group_of_two_thousand_sets_is_read_set_by_set() -> None:
    before, body, after = re.split(r"(?=ST\*)|(?=GE\*)", TEXT)
    sets = [body.replace("*0001", f"*{number:04}") for number in range(1, 2001)]
    text = before + "".join(sets) + after.replace("GE*1*", "GE*2000*")
    report = check_file(text.encode(), strict=True)
    assert report.all_findings == ()
    assert [entry.control_number for entry in report.sets] == [f"{number:04}" for number in range(1, 2001)]
    assert {len(entry.segments) for entry in report.sets} == {body.count("~")}
