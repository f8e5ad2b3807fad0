"""Typed values of the answers to a claim: acknowledgments, claim statuses and remittances.

Money is Decimal, codes are str, dates are date. `pointer` fields are JSON Pointers (RFC 6901) into the
document that the value was read from, so that a finding about the value can say where it stands. Written as
JSON, the names of remittances are in camel case like all of the API's.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

import msgspec

from edi.findings import Finding

REVERSAL = "22"
PREDETERMINATION = "25"
DENIED = "4"
ACCEPTED_CATEGORIES = frozenset({"A0", "A1", "A2", "A5"})
REJECTED_CATEGORIES = frozenset({"A3", "A4", "A6", "A7", "A8"})


class InterchangeAcknowledgment(msgspec.Struct, frozen=True, kw_only=True):
    """A TA1: what became of one interchange. `code` is A, E or R (TA104), `note` is TA105."""

    control_number: str
    date: str
    time: str
    code: str
    note: str
    findings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        """True for A and E: the interchange was taken, perhaps with errors noted."""
        return self.code in ("A", "E")


class SetAcknowledgment(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction set of a 999: AK2 to IK5. `code` is IK501 (A, E, M, P, R, W, X).

    `errors` are IK502 to IK506 as sent; `findings` are the IK3 and IK4 notes in our own catalogue's
    words, each with the place that the note names. `claims` are the patient control numbers of the claims
    that the notes are about, where the receiver says so (CTX CLM01).
    """

    set_id: str
    control_number: str
    code: str
    version: str = ""
    errors: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """True for A and E: the receiver goes on with the transaction set."""
        return self.code in ("A", "E")


class GroupAcknowledgment(msgspec.Struct, frozen=True, kw_only=True):
    """A whole 999: AK1 to AK9. `code` is AK901; counts are AK902 to AK904; `errors` AK905 to AK909."""

    functional_id: str
    group_control_number: str
    version: str
    code: str
    sets: tuple[SetAcknowledgment, ...]
    included: int = 0
    received: int = 0
    accepted: int = 0
    errors: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    control_number: str = ""

    def find_answer(self, control_number: str) -> str:
        """The code for one transaction set of the group: its own, or where it is not listed the group's."""
        for answer in self.sets:
            if answer.control_number == control_number:
                return "R" if self.code == "R" else answer.code
        return self.code


class StatusCode(msgspec.Struct, frozen=True):
    """One claim status (STC01, STC10 or STC11): category, status and, where needed, the entity meant."""

    category: str
    status: str
    entity: str = ""


