"""Shapes of what is asked of lists: the conditions, with the same names wherever they stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from gateway.api.shapes import Cursor, Limit

States = Annotated[str, msgspec.Meta(max_length=200, description="States, comma-separated.")]
PayerId = Annotated[str, msgspec.Meta(max_length=80, description="The payer's id.")]
Npi = Annotated[str, msgspec.Meta(max_length=10, description="The billing provider's NPI.")]
ClaimType = Annotated[
    str, msgspec.Meta(max_length=20, description="professional, institutional or dental, or the guide.")
]
ServiceFrom = Annotated[date | None, msgspec.Meta(description="Served on this day or later, CCYY-MM-DD.")]
ServiceTo = Annotated[date | None, msgspec.Meta(description="Served on this day or earlier, CCYY-MM-DD.")]
ReceivedFrom = Annotated[
    date | None, msgspec.Meta(description="Received on this day (UTC) or later, CCYY-MM-DD.")
]
ReceivedTo = Annotated[
    date | None, msgspec.Meta(description="Received on this day (UTC) or earlier, CCYY-MM-DD.")
]
ChargeFrom = Annotated[Decimal | None, msgspec.Meta(description="Total charge of so much or more.")]
ChargeTo = Annotated[Decimal | None, msgspec.Meta(description="Total charge of so much or less.")]
Batch = Annotated[
    str, msgspec.Meta(max_length=40, description="The id of the interchange it was sent in (interchange).")
]
ControlNumber = Annotated[
    str, msgspec.Meta(max_length=50, description="The patient control number (CLM01), whole.")
]
Trace = Annotated[str, msgspec.Meta(max_length=80, description="The trace number (TRN02), whole.")]
PaidFrom = Annotated[date | None, msgspec.Meta(description="Paid on this day or later, CCYY-MM-DD.")]
PaidTo = Annotated[date | None, msgspec.Meta(description="Paid on this day or earlier, CCYY-MM-DD.")]


class ClaimQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which claims to list: those that all of it fits."""

    state: States = ""
    payer: PayerId = ""
    billing_npi: Npi = ""
    claim_type: ClaimType = ""
    service_from: ServiceFrom = None
    service_to: ServiceTo = None
    received_from: ReceivedFrom = None
    received_to: ReceivedTo = None
    charge_from: ChargeFrom = None
    charge_to: ChargeTo = None
    batch: Batch = ""
    cursor: Cursor = ""
    limit: Limit = 100


class ClaimSearchWish(ClaimQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which claims to find, also by what may not stand in an address."""

    patient_control_number: ControlNumber = ""


class RemittanceQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which remittances to list: those that all of it fits."""

    payer: PayerId = ""
    trace: Trace = ""
    date_from: PaidFrom = None
    date_to: PaidTo = None
    cursor: Cursor = ""
    limit: Limit = 100
