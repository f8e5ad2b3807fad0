"""Institutional claims (837I): outpatient bills and, one in four, a stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from tests.bench.people import SEED, SERVED_DAYS, SERVED_FROM, Invention, Json, write_money
from tests.bench.professional import (
    CLAIMS_OF_A_CLINIC,
    DOCTORS,
    RECEIVER,
    make_clinic,
    make_doctor,
    make_member,
    make_references,
)

GUIDE = "005010X223A2"
HOSPITAL = "282N00000X"
LINES = (1, 2, 2, 3, 3, 4, 5, 6)
SUBMITTER = {
    "organizationName": "BENCH BILLING SERVICE",
    "taxId": "BENCHSENDER",
    "contactInformation": {"name": "Claims Desk", "phoneNumber": "5415550199"},
}


def make_hospital_claims(count: int, seed: int = SEED) -> list[Json]:
    """So many claims, hospital by hospital."""
    draw = Invention(seed)
    claims: list[Json] = []
    while len(claims) < count:
        hospital = make_clinic(draw, HOSPITAL, "hospitals")
        doctors = [make_doctor(draw) for _ in range(DOCTORS)]
        for claim in make_claims_of(draw, hospital, doctors, min(CLAIMS_OF_A_CLINIC, count - len(claims))):
            claim["claimInformation"]["patientControlNumber"] = f"H{len(claims):06d}-{draw.digits(4)}"
            claims.append(claim)
    return claims


def make_claims_of(draw: Invention, hospital: Json, doctors: list[Json], count: int) -> Iterator[Json]:
    """So many claims of one hospital."""
    for _ in range(count):
        member, dependent = make_member(draw)
        details = make_stay(draw) if draw.happens(25) else make_visit(draw)
        claim = {
            "claimType": "institutional",
            "usageIndicator": "T",
            "submitter": SUBMITTER,
            "receiver": RECEIVER,
            **member,
            "billing": hospital,
            "attending": draw.choose(doctors),
            "claimInformation": details,
        }
        yield claim | ({"dependent": dependent} if dependent is not None else {})


def make_stay(draw: Invention) -> Json:
    """An inpatient bill: room and ancillary services of some days."""
    admitted = draw.day(SERVED_FROM, SERVED_DAYS)
    days = 1 + draw.number(9)
    left = admitted + timedelta(days=days)
    first = make_service(draw.pick("rooms"), draw.amount(900, 2600) * days, "DA", days)
    lines = [{"institutionalService": first}]
    lines += [
        {"institutionalService": make_service(code, draw.amount(60, 4000), "UN", 1 + draw.number(20))}
        for code in draw.pick_some("revenue", draw.choose(LINES))
    ]
    details = describe_bill(draw, "11", admitted, left, lines)
    details["claimDateInformation"] |= {
        "admissionDateAndHour": f"{admitted:%Y%m%d}{draw.number(24):02}{draw.number(60):02}",
        "dischargeHour": f"{draw.number(8, 20):02}{draw.number(60):02}",
    }
    principal, admitting, *others = draw.pick_some("diagnoses", 2 + draw.number(5))
    details["principalDiagnosis"] = state_diagnosis("principalDiagnosisCode", "ABK", principal)
    details["admittingDiagnosis"] = {"qualifierCode": "ABJ", "admittingDiagnosisCode": admitting}
    if others:
        stated = [state_diagnosis("otherDiagnosisCode", "ABF", code) for code in others]
        details["otherDiagnosisInformationList"] = [stated]
    if draw.happens(50):
        details["principalProcedureInformation"] = {
            "qualifierCode": "BBR",
            "principalProcedureCode": draw.pick("hospital_procedures"),
            "principalProcedureDate": f"{draw.day(admitted, days + 1):%Y%m%d}",
        }
    details["valueInformationList"] = [[{"valueCode": "80", "valueCodeAmount": str(days)}]]
    return details


def state_diagnosis(name: str, qualifier: str, code: str) -> Json:
    """A diagnosis that was present on admission."""
    return {"qualifierCode": qualifier, name: code, "presentOnAdmissionIndicator": "Y"}


def make_visit(draw: Invention) -> Json:
    """An outpatient bill of one day, each service by its procedure."""
    served = draw.day(SERVED_FROM, SERVED_DAYS)
    count = draw.choose(LINES)
    pairs = zip(draw.pick_some("revenue", count), draw.pick_some("procedures", count), strict=True)
    lines: list[Json] = []
    for number, (revenue, procedure) in enumerate(pairs, 1):
        service = make_service(revenue, draw.amount(40, 1900), "UN", 1 + draw.number(4))
        service |= {"procedureIdentifier": "HC", "procedureCode": procedure}
        reference = f"{number}L{draw.digits(6)}"
        day = f"{served:%Y%m%d}"
        lines.append(
            {"institutionalService": service, "serviceDate": day, "lineItemControlNumber": reference}
        )
    details = describe_bill(draw, draw.choose(("13", "13", "13", "83")), served, served, lines)
    principal, reason, *others = draw.pick_some("diagnoses", 2 + draw.number(3))
    details["principalDiagnosis"] = {"qualifierCode": "ABK", "principalDiagnosisCode": principal}
    details["patientReasonForVisits"] = [{"qualifierCode": "APR", "patientReasonForVisitCode": reason}]
    if others:
        stated = [{"qualifierCode": "ABF", "otherDiagnosisCode": code} for code in others]
        details["otherDiagnosisInformationList"] = [stated]
    return details


def make_service(revenue: str, charge: Decimal, unit: str, count: int) -> Json:
    """A line by revenue code."""
    return {
        "serviceLineRevenueCode": revenue,
        "lineItemChargeAmount": write_money(charge),
        "measurementUnit": unit,
        "serviceUnitCount": str(count),
    }


def describe_bill(draw: Invention, kind: str, first: date, last: date, lines: list[Json]) -> Json:
    """What both kinds of bill say."""
    charges = (Decimal(line["institutionalService"]["lineItemChargeAmount"]) for line in lines)
    details: Json = {
        "claimFilingCode": "CI",
        "planParticipationCode": "A",
        "benefitsAssignmentCertificationIndicator": "Y",
        "releaseInformationCode": "Y",
        "claimChargeAmount": write_money(sum(charges, Decimal(0))),
        "placeOfServiceCode": kind,
        "claimFrequencyCode": "1",
        "claimDateInformation": {
            "statementBeginDate": f"{first:%Y%m%d}",
            "statementEndDate": f"{last:%Y%m%d}",
        },
        "claimCodeInformation": {
            "admissionTypeCode": draw.choose("123"),
            "admissionSourceCode": draw.choose("125"),
            "patientStatusCode": "01",
        },
        "serviceLines": lines,
    }
    references = make_references(draw)
    return details | ({"claimSupplementalInformation": references} if references else {})
