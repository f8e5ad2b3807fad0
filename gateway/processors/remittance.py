"""835: the payer pays.

A balanced remittance is posted claim by claim, once, in however many files it comes. A partner may be known
to pay in parts: several 835 with one TRN02 and the whole payment in each BPR02. Each part is posted once, and
the payment is whole when the parts add up; a watchdog tells of parts that stay away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from functools import partial

import msgspec

from edi.files import SetReport
from edi.findings import Finding, find
from edi.models import ClaimPayment, Remittance
from edi.remits import check_balance, read_remittance
from gateway.events import (
    REMITTANCE_RECEIVED,
    REMITTANCE_UNBALANCED,
    REMITTANCE_UNMATCHED,
    Happening,
)
from gateway.journal import Particulars
from gateway.matching import Match
from gateway.payment_story import tell_payment, tell_provider_adjustments
from gateway.processors.arrival import Apply, Arrival
from gateway.processors.claim_match import match_payments
from gateway.settlement import Posting, list_adjustments, read_posting
from gateway.store import remittances, work_items
from gateway.store.scope import TenantScope
from gateway.story import (
    RemittanceStory,
    tell_findings,
    write_dollars,
)

CENT = Decimal("0.01")
NOTHING = Decimal(0)
TOTAL_UNBALANCED = "remittance.transaction_unbalanced"


class Answer(msgspec.Struct, frozen=True):
    """One claim payment with what it posts and the claim it means."""

    payment: ClaimPayment
    posting: Posting | None
    match: Match


class Checked(msgspec.Struct, frozen=True):
    """A remittance with every finding about its balance."""

    remittance: Remittance
    findings: tuple[Finding, ...]


def prepare_remittance(report: SetReport) -> Apply:
    """What posts the remittance, or keeps it unposted where it does not balance. Source: 005010X221A1."""
    remittances_read = map(read_remittance, report.documents)
    return partial(_apply_remittances, [check_remittance(remittance) for remittance in remittances_read])


def check_remittance(remittance: Remittance) -> Checked:
    """The remittance with what keeps it from being posted, if anything does."""
    return Checked(remittance, (*_find_parts_of_cents(remittance), *check_balance(remittance)))


def _apply_remittances(checked: Iterable[Checked], arrival: Arrival) -> None:
    for each in checked:
        stops = {finding.code for finding in each.findings if finding.stops}
        if stops == {TOTAL_UNBALANCED} and fits_as_part(arrival, each.remittance):
            told = tuple(finding for finding in each.findings if finding.code != TOTAL_UNBALANCED)
            _post(arrival, each.remittance, (*told, find("remittance.part_of_payment")), part=True)
        elif stops:
            _keep_unbalanced(arrival, each.remittance, each.findings)
        else:
            _post(arrival, each.remittance, each.findings)


def _post(
    arrival: Arrival, remittance: Remittance, findings: tuple[Finding, ...], *, part: bool = False
) -> None:
    matches = match_payments(arrival, remittance.claims, remittance.payer_name)
    answers = [
        Answer(payment, read_posting(payment), match)
        for payment, match in zip(remittance.claims, matches, strict=True)
    ]
    row = _write_row(arrival, remittance, answers, remittances.PART if part else remittances.POSTED)
    kept = remittances.add(arrival.scope, row)
    if kept is None:
        arrival.notes.append(find("remittance.duplicate"))
        return
    matched = sum(answer.match.claim is not None for answer in answers)
    story = _tell(arrival, remittance, kept.id, findings)
    if part:
        missing = write_dollars(join_parts(arrival.scope, kept))
        story = msgspec.structs.replace(
            story, amount=write_dollars(kept.amount), payment_amount=story.amount, missing=missing
        )
    received = msgspec.structs.replace(story, claims=len(answers), matched=matched)
    arrival.journal.tell(_happen(REMITTANCE_RECEIVED, received))
    for position, answer in enumerate(answers, 1):
        _post_claim(arrival, remittance, kept.id, position, answer)


def _post_claim(
    arrival: Arrival, remittance: Remittance, remittance_id: str, position: int, answer: Answer
) -> None:
    """One claim payment: the claim's event and money, or a work item where nobody can say whose it is."""
    if answer.match.claim is None:
        _keep_unmatched(arrival, remittance, remittance_id, position, answer)
    elif answer.posting is not None:
        settlement = answer.posting.settlement
        told = tell_payment(answer.payment, settlement, remittance, remittance_id)
        particulars = Particulars(payment=told, file=arrival.file.id, remittance=remittance_id)
        arrival.journal.record(answer.match.claim, answer.posting.event, particulars, settlement)


