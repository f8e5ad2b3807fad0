"""Makes the bytes of an answer, and refuses to send what the gateway's own engine would find fault with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from edi.acks import report_claims
from edi.envelope_writer import EnvelopeSettings, wrap_interchange
from edi.files import check_file
from edi.models import Remittance
from edi.remits import check_balance, remittance_document
from edi.segments import Segment
from edi.writer import write_documents
from gateway.simulator.ledger import (
    Answer,
    ClaimSteps,
    Ledger,
    OpenAnswer,
    read_number,
    write_number,
)
from gateway.simulator.remitting import Share, describe_batch, report_share, settle
from gateway.simulator.scenarios import Remit, Scenario

PART_OF_TOTAL = "remittance.transaction_unbalanced"
"""What the engine says of a set that does not pay all of BPR02 by itself: right for one payment in parts."""

FUNCTIONAL_ACKNOWLEDGMENT = "005010X231A1"
CLAIM_REPORT = "005010X214"
REMITTANCE_ADVICE = "005010X221A1"
STATUS_RESPONSE = "005010X212-277"
#: The guides of the answers that are made when the file is read.
DOCUMENT_GUIDES = {"999": FUNCTIONAL_ACKNOWLEDGMENT, "277": STATUS_RESPONSE}


class FaultyAnswerError(RuntimeError):
    """An answer of ours that the engine finds fault with; names the codes, never a value."""

    def __init__(self, kind: str, codes: Sequence[str]) -> None:
        super().__init__(f"{kind} would be sent with findings: {', '.join(sorted(set(codes)))}")
        self.codes = tuple(codes)


def compose(
    waiting: OpenAnswer, ledger: Ledger, scenarios: Mapping[str, Scenario], now: datetime
) -> tuple[str, bytes]:
    """Name and bytes of a due answer; takes its numbers from the ledger, inside a transaction of it."""
    answer, sender = waiting.answer, waiting.sender
    number = ledger.take_number(sender, "interchange")
    envelope = open_envelope(answer, number, now)
    if answer.kind == "TA1":
        content = wrap_interchange(envelope, (), (Segment(list(answer.segment)),))
    elif answer.document is not None:
        content = write_documents(DOCUMENT_GUIDES[answer.kind], [answer.document], envelope)
    else:
        shares = [find_share(steps, ledger, scenarios) for steps in answer.steps]
        write = write_claim_report if answer.kind == "277CA" else write_remittance
        content = write(shares, answer, sender, ledger, envelope)
    refuse_findings(answer.kind, content)
    return f"{number:09d}.{answer.kind}.x12", content


def open_envelope(answer: Answer, number: int, now: datetime) -> EnvelopeSettings:
    """The envelope of an answer. Nobody acknowledges an acknowledgment (ISA14 = 0)."""
    address = answer.address
    return EnvelopeSettings(
        sender_qualifier=address.sender_qualifier,
        sender=address.sender,
        receiver_qualifier=address.receiver_qualifier,
        receiver=address.receiver,
        group_sender=address.group_sender,
        group_receiver=address.group_receiver,
        usage=address.usage,
        control_number=number,
        group_control_number=number,
        created=now,
        acknowledgment_requested=False,
    )


def find_share(steps: ClaimSteps, ledger: Ledger, scenarios: Mapping[str, Scenario]) -> Share:
    """The claim's part in the answer. The payer's own claim number is made of the claim's id."""
    known = ledger.find_claim(steps.claim)
    return Share(
        claim=known.claim,
        claim_control_number=write_number(known.id),
        received=known.received.date(),
        scenario=scenarios[known.scenario],
        start=steps.start,
        count=steps.count,
        original=find_decided(known.claim.original_number, ledger, scenarios),
    )


def find_decided(number: str, ledger: Ledger, scenarios: Mapping[str, Scenario]) -> Share | None:
    """The part of the claim of this number in the last remittance that decided on it; or None."""
    claim = read_number(number)
    for steps in reversed(ledger.list_remitted(claim)) if claim is not None else ():
        share = find_share(steps, ledger, scenarios)
        decided = [at for at in share.indexes if isinstance(share.scenario.steps[at], Remit)]
        if decided:
            return msgspec.structs.replace(share, start=decided[-1], count=1)
    return None


def write_claim_report(
    shares: Sequence[Share], answer: Answer, sender: str, ledger: Ledger, envelope: EnvelopeSettings
) -> bytes:
    """A 277CA of one batch."""
    today = day_of(envelope)
    batch = describe_batch(
        shares,
        reference=f"CR{ledger.take_number(sender, 'claim report'):09d}",
        batch_number=answer.batch,
        today=today,
    )
    statuses = [status for share in shares for status in report_share(share, today)]
    return write_documents(CLAIM_REPORT, [report_claims(batch, statuses)], envelope)


def write_remittance(
    shares: Sequence[Share], answer: Answer, sender: str, ledger: Ledger, envelope: EnvelopeSettings
) -> bytes:
    """An 835 that balances; remembers what the payee still owes."""
    payer, payee = shares[0].claim.payer_id, shares[0].claim.payee.identifier
    settlement = settle(
        shares,
        trace_number=f"EFT{ledger.take_number(sender, 'payment'):09d}",
        today=day_of(envelope),
        owed=ledger.find_debt(sender, payer, payee),
    )
    unbalanced = check_balance(settlement.remittance)
    if unbalanced:
        raise FaultyAnswerError(answer.kind, [finding.code for finding in unbalanced])
    ledger.keep_debt(sender, payer, payee, settlement.owed)
    parts = split_payment(settlement.remittance) if pays_in_parts(shares) else [settlement.remittance]
    return write_documents(REMITTANCE_ADVICE, list(map(remittance_document, parts)), envelope)


def pays_in_parts(shares: Sequence[Share]) -> bool:
    """True where a step of the claims asks for a set of its own for each."""
    return any(isinstance(step, Remit) and step.in_parts for share in shares for step in share.steps)


def split_payment(remittance: Remittance) -> list[Remittance]:
    """A remittance for each claim, with the whole payment in each (BPR02); the first keeps what is kept."""
    parts = [
        msgspec.structs.replace(remittance, claims=(claim,), provider_adjustments=())
        for claim in remittance.claims
    ]
    kept = msgspec.structs.replace(parts[0], provider_adjustments=remittance.provider_adjustments)
    return [kept, *parts[1:]]


def day_of(envelope: EnvelopeSettings) -> date:
    """The day the answer is made."""
    return envelope.created.date()


def refuse_findings(kind: str, content: bytes) -> None:
    """Raise FaultyAnswerError where the engine would not take the answer; the total was checked before."""
    found = [finding.code for finding in check_file(content).all_findings if finding.stops]
    faults = [code for code in found if code != PART_OF_TOTAL]
    if faults:
        raise FaultyAnswerError(kind, faults)
