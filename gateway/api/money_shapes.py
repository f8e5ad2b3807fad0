"""Shapes of payments, of patients' accounts, of partners and of translations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from edi.findings import Finding
from gateway.api.shapes import ClaimListed, Cursor, Limit, ProviderAdjustmentShown, RemittanceListed, Shape

Dollars = Annotated[Decimal, msgspec.Meta(description="Dollars and cents, as text or number.")]
EnvelopeId = Annotated[str, msgspec.Meta(min_length=2, max_length=15, pattern="^[ -~]+$")]


class DepositShown(Shape, frozen=True, kw_only=True):
    """A deposit line of the bank; `source` is bank, or ctx where the addenda of the transfer were read."""

    id: str
    amount: Decimal
    deposited_on: date
    source: str
    created_at: datetime


class PaymentListed(Shape, frozen=True, kw_only=True):
    """A check or transfer of a payer (TRN03, TRN02, BPR16), over every 835 set that tells of it.

    `state` is awaiting (no deposit yet), reassociated, variance (what came in differs by `variance`), or
    no_payment (BPR04 NON).
    """

    id: str
    payer_id: str
    payer_name: str
    trace_number: str
    date: date | None
    method: str
    amount: Decimal
    deposited: Decimal
    variance: Decimal
    state: str
    remittances: Sequence[str]


class PaymentDetail(PaymentListed, frozen=True, kw_only=True):
    """A payment with its remittances, its provider adjustments and what the bank said."""

    sets: Sequence[RemittanceListed]
    provider_adjustments: Sequence[ProviderAdjustmentShown]
    deposits: Sequence[DepositShown]


class PaymentPage(Shape, frozen=True, kw_only=True):
    """Payments, newest first; `next` continues, null at the end."""

    payments: Sequence[PaymentListed]
    next: str | None


class PaymentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which payments to list."""

    payer: Annotated[str, msgspec.Meta(max_length=80, description="The payer's id (TRN03).")] = ""
    cursor: Cursor = ""
    limit: Limit = 100


class NewDeposit(Shape, frozen=True, kw_only=True):
    """A deposit line of a bank. `addenda` is the TRN segment that came with a CCD+ or CTX transfer."""

    amount: Dollars
    date: date
    trace_number: Annotated[str, msgspec.Meta(max_length=50)] = ""
    addenda: Annotated[str, msgspec.Meta(max_length=200)] = ""


class StatementClaim(Shape, frozen=True, kw_only=True):
    """A claim of a bill: `kind` first, replacement, void or secondary; adjustments that stand, by group."""

    id: str
    kind: str
    payer_id: str
    payer_name: str
    state: str
    charge: Decimal
    paid: Decimal
    adjustments: dict[str, Decimal]
    patient_responsibility: Decimal


class StatementBill(Shape, frozen=True, kw_only=True):
    """A claim and all that follows it: charge = paid + writtenOff + patient + withPayer."""

    service_from: date | None
    service_to: date | None
    charge: Decimal
    paid: Decimal
    written_off: Decimal
    patient: Decimal
    with_payer: Decimal
    claims: Sequence[StatementClaim]


class Statement(Shape, frozen=True, kw_only=True):
    """A patient's account as of a day; `patient` is its id, `balance` what the patient owes."""

    patient: str
    patient_control_number: str
    patient_name: str
    provider_name: str
    as_of: date
    charge: Decimal
    paid: Decimal
    written_off: Decimal
    with_payer: Decimal
    balance: Decimal
    bills: Sequence[StatementBill]


class AccountShown(Shape, frozen=True, kw_only=True):
    """The claims of a patient's account, oldest first."""

    patient: str
    claims: Sequence[ClaimListed]


class TranslateQuery(Shape, frozen=True, kw_only=True):
    """How to translate. `whole` keeps the envelopes; the others are those of the X12 that is written."""

    whole: bool = False
    guide: Annotated[str, msgspec.Meta(max_length=40)] = ""
    sender: EnvelopeId = "CLAIMWIRE"
    receiver: EnvelopeId = "RECEIVER"
    control_number: Annotated[int, msgspec.Meta(ge=1, le=999_999_999)] = 1
    usage: Annotated[str, msgspec.Meta(pattern="^[PT]$")] = "T"


class Translated(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A translation with all that was found: `documents` of an X12 file, or the `x12` of documents."""

    findings: tuple[Finding, ...]
    documents: Any = None  # claims and reports as JSON
    x12: str = ""


class NumbersShown(Shape, frozen=True, kw_only=True):
    """The control numbers that a partner is sent: from where to where, and the last that was used."""

    first: int
    last: int
    last_interchange: int | None
    last_group: int | None


class PartnerShown(Shape, frozen=True, kw_only=True):
    """A partner as it stands; nothing secret of its settings. `state` is up or down.

    `refused`: it turned us away, and somebody must act; nobody tries before `next_try_at`. `waiting` claims
    leave next; the count ends at 500 for each payer.
    """

    name: str
    state: str
    refused: bool
    next_try_at: datetime | None
    transport: str | None
    real_time: bool
    payers: Sequence[str]
    inquiry_payers: Sequence[str]
    sender: str
    receiver: str
    usage: str
    waiting: int
    next_cut_off: datetime | None
    last_sent_at: datetime | None
    last_answer_at: datetime | None
    control_numbers: NumbersShown


class Partners(Shape, frozen=True, kw_only=True):
    """The tenant's partners, in the order of the settings."""

    partners: Sequence[PartnerShown]
