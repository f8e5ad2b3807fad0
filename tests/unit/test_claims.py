"""Claims: the forms that clients post, findings at JSON and X12 places, folding, placements, summaries."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from edi import generator
from edi.claims import CheckedClaim, check_claim, write_claims
from edi.envelope import read_envelopes
from edi.segments import Delimiters
from tests.claim_files import NAMES, load_claim, make_envelope


def pointers(checked: CheckedClaim) -> dict[str, str]:
    return {finding.pointer or "": finding.code for finding in checked.findings}


@pytest.mark.parametrize("name", NAMES)
def test_our_own_claims_are_clean(name: str) -> None:
    assert check_claim(load_claim(name)).findings == ()


def test_a_place_of_a_posted_claim_has_no_offset_in_a_file_that_does_not_exist() -> None:
    claim = load_claim("self_patient")
    claim["billing"]["address"]["city"] = ""
    places = [finding.x12 for finding in check_claim(claim).findings]
    assert places
    assert all(place is not None and place.offset is None for place in places)


def test_what_is_no_object_is_no_claim() -> None:
    for document in (None, [], "ISA*00*", 7):
        checked = check_claim(document)
        assert [finding.code for finding in checked.findings] == ["json.not_a_claim"]
        assert not checked.clean
        assert checked.summary is None


def test_a_claim_without_charges_is_refused_with_its_pointer() -> None:
    claim = load_claim("self_patient")
    del claim["claimInformation"]["claimChargeAmount"]
    checked = check_claim(claim)
    assert not checked.clean
    assert pointers(checked) == {"/claimInformation/claimChargeAmount": "element.missing"}
    place = checked.findings[0].x12
    assert place is not None
    assert (place.loop, place.segment, place.element) == ("2300", "CLM", 2)


@pytest.mark.parametrize(
    ("way", "pointer"),
    [
        (("billing", "address"), "/billing/address/address1"),
        (("billing", "employerId"), "/billing/employerId"),
        (("submitter", "contactInformation"), "/submitter/contactInformation/phoneNumber"),
        (("subscriber", "memberId"), "/subscriber/memberId"),
        (("subscriber", "dateOfBirth"), "/subscriber/dateOfBirth"),
        (("tradingPartnerServiceId",), "/tradingPartnerServiceId"),
        (("claimInformation", "serviceLines"), "/claimInformation/serviceLines"),
        (("claimInformation", "healthCareCodeInformation"), "/claimInformation/healthCareCodeInformation"),
        (
            ("claimInformation", "serviceLines", 1, "serviceDate"),
            "/claimInformation/serviceLines/1/serviceDate",
        ),
        (
            ("claimInformation", "serviceLines", 0, "professionalService", "procedureCode"),
            "/claimInformation/serviceLines/0/professionalService/procedureCode",
        ),
    ],
)
def test_what_is_missing_points_at_what_to_fill_in(way: tuple[str | int, ...], pointer: str) -> None:
    claim = load_claim("self_patient")
    owner: Any = claim
    for step in way[:-1]:
        owner = owner[step]
    del owner[way[-1]]
    assert pointer in pointers(check_claim(claim))


def test_everything_wrong_is_found_at_once() -> None:
    claim = load_claim("self_patient")
    claim["billing"]["npi"] = "123"
    claim["claimInformation"]["claimFrequencyCode"] = True
    claim["claimInformation"]["serviceLines"][0]["serviceDate"] = "20260230"
    claim["subscriber"]["lastName"] = "A~B"
    found = pointers(check_claim(claim))
    assert found["/subscriber/lastName"] == "value.bad_character"
    assert found["/claimInformation/claimFrequencyCode"] == "json.wrong_type"
    assert found["/claimInformation/serviceLines/0/serviceDate"] == "element.bad_date"
    assert "/billing/npi" in found


def test_a_wrong_type_is_not_reported_again_as_missing() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["placeOfServiceCode"] = {"code": "11"}
    found = [finding.code for finding in check_claim(claim).findings]
    assert found == ["json.wrong_type"]


def test_unbalanced_charges_point_at_the_claim_charge() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["claimChargeAmount"] = "181.00"
    assert pointers(check_claim(claim)) == {"/claimInformation/claimChargeAmount": "claim.charges_unbalanced"}


def test_a_qualifier_that_is_missing_or_unknown_is_named_and_its_segment_is_not_missing_too() -> None:
    claim = load_claim("secondary_payer")
    del claim["claimInformation"]["healthCareCodeInformation"][0]["diagnosisTypeCode"]
    other = claim["claimInformation"]["otherSubscriberInformation"][0]["otherPayerName"]
    other["otherPayerSecondaryIdentifier"][0]["qualifier"] = "ZZ"
    found = pointers(check_claim(claim))
    assert found.pop("/claimInformation/healthCareCodeInformation/0/diagnosisTypeCode") == "element.missing"
    where = "/claimInformation/otherSubscriberInformation/0/otherPayerName/otherPayerSecondaryIdentifier/0"
    assert found.pop(f"{where}/qualifier") == "element.bad_code"
    assert set(found.values()) <= {"claim.pointer_out_of_range"}


# --- the forms that clients post


def with_listed_providers() -> dict[str, Any]:
    claim = load_claim("dependent_patient")
    roles = ("billing", "rendering", "referring", "supervising")
    claim["providers"] = [{"providerType": f"{role.title()}Provider", **claim.pop(role)} for role in roles]
    return claim


def test_both_provider_forms_make_the_same_claim() -> None:
    listed = check_claim(with_listed_providers())
    assert listed.clean
    expected = check_claim(load_claim("dependent_patient"))
    for role in ("billing", "rendering", "referring", "supervising"):
        assert listed.document[role].items() >= expected.document[role].items()


def test_findings_of_listed_providers_point_into_the_list() -> None:
    claim = with_listed_providers()
    claim["providers"][1]["npi"] = "12"
    del claim["providers"][0]["organizationName"]
    found = pointers(check_claim(claim))
    assert "/providers/1/npi" in found
    assert found["/providers/0/organizationName"] == "element.missing"


def test_the_employer_number_has_two_names() -> None:
    claim = load_claim("self_patient")
    claim["billing"]["employerIdentificationNumber"] = claim["billing"].pop("employerId")
    assert check_claim(claim).clean
    claim["billing"]["employerIdentificationNumber"] = "0" * 51
    assert list(pointers(check_claim(claim))) == ["/billing/employerIdentificationNumber"]


def test_single_and_listed_attachments_and_files_are_the_same() -> None:
    claim = load_claim("self_patient")
    attachment = {"attachmentReportTypeCode": "OZ", "attachmentTransmissionCode": "XX"}
    claim["claimInformation"]["fileInformation"] = "FIXED"
    claim["claimInformation"]["claimSupplementalInformation"] = {"reportInformation": attachment}
    checked = check_claim(claim)
    assert checked.document["claimInformation"]["fileInformationList"] == ["FIXED"]
    where = "/claimInformation/claimSupplementalInformation/reportInformation/attachmentTransmissionCode"
    assert list(pointers(checked)) == [where]


def test_diagnosis_codes_lose_their_dot() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["healthCareCodeInformation"][0]["diagnosisCode"] = "J06.9"
    checked = check_claim(claim)
    assert checked.clean
    assert checked.document["claimInformation"]["healthCareCodeInformation"][0]["diagnosisCode"] == "J069"


def test_the_ordering_provider_of_a_claim_goes_to_each_line() -> None:
    claim = load_claim("self_patient")
    claim["ordering"] = {"npi": "1992000008", "firstName": "ANA"}
    checked = check_claim(claim)
    assert set(pointers(checked)) >= {"/ordering/lastName"}
    assert all("orderingProvider" in line for line in checked.document["claimInformation"]["serviceLines"])


def test_empty_objects_and_nulls_are_absence() -> None:
    claim = load_claim("self_patient")
    claim.update({"dependent": {}, "payToAddress": {"address1": None}, "supervising": None})
    assert check_claim(claim).clean


def test_the_posted_claim_stays_as_it_is() -> None:
    claim = with_listed_providers()
    claim["ordering"] = {"npi": "1992000008"}
    before = copy.deepcopy(claim)
    check_claim(claim)
    assert claim == before


def test_a_canonical_claim_is_its_own_canonical_form() -> None:
    once = check_claim(with_listed_providers()).document
    assert check_claim(once).document == once


# --- documents that are far too large


def test_a_claim_with_a_million_lines_stops_early_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "SEGMENTS_PER_CLAIM", 200)
    claim = load_claim("self_patient")
    claim["claimInformation"]["serviceLines"] = [{}] * 1_000_000
    checked = check_claim(claim)
    codes = {finding.code for finding in checked.findings}
    assert "json.too_many" in codes
    assert "loop.too_many" in codes


def test_findings_beyond_the_limit_are_counted_as_one() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["serviceLines"] = [7] * 100_000
    findings = check_claim(claim).findings
    assert len(findings) == 1001
    assert findings[-1].code == "json.more_findings"


# --- summaries


def test_the_summary_says_what_the_gateway_needs() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["serviceLines"][1]["serviceDateEnd"] = "20260305"
    summary = check_claim(claim).summary
    assert summary is not None
    assert summary.patient_control_number == "HL-1001"
    assert (summary.payer_id, summary.payer_name) == ("PAY01", "MERIDIAN MUTUAL")
    assert summary.charge == Decimal("180.00")
    assert (summary.service_from, summary.service_to) == (date(2026, 3, 2), date(2026, 3, 5))
    assert (summary.frequency, summary.line_count, summary.usage) == ("1", 2, "T")


@pytest.mark.parametrize(
    "document", [{}, {"claimInformation": []}, {"claimInformation": {"serviceLines": 3}}]
)
def test_a_claim_without_amount_has_no_summary(document: dict[str, Any]) -> None:
    assert check_claim(document).summary is None


# --- writing and folding


def set_lines(text: bytes) -> list[list[str]]:
    reading = read_envelopes(text)
    (interchange,) = reading.interchanges
    (group,) = interchange.groups
    assert not reading.findings
    assert not interchange.findings
    assert not group.findings
    return [["*".join(segment.elements) for segment in found.segments] for found in group.sets]


def numbered_claims(count: int) -> list[dict[str, Any]]:
    claims = []
    for number in range(count):
        claim = load_claim("self_patient")
        claim["claimInformation"]["patientControlNumber"] = f"N-{number}"
        claims.append(claim)
    return claims


def test_claims_of_one_subscriber_share_provider_and_subscriber() -> None:
    (lines,) = set_lines(write_claims(numbered_claims(3), make_envelope()).text)
    assert [line for line in lines if line.startswith("HL")] == ["HL*1**20*1", "HL*2*1*22*0"]
    assert sum(line.startswith("CLM") for line in lines) == 3


def test_patients_of_one_subscriber_share_the_subscriber() -> None:
    first, second = load_claim("dependent_patient"), load_claim("dependent_patient")
    second["dependent"]["firstName"] = "WREN"
    (lines,) = set_lines(write_claims([first, second, first], make_envelope()).text)
    assert [line for line in lines if line.startswith("HL")] == [
        "HL*1**20*1",
        "HL*2*1*22*1",
        "HL*3*2*23*0",
        "HL*4*2*23*0",
    ]


def test_an_interchange_may_have_other_separators() -> None:
    settings = msgspec.structs.replace(make_envelope(), delimiters=Delimiters("|", ">", "^", "~", "\n"))
    claim = load_claim("self_patient")
    claim["subscriber"]["address"]["address1"] = "4 SPRUCE LN: REAR"
    written = write_claims([claim], settings)
    assert written.findings == ()
    assert b"SV1|HC>99213>25|120.00|UN|1|||1>2~" in written.text
    assert b"N3|4 SPRUCE LN: REAR~" in written.text


def test_no_claims_make_no_interchange() -> None:
    with pytest.raises(ValueError, match="no documents"):
        write_claims([], make_envelope())


def test_each_claim_is_placed_where_the_set_has_it() -> None:
    first, other, third = numbered_claims(3)
    other["subscriber"]["memberId"] = "MM5550002"
    written = write_claims([first, other, third], make_envelope())
    (lines,) = set_lines(written.text)
    order = [line.split("*")[1] for line in lines if line.startswith("CLM")]
    assert order == ["N-0", "N-2", "N-1"]
    assert [(placed.index, placed.position) for placed in written.placements] == [(0, 1), (1, 3), (2, 2)]
    assert {placed.set_control_number for placed in written.placements} == {"0001"}


def test_claims_with_other_headers_start_a_new_set() -> None:
    first, other = numbered_claims(2)
    other["receiver"]["organizationName"] = "ANOTHER PAYER"
    written = write_claims([first, other, first], make_envelope())
    sets = set_lines(written.text)
    assert [lines[0] for lines in sets] == ["ST*837*0001*005010X222A1", "ST*837*0002*005010X222A1"]
    assert [placed.set_control_number for placed in written.placements] == ["0001", "0002", "0001"]
    references = [lines[1].split("*")[3] for lines in sets]
    assert references == ["0000000010001", "0000000010002"]


def test_a_set_holds_no_more_claims_than_it_is_given() -> None:
    written = write_claims(numbered_claims(5), make_envelope(), claims_per_set=2)
    assert [placed.set_control_number for placed in written.placements] == [
        "0001",
        "0001",
        "0002",
        "0002",
        "0003",
    ]


def test_a_subscriber_with_more_claims_than_the_loop_may_repeat_is_written_again() -> None:
    (lines,) = set_lines(write_claims(numbered_claims(101), make_envelope()).text)
    assert [line for line in lines if line.startswith("HL")] == ["HL*1**20*1", "HL*2*1*22*0", "HL*3*1*22*0"]


def test_what_cannot_be_written_is_reported_with_the_index_of_its_claim() -> None:
    good, bad = numbered_claims(2)
    bad["subscriber"]["firstName"] = "JU*NE"
    written = write_claims([good, bad], make_envelope())
    assert [(finding.code, finding.pointer) for finding in written.findings] == [
        ("value.bad_character", "/1/subscriber/firstName")
    ]
    assert len(set_lines(written.text)) == 1
