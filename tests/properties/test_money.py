"""Money adds up in any story: whatever balanced remittances a claim is named in, nothing is lost or made."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edi.models import Adjustment, ClaimPayment
from gateway.lifecycle import Fact, fold
from gateway.settlement import read_posting

CENTS = st.integers(min_value=0, max_value=1_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
GROUPS = st.sampled_from(["CO", "PR", "OA", "PI"])
REASONS = st.sampled_from(["1", "2", "3", "16", "23", "29", "45", "97", "204"])


@st.composite
def payments(draw: st.DrawFn) -> ClaimPayment:
    """A balanced claim payment: charge = paid + adjustments; a reversal is one with every amount negated."""
    reversal = draw(st.booleans())
    sign = -1 if reversal else 1
    paid = draw(CENTS) * sign
    adjustments = tuple(
        Adjustment(draw(GROUPS), draw(REASONS), draw(CENTS) * sign)
        for _ in range(draw(st.integers(min_value=0, max_value=4)))
    )
    return ClaimPayment(
        patient_control_number="PCN",
        status="22" if reversal else draw(st.sampled_from(["1", "2", "3", "4", "19", "25"])),
        charge=paid + sum((each.amount for each in adjustments), Decimal(0)),
        paid=paid,
        adjustments=adjustments,
    )


def read_facts(story: list[ClaimPayment]) -> list[Fact]:
    postings = [posting for payment in story if (posting := read_posting(payment)) is not None]
    return [Fact(posting.event, posting.settlement) for posting in postings]


@given(st.lists(payments(), max_size=12), CENTS)
def test_what_is_open_is_billed_less_every_charge_that_was_settled(
    story: list[ClaimPayment], billed: Decimal
) -> None:
    end = fold(read_facts(story), billed=billed)
    settled = sum((payment.charge for payment in story if payment.status != "25"), Decimal(0))
    assert end.open == billed - settled
    assert billed == end.paid + end.adjusted + end.patient + end.open


@given(st.lists(payments(), max_size=12), CENTS)
def test_a_claims_paid_total_is_the_sum_of_its_payments(story: list[ClaimPayment], billed: Decimal) -> None:
    end = fold(read_facts(story), billed=billed)
    assert end.paid == sum((payment.paid for payment in story if payment.status != "25"), Decimal(0))


@given(payments().filter(lambda payment: payment.status not in ("22", "25")), CENTS)
def test_a_payment_and_its_reversal_leave_the_claim_as_open_as_before(
    payment: ClaimPayment, billed: Decimal
) -> None:
    taken_back = ClaimPayment(
        patient_control_number="PCN",
        status="22",
        charge=-payment.charge,
        paid=-payment.paid,
        adjustments=tuple(Adjustment(each.group, each.reason, -each.amount) for each in payment.adjustments),
    )
    end = fold(read_facts([payment, taken_back]), billed=billed)
    assert (end.state, end.open, end.paid) == ("reversed", billed, Decimal(0))


@given(st.lists(payments(), min_size=2, max_size=6), CENTS)
def test_each_payment_moves_the_open_amount_by_its_charge(story: list[ClaimPayment], billed: Decimal) -> None:
    steps = [fold(read_facts(story[:count]), billed=billed) for count in range(len(story) + 1)]
    for (before, after), payment in zip(pairwise(steps), story, strict=True):
        moved = payment.charge if payment.status != "25" else Decimal(0)
        assert before.open - after.open == moved