def fits_as_part(arrival: Arrival, remittance: Remittance) -> bool:
    """True where the 835 may be one of several that pay BPR02 together: the partner is known to pay so, and
    the parts that are here leave room for it.
    """
    if not arrival.partner.watch.payment_parts_days:
        return False
    row = _write_row(arrival, remittance, [], remittances.PART)
    arrival.scope.lock(f"payment {row.trace_number}")
    here = [it for it in remittances.list_parts(arrival.scope, row) if not is_same(arrival, it, remittance)]
    paid = sum((it.amount for it in here), row.amount)
    return 0 < paid <= remittance.amount


def is_same(arrival: Arrival, kept: remittances.Remittance, remittance: Remittance) -> bool:
    """True where the remittance came before: it is no further part but a duplicate."""
    body = msgspec.json.decode(remittances.read_body(arrival.scope, kept.id), type=Remittance)
    return digest_remittance(body) == digest_remittance(remittance)


def measure_part(remittance: Remittance) -> Decimal:
    """What the 835 pays itself: its claims' payments without what is kept (PLB)."""
    kept = sum((adjustment.amount for adjustment in remittance.provider_adjustments), NOTHING)
    return sum((claim.paid for claim in remittance.claims), NOTHING) - kept


def join_parts(scope: TenantScope, part: remittances.Remittance) -> Decimal:
    """What is still to come of the payment; where it is whole with this part, all its parts are posted."""
    parts = remittances.list_parts(scope, part)
    missing = (part.payment_amount or NOTHING) - sum((it.amount for it in parts), NOTHING)
    if not missing:
        remittances.complete(scope, [it.id for it in parts])
    return missing


def _keep_unmatched(
    arrival: Arrival, remittance: Remittance, remittance_id: str, position: int, answer: Answer
) -> None:
    finding = find("remittance.claim_unmatched", pointer=answer.payment.pointer)
    item = work_items.add(
        arrival.scope,
        kind="remittance",
        reason=finding.code,
        file=arrival.file.id,
        candidates=answer.match.candidates,
        body=msgspec.json.encode({"remittance": remittance_id, "position": position}),
    )
    story = msgspec.structs.replace(
        _tell(arrival, remittance, remittance_id, (finding,)),
        work_item=item.id,
        position=position,
        reason=finding.code,
        charge=write_dollars(answer.payment.charge),
        paid=write_dollars(answer.payment.paid),
    )
    arrival.journal.tell(_happen(REMITTANCE_UNMATCHED, story))


def _keep_unbalanced(arrival: Arrival, remittance: Remittance, findings: tuple[Finding, ...]) -> None:
    """Kept with what is wrong and shown to a person; no claim moves."""
    kept = remittances.add(arrival.scope, _write_row(arrival, _round(remittance), [], remittances.UNBALANCED))
    if kept is None:
        arrival.notes.append(find("remittance.duplicate"))
        return
    reason = next(finding.code for finding in findings if finding.stops)
    item = work_items.add(
        arrival.scope,
        kind="remittance",
        reason=reason,
        file=arrival.file.id,
        body=msgspec.json.encode({"remittance": kept.id}),
    )
    story = msgspec.structs.replace(
        _tell(arrival, remittance, kept.id, findings),
        claims=len(remittance.claims),
        work_item=item.id,
        reason=reason,
    )
    arrival.journal.tell(_happen(REMITTANCE_UNBALANCED, story))


