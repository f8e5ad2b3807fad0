"""Professional claims (837P) that differ as those of a billing service do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from tests.bench.people import (
    ADULT_DAYS,
    BORN_FROM,
    SEED,
    SERVED_DAYS,
    SERVED_FROM,
    Invention,
    Json,
    load_words,
    write_money,
)

LINES = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6)
DIAGNOSES = (1, 1, 2, 2, 3, 4)
CLAIMS_OF_A_MEMBER = (1, 1, 1, 2, 2, 3)
CLAIMS_OF_A_CLINIC = 160
DOCTORS = 6
CHILD_FROM, CHILD_DAYS = date(2010, 1, 1), 5_500
PLACES = ("11", "11", "11", "11", "22", "19", "20")
SUBMITTER = {
    "organizationName": "BENCH BILLING SERVICE",
    "submitterIdentification": "BENCHSENDER",
    "contactInformation": {"name": "Claims Desk", "phoneNumber": "5415550199"},
}
RECEIVER = {"organizationName": "BENCH CLEARINGHOUSE"}


def make_claims(count: int, seed: int = SEED) -> list[Json]:
    """So many claims: clinic by clinic, each member's claims one after the other."""
    draw = Invention(seed)
    claims: list[Json] = []
    while len(claims) < count:
        clinic, doctors = make_clinic(draw), [make_doctor(draw) for _ in range(DOCTORS)]
        for claim in make_claims_of(draw, clinic, doctors, min(CLAIMS_OF_A_CLINIC, count - len(claims))):
            number = len(claims)
            claim["claimInformation"]["patientControlNumber"] = f"B{number:06d}-{draw.digits(4)}"
            claims.append(claim)
    return claims


def make_claims_of(draw: Invention, clinic: Json, doctors: list[Json], count: int) -> Iterator[Json]:
    """So many claims of one clinic."""
    while count > 0:
        member, dependent = make_member(draw)
        for _ in range(min(count, draw.choose(CLAIMS_OF_A_MEMBER))):
            yield make_claim(draw, clinic, draw.choose(doctors), member, dependent)
            count -= 1


def make_clinic(draw: Invention, taxonomy: str = "", kinds: str = "clinics") -> Json:
    """A billing provider."""
    return {
        "npi": draw.npi(),
        "employerId": draw.digits(9),
        "taxonomyCode": taxonomy or draw.pick("taxonomies"),
        "organizationName": f"{draw.family()} {draw.pick(kinds)}".upper(),
        "address": draw.address(),
        "contactInformation": {"name": "Billing Office", "phoneNumber": draw.phone()},
    }


def make_doctor(draw: Invention) -> Json:
    """A person who renders or refers."""
    given = draw.pick(draw.choose(("female", "male")))
    doctor = {"npi": draw.npi(), "firstName": given, "lastName": draw.family()}
    return doctor | {"taxonomyCode": draw.pick("taxonomies")}


def make_member(draw: Invention) -> tuple[Json, Json | None]:
    """A subscriber with payer and, one time in six, the child who is the patient."""
    family, place = draw.family(), draw.number(len(load_words("payers")))
    subscriber = draw.person(family, BORN_FROM, ADULT_DAYS) | {
        "memberId": f"{draw.choose('CHLMPW')}{draw.digits(9)}",
        "groupNumber": f"G{draw.digits(5)}",
        "address": draw.address(),
        "paymentResponsibilityLevelCode": "P",
    }
    member = {
        "subscriber": subscriber,
        "tradingPartnerServiceId": f"BP{place:03d}",
        "tradingPartnerName": load_words("payers")[place],
    }
    if not draw.happens(16):
        return member, None
    child = draw.person(family, CHILD_FROM, CHILD_DAYS)
    return member, child | {"relationshipToSubscriberCode": "19", "address": subscriber["address"]}


def make_claim(draw: Invention, clinic: Json, doctor: Json, member: Json, dependent: Json | None) -> Json:
    """One claim; one in eight comes after another payer's payment."""
    served = draw.day(SERVED_FROM, SERVED_DAYS)
    details, charge = make_details(draw, served)
    claim = {
        "usageIndicator": "T",
        "submitter": SUBMITTER,
        "receiver": RECEIVER,
        **member,
        "billing": clinic,
        "rendering": doctor,
        "claimInformation": details,
    }
    if dependent is not None:
        claim["dependent"] = dependent
    if draw.happens(20):
        claim["referring"] = {key: value for key, value in make_doctor(draw).items() if key != "taxonomyCode"}
    if draw.happens(12):
        claim["subscriber"] = member["subscriber"] | {"paymentResponsibilityLevelCode": "S"}
        add_primary_payment(draw, claim, charge, served)
    return claim


