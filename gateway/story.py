"""What an event tells: the bodies of the feed, webhooks and timelines.

Amounts are decimal strings in dollars; findings, statuses and adjustments carry their meaning. Values of a
document stay out: no name, no diagnosis, no date of birth. The patient control number is in, since the
receiver finds its own claim by it; bodies are sealed where they rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from edi.findings import Finding, Place
from edi.models import StatusCode
from gateway.lifecycle import Fact, Settlement, Standing
from gateway.meanings import explain

CENT: Final = Decimal("0.01")


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A part of an event's body; what is empty is left out."""


class Amounts(Told, frozen=True, kw_only=True):
    """The money of a claim: billed = paid + adjusted + patient + open, always."""

    billed: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    open: Decimal


class FindingTold(Told, frozen=True, kw_only=True):
    """A finding without the value it found."""

    code: str
    severity: str
    message: str
    remedy: str
    pointer: str | None = None
    x12: Place | None = None
    rule: str | None = None


class AdjustmentTold(Told, frozen=True, kw_only=True):
    """Why money is missing, with what its codes mean. `service` counts the service lines from 1."""

    group: str
    group_meaning: str
    reason: str
    reason_meaning: str
    amount: Decimal
    service: int | None = None


class StatusTold(Told, frozen=True, kw_only=True):
    """A claim status of a 277CA with what its codes mean."""

    category: str
    category_meaning: str
    status: str
    status_meaning: str
    entity: str = ""


class AcknowledgmentTold(Told, frozen=True, kw_only=True):
    """Which acknowledgment told it (TA1, 999, 824, 277CA, 277); the control number is that of ours answered.

    A 277 may say what was paid and how; money of the claim is told by the 835 alone.
    """

    kind: str
    code: str
    meaning: str
    file: str
    control_number: str = ""
    findings: tuple[FindingTold, ...] = ()
    statuses: tuple[StatusTold, ...] = ()
    payer_claim_control_number: str = ""
    paid: Decimal | None = None
    paid_on: str | None = None
    check_number: str = ""


class PaymentTold(Told, frozen=True, kw_only=True):
    """What one remittance says of the claim: charge = paid + adjusted + patient, negative in a reversal."""

    remittance: str
    trace_number: str
    status: str
    status_meaning: str
    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    denial: bool = False
    payer_claim_control_number: str = ""
    adjustments: tuple[AdjustmentTold, ...] = ()
    remark_codes: tuple[str, ...] = ()


class SubmissionTold(Told, frozen=True, kw_only=True):
    """The interchange that carries the claim, by our control numbers, and its claim trace (REF D9)."""

    interchange: str
    partner: str
    interchange_control_number: str
    group_control_number: str
    set_control_number: str
    trace: str


class OverdueTold(Told, frozen=True, kw_only=True):
    """What should have happened by `due` and has not, since `since`; `reason` is the mark that it sets.

    Both are moments, of a filing limit days (RFC 3339).
    """

    reason: str
    meaning: str
    since: str
    due: str


class HandTold(Told, frozen=True, kw_only=True):
    """Who did it by hand: the API key, and the work item that it settled, if any."""

    key: str
    work_item: str = ""


class FollowUpTold(Told, frozen=True, kw_only=True):
    """The claim that follows this one, what it is (replacement, void, secondary) and its state then."""

    claim: str
    kind: str
    state: str


class ClaimStory(Told, frozen=True, kw_only=True):
    """The body of a `claim.*` event. `moved` is False for what came late or told nothing new."""

    claim: str
    patient_control_number: str
    payer_id: str
    state: str
    moved: bool = True
    marks: tuple[str, ...] = ()
    amounts: Amounts | None = None
    findings: tuple[FindingTold, ...] = ()
    submission: SubmissionTold | None = None
    acknowledgment: AcknowledgmentTold | None = None
    payment: PaymentTold | None = None
    hand: HandTold | None = None
    overdue: OverdueTold | None = None
    follow_up: FollowUpTold | None = None


class WorkItemStory(Told, frozen=True, kw_only=True):
    """The body of `work_item.resolved`. `reason` is why it was there, `claim` what it was attached to."""

    work_item: str
    kind: str
    reason: str
    hand: HandTold
    claim: str | None = None


class FileStory(Told, frozen=True, kw_only=True):
    """The body of a `file.*` event. `kinds` are the transaction sets inside, `reason` a finding's code."""

    file: str
    partner: str
    sha256: str
    size: int
    kinds: tuple[str, ...] = ()
    reason: str | None = None
    duplicate_of: str | None = None
    findings: tuple[FindingTold, ...] = ()


class ProviderAdjustmentTold(Told, frozen=True, kw_only=True):
    """Money of a remittance that belongs to no claim (835 PLB)."""

    reason: str
    reason_meaning: str
    amount: Decimal