class Person(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """The name and identifier of a patient or subscriber (NM1)."""

    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    suffix: str = ""
    member_id: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A billing provider as an acknowledgment names it (2100C NM1): a person or an organization.

    `identifier` is read by `qualifier`: XX (NPI), FI (tax id) or SV (the payer's own number).
    """

    name: str
    first_name: str = ""
    identifier: str = ""
    qualifier: str = "XX"


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of one service line of a claim (277CA 2220D).

    `procedure` is SVC01-2, read by `qualifier`: a revenue code where that is NU; `revenue` is SVC04.
    """

    procedure: str
    statuses: tuple[StatusCode, ...]
    qualifier: str = "HC"
    modifiers: tuple[str, ...] = ()
    revenue: str = ""
    charge: Decimal | None = None
    control_number: str = ""
    date: datetime.date | None = None


class ClaimStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of one claim (277CA 2200D). `action` is STC03: WQ accepted, U rejected."""

    patient_control_number: str
    action: str
    statuses: tuple[StatusCode, ...]
    clearinghouse_trace: str = ""
    payer_claim_control_number: str = ""
    charge: Decimal | None = None
    service_from: datetime.date | None = None
    service_to: datetime.date | None = None
    effective: datetime.date | None = None
    message: str = ""
    bill_type: str = ""
    patient: Person = Person()
    provider: Party | None = None
    services: tuple[ServiceStatus, ...] = ()
    pointer: str = ""

    @property
    def accepted(self) -> bool:
        """True where the claim goes on: action WQ, and no status whose category rejects."""
        rejects = any(status.category in REJECTED_CATEGORIES for status in self.statuses)
        return self.action != "U" and not rejects


class ClaimBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a 277CA says of the batch that it answers, before the claims.

    `reference` is its own number (BHT03; where it is "" the generator's), `batch_number` the BHT03 of the 837
    answered, `receipt_number` the payer's number for the receipt (2200A TRN02).
    """

    batch_number: str
    payer_name: str
    payer_id: str
    receiver_name: str
    receiver_id: str
    receipt_number: str
    received: datetime.date
    processed: datetime.date
    reference: str = ""
    source_kind: str = "PR"


class ClaimStatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """One 277CA of one batch of claims, from one information source to one receiver.

    `reference` is BHT03, `batch_number` the 2200B TRN02 (BHT03 of the 837 answered). `source_kind` is PR
    (payer) or AY (clearinghouse). Totals are those that the report states (2200B QTY and AMT).
    """

    reference: str
    batch_number: str
    payer_name: str
    payer_id: str
    claims: tuple[ClaimStatus, ...]
    accepted_count: int = 0
    rejected_count: int = 0
    accepted_amount: Decimal = Decimal(0)
    rejected_amount: Decimal = Decimal(0)
    statuses: tuple[StatusCode, ...] = ()
    receipt_number: str = ""
    source_kind: str = "PR"
    receiver_name: str = ""
    receiver_id: str = ""
    received: datetime.date | None = None
    processed: datetime.date | None = None
    created: datetime.date | None = None
    control_number: str = ""


class Address(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A postal address (N3, N4)."""

    line1: str
    city: str
    line2: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


class Contact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Whom to ask (PER): a name and at least one way to reach it."""

    name: str = ""
    phone: str = ""
    email: str = ""
    url: str = ""


class BankAccount(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A bank account of an 835 (BPR06-09 or BPR12-15). `routing_qualifier` 01 is an ABA number."""

    routing_number: str
    account_number: str
    routing_qualifier: str = "01"
    account_qualifier: str = "DA"


class Adjustment(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Money by which a payment differs from the charge (CAS): a positive amount lowers the payment."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


class ServicePayment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What was paid for one service line (835 2110). `control_number` is REF 6R, `units` SVC05."""

    procedure: str
    charge: Decimal
    paid: Decimal
    qualifier: str = "HC"
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""
    units: Decimal | None = None
    date: datetime.date | None = None
    date_end: datetime.date | None = None
    control_number: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    remark_codes: tuple[str, ...] = ()
    allowed: Decimal | None = None
    pointer: str = ""


class ClaimPayment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What was paid for one claim (835 2100). `status` is CLP02, `frequency` CLP09.

    `adjustments` are those of the claim itself; those of its services stand in `services`.
    """

    patient_control_number: str
    status: str
    charge: Decimal
    paid: Decimal
    payer_claim_control_number: str = ""
    patient_responsibility: Decimal = Decimal(0)
    filing_indicator: str = ""
    frequency: str = ""
    facility_type: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    services: tuple[ServicePayment, ...] = ()
    service_from: datetime.date | None = None
    service_to: datetime.date | None = None
    received: datetime.date | None = None
    patient: Person = Person()
    rendering_npi: str = ""
    remark_codes: tuple[str, ...] = ()
    coverage_amount: Decimal | None = None
    pointer: str = ""

    @property
    def reversal(self) -> bool:
        """True where this takes back an earlier payment (CLP02 = 22): all its amounts are negated."""
        return self.status == REVERSAL

    @property
    def denied(self) -> bool:
        """True where the payer denied the whole claim (CLP02 = 4)."""
        return self.status == DENIED


class ProviderAdjustment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Money that belongs to no claim (PLB): a positive amount lowers the payment."""

    provider: str
    reason: str
    amount: Decimal
    fiscal_period: datetime.date | None = None
    identifier: str = ""


class Remittance(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """One 835: one payment from one payer to one payee, and the claims that it settles.

    `amount` is BPR02 with the sign of BPR03 (a debit is negative); `method` is BPR04, `date` BPR16,
    `trace_number` TRN02, `payer_id` TRN03. `unreadable` holds the pointers of amounts that are no numbers;
    they count as zero, and `check_balance` reports each.
    """

    payer_name: str
    payer_id: str
    payee_name: str
    trace_number: str
    amount: Decimal
    method: str
    claims: tuple[ClaimPayment, ...]
    payee_npi: str = ""
    payee_tax_id: str = ""
    date: datetime.date | None = None
    production_date: datetime.date | None = None
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    set_control_number: str = ""
    handling: str = "I"
    payment_format: str = ""
    payer_account: BankAccount | None = None
    payee_account: BankAccount | None = None
    payer_address: Address | None = None
    payee_address: Address | None = None
    payer_contact: Contact | None = None
    payer_plan_id: str = ""
    receiver_id: str = ""
    unreadable: tuple[str, ...] = ()
