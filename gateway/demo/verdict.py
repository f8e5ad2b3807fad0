"""Whether each sample's claim ended as the sample says, and whether the money adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from gateway.demo.board import Outcome
from gateway.demo.client import ClaimView, Posted
from gateway.demo.samples import Dollars, Sample


class Received(msgspec.Struct, frozen=True):
    """What the remittances brought: the sum of BPR02, and of what PLB kept back."""

    amount: Decimal = Decimal("0.00")
    kept: Decimal = Decimal("0.00")


def judge_claim(sample: Sample, posted: Posted, view: ClaimView, events: int, webhooks: int) -> Outcome:
    """How the claim ended. `events` are the feed's about it, `webhooks` those delivered and verified."""
    complaints = [
        *judge_posting(sample, posted),
        *judge_end(sample, view),
        *judge_webhooks(events, webhooks),
    ]
    return Outcome(sample, view.id, view.state, view.amounts, webhooks, tuple(complaints))


def judge_posting(sample: Sample, posted: Posted) -> Iterator[str]:
    """The answer to the post is the sample's outcome, and a refusal names every finding and no other."""
    expected = sample.expected.outcome == "accepted"
    if posted.taken != expected:
        yield f"the gateway {'took' if posted.taken else 'refused'} it"
    missing = sorted(set(sample.findings) - set(posted.findings))
    surplus = sorted(set(posted.findings) - set(sample.findings))
    yield from (f"no finding {finding.code} at {finding.pointer}" for finding in missing)
    yield from (f"an unexpected finding {finding.code} at {finding.pointer}" for finding in surplus)


def judge_end(sample: Sample, view: ClaimView) -> Iterator[str]:
    """State and dollars are those of the sample, and the dollars add up."""
    expected, dollars = sample.expected, view.amounts
    if view.state != expected.end:
        yield f"it ended {view.state}, not {expected.end}"
    if set(view.marks) != set(expected.marks):
        yield f"its marks are {describe_marks(view.marks)}, not {describe_marks(expected.marks)}"
    if expected.dollars is not None and dollars != expected.dollars:
        yield f"its dollars are {describe(dollars)}, not {describe(expected.dollars)}"
    if dollars.billed != dollars.paid + dollars.adjusted + dollars.patient + dollars.open:
        yield "its dollars do not add up"


def judge_webhooks(events: int, webhooks: int) -> Iterator[str]:
    """Every event about the claim was delivered, and told at all."""
    if not events:
        yield "the feed tells nothing of it"
    if webhooks != events:
        yield f"{webhooks} of {events} webhooks came"


def judge_payments(outcomes: Sequence[Outcome], received: Received) -> Iterator[str]:
    """The remittances brought what the claims were paid less what was taken back from the provider."""
    paid = sum((outcome.dollars.paid for outcome in outcomes), Decimal(0))
    taken_back = sum((outcome.sample.expected.taken_back for outcome in outcomes), Decimal(0))
    if received.kept != taken_back:
        yield f"the payers took back {received.kept}, not {taken_back}"
    if received.amount != paid - taken_back:
        yield f"the payers paid {received.amount}, not {paid - taken_back}"


def is_settled(sample: Sample, view: ClaimView) -> bool:
    """True once the claim is where the sample says it ends."""
    return not list(judge_end(sample, view))


def describe_marks(marks: Sequence[str]) -> str:
    """The marks in one line."""
    return ", ".join(sorted(marks)) or "none"


def describe(dollars: Dollars) -> str:
    """The amounts in one line."""
    return " ".join(f"{name} {getattr(dollars, name)}" for name in Dollars.__struct_fields__)
