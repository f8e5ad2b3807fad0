"""The lifecycle: ranks, folds, and the proof that order never matters."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations, product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lifecycle import Fact, Settlement, Standing, advance, fold, load_lifecycle, moves

SENT = [Fact(f"claim.{name}") for name in ("received", "accepted", "batched", "sent")]
PAID = Fact(
    "claim.paid", Settlement(paid=Decimal("80.00"), adjusted=Decimal("15.00"), patient=Decimal("5.00"))
)
DENIED = Fact("claim.denied", Settlement(adjusted=Decimal("100.00"), denial=True))
REVERSED = Fact(
    "claim.reversed", Settlement(paid=Decimal("-80.00"), adjusted=Decimal("-15.00"), patient=Decimal("-5.00"))
)
BILLED = Decimal("100.00")


def test_states_of_the_table_are_those_of_the_architecture() -> None:
    assert set(load_lifecycle().state) == {
        *(
            "received",
            "rejected",
            "accepted",
            "batched",
            "sent",
            "acknowledged",
            "returned",
            "payer_accepted",
        ),
        *("payer_rejected", "pending", "paid", "partially_paid", "denied", "reversed"),
        *("replaced", "voided", "completed"),
    }


def test_ranks_are_all_different_so_that_the_join_has_one_answer() -> None:
    ranks = [state.rank for state in load_lifecycle().state.values()]
    assert len(set(ranks)) == len(ranks)


def test_the_regular_story_climbs_and_names_only_states_that_exist() -> None:
    states = load_lifecycle().state
    for name, state in states.items():
        for following in state.next:
            assert following in states, f"{name} leads to {following}, which is no state"
            climbs = states[following].rank > state.rank
            assert climbs or state.kind == "money", f"{name} leads back to {following}"


def test_every_event_of_the_table_names_a_state_or_a_mark() -> None:
    table = load_lifecycle()
    for name, effect in table.event.items():
        assert effect.state or effect.money or effect.sets or effect.clears, f"{name} does nothing"
        assert effect.state is None or effect.state in table.state, name


@pytest.mark.parametrize(
    ("functional", "claim_level", "money", "state"),
    [
        ("claim.acknowledged", "claim.payer_accepted", PAID, "paid"),
        ("claim.acknowledged", "claim.payer_accepted", DENIED, "denied"),
        ("claim.acknowledged", "claim.payer_rejected", None, "payer_rejected"),
        ("claim.returned", None, None, "returned"),
        ("claim.acknowledged", "claim.pending", PAID, "paid"),
    ],
)
def test_every_order_of_ta1_999_277ca_and_835_ends_in_the_same_state(
    functional: str, claim_level: str | None, money: Fact | None, state: str
) -> None:
    arrivals = [Fact("claim.acknowledged"), Fact(functional), Fact("claim.sent")]
    arrivals += [Fact(claim_level)] if claim_level else []
    arrivals += [money] if money else []
    ends = {fold([*SENT[:3], *order], billed=BILLED) for order in permutations(arrivals)}
    assert len(ends) == 1
    assert ends.pop().state == state


def test_an_acknowledgment_told_twice_changes_nothing_the_second_time() -> None:
    for name, effect in load_lifecycle().event.items():
        once = advance(fold(SENT, billed=BILLED), Fact(name))
        if effect.money is None:
            assert advance(once, Fact(name)) == once, name


def test_no_event_but_money_moves_a_claim_to_a_lower_rank() -> None:
    states = load_lifecycle().state
    for before, event in product(states, load_lifecycle().event):
        if states[before].kind == "journey":
            after = advance(Standing(journey=before), Fact(event)).state
            assert states[after].rank >= states[before].rank, f"{event} moves {before} back to {after}"


def test_a_late_999_reject_never_downgrades_a_paid_claim() -> None:
    paid = fold([*SENT, PAID], billed=BILLED)
    assert advance(paid, Fact("claim.returned")).state == "paid"
    assert not moves(paid, "claim.returned")


def test_an_acknowledgment_in_its_turn_moves_the_claim() -> None:
    assert moves(fold(SENT), "claim.acknowledged")
    assert not moves(fold([*SENT, Fact("claim.payer_accepted")]), "claim.acknowledged")


def test_payment_reversal_and_correction_give_the_same_standing_in_every_order() -> None:
    correction = Fact("claim.paid", Settlement(paid=Decimal("60.00"), adjusted=Decimal("40.00")))
    ends = {fold(order, billed=BILLED) for order in permutations([*SENT, PAID, REVERSED, correction])}
    assert len(ends) == 1
    end = ends.pop()
    assert (end.state, end.paid, end.open) == ("paid", Decimal("60.00"), Decimal("0.00"))


def test_a_reversal_without_a_correction_leaves_the_charge_open() -> None:
    end = fold([*SENT, PAID, REVERSED], billed=BILLED)
    assert (end.state, end.open) == ("reversed", BILLED)


def test_a_reversal_that_arrives_before_its_payment_ends_alike() -> None:
    assert fold([*SENT, REVERSED, PAID], billed=BILLED) == fold([*SENT, PAID, REVERSED], billed=BILLED)


def test_a_denial_taken_back_and_settled_by_the_deductible_is_paid() -> None:
    taken_back = Fact("claim.reversed", Settlement(adjusted=Decimal("-100.00"), denial=True))
    deductible = Fact("claim.paid", Settlement(patient=Decimal("100.00")))
    assert fold([*SENT, DENIED, taken_back, deductible], billed=BILLED).state == "paid"


def test_a_split_payment_is_partial_until_the_rest_arrives() -> None:
    half = Fact("claim.paid", Settlement(paid=Decimal("40.00"), adjusted=Decimal("10.00")))
    assert fold([*SENT, half], billed=BILLED).state == "partially_paid"
    assert fold([*SENT, half, half], billed=BILLED).state == "paid"


def test_a_mark_stands_beside_the_state_until_something_arrives() -> None:
    overdue = fold([*SENT, Fact("claim.overdue", mark="no_functional_acknowledgment")])
    assert (overdue.state, overdue.marks) == (
        "sent",
        frozenset({"overdue", "no_functional_acknowledgment"}),
    )
    assert advance(overdue, Fact("claim.acknowledged")).marks == frozenset()


def test_only_the_answer_that_is_missing_clears_what_a_claim_is_overdue_for() -> None:
    waiting = fold([*SENT, Fact("claim.overdue", mark="no_remittance")])
    told = fold([Fact("claim.acknowledged"), Fact("claim.payer_accepted")])
    for event in ("claim.acknowledged", "claim.payer_accepted", "claim.pending"):
        assert "overdue" in advance(waiting, Fact(event)).marks, event
    paid = advance(waiting, Fact("claim.paid", Settlement(paid=Decimal("1.00"))))
    assert paid.marks == told.marks == frozenset()


AMOUNTS = st.decimals(min_value=-99999, max_value=99999, places=2)
FACTS = st.builds(
    Fact,
    type=st.sampled_from(sorted(load_lifecycle().event)),
    settlement=st.none()
    | st.builds(Settlement, paid=AMOUNTS, adjusted=AMOUNTS, patient=AMOUNTS, denial=st.booleans()),
)


@given(st.lists(FACTS), AMOUNTS)
def test_billed_is_paid_and_adjusted_and_patient_and_open_after_any_story(
    facts: list[Fact], billed: Decimal
) -> None:
    end = fold(facts, billed=billed)
    assert billed == end.paid + end.adjusted + end.patient + end.open
    assert end.state in load_lifecycle().state


@given(
    st.lists(FACTS, max_size=8).flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts))),
    AMOUNTS,
)
def test_any_two_orders_of_the_same_events_agree_on_state_and_money(
    orders: tuple[list[Fact], list[Fact]], billed: Decimal
) -> None:
    one, other = (msgspec.structs.replace(fold(order, billed=billed), marks=frozenset()) for order in orders)
    assert one == other


REPLACED = Fact("claim.replaced")


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_replaced_claim_is_replaced_in_every_order_of_its_payment_reversal_and_replacement(
    order: tuple[int, ...],
) -> None:
    facts = [PAID, REVERSED, Fact("claim.payer_accepted"), REPLACED]
    standing = fold([*SENT, *(facts[place] for place in order)], billed=BILLED)
    assert (standing.state, standing.paid, standing.open) == ("replaced", 0, BILLED)


def test_an_end_moves_a_claim_that_has_money_and_nothing_moves_it_on() -> None:
    paid = fold([*SENT, PAID], billed=BILLED)
    assert moves(paid, "claim.replaced")
    replaced = advance(paid, REPLACED)
    assert not moves(replaced, "claim.replaced")
    assert not moves(replaced, "claim.payer_accepted")
    assert advance(replaced, REVERSED).state == "replaced"


def test_every_echo_is_an_event_and_stands_for_a_state() -> None:
    table = load_lifecycle()
    for kind, rules in table.follow_up.items():
        for state, event in rules.echoes.items():
            assert state in table.state, kind
            assert event in table.event, kind
