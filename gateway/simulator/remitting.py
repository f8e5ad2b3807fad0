"""What the scripted payer says: remittances (835) and claim reports (277CA) as typed values. Pure."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec

from edi.models import (
    Address,
    BankAccount,
    ClaimBatch,
    ClaimPayment,
    ClaimStatus,
    Contact,
    Party,
    ProviderAdjustment,
    Remittance,
    StatusCode,
)
from gateway.simulator import scenarios
from gateway.simulator.adjudication import (
    NOTHING,
    Adjudication,
    adjudicate,
    measure_take_back,
    only_price,
    reverse,
)
from gateway.simulator.billed import BilledClaim
from gateway.simulator.scenarios import AnyStep, Scenario

FORWARD_BALANCE = "FB"
NO_MONEY, BY_BANK = "NON", "ACH"


class PayerIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scripted payer's particulars (`schemas/simulator/payer.toml`)."""

    company_id: str
    intermediary: str
    address: Address
    contact: Contact
    account: BankAccount
    payee_account: BankAccount
    filing_indicators: Mapping[str, str]


@cache
def load_identity() -> PayerIdentity:
    """The particulars as the data file states them."""
    text = (files("schemas") / "simulator" / "payer.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PayerIdentity)


class Share(msgspec.Struct, frozen=True):
    """One claim's part in an answer: `count` steps of its scenario from step `start`.

    `original` is the part of the claim that this one corrects in the remittance that decided on it.
    """

    claim: BilledClaim
    claim_control_number: str
    received: datetime.date
    scenario: Scenario
    start: int
    count: int
    original: Share | None = None

    @property
    def steps(self) -> tuple[AnyStep, ...]:
        """The steps that this answer plays."""
        return self.scenario.steps[self.start : self.start + self.count]

    @property
    def indexes(self) -> range:
        """Their places in the scenario."""
        return range(self.start, self.start + self.count)


class Settlement(msgspec.Struct, frozen=True):
    """A remittance, and what the payee owes the payer after it (dollars, never negative)."""

    remittance: Remittance
    owed: Decimal


def settle(
    shares: Sequence[Share],
    *,
    trace_number: str,
    today: datetime.date,
    owed: Decimal,
) -> Settlement:
    """One payment for all shares. `owed` is what earlier remittances to the payee could not take back.

    BPR02 may not be negative: what a remittance cannot take is forwarded (PLB FB, 005010X221A1 1.10.2.12)
    and taken from the next ones.
    """
    claims = tuple(payment for share in shares for payment in pay_share(share))
    taken = tuple(adjustment for share in shares for adjustment in take_back_share(share, today))
    available = sum((claim.paid for claim in claims), NOTHING) - sum((t.amount for t in taken), NOTHING)
    forwarded = min(owed, available) if available >= 0 else available
    forward = forward_balance(forwarded, shares[0].claim, trace_number, today)
    remittance = msgspec.structs.replace(
        describe_remittance(shares[0].claim, available - forwarded),
        trace_number=trace_number,
        date=today,
        production_date=today,
        claims=claims,
        provider_adjustments=taken + forward,
    )
    return Settlement(remittance, owed - forwarded)


def describe_remittance(claim: BilledClaim, amount: Decimal) -> Remittance:
    """The payer, the payee and the way of `amount` dollars, of a remittance that says nothing else yet."""
    identity = load_identity()
    return Remittance(
        payer_name=claim.payer_name,
        payer_id=identity.company_id,
        payer_address=identity.address,
        payer_contact=identity.contact,
        payer_account=identity.account if amount else None,
        payee_name=claim.payee.name,
        payee_npi=claim.payee.npi,
        payee_tax_id=claim.payee.tax_id,
        payee_address=claim.payee.address,
        payee_account=identity.payee_account if amount else None,
        amount=amount,
        method=BY_BANK if amount else NO_MONEY,
        payment_format="CCP" if amount else "",
        handling="I" if amount else "H",
        trace_number="",
        claims=(),
    )


def pay_share(share: Share) -> Iterator[ClaimPayment]:
    """The claim payments (CLP) of one share, in the order of its steps."""
    for index in share.indexes:
        if isinstance(share.scenario.steps[index], scenarios.ReverseOriginal):
            yield from take_back_original(share.original)
            continue
        adjudication = adjudicate(share.claim.lines, share.scenario.steps, index)
        if adjudication is not None:
            asked = only_price(adjudication) if share.claim.predetermination else adjudication
            yield describe_payment(share, asked)


def take_back_original(original: Share | None) -> Iterator[ClaimPayment]:
    """The reversal of what was decided on the claim that another one corrects."""
    if original is None:
        return
    decided = adjudicate(original.claim.lines, original.scenario.steps, original.start)
    if decided is not None:
        yield describe_payment(original, reverse(decided))


def describe_payment(share: Share, adjudication: Adjudication) -> ClaimPayment:
    """One adjudication as the 835 tells it (2100 CLP)."""
    claim = share.claim
    indicators = load_identity().filing_indicators
    first, last = claim.days
    return ClaimPayment(
        patient_control_number=claim.patient_control_number,
        status=adjudication.status,
        charge=adjudication.charge,
        paid=adjudication.paid,
        patient_responsibility=adjudication.patient_share,
        payer_claim_control_number=share.claim_control_number,
        filing_indicator=indicators.get(claim.filing_indicator, claim.filing_indicator),
        frequency=claim.frequency,
        facility_type=claim.facility_type,
        services=adjudication.services,
        service_from=first,
        service_to=last,
        received=share.received,
        patient=claim.patient,
        rendering_npi=claim.rendering_npi,
        remark_codes=adjudication.remarks,
    )


def take_back_share(share: Share, today: datetime.date) -> Iterator[ProviderAdjustment]:
    """What the share's steps take back from the provider (PLB)."""
    for index, step in zip(share.indexes, share.steps, strict=True):
        if isinstance(step, scenarios.TakeBack):
            amount = measure_take_back(share.claim.lines, share.scenario.steps, index)
            yield adjust_provider(share.claim, step.reason, share.claim_control_number, amount, today)


def forward_balance(
    amount: Decimal, claim: BilledClaim, reference: str, today: datetime.date
) -> tuple[ProviderAdjustment, ...]:
    """The forwarded balance: negative where it goes to later remittances, positive where it comes back."""
    if not amount:
        return ()
    return (adjust_provider(claim, FORWARD_BALANCE, reference, amount, today),)


def adjust_provider(
    claim: BilledClaim, reason: str, reference: str, amount: Decimal, today: datetime.date
) -> ProviderAdjustment:
    """One PLB reason for the claim's billing provider; the fiscal period ends with the year (PLB02)."""
    return ProviderAdjustment(
        provider=claim.payee.identifier,
        fiscal_period=datetime.date(today.year, 12, 31),
        reason=reason,
        identifier=reference,
        amount=amount,
    )


def describe_batch(
    shares: Sequence[Share], *, reference: str, batch_number: str, today: datetime.date
) -> ClaimBatch:
    """The batch of claims that a 277CA answers (005010X214 2000A, 2000B)."""
    first = shares[0].claim
    return ClaimBatch(
        reference=reference,
        receipt_number=reference,
        batch_number=batch_number,
        payer_name=first.payer_name,
        payer_id=first.payer_id,
        receiver_name=first.submitter_name,
        receiver_id=first.submitter_id,
        received=shares[0].received,
        processed=today,
    )


def report_share(share: Share, today: datetime.date) -> Iterator[ClaimStatus]:
    """The claim statuses (2200D STC) of one share; a claim taken in gets the payer's number (REF 1K)."""
    claim = share.claim
    first, last = claim.days
    for step in share.steps:
        if isinstance(step, scenarios.ClaimStatus):
            yield ClaimStatus(
                patient_control_number=claim.patient_control_number,
                action=step.action,
                statuses=(StatusCode(step.category, step.status, step.entity),),
                clearinghouse_trace=claim.trace,
                payer_claim_control_number=share.claim_control_number if step.action == "WQ" else "",
                charge=claim.charge,
                service_from=first,
                service_to=last,
                effective=today,
                patient=claim.patient,
                provider=name_provider(claim),
            )


def name_provider(claim: BilledClaim) -> Party:
    """The billing provider as a 277CA names it (2100C)."""
    return Party(
        name=claim.payee.name,
        first_name=claim.payee.first_name,
        identifier=claim.payee.identifier,
        qualifier="XX" if claim.payee.npi else "FI",
    )