def make_details(draw: Invention, served: date) -> tuple[Json, Decimal]:
    """What is billed, and its charge."""
    codes = draw.pick_some("diagnoses", draw.choose(DIAGNOSES))
    count = draw.choose(LINES)
    lines = [
        make_line(draw, number, procedure, served, len(codes))
        for number, procedure in enumerate(draw.pick_some("procedures", count), 1)
    ]
    charge = sum((Decimal(line["professionalService"]["lineItemChargeAmount"]) for line in lines), Decimal(0))
    details: Json = {
        "claimFilingCode": "CI",
        "claimChargeAmount": write_money(charge),
        "placeOfServiceCode": draw.choose(PLACES),
        "claimFrequencyCode": "1",
        "signatureIndicator": "Y",
        "planParticipationCode": "A",
        "benefitsAssignmentCertificationIndicator": "Y",
        "releaseInformationCode": "Y",
        "healthCareCodeInformation": [
            {"diagnosisTypeCode": "ABF" if place else "ABK", "diagnosisCode": code}
            for place, code in enumerate(codes)
        ],
        "serviceLines": lines,
    }
    references = make_references(draw)
    if references:
        details["claimSupplementalInformation"] = references
    if draw.happens(10):
        details["claimNote"] = {"additionalInformation": draw.note()}
    return details, charge


def make_references(draw: Invention) -> Json:
    """Numbers that a claim may carry."""
    references = {}
    if draw.happens(25):
        references["priorAuthorizationNumber"] = f"PA{draw.digits(7)}"
    if draw.happens(15):
        references["referralNumber"] = f"RF{draw.digits(6)}"
    if draw.happens(40):
        references["medicalRecordNumber"] = f"MRN{draw.digits(7)}"
    return references


def make_line(draw: Invention, number: int, procedure: str, served: date, diagnoses: int) -> Json:
    """A service line with one or two of the claim's diagnoses."""
    pointers = sorted(draw.source.sample(range(1, diagnoses + 1), min(diagnoses, 1 + draw.number(2))))
    service: Json = {
        "procedureIdentifier": "HC",
        "procedureCode": procedure,
        "lineItemChargeAmount": write_money(draw.amount(18, 420)),
        "measurementUnit": "UN",
        "serviceUnitCount": str(1 + draw.number(3)),
        "compositeDiagnosisCodePointers": {"diagnosisCodePointers": [str(pointer) for pointer in pointers]},
    }
    if draw.happens(30):
        service["procedureModifiers"] = [draw.pick("modifiers")]
    line = {
        "serviceDate": served.strftime("%Y%m%d"),
        "providerControlNumber": f"{number}L{draw.digits(6)}",
        "professionalService": service,
    }
    return line | ({"additionalNotes": draw.note()} if draw.happens(4) else {})


def add_primary_payment(draw: Invention, claim: Json, charge: Decimal, served: date) -> None:
    """What another payer has paid before, line by line, in balance."""
    payer = f"BP9{draw.number(40):02d}"
    settled = (served + timedelta(days=14 + draw.number(10))).strftime("%Y%m%d")
    paid = Decimal(0)
    for line in claim["claimInformation"]["serviceLines"]:
        service = line["professionalService"]
        billed = Decimal(service["lineItemChargeAmount"])
        share = (billed * draw.number(10, 30) / 100).quantize(Decimal("0.01"))
        reduced = (billed * draw.number(10, 40) / 100).quantize(Decimal("0.01"))
        paid += billed - share - reduced
        line["lineAdjudicationInformation"] = [
            {
                "otherPayerPrimaryIdentifier": payer,
                "serviceLinePaidAmount": write_money(billed - share - reduced),
                "serviceIdQualifier": "HC",
                "procedureCode": service["procedureCode"],
                "paidServiceUnitCount": service["serviceUnitCount"],
                "claimAdjustmentInformation": [adjust("CO", "45", reduced), adjust("PR", "2", share)],
                "adjudicationOrPaymentDate": settled,
            }
        ]
    claim["claimInformation"]["otherSubscriberInformation"] = [
        describe_primary(draw, claim["subscriber"], payer, paid)
    ]


def adjust(group: str, reason: str, amount: Decimal) -> Json:
    """An adjustment as a claim tells of it."""
    detail = {"adjustmentReasonCode": reason, "adjustmentAmount": write_money(amount)}
    return {"adjustmentGroupCode": group, "adjustmentDetails": [detail]}


def describe_primary(draw: Invention, subscriber: Json, payer: str, paid: Decimal) -> Json:
    """The other payer and its coverage of the subscriber."""
    return {
        "paymentResponsibilityLevelCode": "P",
        "individualRelationshipCode": "18",
        "insuranceGroupOrPolicyNumber": f"Q{draw.digits(6)}",
        "claimFilingIndicatorCode": "BL",
        "benefitsAssignmentCertificationIndicator": "Y",
        "releaseOfInformationCode": "Y",
        "payerPaidAmount": write_money(paid),
        "otherSubscriberName": {
            "otherInsuredQualifier": "1",
            "otherInsuredLastName": subscriber["lastName"],
            "otherInsuredFirstName": subscriber["firstName"],
            "otherInsuredIdentifierTypeCode": "MI",
            "otherInsuredIdentifier": f"Q{draw.digits(9)}",
        },
        "otherPayerName": {
            "otherPayerOrganizationName": draw.pick("payers"),
            "otherPayerIdentifierTypeCode": "PI",
            "otherPayerIdentifier": payer,
            "otherPayerClaimControlNumber": f"ICN{draw.digits(9)}",
        },
    }
