"""Binding: X12 to JSON and back without loss, whatever the shape has no name for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from edi.binding import bind_tree
from edi.claims import check_claim, write_claims
from edi.envelope import read_envelopes
from edi.guides.registry import load_guide
from edi.reader import read_set
from edi.segments import Delimiters, Segment
from edi.writer import generate_set, write_documents
from tests.claim_files import NAMES, load_claim, make_envelope

GUIDE = "005010X222A1"
CREATED = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def lines_of(claim: dict[str, Any]) -> list[str]:
    generated = generate_set(
        GUIDE, [claim], control_number="0001", created=CREATED, sender="SENDER", receiver="RECEIVER"
    )
    return ["*".join(segment.elements) for segment in generated.segments]


def bind_lines(lines: list[str], delimiters: Delimiters | None = None) -> list[dict[str, Any]]:
    marks = delimiters or Delimiters()
    segments = [Segment(line.split("*"), ordinal) for ordinal, line in enumerate(lines, 1)]
    tree = read_set(GUIDE, segments, marks).tree
    return bind_tree(load_guide(GUIDE), tree, delimiters=marks)


def round_trip(lines: list[str]) -> tuple[dict[str, Any], list[str]]:
    (document,) = bind_lines(lines)
    again = lines_of(document)
    return document, again


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_comes_back_as_it_was(name: str) -> None:
    claim = check_claim(load_claim(name)).document
    (back,) = bind_lines(lines_of(claim))
    assert set(back.pop("x12Extra")) == {"HEADER/BHT"}
    claim.pop("usageIndicator")
    claim.setdefault("claimIdentifier", "CH")
    for number, line in enumerate(claim["claimInformation"]["serviceLines"], 1):
        line.setdefault("assignedNumber", str(number))
    assert back == claim


@pytest.mark.parametrize("name", NAMES)
def test_segments_come_back_as_they_were(name: str) -> None:
    lines = lines_of(load_claim(name))
    assert round_trip(lines)[1] == lines


def test_a_second_referring_provider_is_kept() -> None:
    lines = lines_of(load_claim("dependent_patient"))
    at = next(n for n, line in enumerate(lines) if line.startswith("NM1*DN")) + 2
    lines[at:at] = ["NM1*P3*1*SECOND*REFERRER****XX*1992000107", "REF*G2*77"]
    document, again = round_trip(lines)
    assert again[1:-1] == lines[1:-1]
    kept = document["claimInformation"]["x12Extra"]["2310A"]
    assert kept == [
        None,
        [["NM1", "P3", "1", "SECOND", "REFERRER", "", "", "", "XX", "1992000107"], ["REF", "G2", "77"]],
    ]


def test_segments_without_a_name_are_kept() -> None:
    lines = lines_of(load_claim("self_patient"))
    at = next(n for n, line in enumerate(lines) if line.startswith("PRV*BI")) + 1
    lines.insert(at, "CUR*85*CAD")
    document, again = round_trip(lines)
    assert again[1:-1] == lines[1:-1]
    assert document["x12Extra"]["2000A/CUR"] == [["85", "CAD"]]


def test_elements_without_a_name_are_kept_beside_those_with_one() -> None:
    lines = lines_of(load_claim("self_patient"))
    at = next(n for n, line in enumerate(lines) if line.startswith("PER*IC*TESS"))
    lines[at] = "PER*IC*TESS MARLOW*ED*12*TE*2075550111"
    document, again = round_trip(lines)
    assert again[at] == lines[at]
    assert document["submitter"]["contactInformation"]["phoneNumber"] == "2075550111"


def test_an_edit_of_a_name_survives_what_is_kept_beside_it() -> None:
    lines = lines_of(load_claim("self_patient"))
    at = next(n for n, line in enumerate(lines) if line.startswith("PER*IC*TESS"))
    lines[at] = "PER*IC*TESS MARLOW*ED*12*TE*2075550111"
    (document,) = bind_lines(lines)
    document["submitter"]["contactInformation"]["name"] = "NEW NAME"
    assert lines_of(document)[at] == "PER*IC*NEW NAME*ED*12*TE*2075550111"


def test_another_order_of_segments_is_kept() -> None:
    lines = lines_of(load_claim("every_name"))
    at = next(n for n, line in enumerate(lines) if line.startswith("REF*4N"))
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    document, again = round_trip(lines)
    assert again == lines
    assert "2300/order" in document["claimInformation"]["x12Extra"]


def test_surplus_elements_and_components_are_kept() -> None:
    lines = lines_of(load_claim("self_patient"))
    at = next(n for n, line in enumerate(lines) if line.startswith("REF*6R*HL-1001-1"))
    lines[at] = "REF*6R*HL-1001-1*A*B:C*D"
    assert round_trip(lines)[1] == lines


def test_an_absent_default_stays_absent() -> None:
    lines = lines_of(load_claim("self_patient"))
    at = next(n for n, line in enumerate(lines) if line.startswith("SBR*P*18"))
    lines[at] = "SBR**18*GRP77******CI"
    assert round_trip(lines)[1] == lines


def test_values_may_hold_the_separators_of_other_files() -> None:
    claim = load_claim("self_patient")
    lines = [line.replace(":", ">") for line in lines_of(claim)]
    at = next(n for n, line in enumerate(lines) if line.startswith("N3*18 WHARF RD"))
    lines[at] = "N3*18 WHARF RD: REAR"
    (document,) = bind_lines(lines, Delimiters(component=">"))
    assert document["billing"]["address"]["address1"] == "18 WHARF RD: REAR"
    assert document["claimInformation"]["placeOfServiceCode"] == "11"


def test_each_claim_of_a_set_is_a_document_with_its_provider_and_subscriber() -> None:
    claims = [load_claim("self_patient"), load_claim("dependent_patient"), load_claim("secondary_payer")]
    text = write_claims(claims, make_envelope()).text
    transaction_set = read_envelopes(text).interchanges[0].groups[0].sets[0]
    tree = read_set(GUIDE, list(transaction_set.segments), Delimiters()).tree
    documents = bind_tree(load_guide(GUIDE), tree)
    assert len(documents) == 3
    for document in documents:
        assert document["billing"]["npi"] == "1234567893"
        assert document["subscriber"]["memberId"] == "MM5550001"
    assert ["dependent" in document for document in documents] == [False, True, False]


def test_written_again_documents_make_the_same_interchange() -> None:
    claims = [load_claim("self_patient"), load_claim("dependent_patient"), load_claim("secondary_payer")]
    text = write_claims(claims, make_envelope()).text
    transaction_set = read_envelopes(text).interchanges[0].groups[0].sets[0]
    tree = read_set(GUIDE, list(transaction_set.segments), Delimiters()).tree
    documents = bind_tree(load_guide(GUIDE), tree)
    assert write_documents(GUIDE, documents, make_envelope()) == text


@pytest.mark.parametrize(
    "extra",
    [
        "text",
        {"2010AA/NM1": "text"},
        {"2010AA/NM1": [7]},
        {"2010AA/NM1": [[None, 7]]},
        {"2010AA/NM1": [["A*B"]]},
        {"2010AA/NM1": [[None, {"x": 1}]]},
    ],
)
def test_malformed_extras_are_findings_with_their_pointer(extra: object) -> None:
    claim = load_claim("self_patient")
    claim["billing"]["x12Extra"] = extra
    found = check_claim(claim).findings
    assert found
    assert all((finding.pointer or "").startswith("/billing/x12Extra") for finding in found)


def test_malformed_raw_loops_are_findings() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["x12Extra"] = {"2310A": [[["NM1", "A~B"]], [[]], [["NM1", 7]]]}
    found = check_claim(claim).findings
    assert [finding.pointer for finding in found] == [
        "/claimInformation/x12Extra/2310A/0/0",
        "/claimInformation/x12Extra/2310A/1/0",
        "/claimInformation/x12Extra/2310A/2/0",
    ]


def test_extras_of_unknown_keys_are_ignored() -> None:
    claim = load_claim("self_patient")
    expected = lines_of(claim)
    claim["x12Extra"] = {"9999/NM1": [["X"]], "2300/ZZZ": [["A"]], "HEADER/order": 3}
    assert lines_of(claim) == expected


def test_a_finding_about_an_extra_element_points_at_it() -> None:
    claim = load_claim("self_patient")
    claim["x12Extra"] = {"2000A/CUR": [["85", "CADAVER"]]}
    found = check_claim(claim).findings
    assert found
    assert {finding.pointer for finding in found} == {"/x12Extra/2000A~1CUR/0"}


@pytest.mark.parametrize("name", NAMES)
def test_separators_at_the_end_of_a_segment_or_composite_hide_no_name(name: str) -> None:
    lines = lines_of(load_claim(name))
    wide = [f"{line}:::" if line.startswith("HI*") else f"{line}{'*' * 30}" for line in lines]
    assert bind_lines(wide) == bind_lines(lines)
