"""A patient's statement as a paper: each bill with who paid what, and what is the patient's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.balances import Account, Bill, add_up, name_patient_of, name_provider_of, tell_kind
from gateway.papers.sheet import Sheet, write_day, write_money

HEADS = ("Claim", "Payer", "State", "Charge", "Paid", "CO", "OA, PI", "PR")


def draw_statement(number: str, bills: Sequence[Bill], made: datetime) -> bytes:
    """The statement of an account with this patient control number as PDF."""
    document = bills[0].claims[0].document
    sheet = Sheet("Patient statement", name_provider_of(document), made)
    sheet.write_facts(
        (
            ("Patient", name_patient_of(document)),
            ("Account", number),
            ("As of", write_day(made.date())),
            ("You owe", f"$ {write_money(add_up(bill.patient for bill in bills))}"),
        )
    )
    for bill in bills:
        _draw_bill(sheet, bill)
    sheet.write_note(
        "CO: the contract with the insurance, nobody owes it. OA, PI: other adjustments, among them what "
        "an earlier insurance paid. PR: what an insurance leaves to the patient. The last insurance that "
        "decided says what is owed."
    )
    return sheet.render()


def _draw_bill(sheet: Sheet, bill: Bill) -> None:
    first = bill.claims[0].claim
    sheet.write_heading(f"Service of {write_day(first.service_from) or 'unknown day'}")
    sheet.write_table(
        HEADS, map(_write_claim, bill.claims), widths=(13, 20, 14, 12, 11, 10, 10, 10), amounts=5
    )
    sheet.write_table(
        ("Charged", "Paid by insurance", "Written off", "With insurance", "Patient owes"),
        (tuple(map(write_money, (bill.charge, bill.paid, bill.written_off, bill.with_payer, bill.patient))),),
        widths=(20, 20, 20, 20, 20),
        amounts=5,
    )


def _write_claim(account: Account) -> tuple[str, ...]:
    claim, groups = account.claim, account.by_group
    other = add_up(amount for group, amount in groups.items() if group not in ("CO", "PR"))
    return (
        tell_kind(claim),
        str(account.document.get("tradingPartnerName", claim.payer_id)),
        claim.state.replace("_", " "),
        write_money(claim.charge),
        write_money(account.adjudication.paid),
        write_money(add_up([groups.get("CO", add_up(()))])),
        write_money(other),
        write_money(add_up([groups.get("PR", add_up(()))])),
    )
