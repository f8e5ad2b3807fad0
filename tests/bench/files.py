"""Big files of synthetic claims and payments, made from one sample claim by counting."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.models import Adjustment, ClaimPayment, Person, Remittance, ServicePayment
from edi.remits.writing import remittance_document
from edi.translation import make_envelope
from edi.writer import write_documents
from tests.answers import make_remittance

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "837P" / "paid_in_full" / "claim.json"
CREATED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SERVED_ON = date(2026, 11, 2)
PROVIDERS = 40
LINES = (1, 2, 3, 4)
PROCEDURES = ("99213", "83036", "36415", "81003")  # one for each line: two alike would be a finding


def open_envelope() -> EnvelopeSettings:
    """The envelope of every file here."""
    return make_envelope("BENCHSENDER", "BENCHPAYER", 1, CREATED, usage="T")


def make_claims(count: int) -> list[dict[str, Any]]:
    """Claims of many providers and subscribers, with one to four service lines each."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return [vary_claim(sample, number) for number in range(count)]


def vary_claim(sample: dict[str, Any], number: int) -> dict[str, Any]:
    """The sample with its own numbers, names, provider and service lines."""
    claim = deepcopy(sample)
    claim["billing"]["organizationName"] = f"CLINIC {number % PROVIDERS}"
    claim["subscriber"]["memberId"] = f"M{number:09d}"
    claim["subscriber"]["lastName"] = f"Member{number % 977}"
    details = claim["claimInformation"]
    line = details["serviceLines"][0]
    details["patientControlNumber"] = f"B{number:07d}"
    details["serviceLines"] = [deepcopy(line) for _ in range(LINES[number % len(LINES)])]
    charge = Decimal("80.00") + number % 50
    for position, copied in enumerate(details["serviceLines"], 1):
        copied["providerControlNumber"] = str(position)
        copied["professionalService"]["procedureCode"] = PROCEDURES[position - 1]
        copied["professionalService"]["lineItemChargeAmount"] = str(charge)
    details["claimChargeAmount"] = str(charge * len(details["serviceLines"]))
    return claim


def make_claim_file(claims: list[dict[str, Any]]) -> bytes:
    """One interchange of the claims."""
    return write_claims(claims, open_envelope()).text


def make_payments(count: int) -> Remittance:
    """One balanced remittance of so many claims, each with one to four services and adjustments."""
    return make_remittance(*(make_payment(number) for number in range(count)))


def make_payment(number: int) -> ClaimPayment:
    """One paid claim: contractual adjustment and coinsurance on each service."""
    services = tuple(make_service(number, position) for position in range(1, LINES[number % len(LINES)] + 1))
    return ClaimPayment(
        patient_control_number=f"B{number:07d}",
        status="1",
        charge=sum((service.charge for service in services), Decimal(0)),
        paid=sum((service.paid for service in services), Decimal(0)),
        patient_responsibility=Decimal(10) * len(services),
        payer_claim_control_number=f"PCN{number:09d}",
        filing_indicator="12",
        frequency="1",
        facility_type="11",
        services=services,
        service_from=SERVED_ON,
        service_to=SERVED_ON,
        received=SERVED_ON,
        patient=Person(first_name="ODA", last_name=f"MEMBER{number % 977}", member_id=f"M{number:09d}"),
    )


def make_service(number: int, position: int) -> ServicePayment:
    """One service: charge = paid + 20 contractual + 10 patient."""
    charge = Decimal(80) + number % 50
    return ServicePayment(
        procedure="99213",
        charge=charge,
        paid=charge - 30,
        units=Decimal(1),
        date=SERVED_ON,
        control_number=str(position),
        adjustments=(Adjustment("CO", "45", Decimal(20)), Adjustment("PR", "2", Decimal(10))),
    )


def make_payment_file(count: int) -> bytes:
    """One interchange with one 835 of so many claims."""
    document = remittance_document(make_payments(count))
    return write_documents("005010X221A1", [document], open_envelope())


def count_segments(text: bytes) -> int:
    """The segments of a file of ours."""
    return text.count(b"~")
