"""What a biller reads of a posted claim: every fault at once, each once, at its place."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from edi.claims import CheckedClaim, check_claim
from edi.findings import Finding
from tests.claim_files import load_claim

LINE = "/claimInformation/serviceLines/0"


def list_places(checked: CheckedClaim) -> set[tuple[str, str]]:
    return {(finding.code, finding.pointer or "") for finding in checked.findings}


def find_only(claim: dict[str, Any]) -> Finding:
    [finding] = check_claim(claim).findings
    return finding


def test_a_claim_with_fourteen_faults_shows_all_fourteen_each_once() -> None:
    claim = load_claim("self_patient")
    information = claim["claimInformation"]
    service = information["serviceLines"][0]["professionalService"]
    claim["usageIndicator"] = "X"
    claim["providers"] = [{"providerType": "Hospital", "npi": "1"}, "nobody"]
    del claim["subscriber"]["memberId"]
    claim["subscriber"]["dateOfBirth"] = "19841317"
    claim["subscriber"]["gender"] = "Q"
    claim["billing"]["npi"] = "1999999983"
    claim["billing"]["employerId"] = "93-0000101"
    claim["billing"]["address"]["state"] = "ZZ"
    claim["billing"]["address"]["postalCode"] = "97401-0210"
    information["placeOfServiceCode"] = "123"
    information["claimFrequencyCode"] = "5X"
    service["lineItemChargeAmount"] = "38.755"
    service["compositeDiagnosisCodePointers"]["diagnosisCodePointers"] = ["9"]
    checked = check_claim(claim)
    wanted = {
        ("claim.usage_unknown", "/usageIndicator"),
        ("claim.provider_type_unknown", "/providers/0/providerType"),
        ("json.wrong_type", "/providers/1"),
        ("element.missing", "/subscriber/memberId"),
        ("element.bad_date", "/subscriber/dateOfBirth"),
        ("element.bad_code", "/subscriber/gender"),
        ("provider.npi_invalid", "/billing/npi"),
        ("provider.tax_number_invalid", "/billing/employerId"),
        ("code.not_in_table", "/billing/address/state"),
        ("address.zip_invalid", "/billing/address/postalCode"),
        ("element.too_long", "/claimInformation/placeOfServiceCode"),
        ("element.bad_code", "/claimInformation/claimFrequencyCode"),
        ("element.part_of_cent", f"{LINE}/professionalService/lineItemChargeAmount"),
        (
            "claim.pointer_out_of_range",
            f"{LINE}/professionalService/compositeDiagnosisCodePointers/diagnosisCodePointers/0",
        ),
    }
    assert wanted <= list_places(checked)
    assert list_places(checked) - wanted == {
        ("claim.charges_unbalanced", "/claimInformation/claimChargeAmount")
    }
    assert max(Counter(finding.pointer for finding in checked.findings).values()) == 1
    assert all(finding.message and finding.remedy for finding in checked.findings)


@pytest.mark.parametrize("amount", ["38.755", "38.750", Decimal("38.755")])
def test_a_line_charge_with_parts_of_cents_is_a_finding_even_where_the_sum_has_none(
    amount: str | Decimal,
) -> None:
    claim = load_claim("self_patient")
    information = claim["claimInformation"]
    information["serviceLines"] = information["serviceLines"][:1] * 2
    information["claimChargeAmount"] = "77.51" if Decimal(amount) % Decimal("0.01") else "77.50"
    service = {**information["serviceLines"][0]["professionalService"], "lineItemChargeAmount": amount}
    information["serviceLines"] = [
        {**line, "professionalService": service} for line in information["serviceLines"]
    ]
    assert {finding.code for finding in check_claim(claim).findings} == {"element.part_of_cent"}


def test_text_for_an_amount_is_told_without_x12_words() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["claimChargeAmount"] = "$190.50"
    finding = find_only(claim)
    assert finding.message == (
        "Total Claim Charge Amount (CLM02) holds a character that a number cannot have."
    )


def test_a_billing_provider_without_npi_needs_the_payers_own_number() -> None:
    claim = load_claim("self_patient")
    del claim["billing"]["npi"]
    finding = find_only(claim)
    assert (finding.code, finding.pointer) == ("provider.npi_missing", "/billing/npi")
    claim["billing"]["commercialNumber"] = "ATYP100"
    assert "provider.npi_missing" not in {finding.code for finding in check_claim(claim).findings}


def test_an_address_abroad_needs_no_zip_code() -> None:
    claim = load_claim("self_patient")
    claim["subscriber"]["address"] |= {"state": None, "postalCode": "SW1A 1AA", "countryCode": "GB"}
    assert "address.zip_invalid" not in {finding.code for finding in check_claim(claim).findings}


def test_pointers_are_not_blamed_where_the_diagnoses_are() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["healthCareCodeInformation"][0]["diagnosisTypeCode"] = "ABF"
    assert "claim.pointer_out_of_range" not in {finding.code for finding in check_claim(claim).findings}


def test_a_second_provider_of_one_role_is_not_dropped_in_silence() -> None:
    claim = load_claim("self_patient")
    rendering = {"providerType": "RenderingProvider", **claim.pop("rendering")}
    claim["providers"] = [rendering, rendering]
    finding = find_only(claim)
    assert (finding.code, finding.pointer) == ("json.too_many", "/providers/1")


def test_empty_providers_are_absence() -> None:
    claim = load_claim("self_patient")
    claim["providers"] = [None, {"providerType": None, "npi": None}, {}]
    assert check_claim(claim).findings == ()


def test_a_claim_of_another_type_is_not_taken_for_a_professional_one() -> None:
    claim = load_claim("self_patient")
    assert find_only(claim | {"claimType": "dental"}).code == "claim.type_differs"
    assert check_claim(claim | {"claimType": "Professional"}).findings == ()