def _write_row(
    arrival: Arrival, remittance: Remittance, answers: list[Answer], state: str
) -> remittances.NewRemittance:
    part = state == remittances.PART
    return remittances.NewRemittance(
        file=arrival.file.id,
        payer_id=remittance.payer_id,
        payer_name=remittance.payer_name,
        payee_npi=remittance.payee_npi,
        trace_number=remittance.trace_number,
        method=remittance.method,
        amount=measure_part(remittance) if part else remittance.amount,
        payment_amount=remittance.amount if part else None,
        date=remittance.date,
        digest=digest_remittance(remittance),
        set_control_number=remittance.set_control_number,
        state=state,
        body=msgspec.json.encode(remittance),
        payments=tuple(map(_write_payment, answers)),
        provider_adjustments=()
        if state == remittances.UNBALANCED
        else _write_provider_adjustments(remittance),
    )


def _write_payment(answer: Answer) -> remittances.NewPayment:
    payment = answer.payment
    return remittances.NewPayment(
        patient_control_number=payment.patient_control_number,
        payer_control_number=payment.payer_claim_control_number,
        status=payment.status,
        kind=remittances.REVERSAL if payment.reversal else remittances.PAYMENT,
        charge=payment.charge,
        paid=payment.paid,
        adjusted=sum((adjustment.amount for adjustment in list_adjustments(payment)), Decimal(0)),
        patient_responsibility=payment.patient_responsibility,
        body=msgspec.json.encode(payment),
        claim=answer.match.claim.id if answer.match.claim else None,
    )


def _write_provider_adjustments(remittance: Remittance) -> tuple[remittances.NewAdjustment, ...]:
    return tuple(
        remittances.NewAdjustment(
            provider=adjustment.provider,
            fiscal_period=adjustment.fiscal_period,
            reason=adjustment.reason,
            identifier=adjustment.identifier,
            amount=adjustment.amount,
        )
        for adjustment in remittance.provider_adjustments
    )


def digest_remittance(remittance: Remittance) -> str:
    """SHA-256 in hex of the claim payments and provider adjustments: the content, not its envelope."""
    content = msgspec.json.encode((remittance.claims, remittance.provider_adjustments))
    return hashlib.sha256(content).hexdigest()


def _tell(
    arrival: Arrival, remittance: Remittance, remittance_id: str, findings: tuple[Finding, ...]
) -> RemittanceStory:
    return RemittanceStory(
        remittance=remittance_id,
        file=arrival.file.id,
        payer_id=remittance.payer_id,
        trace_number=remittance.trace_number,
        method=remittance.method,
        amount=write_dollars(remittance.amount),
        date=remittance.date.isoformat() if remittance.date else None,
        provider_adjustments=tell_provider_adjustments(remittance.provider_adjustments),
        findings=tell_findings(findings),
    )


def _happen(event: str, story: RemittanceStory) -> Happening:
    return Happening(type=event, story=story, file=story.file, remittance=story.remittance)


def _find_parts_of_cents(remittance: Remittance) -> tuple[Finding, ...]:
    """A finding where an amount cannot be kept in whole cents."""
    odd = any(amount % CENT for amount in _list_amounts(remittance))
    return (find("remittance.part_of_cent"),) if odd else ()


def _list_amounts(remittance: Remittance) -> Iterable[Decimal]:
    yield remittance.amount
    yield from (adjustment.amount for adjustment in remittance.provider_adjustments)
    for payment in remittance.claims:
        yield from (payment.charge, payment.paid, payment.patient_responsibility)
        yield from (adjustment.amount for adjustment in list_adjustments(payment))


def _round(remittance: Remittance) -> Remittance:
    """The remittance with a total that the table of remittances can hold; its body keeps what was sent."""
    return msgspec.structs.replace(remittance, amount=remittance.amount.quantize(CENT))
