"""Properties of remittances: what balances by construction balances by check, through JSON and X12."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.envelope_writer import EnvelopeSettings
from edi.files import check_file
from edi.models import Adjustment, ClaimPayment, ProviderAdjustment, Remittance, ServicePayment
from edi.remits import check_balance, read_remittance, remittance_document
from edi.writer import write_documents
from tests.answers import make_claim, make_remittance

ENVELOPE = EnvelopeSettings(
    sender_qualifier="ZZ",
    sender="EHP",
    receiver_qualifier="ZZ",
    receiver="RBB01",
    group_sender="EHP",
    group_receiver="RBB01",
    usage="T",
    control_number=1,
    group_control_number=1,
    created=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
)
money = st.integers(min_value=0, max_value=9_999_999).map(lambda cents: Decimal(cents) / 100)
adjustments = st.lists(
    st.builds(
        Adjustment,
        st.sampled_from(["CO", "OA", "PI", "PR"]),
        st.sampled_from(["1", "2", "3", "45", "97", "253", "B7"]),
        money.filter(bool),
    ),
    max_size=9,
).map(tuple)


@st.composite
def services(draw: st.DrawFn) -> ServicePayment:
    reasons, paid = draw(adjustments), draw(money)
    return ServicePayment(
        procedure="99213",
        charge=paid + sum((reason.amount for reason in reasons), Decimal(0)),
        paid=paid,
        date=date(2026, 11, 2),
        adjustments=reasons,
    )


@st.composite
def claims(draw: st.DrawFn) -> ClaimPayment:
    lines = draw(st.lists(services(), min_size=1, max_size=3))
    own = draw(adjustments)
    claim = make_claim(f"RB-{draw(st.integers(1, 999))}", *lines)
    share = sum((reason.amount for reason in own if reason.group == "PR"), Decimal(0))
    return msgspec.structs.replace(
        claim,
        adjustments=own,
        paid=claim.paid - sum((reason.amount for reason in own), Decimal(0)),
        patient_responsibility=claim.patient_responsibility + share,
    )


@st.composite
def remittances(draw: st.DrawFn) -> Remittance:
    kept = draw(
        st.lists(
            st.builds(
                ProviderAdjustment,
                provider=st.just("1999999984"),
                fiscal_period=st.just(date(2026, 12, 31)),
                reason=st.sampled_from(["WO", "FB", "L6", "CS"]),
                identifier=st.just("EHP1"),
                amount=st.one_of(money, money.map(lambda amount: -amount)),
            ),
            max_size=8,
        )
    )
    return make_remittance(*draw(st.lists(claims(), max_size=3)), kept=tuple(kept))


@given(remittances())
@settings(max_examples=60, deadline=None)
def test_what_is_built_balanced_has_no_findings_and_reads_back(remittance: Remittance) -> None:
    document = remittance_document(remittance)
    read = read_remittance(document)
    assert check_balance(remittance) == check_balance(read) == ()
    assert remittance_document(read) == document


@given(remittances().filter(lambda remittance: bool(remittance.claims)), money.filter(bool))
@settings(max_examples=60, deadline=None)
def test_a_payment_off_by_any_amount_is_found_with_that_amount(remittance: Remittance, off: Decimal) -> None:
    changed = msgspec.structs.replace(remittance, amount=remittance.amount - off)
    found = {finding.code: finding.value for finding in check_balance(changed)}
    assert Decimal(found["remittance.transaction_unbalanced"] or 0) == off


@given(remittances(), st.integers(-500, 500))
@settings(max_examples=40, deadline=None)
def test_the_rules_over_the_tree_and_over_the_typed_value_agree(remittance: Remittance, cents: int) -> None:
    off = Decimal(cents) / 100
    changed = tuple(
        msgspec.structs.replace(claim, charge=claim.charge + off) if index == 0 else claim
        for index, claim in enumerate(remittance.claims)
    )
    remittance = msgspec.structs.replace(remittance, claims=changed)
    report = check_file(write_documents("005010X221A1", [remittance_document(remittance)], ENVELOPE))
    by_tree = sorted(finding.code for finding in report.all_findings)
    by_value = sorted(finding.code for finding in check_balance(remittance))
    assert by_tree == by_value
    (document,) = report.sets[0].documents
    assert read_remittance(document).claims == read_remittance(remittance_document(remittance)).claims
