"""What is known of a claim that another one is to follow, and why none may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from edi.adjudication import Adjudication, Paid, settle_payments
from edi.findings import Finding, find
from edi.models import ClaimPayment
from gateway.dossier import read_dossier
from gateway.lifecycle import REPLACEMENT, SECONDARY, VOID, load_lifecycle, name_follow_up
from gateway.store import acknowledgments, claims, follow_ups, remittances
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope
from gateway.story import read_told

SENT: Final = "sent"


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with what a follow-up is made of. `payer_number` is what the payer called it last, or ""."""

    claim: Claim
    document: dict[str, Any]  # the claim's JSON as it was checked
    payer_number: str
    adjudication: Adjudication
    follow_ups: tuple[Claim, ...]


def load_original(scope: TenantScope, claim_id: str) -> Original | None:
    """The claim with all that the payer has said of it; or None."""
    claim = claims.load(scope, claim_id)
    if claim is None:
        return None
    payments = load_payments(scope, claim_id)
    return Original(
        claim=claim,
        document=read_dossier(claims.read_body(scope, claim_id)).document,
        payer_number=find_payer_number(scope, claim_id, [paid.payment for paid in payments]),
        adjudication=settle_payments(payments),
        follow_ups=tuple(follow_ups.list_of(scope, claim_id)),
    )


def load_payments(scope: TenantScope, claim_id: str) -> list[Paid]:
    """Every payment and reversal of the claim with the day of its remittance, in the order they came."""
    rows = remittances.list_payments_of_claim(scope, claim_id)
    days = {row.remittance: remittances.load(scope, row.remittance) for row in rows}
    return [
        Paid(msgspec.json.decode(row.body, type=ClaimPayment), found.date if found is not None else None)
        for row in rows
        for found in (days[row.remittance],)
    ]


def find_payer_number(scope: TenantScope, claim_id: str, payments: Sequence[ClaimPayment]) -> str:
    """The payer's control number (CLP07 of the last payment, else REF 1K of the last 277CA or 277); or ""."""
    told = [payment for payment in payments if payment.payer_claim_control_number]
    forward = [payment for payment in told if not payment.reversal]
    if told:
        return (forward or told)[-1].payer_claim_control_number
    statuses = [read_told(kept.body) for kept in acknowledgments.list_of_claim(scope, claim_id)]
    numbers = [status.payer_claim_control_number for status in statuses if status.payer_claim_control_number]
    return numbers[-1] if numbers else ""


def find_hindrance(claim: Claim, following: Sequence[Claim], kind: str, payer: str = "") -> Finding | None:
    """Why no claim of this kind may follow; None where one may. `payer` is that of a secondary claim."""
    states = load_lifecycle().state
    if claim.original is not None and name_follow_up(claim.frequency) == VOID:
        return find("claim.void_is_final")
    live = [it for it in following if states[it.state].live]
    closing = [it for it in live if name_follow_up(it.frequency) in (REPLACEMENT, VOID)]
    rivals = closing or [it for it in live if kind == SECONDARY and it.payer_id == payer]
    if rivals:
        rival = rivals[-1]
        return find("claim.already_followed", claim=rival.id, kind=name_follow_up(rival.frequency))
    standing = states[claim.state]
    if not standing.live or standing.rank < states[SENT].rank:
        return find("claim.not_with_payer", state=claim.state)
    return None
