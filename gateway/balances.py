"""Balances of a patient's account: what was charged, who paid, what was written off, who owes the rest.

A bill is a claim with all that follows it. Of a replaced claim the replacement counts, of several payers the
last one that has decided says what is the patient's. Always:
`charge = paid + written_off + patient + with_payer`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from edi.adjudication import Adjudication, settle_payments
from edi.documents import read_section, read_text
from gateway.dossier import read_dossier
from gateway.follow_ups.originals import load_payments
from gateway.lifecycle import load_lifecycle, name_follow_up
from gateway.settlement import list_adjustments
from gateway.store import claims, follow_ups
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope

ZERO = Decimal("0.00")


class Account(msgspec.Struct, frozen=True):
    """A claim of the account with what its payer decided, and its document."""

    claim: Claim
    adjudication: Adjudication
    document: dict[str, Any]  # the claim's JSON

    @property
    def by_group(self) -> dict[str, Decimal]:
        """The adjustments that stand, by group code (dollars)."""
        sums: dict[str, Decimal] = {}
        for paid in self.adjudication.payments:
            for adjustment in list_adjustments(paid.payment):
                sums[adjustment.group] = sums.get(adjustment.group, ZERO) + adjustment.amount
        return dict(sorted(sums.items()))

    @property
    def counts(self) -> bool:
        """True where the claim stands: it has gone, or will go, to its payer, and nothing took its place."""
        state = load_lifecycle().state[self.claim.state]
        return state.live and state.kind != "end"


class Bill(msgspec.Struct, frozen=True):
    """A claim and all that follows it, oldest first, with what it comes to (dollars)."""

    claims: tuple[Account, ...]
    charge: Decimal
    paid: Decimal
    written_off: Decimal
    patient: Decimal
    with_payer: Decimal


def load_accounts(scope: TenantScope, begins: str) -> list[Account]:
    """The claims of an account (`gateway.patients.find_account`) with what was decided on each."""
    found = follow_ups.list_of_account(scope, begins)
    bodies = claims.read_bodies(scope, [claim.id for claim in found])
    return [
        Account(
            claim,
            settle_payments(load_payments(scope, claim.id)),
            read_dossier(bodies[claim.id]).document,
        )
        for claim in found
    ]


def make_bills(accounts: Sequence[Account]) -> list[Bill]:
    """The bills of an account, in the order in which their first claims came."""
    known = {account.claim.id for account in accounts}
    roots: dict[str, str] = {}
    families: dict[str, list[Account]] = {}
    for account in accounts:  # oldest first: an original comes before what follows it
        original = account.claim.original
        root = roots[original] if original in known and original is not None else account.claim.id
        roots[account.claim.id] = root
        families.setdefault(root, []).append(account)
    return [sum_bill(family) for family in families.values()]


def sum_bill(family: Sequence[Account]) -> Bill:
    """What a claim and all that follows it come to."""
    counting = [account for account in family if account.counts]
    paid = sum((account.adjudication.paid for account in family), ZERO)
    if not counting:
        return Bill(tuple(family), paid, paid, ZERO, ZERO, ZERO)
    charge = counting[0].claim.charge
    decided = [account for account in counting if account.adjudication.payments]
    share = decided[-1].adjudication.patient_share if decided else charge
    waiting = counting[-1] not in decided
    patient, with_payer = (ZERO, share) if waiting else (share, _find_open(counting[-1]))
    return Bill(tuple(family), charge, paid, charge - paid - patient - with_payer, patient, with_payer)


def _find_open(account: Account) -> Decimal:
    """What the payer that decided has not settled yet: the rest of a claim that is paid in parts."""
    return max(account.claim.open, ZERO)


def name_patient_of(document: dict[str, Any]) -> str:
    """The patient's name as a person reads it."""
    person = read_section(document, "dependent") or read_section(document, "subscriber")
    return " ".join(filter(None, (read_text(person, "firstName"), read_text(person, "lastName"))))


def name_provider_of(document: dict[str, Any]) -> str:
    """The billing provider's name."""
    billing = read_section(document, "billing")
    person = " ".join(filter(None, (read_text(billing, "firstName"), read_text(billing, "lastName"))))
    return read_text(billing, "organizationName") or person


def tell_kind(claim: Claim) -> str:
    """What the claim is in its bill: first, replacement, void or secondary."""
    return name_follow_up(claim.frequency) if claim.original is not None else "first"


def add_up(amounts: Iterable[Decimal]) -> Decimal:
    """The sum (dollars)."""
    return sum(amounts, ZERO)
