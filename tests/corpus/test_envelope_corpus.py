"""Every file of the shared corpus: nothing but Unreadable is raised, and each variant's fault is found."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from edi.delimiters import NO_SEPARATOR
from edi.envelope import FileReading, TransactionSet, Unreadable, read_envelopes
from edi.envelope_writer import write_interchange
from edi.findings import Finding, load_catalogue

pytestmark = pytest.mark.corpus

# transform of derived/MANIFEST.tsv -> the acknowledgment that must come out: element of the catalogue, code
EXPECTED = {
    "e01_lowercase_segment_ids": ("ta105", "024"),
    "e02_SE01_wrong": ("ik502", "4"),
    "e03_ST02_SE02_mismatch": ("ik502", "3"),
    "e04_GE01_wrong": ("ak905", "5"),
    "e05_GE02_mismatch": ("ak905", "4"),
    "e06_IEA01_wrong": ("ta105", "021"),
    "e07_IEA02_mismatch": ("ta105", "001"),
    "e08_missing_IEA": ("ta105", "023"),
    "e09_missing_GE": ("ak905", "3"),
    "e10_missing_SE": ("ik502", "2"),
    "e11_ISA_one_char_short": ("ta105", "022"),
    "e12_truncated_mid_segment": ("ta105", "023"),
    "e13_no_GS": ("ta105", "024"),
    "e15_duplicate_ST02": ("ik502", "23"),
    "e17_GS01_wrong_functional_id": ("ak905", "1"),
}
FORMS = {
    "f01_bom": ["file.bom"],
    "f02_crlf_after_term": [],
    "f03_cr_after_term": [],
    "f04_lf_is_terminator": [],
    "f05_crlf_is_terminator": [],
    "f06_control_delims": [],
    "f07_pipe_caret": [],
    "f08_80col_wrapped": ["file.wrapped_lines"],
    "f09_indented": ["file.indented"],
    "f10_no_final_terminator": ["file.no_final_terminator"],
    "f11_trailing_0x1A_nulls": ["file.trailing_control"],
    "f12_leading_blank_lines": ["file.leading_blanks"],
    "f14_trailing_empty_elements": [],
}
SHAPES = {
    "m01_3ST": [[3]],
    "m02_3GS_2ST": [[2, 2, 2]],
    "m03_2000ST": [[2000]],
    "m04_two_ISA_different_delims": [[1], [1]],
}
# file of INDEX.tsv -> what its makers say an acknowledgment must hold (where a TA105, AK905 code is agreed)
FOREIGN = {
    "InvalidDataSeparator": ("ta105", "026"),
    "InvalidComponentSeparator": ("ta105", "027"),
    "InvalidISAEnd": ("ta105", "004"),
    "InvalidISA07ReceiverQualifier": ("ta105", "007"),
    "InvalidISA12": ("ta105", "017"),
    "InvalidISA13": ("ta105", "001"),
    "InvalidISA15": ("ta105", "020"),
    "InvalidIEA01": ("ta105", "021"),
    "InvalidGE01": ("ak905", "5"),
    "emptyInterchangeSenderId": ("ta105", "006"),
    "missingGE": ("ak905", "3"),
}


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def findings_of(reading: FileReading) -> Iterator[Finding]:
    yield from reading.findings
    for interchange in reading.interchanges:
        yield from interchange.findings
        for group in interchange.groups:
            yield from group.findings
            for transaction_set in group.sets:
                yield from transaction_set.findings


def acknowledgment_codes(reading: FileReading, element: str) -> set[str]:
    entries = [load_catalogue()[finding.code].acknowledgments for finding in findings_of(reading)]
    return {code for entry in entries if (code := getattr(entry, element))}


def sets_of(reading: FileReading) -> list[TransactionSet]:
    return [
        each for interchange in reading.interchanges for group in interchange.groups for each in group.sets
    ]


def normal_bodies(reading: FileReading) -> list[list[list[str]]]:
    """Each set with `:` and `^` as separators and without empty elements at the ends of segments."""
    bodies = []
    for interchange in reading.interchanges:
        marks = interchange.header.delimiters
        table = str.maketrans(
            {marks.component: ":", marks.repetition: "^"} if marks.component != "\x00" else {}
        )
        for transaction_set in (each for group in interchange.groups for each in group.sets):
            rows = [[value.translate(table) for value in each.elements] for each in transaction_set.segments]
            bodies.append([trim(row) for row in rows])
    return bodies


def trim(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


def test_no_file_of_the_corpus_raises_anything_but_unreadable(shared: Path) -> None:
    read = unreadable = 0
    for path in sorted((shared / "corpus").rglob("*")):
        if path.is_file():
            try:
                read_envelopes(path.read_bytes())
                read += 1
            except Unreadable as unreadable_file:
                unreadable += 1
                assert unreadable_file.finding.code in load_catalogue()
    assert read > 380
    assert unreadable > 0


def test_every_file_with_an_isa_is_read(shared: Path) -> None:
    unread = []
    for row in read_table(shared / "corpus" / "INDEX.tsv"):
        try:
            read_envelopes((shared / "corpus" / row["file"]).read_bytes())
        except Unreadable as unreadable_file:
            if "no-ISA" not in row["traits"]:
                unread.append((row["file"], unreadable_file.finding.code))
    # two files write `ISA *00 *`, a blank after the id and after each element: the separator cannot be told
    assert [code for _, code in unread] == ["file.unreadable_header"] * 2, unread


def test_every_envelope_variant_has_its_acknowledgment_code(shared: Path) -> None:
    checked = 0
    for row in read_table(shared / "corpus" / "derived" / "MANIFEST.tsv"):
        if row["transform"] in EXPECTED:
            element, code = EXPECTED[row["transform"]]
            reading = read_envelopes((shared / "corpus" / "derived" / row["file"]).read_bytes())
            assert code in acknowledgment_codes(reading, element), row["file"]
            checked += 1
    assert checked >= 85


def test_every_form_variant_reads_as_its_base(shared: Path) -> None:
    manifest = [
        row for row in read_table(shared / "corpus" / "derived" / "MANIFEST.tsv") if row["kind"] == "format"
    ]
    folder = shared / "corpus" / "derived"
    plain = {row["type"]: row["file"] for row in manifest if row["transform"] == "f02_crlf_after_term"}
    for row in manifest:
        if row["transform"] in FORMS:
            reading = read_envelopes((folder / row["file"]).read_bytes())
            base = read_envelopes((folder / plain[row["type"]]).read_bytes())
            assert [finding.code for finding in findings_of(reading)] == FORMS[row["transform"]], row["file"]
            assert normal_bodies(reading) == [[trim(r) for r in b] for b in normal_bodies(base)], row["file"]


def test_names_outside_of_ascii_stay_intact(shared: Path) -> None:
    for row in read_table(shared / "corpus" / "derived" / "MANIFEST.tsv"):
        if row["transform"] in ("f15_utf8_name", "f16_latin1_name"):
            data = (shared / "corpus" / "derived" / row["file"]).read_bytes()
            encoding = "utf-8" if row["transform"] == "f15_utf8_name" else "latin-1"
            reading = read_envelopes(data)
            values = {
                value for each in sets_of(reading) for segment in each.segments for value in segment.elements
            }
            foreign = [value for value in values if not value.isascii()]
            assert foreign, row["file"]
            assert all(value.encode(encoding) in data for value in foreign), row["file"]


def test_utf16_is_refused_cleanly(shared: Path) -> None:
    for row in read_table(shared / "corpus" / "derived" / "MANIFEST.tsv"):
        if row["transform"] == "f13_utf16le_bom":
            with pytest.raises(Unreadable) as caught:
                read_envelopes((shared / "corpus" / "derived" / row["file"]).read_bytes())
            assert caught.value.finding.code == "file.utf16"


def test_files_of_many_sets_groups_and_interchanges_keep_their_shape(shared: Path) -> None:
    for row in read_table(shared / "corpus" / "derived" / "MANIFEST.tsv"):
        if row["transform"] in SHAPES:
            reading = read_envelopes((shared / "corpus" / "derived" / row["file"]).read_bytes())
            shape = [
                [len(group.sets) for group in interchange.groups] for interchange in reading.interchanges
            ]
            assert shape == SHAPES[row["transform"]], row["file"]
            assert list(findings_of(reading)) == [], row["file"]


def test_faults_that_others_planted_are_found(shared: Path) -> None:
    found = 0
    for row in read_table(shared / "corpus" / "INDEX.tsv"):
        for name, (element, code) in FOREIGN.items():
            if f"{name}.txt" in row["file"]:
                reading = read_envelopes((shared / "corpus" / row["file"]).read_bytes())
                assert code in acknowledgment_codes(reading, element), row["file"]
                found += 1
    assert found == len(FOREIGN)


def test_version_4010_is_always_told(shared: Path) -> None:
    for row in read_table(shared / "corpus" / "INDEX.tsv"):
        if "4010" in row["traits"].split() and "no-ISA" not in row["traits"]:
            reading = read_envelopes((shared / "corpus" / row["file"]).read_bytes())
            told = {finding.code for finding in findings_of(reading)}
            assert told & {"isa.version_4010", "group.version_4010"}, row["file"]
            for interchange in reading.interchanges:
                if interchange.header.version == "00401":
                    assert interchange.header.delimiters.repetition == NO_SEPARATOR


def test_regular_files_are_written_back_byte_for_byte(shared: Path) -> None:
    regular = 0
    for path in sorted((shared / "corpus").rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        try:
            reading = read_envelopes(data)
        except Unreadable:
            continue
        if any(True for _ in findings_of(reading)) or has_loose_ends(reading):
            continue
        encoding = "utf-8" if reading.encoding == "ascii" else reading.encoding
        written = "".join(map(write_interchange, reading.interchanges)).encode(encoding)
        assert written.rstrip(b"\r\n") == data.rstrip(b"\r\n"), path.name
        regular += 1
    assert regular > 150


def has_loose_ends(reading: FileReading) -> bool:
    """Empty elements or components at an end, or line breaks inside a value (275 carries HL7)."""
    for interchange in reading.interchanges:
        component = interchange.header.delimiters.component
        for segment in (segment for each in sets_of(reading) for segment in each.segments):
            text = "\x00".join(segment.elements)
            if text.endswith("\x00") or component + "\x00" in text + "\x00" or "\n" in text:
                return True
    return False
