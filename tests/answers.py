"""Invented remittances and claim verdicts that several suites use. No such person or payer exists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from edi.models import (
    Address,
    Adjustment,
    BankAccount,
    ClaimBatch,
    ClaimPayment,
    ClaimStatus,
    Contact,
    Party,
    Person,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
    StatusCode,
)

PAID_ON = date(2026, 11, 20)
SERVED_ON = date(2026, 11, 2)
CLINIC = Party(name="RIVERBEND FAMILY CLINIC", identifier="1999999984")
QUILL = Person(last_name="QUILL", first_name="PAT", member_id="W100200300")
FERN = Person(last_name="FERN", first_name="ODA", middle_name="J", member_id="W100200301")


def make_service(
    charge: str, paid: str, *adjustments: tuple[str, str, str], procedure: str = "99213"
) -> ServicePayment:
    """A service with adjustments given as (group, reason, amount)."""
    return ServicePayment(
        procedure=procedure,
        charge=Decimal(charge),
        paid=Decimal(paid),
        units=Decimal(1),
        date=SERVED_ON,
        control_number="L1",
        adjustments=tuple(
            Adjustment(group, reason, Decimal(amount)) for group, reason, amount in adjustments
        ),
    )


def make_claim(
    number: str, *services: ServicePayment, status: str = "1", person: Person = QUILL
) -> ClaimPayment:
    """A claim that its services make up."""
    shares = (a.amount for service in services for a in service.adjustments if a.group == "PR")
    return ClaimPayment(
        patient_control_number=number,
        status=status,
        charge=sum((service.charge for service in services), Decimal(0)),
        paid=sum((service.paid for service in services), Decimal(0)),
        patient_responsibility=sum(shares, Decimal(0)) if status != "22" else Decimal(0),
        payer_claim_control_number=f"EHP{number}",
        filing_indicator="12",
        frequency="1",
        facility_type="11",
        services=services,
        service_from=SERVED_ON,
        service_to=SERVED_ON,
        received=date(2026, 11, 5),
        patient=person,
    )


def make_remittance(*claims: ClaimPayment, kept: tuple[ProviderAdjustment, ...] = ()) -> Remittance:
    """A balanced payment of these claims by EFT."""
    paid = sum((claim.paid for claim in claims), Decimal(0))
    return Remittance(
        payer_name="EXAMPLE HEALTH PLAN",
        payer_id="1512345678",
        payee_name="RIVERBEND FAMILY CLINIC",
        payee_npi="1999999984",
        payee_tax_id="931234567",
        trace_number="EFT0000417",
        amount=paid - sum((adjustment.amount for adjustment in kept), Decimal(0)),
        method="ACH",
        payment_format="CCP",
        date=PAID_ON,
        production_date=PAID_ON,
        claims=claims,
        provider_adjustments=kept,
        payer_account=BankAccount(routing_number="123456780", account_number="40001"),
        payee_account=BankAccount(routing_number="987654320", account_number="70009"),
        payer_address=Address(line1="1 PLAN WAY", city="PORTLAND", state="OR", postal_code="97205"),
        payee_address=Address(line1="400 OAK AVE", city="PORTLAND", state="OR", postal_code="97205"),
        payer_contact=Contact(name="EDI DESK", phone="5035550100", url="www.example.com"),
    )


def make_story() -> Remittance:
    """A remittance with a paid, a denied, a reversed and a corrected claim, and a take-back."""
    paid = make_claim(
        "RB-1", make_service("125.50", "80", ("CO", "45", "25.5"), ("PR", "2", "20")), person=QUILL
    )
    denied = make_claim("RB-2", make_service("90", "0", ("CO", "29", "90")), status="4", person=FERN)
    reversed_claim = make_claim(
        "RB-3", make_service("-200", "-150", ("CO", "45", "-50")), status="22", person=FERN
    )
    corrected = make_claim(
        "RB-3", make_service("200", "120", ("CO", "45", "50"), ("PR", "1", "30")), person=FERN
    )
    take_back = ProviderAdjustment(
        provider="1999999984",
        fiscal_period=date(2026, 12, 31),
        reason="WO",
        identifier="EHPRB-0",
        amount=Decimal("12.25"),
    )
    return make_remittance(paid, denied, reversed_claim, corrected, kept=(take_back,))


def make_batch() -> ClaimBatch:
    """The batch that `make_verdicts` answers."""
    return ClaimBatch(
        reference="EHP277-9",
        batch_number="RB-BATCH-1",
        payer_name="EXAMPLE HEALTH PLAN",
        payer_id="60054",
        receiver_name="RIVERBEND BILLING",
        receiver_id="RBB01",
        receipt_number="EHP-R-7",
        received=date(2026, 11, 3),
        processed=date(2026, 11, 4),
    )


def make_verdicts() -> tuple[ClaimStatus, ...]:
    """One claim accepted and two rejected, of two patients."""
    accepted = ClaimStatus(
        patient_control_number="RB-1",
        action="WQ",
        statuses=(StatusCode("A2", "20"),),
        clearinghouse_trace="CW0001",
        payer_claim_control_number="EHPRB-1",
        charge=Decimal("125.50"),
        service_from=SERVED_ON,
        service_to=SERVED_ON,
        effective=date(2026, 11, 4),
        patient=QUILL,
        provider=CLINIC,
    )
    rejected = ClaimStatus(
        patient_control_number="RB-2",
        action="U",
        statuses=(StatusCode("A7", "21"), StatusCode("A7", "562", "82")),
        clearinghouse_trace="CW0002",
        charge=Decimal(90),
        service_from=SERVED_ON,
        service_to=date(2026, 11, 3),
        effective=date(2026, 11, 4),
        patient=FERN,
        provider=CLINIC,
    )
    missing = ClaimStatus(
        patient_control_number="RB-3",
        action="U",
        statuses=(StatusCode("A6", "164", "IL"),),
        charge=Decimal("10.01"),
        service_from=SERVED_ON,
        service_to=SERVED_ON,
        effective=date(2026, 11, 4),
        patient=FERN,
        provider=CLINIC,
    )
    return (accepted, rejected, missing)
