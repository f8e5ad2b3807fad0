"""Segments with binary content: read by their length, whatever stands in them, and written as they came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edi.checking import check_document
from edi.envelope import read_envelopes
from edi.files import check_file
from edi.findings import Finding
from edi.partition import plan_file
from edi.streaming import SetEnded, stream_units
from edi.writer import write_documents
from tests.samples.guide_samples import envelope

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "275" / "unsolicited_report"
TEXT = (SAMPLE / "document.x12").read_bytes()
STATED = b"BIN*40*U1BJUk9NRVRSWSBSRVBPUlQsIFNZTlRIRVRJQw==~"
PICTURE = bytes(range(256)) + b"~\nIEA*1*000000001~\nISA*00*" + bytes(range(255, 0, -1))
CONTENTS = {
    "separators": b"A*B:C^D~E",
    "segments": b"~SE*15*0001~GE*1*1~IEA*1*000000001~",
    "lines": b"line one\nline two\r\nline three\n",
    "letters": "Zażółć gęślą jaźń".encode(),
    "bytes": PICTURE,
    "what looks like a data URL": b"data:;base64,AAAA",
    "one terminator": b"~",
}


def carry(content: bytes, stated: int | None = None) -> bytes:
    length = str(len(content) if stated is None else stated).encode()
    return TEXT.replace(STATED, b"BIN*" + length + b"*" + content + b"~")


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_any_content_is_read_by_its_length_and_written_back_byte_for_byte(content: bytes) -> None:
    file = carry(content)
    report = check_file(file, strict=True)
    assert codes(report.all_findings) == []
    document = json.loads(json.dumps(report.sets[0].documents[0]))
    assert codes(tuple(check_document(document, "005010X210"))) == []
    assert write_documents("005010X210", [document], envelope()) == file


@pytest.mark.parametrize("size", [7, 64, 4096])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_stream_reads_the_same(content: bytes, size: int) -> None:
    file = carry(content)
    pieces = [file[at : at + size] for at in range(0, len(file), size)]
    ended = [event for event in stream_units(pieces) if isinstance(event, SetEnded)]
    assert [event.findings for event in ended] == [()]
    assert ended[0].documents == check_file(file).sets[0].documents


def test_a_content_longer_than_any_chunk_is_read_whole() -> None:
    content = PICTURE * 2000
    file = carry(content)
    pieces = [file[at : at + 65536] for at in range(0, len(file), 65536)]
    ended = [event for event in stream_units(pieces) if isinstance(event, SetEnded)]
    assert [event.findings for event in ended] == [()]


def test_a_wrong_length_is_found_and_the_segments_after_it_are_read() -> None:
    report = check_file(carry(b"A*B:C", 9))
    assert codes(report.all_findings) == ["attachment.length_differs"]
    assert report.sets[0].segments[-1].id == "SE"


def test_a_length_that_no_file_can_have_is_not_waited_for() -> None:
    report = check_file(carry(b"ABC", 99_999_999_999))
    assert codes(report.all_findings) == ["attachment.length_differs"]


def test_a_segment_of_the_other_kind_is_read_by_its_length_as_well() -> None:
    file = TEXT.replace(STATED, b"BDS*ASC*12*A*B~SE*1*1~C~")
    segments = read_envelopes(file).interchanges[0].groups[0].sets[0].segments
    assert segments[-2].elements == ["BDS", "ASC", "12", "A*B~SE*1*1~C"]
    assert segments[-1].id == "SE"


def test_a_name_that_ends_with_the_id_is_no_binary_segment() -> None:
    file = TEXT.replace(b"*Odalys*", b"*ROBIN*3*X")
    assert check_file(file).sets[0].segments[-1].id == "SE"


def test_a_file_with_binary_content_is_not_cut_into_parts() -> None:
    assert plan_file([carry(b"ABC")], target=100) is None


def spoil(content: str, **more: str) -> list[str]:
    document: dict[str, Any] = json.loads((SAMPLE / "document.json").read_text(encoding="utf-8"))
    held = document["attachments"][0]["documents"][0]["contents"][0]
    held |= {"content": content, **more}
    return codes(tuple(check_document(document, "005010X210")))


def test_a_content_of_json_may_hold_separators_unless_its_length_is_wrong() -> None:
    assert spoil("A*B:C~D", length="7") == []
    assert "value.bad_character" in spoil("A*B:C~D", length="6")
    assert "value.bad_character" in spoil("A\x1cB", length="3")
    assert "value.bad_character" in spoil("\ud800", length="1")
