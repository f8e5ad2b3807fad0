"""Rows that the contract tests begin with; all people and numbers in them are invented here."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from gateway.data_keys import DataKey
from gateway.store import (
    TenantScope,
    audit,
    claims,
    files,
    inquiries,
    interchanges,
    partner_states,
    remittances,
)


def make_claim(scope: TenantScope, **changes: Any) -> claims.Claim:
    """A stored claim; `changes` replace fields of NewClaim."""
    fields: dict[str, Any] = {
        "id": scope.new_id("clm"),
        "claim_type": "professional",
        "patient_control_number": "ACCT-1",
        "payer_id": "PAYER1",
        "billing_npi": "1999999984",
        "frequency": "1",
        "charge": Decimal("120.50"),
        "service_from": date(2026, 2, 3),
        "service_to": date(2026, 2, 4),
        "body": b'{"patient":"MARKED-NAME"}',
    }
    return claims.add(scope, claims.NewClaim(**(fields | changes)))


def make_entry(subject: str, **changes: Any) -> audit.NewEntry:
    """Somebody saw what has this id."""
    entry = audit.NewEntry(
        action="claim.seen", principal_kind="key", principal="key_1", kind="claim", subjects=(subject,)
    )
    return msgspec.structs.replace(entry, **{"address": "192.0.2.7"} | changes)


def make_data_key(scope: TenantScope, key_id: str) -> DataKey:
    """A data key that opens nothing."""
    return DataKey(scope.tenant, key_id, "2026-03", "k1", b"w", scope.now(), None)


def make_file(scope: TenantScope, **changes: Any) -> files.File:
    """A recorded inbound file; `changes` replace fields of NewFile."""
    fields: dict[str, Any] = {"partner": "north", "name": "in.999", "sha256": "ab" * 32, "size": 7}
    return files.add(scope, files.NewFile(**(fields | changes)))


def make_interchange(scope: TenantScope, *placed: claims.Claim, **changes: Any) -> interchanges.Interchange:
    """A stored interchange that holds the claims `placed`, each in a set of its own."""
    new_id = scope.new_id("ich")
    placements = tuple(
        interchanges.Placement(new_id, claim.id, 7, f"{place:04}", 1, f"trace-{place}")
        for place, claim in enumerate(placed, 1)
    )
    fields: dict[str, Any] = {
        "id": new_id,
        "partner": "north",
        "payer_id": "PAYER1",
        "control_number": 41,
        "group_control_number": 7,
        "usage": "T",
        "name": f"{new_id}.837",
        "sha256": "cd" * 32,
        "size": 1234,
        "placements": placements,
    }
    return interchanges.add(scope, interchanges.NewInterchange(**(fields | changes)))


def make_payment(**changes: Any) -> remittances.NewPayment:
    """A claim payment as read from a remittance."""
    fields: dict[str, Any] = {
        "patient_control_number": "ACCT-1",
        "payer_control_number": "PCN-9",
        "status": "1",
        "kind": remittances.PAYMENT,
        "charge": Decimal("120.50"),
        "paid": Decimal("80.00"),
        "adjusted": Decimal("30.50"),
        "patient_responsibility": Decimal("10.00"),
        "body": b'{"adjustments":[]}',
    }
    return remittances.NewPayment(**(fields | changes))


def make_remittance(file: files.File, **changes: Any) -> remittances.NewRemittance:
    """A remittance as read from `file`, with one claim payment and one provider adjustment."""
    fields: dict[str, Any] = {
        "file": file.id,
        "payer_id": "1512345678",
        "payer_name": "NORTH HEALTH",
        "payee_npi": "1999999984",
        "trace_number": "EFT-77",
        "method": "ACH",
        "amount": Decimal("75.00"),
        "date": date(2026, 2, 20),
        "digest": "d1",
        "set_control_number": "0001",
        "state": "received",
        "body": b'{"remittance":1}',
        "payments": (make_payment(),),
        "provider_adjustments": (
            remittances.NewAdjustment(
                provider="1999999984",
                fiscal_period=date(2026, 12, 31),
                reason="WO",
                identifier="PCN-8",
                amount=Decimal("5.00"),
            ),
        ),
    }
    return remittances.NewRemittance(**(fields | changes))


def make_inquiry(inquiry_id: str = "inq_1", **changes: Any) -> inquiries.NewInquiry:
    """An eligibility inquiry about to be sent; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "id": inquiry_id,
        "kind": "eligibility",
        "partner": "north",
        "payer_id": "PAYER1",
        "message_id": f"message of {inquiry_id}",
        "trace": "000000041",
        "fingerprint": "print-1",
        "request_sha256": "12" * 32,
        "control_number": 41,
        "wait": timedelta(seconds=91),
    }
    return inquiries.NewInquiry(**(fields | changes))


def make_state(scope: TenantScope, wire: str, partner: str = "north") -> partner_states.PartnerState:
    """A partner that turned us away and may be tried now."""
    return partner_states.PartnerState(
        partner, "poll", True, 3, scope.lease_now(), partner_states.fingerprint_wire(scope, wire)
    )
