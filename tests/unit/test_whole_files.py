"""A whole file as JSON and back: every byte of a regular file, and named errors for what is no such JSON."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from edi.envelope import Unreadable
from edi.files import check_file
from edi.findings import Severity
from edi.inspection import inspect
from edi.json_body import decode_body
from edi.translation import UntranslatableError
from edi.whole_files import describe_whole, write_whole

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
#: Every file of the samples but those that came wrong, whose counts and headers are written right.
FILES = sorted(place for place in SAMPLES.glob("**/*.x12") if place.name != "file.x12")
CLAIM = SAMPLES / "837P" / "paid_in_full" / "claim.x12"


def describe(content: bytes) -> dict[str, Any]:
    """The JSON of a file, through text and the decoder of request bodies."""
    decoded = decode_body(json.dumps(describe_whole(check_file(content), content)).encode())
    assert decoded.findings == ()
    assert decoded.document is not None
    return decoded.document


def join_files(*contents: bytes) -> bytes:
    return b"".join(contents)


def is_regular(place: Path) -> bool:
    """True for a sample that shows nothing wrong and no form to forgive."""
    try:
        return not any(
            finding.severity is not Severity.INFO for finding in check_file(place.read_bytes()).all_findings
        )
    except Unreadable:
        return False


REGULAR = [place for place in FILES if is_regular(place)]


def test_most_samples_are_regular_files() -> None:
    assert len(REGULAR) > 60


@pytest.mark.parametrize("place", REGULAR, ids=lambda place: "/".join(place.parts[-3:]))
def test_a_sample_comes_back_byte_for_byte(place: Path) -> None:
    content = place.read_bytes()
    document = describe(content)
    assert write_whole(document) == content
    assert describe(write_whole(document)) == document


def test_interchanges_with_different_delimiters_and_line_ends_come_back() -> None:
    plain = CLAIM.read_bytes()
    other = plain.replace(b"\n", b"").replace(b"*", b"|").replace(b"~", b"\x1d")
    dosy = plain.replace(b"~\n", b"~\r\n")
    assert write_whole(describe(join_files(plain, other, dosy))) == join_files(plain, other, dosy)


@pytest.mark.parametrize("ending", [b"", b"\r\n", b"\n\n", b"\n\x1a", b"  \x00"])
def test_what_stands_after_the_last_terminator_is_kept(ending: bytes) -> None:
    content = CLAIM.read_bytes().rstrip(b"\n") + ending
    assert write_whole(describe(content)) == content


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_come_back_in_their_encoding(encoding: str) -> None:
    text = CLAIM.read_text()
    name = text.split("NM1*IL*1*")[1].split("*")[0]
    content = text.replace(f"NM1*IL*1*{name}", f"NM1*IL*1*{name}\u00c9").encode(encoding)
    assert write_whole(describe(content)) == content
    assert write_whole(describe(b"\xef\xbb\xbf" + text.encode())) == b"\xef\xbb\xbf" + text.encode()


def test_claims_that_repeat_their_provider_and_subscriber_keep_their_own_levels() -> None:
    """Many systems write the billing provider again for every claim; folding would join them."""
    lines = CLAIM.read_text().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if line.startswith("HL*"))
    last = next(at for at, line in enumerate(lines) if line.startswith("SE*"))
    levels, trailer = lines[first:last], lines[last].split("*")
    again = [line.replace("HL*1*", "HL*3*").replace("HL*2*1*", "HL*4*3*") for line in levels]
    count = int(trailer[1]) + len(again)
    content = "".join([*lines[:last], *again, f"SE*{count}*{trailer[2]}", *lines[last + 1 :]]).encode()
    report = check_file(content)
    assert len(report.sets[0].documents) == 2
    assert write_whole(describe(content)) == content


def test_a_changed_document_is_written_even_where_it_shared_its_levels() -> None:
    document = describe(CLAIM.read_bytes())
    entry = document["interchanges"][0]["groups"][0]["transactionSets"][0]
    entry["documents"] = [entry["documents"][0], copy.deepcopy(entry["documents"][0])]
    entry["documents"][1]["billing"]["organizationName"] = "OTHER CLINIC"
    entry["levelsShared"] = [0, 2]
    written = write_whole(document)
    assert b"OTHER CLINIC" in written
    assert [len(found.documents) for found in check_file(written).sets] == [2]


def test_a_set_that_no_guide_reads_is_kept_as_segments() -> None:
    content = CLAIM.read_bytes().replace(b"005010X222A1", b"005010X999Z9").replace(b"ST*837", b"ST*850")
    entry = describe(content)["interchanges"][0]["groups"][0]["transactionSets"][0]
    assert "documents" not in entry
    assert entry["segments"]
    assert write_whole(describe(content)) == content


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("interchanges",), []),
        (("interchanges",), "x"),
        (("interchanges", 0, "header", "componentSeparator"), "A"),
        (("interchanges", 0, "header", "senderId"), "A*B"),
        (("interchanges", 0, "header", "senderId"), "longer than fifteen characters"),
        (("interchanges", 0, "separators"), {"element": "", "segment": "~"}),
        (("interchanges", 0, "separators"), {"element": "*", "segment": "~", "lineEnd": "X"}),
        (("interchanges", 0, "groups", 0, "header", "senderId"), "A*B"),
        (("interchanges", 0, "groups", 0, "transactionSets", 0, "guide"), "005010X999"),
        (("interchanges", 0, "groups", 0, "transactionSets", 0, "documents"), [1]),
        (("interchanges", 0, "groups", 0, "transactionSets", 0, "header", "controlNumber"), "1~2"),
        (("encoding",), "utf-16"),
        (("ending",), "text"),
    ],
)
def test_json_that_is_no_file_is_refused_by_name(way: tuple[Any, ...], value: Any) -> None:
    document = describe(CLAIM.read_bytes())
    at: Any = document
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = value
    with pytest.raises(UntranslatableError):
        write_whole(document)
    assert inspect("whole", json.dumps(document).encode()).unreadable


def test_letters_beyond_the_named_encoding_are_refused() -> None:
    document = describe(CLAIM.read_bytes())
    entry = document["interchanges"][0]["groups"][0]["transactionSets"][0]
    entry["documents"][0]["subscriber"]["lastName"] = "\u0141"
    with pytest.raises(UntranslatableError):
        write_whole(document)


def test_the_json_of_a_whole_file_is_checked_as_the_file_is() -> None:
    document = describe(CLAIM.read_bytes())
    assert inspect("whole", json.dumps(document).encode()).findings == ()
    entry = document["interchanges"][0]["groups"][0]["transactionSets"][0]
    entry["documents"][0]["billing"]["npi"] = "1999901015"
    found = inspect("whole", json.dumps(document).encode())
    assert [finding.code for finding in found.findings] == ["provider.npi_invalid"]
