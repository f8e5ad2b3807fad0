"""Dental claims (005010X224A2): forms, rules, versions, folding, and what only they have."""

from __future__ import annotations

from typing import Any

import pytest

from edi.claim_forms import choose_guide
from edi.claims import check_claim, write_claims
from edi.files import check_file
from edi.findings import Finding
from tests.samples.guide_samples import SAMPLES, envelope, load_document

GUIDE = "005010X224A2"
FILLINGS = SAMPLES / "837D" / "fillings_and_cleaning"
SECONDARY = SAMPLES / "837D" / "secondary_after_primary_paid"
ORTHODONTIC = SAMPLES / "837D" / "orthodontic_treatment_of_a_child"


def find_in(claim: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    return [describe(finding) for finding in check_claim(claim, guide=GUIDE).findings]


def describe(finding: Finding) -> tuple[str, str | None, str | None]:
    return finding.code, finding.pointer, finding.rule


@pytest.mark.parametrize("mark", ["toothStatus", "orthodonticTotalMonthsOfTreatment"])
def test_what_only_dental_claims_have_tells_them(mark: str) -> None:
    claim = load_document(ORTHODONTIC)
    information = claim["claimInformation"]
    kept = {mark: information[mark]}
    assert choose_guide({"claimInformation": kept}) == GUIDE


def test_a_pointer_beyond_the_diagnoses_is_found_at_its_component() -> None:
    claim = load_document(FILLINGS)
    pointers = {"diagnosisCodePointers": ["1", "2"]}
    claim["claimInformation"]["serviceLines"][0]["dentalService"]["compositeDiagnosisCodePointers"] = pointers
    [(code, way, rule)] = find_in(claim)
    assert (code, rule) == ("claim.pointer_out_of_range", f"{GUIDE} 2400/SV311-2")
    assert way is not None and way.endswith("/compositeDiagnosisCodePointers/diagnosisCodePointers/1")


def test_a_snodent_diagnosis_is_one_that_a_pointer_can_name() -> None:
    claim = load_document(FILLINGS)
    claim["claimInformation"]["healthCareCodeInformation"][0]["diagnosisTypeCode"] = "TQ"
    assert find_in(claim) == []


def test_a_charge_that_is_not_the_sum_of_the_lines_is_found() -> None:
    claim = load_document(FILLINGS)
    claim["claimInformation"]["claimChargeAmount"] = "390.00"
    way = "/claimInformation/claimChargeAmount"
    assert find_in(claim) == [("claim.charges_unbalanced", way, f"{GUIDE} 2300/CLM02")]


def test_a_line_that_the_first_payer_does_not_account_for_is_found() -> None:
    claim = load_document(SECONDARY)
    line = claim["claimInformation"]["serviceLines"][0]["lineAdjudicationInformation"][0]
    line["claimAdjustmentInformation"][0]["adjustmentDetails"][0]["adjustmentAmount"] = "150.00"
    codes = {code for code, _, _ in find_in(claim)}
    assert codes == {"claim.adjudicated_line_unbalanced", "claim.other_payer_unbalanced"}


def test_an_address_of_a_line_facility_without_state_is_found() -> None:
    claim = load_document(FILLINGS)
    address = {"address1": "9 Mill Race", "city": "Marlow Bend", "postalCode": "974220009"}
    facility = {"organizationName": "MILL RACE SURGERY", "address": address}
    claim["claimInformation"]["serviceLines"][0]["serviceFacilityLocation"] = facility
    [(_, way, _)] = find_in(claim)
    assert way == "/claimInformation/serviceLines/0/serviceFacilityLocation/address/state"


def test_single_file_information_and_attachment_stand_in_their_lists() -> None:
    claim = load_document(FILLINGS)
    information = claim["claimInformation"]
    information["fileInformation"] = "STATE NOTE 12"
    reports = information["claimSupplementalInformation"].pop("reportInformations")
    information["claimSupplementalInformation"]["reportInformation"] = reports[0]
    checked = check_claim(claim, guide=GUIDE)
    assert checked.findings == ()
    written = checked.document["claimInformation"]
    assert written["fileInformationList"] == ["STATE NOTE 12"]
    assert written["claimSupplementalInformation"]["reportInformations"] == reports


@pytest.mark.parametrize("version", ["005010X224A3", "005010X224A1", "005010X224"])
def test_other_versions_of_the_guide_are_read_as_this_one(version: str) -> None:
    text = write_claims([load_document(FILLINGS)], envelope(), guide=GUIDE).text
    [report] = check_file(text.replace(GUIDE.encode(), version.encode())).sets
    assert report.guide == GUIDE
    assert not any(finding.stops for finding in report.findings)


def test_claims_of_one_practice_are_folded_under_its_provider() -> None:
    claims = [load_document(case) for case in (FILLINGS, ORTHODONTIC)]
    written = write_claims(claims, envelope(), guide=GUIDE)
    assert [placed.set_control_number for placed in written.placements] == ["0001", "0001"]
    [report] = check_file(written.text).sets
    assert report.tree is not None
    assert [len([*report.tree.descend(name)]) for name in ("2000A", "2000B", "2000C", "2300")] == [1, 2, 1, 2]
    assert report.findings == ()
