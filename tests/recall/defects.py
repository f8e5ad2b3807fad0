"""Ways to break a clean claim, each with the finding that must come of it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

Claim = dict[str, Any]


class Defect(NamedTuple):
    """One way to break a claim; `break_it` gives False where this claim cannot be broken so."""

    name: str
    expected: str
    break_it: Callable[[Claim, Random], object]
    institutional: bool = False


def put(*path: str | int, value: object) -> Callable[[Claim, Random], object]:
    """Set a field; the sections on the way must be there."""

    def change(claim: Claim, draw: Random) -> object:
        at: Any = claim
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        return True

    return change


def drop(*path: str | int) -> Callable[[Claim, Random], object]:
    """Take a field away."""

    def change(claim: Claim, draw: Random) -> object:
        at: Any = claim
        for step in path[:-1]:
            at = at[step]
        return at.pop(path[-1], None) is not None

    return change


def on_line(*path: str | int, value: object) -> Callable[[Claim, Random], object]:
    """Set a field of one of the lines."""

    def change(claim: Claim, draw: Random) -> object:
        lines = claim[INFORMATION]["serviceLines"]
        return put(*path, value=value)(lines[draw.randrange(len(lines))], draw)

    return change


def spoil_npi(claim: Claim, draw: Random) -> object:
    """Another check digit."""
    npi = claim["billing"]["npi"]
    claim["billing"]["npi"] = npi[:-1] + str((int(npi[-1]) + draw.randint(1, 9)) % 10)
    return True


def raise_total(claim: Claim, draw: Random) -> object:
    """A total that is not the sum of the lines."""
    claim[INFORMATION]["claimChargeAmount"] = f"{99000 + draw.randrange(900)}.11"
    return True


def repeat_diagnosis(claim: Claim, draw: Random) -> object:
    """The first diagnosis once more."""
    listed = claim[INFORMATION]["healthCareCodeInformation"]
    if len(listed) > 11:
        return False
    listed.append({"diagnosisTypeCode": "ABF", "diagnosisCode": listed[0]["diagnosisCode"]})
    return True


def point_beyond(claim: Claim, draw: Random) -> object:
    """A pointer to a diagnosis that is not there."""
    count = len(claim[INFORMATION]["healthCareCodeInformation"])
    service = claim[INFORMATION]["serviceLines"][0]["professionalService"]
    service["compositeDiagnosisCodePointers"] = {"diagnosisCodePointers": [str(count + 1)]}
    return count < 12


def repeat_line(claim: Claim, draw: Random) -> object:
    """The first line once more, charged in the total too."""
    lines = claim[INFORMATION]["serviceLines"]
    if lines[0]["professionalService"].get("procedureModifiers") or lines[0].get(
        "lineAdjudicationInformation"
    ):
        return False
    if claim["subscriber"]["paymentResponsibilityLevelCode"] != "P":
        return False
    lines.append({**deepcopy(lines[0]), "providerControlNumber": "again"})
    added = float(lines[0]["professionalService"]["lineItemChargeAmount"])
    claim[INFORMATION]["claimChargeAmount"] = f"{float(claim[INFORMATION]['claimChargeAmount']) + added:.2f}"
    return len(lines) <= 50


def add_drug(claim: Claim, draw: Random) -> object:
    """A drug whose code has ten digits."""
    claim[INFORMATION]["serviceLines"][0]["drugIdentification"] = {
        "serviceIdQualifier": "N4",
        "nationalDrugCode": f"{draw.randrange(10**9, 10**10)}",
        "nationalDrugUnitCount": "1",
        "measurementUnitCode": "UN",
    }
    return True


def forget_primary(claim: Claim, draw: Random) -> object:
    """This payer comes second, and nobody first."""
    if claim["subscriber"]["paymentResponsibilityLevelCode"] != "P":
        return False
    claim["subscriber"]["paymentResponsibilityLevelCode"] = "S"
    return True


INFORMATION = "claimInformation"
SERVICE = "professionalService"
CODES = (INFORMATION, "healthCareCodeInformation", 0, "diagnosisCode")
PROFESSIONAL = (
    Defect("check digit of the billing NPI", "provider.npi_invalid", spoil_npi),
    Defect(
        "taxonomy that does not exist", "taxonomy.unknown", put("billing", "taxonomyCode", value="207Q99999X")
    ),
    Defect("taxonomy that is too short", "taxonomy.malformed", put("billing", "taxonomyCode", value="207Q")),
    Defect(
        "employer number of eight digits",
        "provider.tax_number_invalid",
        put("billing", "employerId", value="8251175"),
    ),
    Defect(
        "post office box",
        "provider.post_office_box",
        put("billing", "address", "address1", value="PO BOX 12"),
    ),
    Defect(
        "ZIP code of five digits",
        "address.postal_code_short",
        put("billing", "address", "postalCode", value="80999"),
    ),
    Defect(
        "ZIP code of four digits",
        "address.zip_invalid",
        put("billing", "address", "postalCode", value="8099"),
    ),
    Defect("state that does not exist", "code.not_in_table", put("billing", "address", "state", value="ZZ")),
    Defect("subscriber without a member id", "element.missing", drop("subscriber", "memberId")),
    Defect("subscriber without a last name", "element.missing", drop("subscriber", "lastName")),
    Defect(
        "birth date that does not exist",
        "element.bad_date",
        put("subscriber", "dateOfBirth", value="19750231"),
    ),
    Defect("gender that is no code", "element.bad_code", put("subscriber", "gender", value="X")),
    Defect("total that is not the sum", "claim.charges_unbalanced", raise_total),
    Defect("diagnosis that does not exist", "icd10cm.unknown", put(*CODES, value="J1899")),
    Defect("diagnosis that is a header", "icd10cm.incomplete", put(*CODES, value="E11")),
    Defect("external cause first", "diagnosis.external_cause_first", put(*CODES, value="W19XXXA")),
    Defect("manifestation first", "diagnosis.manifestation_first", put(*CODES, value="F0280")),
    Defect("diagnosis twice", "diagnosis.listed_twice", repeat_diagnosis),
    Defect("pointer beyond the diagnoses", "claim.pointer_out_of_range", point_beyond),
    Defect(
        "procedure of four digits", "procedure.malformed", on_line(SERVICE, "procedureCode", value="9921")
    ),
    Defect(
        "Level II procedure that has ended",
        "hcpcs.not_in_effect",
        on_line(SERVICE, "procedureCode", value="C5271"),
    ),
    Defect(
        "modifier that contradicts",
        "modifier.contradicts",
        on_line(SERVICE, "procedureModifiers", value=["26", "TC"]),
    ),
    Defect(
        "modifier in small letters",
        "modifier.malformed",
        on_line(SERVICE, "procedureModifiers", value=["lt"]),
    ),
    Defect(
        "place of service that is none",
        "code.not_in_table",
        put(INFORMATION, "placeOfServiceCode", value="98"),
    ),
    Defect(
        "frequency 7 without the payer's number",
        "claim.payer_control_number_missing",
        put(INFORMATION, "claimFrequencyCode", value="7"),
    ),
    Defect("service before birth", "claim.dates_disordered", on_line("serviceDate", value="19010101")),
    Defect("service in the year to come", "claim.service_ahead", on_line("serviceDate", value="20271231")),
    Defect("line that says the same again", "claim.lines_equal", repeat_line),
    Defect("drug code of ten digits", "drug.code_malformed", add_drug),
    Defect(
        "anaesthesia in units",
        "claim.anaesthesia_not_in_minutes",
        on_line(SERVICE, "procedureCode", value="00790"),
    ),
    Defect(
        "accident without its date",
        "claim.detail_missing",
        put(INFORMATION, "relatedCausesCode", value=["OA"]),
    ),
    Defect("nobody is the first payer", "claim.primary_payer_missing", forget_primary),
    Defect(
        "charge in words", "element.bad_character", on_line(SERVICE, "lineItemChargeAmount", value="twelve")
    ),
    Defect("claim without lines", "loop.missing", put(INFORMATION, "serviceLines", value=[])),
)
BILL = (INFORMATION, "claimCodeInformation")
INSTITUTIONAL = (
    Defect(
        "bill type that is none",
        "type_of_bill.unknown",
        put(INFORMATION, "placeOfServiceCode", value="19"),
        True,
    ),
    Defect(
        "patient status that is none",
        "patient_status.unknown",
        put(*BILL, "patientStatusCode", value="99"),
        True,
    ),
    Defect(
        "revenue code that is none",
        "revenue.unknown",
        on_line("institutionalService", "serviceLineRevenueCode", value="0009"),
        True,
    ),
    Defect(
        "principal diagnosis that does not exist",
        "icd10cm.unknown",
        put(INFORMATION, "principalDiagnosis", "principalDiagnosisCode", value="J1899"),
        True,
    ),
    Defect("claim without an attending provider", "claim.detail_missing", drop("attending"), True),
    Defect(
        "statement that runs backward",
        "claim.dates_disordered",
        put(INFORMATION, "claimDateInformation", "statementEndDate", value="20200101"),
        True,
    ),
)
DEFECTS = PROFESSIONAL + INSTITUTIONAL