class RemittanceStory(Told, frozen=True, kw_only=True):
    """The body of a `remittance.*` event.

    Where it is a part, `payment_amount` is the whole payment and `missing` what further parts are to pay.
    """

    remittance: str
    file: str
    payer_id: str
    trace_number: str
    method: str
    amount: Decimal
    payment_amount: Decimal | None = None
    missing: Decimal | None = None
    date: str | None = None
    claims: int = 0
    matched: int = 0
    work_item: str | None = None
    position: int | None = None
    reason: str | None = None
    charge: Decimal | None = None
    paid: Decimal | None = None
    provider_adjustments: tuple[ProviderAdjustmentTold, ...] = ()
    findings: tuple[FindingTold, ...] = ()


class PaymentStory(Told, frozen=True, kw_only=True):
    """The body of `payment.reassociated`: what the payer told and what the bank says came in.

    `state` is reassociated, or variance where the two differ.
    """

    payment: str
    remittances: tuple[str, ...]
    payer_id: str
    trace_number: str
    amount: Decimal
    deposited: Decimal
    variance: Decimal
    state: str
    date: str | None = None


class OrphanStory(Told, frozen=True, kw_only=True):
    """The body of `acknowledgment.unmatched`: an answer to nothing of ours, kept for a person to look at."""

    file: str
    partner: str
    acknowledgment: AcknowledgmentTold
    work_item: str
    reason: str


class PartnerStory(Told, frozen=True, kw_only=True):
    """The body of a `partner.*` event. `reason` says what failed in our own words."""

    partner: str
    reason: str = ""
    interchange: str | None = None


class HookStory(Told, frozen=True, kw_only=True):
    """The body of a `webhook.*` event. `reason` is a finding's code."""

    webhook: str
    reason: str = ""


class RetentionStory(Told, frozen=True, kw_only=True):
    """The body of `retention.purged`: what from before a moment went; so many events lost their body."""

    before: str
    years: int
    claims: int = 0
    remittances: int = 0
    interchanges: int = 0
    files: int = 0
    others: int = 0
    events: int = 0


class EmergencyStory(Told, frozen=True, kw_only=True):
    """The body of `access.emergency`: a person of the tenant `home` has these scopes until then.

    The reason is shown by the access itself, to those who may see it.
    """

    access: str
    person: str
    home: str
    scopes: tuple[str, ...]
    ends_at: str


def write_dollars(amount: Decimal) -> Decimal:
    """The amount with its two decimal places, as every event shows money."""
    return amount.quantize(CENT)


def write_story(story: Told) -> bytes:
    """The body as JSON."""
    return msgspec.json.encode(story)


def read_fact(event_type: str, body: bytes) -> Fact:
    """A claim event as the fold sees it. Raises msgspec.DecodeError where `body` is no claim story."""
    story = msgspec.json.decode(body, type=ClaimStory)
    payment, overdue = story.payment, story.overdue
    if payment is None:
        return Fact(event_type, mark=overdue.reason if overdue is not None else "")
    return Fact(event_type, Settlement(payment.paid, payment.adjusted, payment.patient, payment.denial))


def read_told(body: bytes) -> AcknowledgmentTold:
    """A kept acknowledgment."""
    return msgspec.json.decode(body, type=AcknowledgmentTold)


def read_partner(body: bytes) -> str:
    """The partner of a `partner.*` event."""
    return msgspec.json.decode(body, type=PartnerStory).partner


def read_purged(body: bytes) -> int:
    """How many events lost their body by the purge that a `retention.purged` event tells of."""
    return msgspec.json.decode(body, type=RetentionStory).events


def tell_amounts(standing: Standing) -> Amounts:
    """The money of a standing."""
    return Amounts(
        billed=write_dollars(standing.billed),
        paid=write_dollars(standing.paid),
        adjusted=write_dollars(standing.adjusted),
        patient=write_dollars(standing.patient),
        open=write_dollars(standing.open),
    )


def tell_findings(findings: Iterable[Finding]) -> tuple[FindingTold, ...]:
    """Findings without their values."""
    return tuple(
        FindingTold(
            code=finding.code,
            severity=finding.severity.value,
            message=finding.message,
            remedy=finding.remedy,
            pointer=finding.pointer,
            x12=finding.x12,
            rule=finding.rule,
        )
        for finding in findings
    )


def tell_statuses(statuses: Iterable[StatusCode]) -> tuple[StatusTold, ...]:
    """Claim statuses with their meanings."""
    return tuple(
        StatusTold(
            category=status.category,
            category_meaning=explain("claim_status_category", status.category),
            status=status.status,
            status_meaning=explain("claim_status", status.status),
            entity=status.entity,
        )
        for status in statuses
    )


def tell_status_report(
    kind: str, statuses: tuple[StatusCode, ...], file: str, answered: str, payer_number: str = ""
) -> AcknowledgmentTold:
    """What a 277CA or 277 in `file` says of a claim or batch; `answered` is the reference of ours."""
    first = statuses[0] if statuses else StatusCode("", "")
    return AcknowledgmentTold(
        kind=kind,
        code=f"{first.category}:{first.status}",
        meaning=explain("claim_status_category", first.category),
        file=file,
        control_number=answered,
        statuses=tell_statuses(statuses),
        payer_claim_control_number=payer_number,
    )
