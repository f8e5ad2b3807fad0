"""Claims found by what is asked of them: any of the conditions of a search, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement

from gateway.ids import write_earliest
from gateway.store import tables
from gateway.store.claims import Claim, fingerprint_control_number
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

CLAIM_ID: Final = "clm"
_claim = tables.claim
_placed = tables.interchange_claim
_COLUMNS = columns_of(_claim, Claim)


class ClaimSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked; None asks nothing. `before` is an id: of older claims only.

    A claim's dates of service lie in a range where they touch it; `received_until` is the first moment that
    is too late. `batch` is the id of an interchange.
    """

    states: tuple[str, ...] = ()
    payer_id: str | None = None
    billing_npi: str | None = None
    claim_type: str | None = None
    service_from: date | None = None
    service_to: date | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None
    charge_from: Decimal | None = None
    charge_to: Decimal | None = None
    batch: str | None = None
    patient_control_number: str | None = None
    before: str | None = None
    limit: int = 100


def search(scope: TenantScope, asked: ClaimSearch) -> list[Claim]:
    """The tenant's claims that all of it fits, newest first."""
    statement = scope.select(_claim, *_COLUMNS).where(*_list_conditions(scope, asked))
    return scope.rows(Claim, statement.order_by(_claim.c.id.desc()).limit(asked.limit))


def _list_conditions(scope: TenantScope, asked: ClaimSearch) -> Iterator[ColumnElement[Any]]:
    column = _claim.c
    if asked.states:
        yield column.state.in_(asked.states)
    if asked.batch is not None:
        placed = scope.select(_placed, _placed.c.claim).where(_placed.c.interchange == asked.batch)
        yield column.id.in_(placed)
    if asked.patient_control_number is not None:
        yield column.control_fingerprint == fingerprint_control_number(scope, asked.patient_control_number)
    for name in ("payer_id", "billing_npi", "claim_type"):
        if (wanted := getattr(asked, name)) is not None:
            yield column[name] == wanted
    if asked.received_from is not None:
        yield column.id >= write_earliest(CLAIM_ID, asked.received_from)
    if asked.received_until is not None:
        yield column.id < write_earliest(CLAIM_ID, asked.received_until)
    for lowest, least in ((column.service_to, asked.service_from), (column.charge, asked.charge_from)):
        if least is not None:
            yield lowest >= least
    for highest, most in ((column.service_from, asked.service_to), (column.charge, asked.charge_to)):
        if most is not None:
            yield highest <= most
    if asked.before is not None:
        yield column.id < asked.before
