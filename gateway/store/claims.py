"""Claims: what was posted (sealed), what it amounts to, and where it stands.

The patient control number is looked up by its fingerprint; in clear it stands in the sealed body only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, func, literal, type_coerce

from gateway.store import tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import SystemScope, TenantScope
from gateway.store.statements import Prepared, Statements, columns_of

CONTROL_NUMBER = "patient_control_number"
ZERO = Decimal("0.00")
LOOKED_UP_AT_ONCE = 500


class Claim(msgspec.Struct, frozen=True):
    """One claim without its body. Money: charge = paid + adjusted + patient + open.

    `frequency` is CLM05-3, `usage` ISA15 (P or T), `original` the id of the claim that this one replaces or
    voids.
    """

    id: str
    claim_type: str
    control_fingerprint: str
    duplicate_fingerprint: str
    payer_id: str
    billing_npi: str
    frequency: str
    usage: str
    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    open: Decimal
    service_from: date | None
    service_to: date | None
    state: str
    marks: tuple[str, ...]
    original: str | None
    created_at: datetime
    updated_at: datetime


class NewClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a claim when it comes in. `body` is the claim's JSON in clear; `add` seals it.

    `duplicate_fingerprint` is that of `fingerprint_duplicate`, where the caller has made it already.
    """

    id: str
    claim_type: str
    patient_control_number: str
    payer_id: str
    billing_npi: str
    frequency: str
    charge: Decimal
    service_from: date | None
    service_to: date | None
    body: bytes
    usage: str = "P"
    state: str = "received"
    marks: tuple[str, ...] = ()
    original: str | None = None
    duplicate_fingerprint: str = ""


class Equal(msgspec.Struct, frozen=True):
    """A claim that a new one would be equal to."""

    id: str
    state: str
    duplicate_fingerprint: str


class Totals(msgspec.Struct, frozen=True):
    """Money over a set of claims."""

    claims: int
    charge: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    open: Decimal


_COLUMNS = columns_of(tables.claim, Claim)


def _select_one(statements: Statements, *columns: ColumnElement[Any]) -> Select[Any]:
    return statements.select(tables.claim, *columns).where(tables.claim.c.id == bindparam("claim"))


def _select_equal(statements: Statements, column: str) -> Select[Any]:
    wanted = tables.claim.c[column] == bindparam("fingerprint")
    newest_first = tables.claim.c.id.desc()
    return statements.select(tables.claim, *_COLUMNS).where(wanted).order_by(newest_first)


_LOAD = Prepared(lambda statements: _select_one(statements, *_COLUMNS))
_LOCK = Prepared(lambda statements: _select_one(statements, *_COLUMNS).with_for_update())
_LOAD_BODY = Prepared(lambda statements: _select_one(statements, tables.claim.c.body))
_FIND_BY_CONTROL_NUMBER = Prepared(lambda statements: _select_equal(statements, "control_fingerprint"))
_STANDING = ("state", "marks", "paid", "adjusted", "patient", "open", "updated_at")
_SETTLE = Prepared(
    lambda statements: (
        statements.update(tables.claim)
        .where(tables.claim.c.id == bindparam("claim"))
        .values({name: bindparam(f"new_{name}", type_=tables.claim.c[name].type) for name in _STANDING})
    )
)
_COPIED = (
    "id",
    "claim_type",
    "payer_id",
    "billing_npi",
    "frequency",
    "usage",
    "charge",
    "service_from",
    "service_to",
)
_MONEY = ("charge", "paid", "adjusted", "patient", "open")


def add(scope: TenantScope, new: NewClaim) -> Claim:
    """Store a claim and return it. Raises Conflict where the id is taken."""
    return add_all(scope, [new])[0]


def add_all(scope: TenantScope, news: Sequence[NewClaim]) -> list[Claim]:
    """Store claims and return them. Raises Conflict where an id is taken."""
    now = scope.now()
    rows = [_write_row(scope, new, now) for new in news]
    scope.insert(
        tables.claim,
        *(
            {**row, "body": scope.seal(new.body, _context(new.id))}
            for row, new in zip(rows, news, strict=True)
        ),
    )
    return [Claim(**row) for row in rows]


def _write_row(scope: TenantScope, new: NewClaim, now: datetime) -> dict[str, Any]:
    """The columns of a new claim, all but the body."""
    values = {name: getattr(new, name) for name in (*_COPIED, "state", "marks", "original")}
    values |= {"paid": ZERO, "adjusted": ZERO, "patient": ZERO, "open": new.charge}
    values |= {
        "control_fingerprint": fingerprint_control_number(scope, new.patient_control_number),
        "duplicate_fingerprint": new.duplicate_fingerprint or fingerprint_duplicate(scope, new),
    }
    return values | {"created_at": now, "updated_at": now}


def fingerprint_control_number(scope: TenantScope, patient_control_number: str) -> str:
    """What the patient control number (CLM01, CLP01) is looked up by."""
    return scope.fingerprint(patient_control_number, CONTROL_NUMBER)


def fingerprint_duplicate(scope: TenantScope, new: NewClaim) -> str:
    """Equal for claims of one provider, control number, payer, service dates, charge and frequency."""
    parts = (
        new.billing_npi,
        new.patient_control_number,
        new.payer_id,
        str(new.service_from),
        str(new.service_to),
        f"{new.charge:.2f}",
        new.frequency,
    )
    return scope.fingerprint("\x1f".join(parts), "duplicate_claim")


def load(scope: TenantScope, claim_id: str, *, lock: bool = False) -> Claim | None:
    """The claim, or None. With `lock`, no other transaction changes it until this one ends."""
    return scope.one(Claim, _LOCK if lock else _LOAD, claim=claim_id)


def load_many(scope: TenantScope, claim_ids: Collection[str], *, lock: bool = False) -> list[Claim]:
    """Those of the claims that there are, in order of id."""
    found: list[Claim] = []
    for chunk in _chunk(sorted(claim_ids)):
        statement = scope.select(tables.claim, *_COLUMNS).where(tables.claim.c.id.in_(chunk))
        ordered = statement.order_by(tables.claim.c.id)
        found += scope.rows(Claim, ordered.with_for_update() if lock else ordered)
    return found


def read_body(scope: TenantScope, claim_id: str) -> bytes:
    """The claim's JSON in clear. Raises NoSuchRow, SealBroken."""
    sealed = scope.value(_LOAD_BODY, claim=claim_id)
    if sealed is None:
        raise NoSuchRow(claim_id)
    return scope.open(sealed, _context(claim_id))


def read_bodies(scope: TenantScope, claim_ids: Collection[str]) -> dict[str, bytes]:
    """The JSON in clear of those of the claims that there are, by id."""
    columns = (tables.claim.c.id, tables.claim.c.body)
    sealed: list[tuple[str, bytes]] = []
    for chunk in _chunk(claim_ids):
        sealed += scope.tuples(scope.select(tables.claim, *columns).where(tables.claim.c.id.in_(chunk)))
    return {claim_id: scope.open(body, _context(claim_id)) for claim_id, body in sealed}


def find_by_control_number(scope: TenantScope, patient_control_number: str) -> list[Claim]:
    """The claims with this patient control number, newest first."""
    wanted = fingerprint_control_number(scope, patient_control_number)
    return scope.rows(Claim, _FIND_BY_CONTROL_NUMBER, fingerprint=wanted)


def find_by_control_numbers(
    scope: TenantScope, patient_control_numbers: Collection[str]
) -> dict[str, list[Claim]]:
    """The claims with each of these patient control numbers, newest first, all looked up at once."""
    wanted = {fingerprint_control_number(scope, number): number for number in patient_control_numbers}
    found: dict[str, list[Claim]] = {number: [] for number in patient_control_numbers}
    column = tables.claim.c.control_fingerprint
    for chunk in _chunk(wanted):
        statement = scope.select(tables.claim, *_COLUMNS).where(column.in_(chunk))
        for claim in scope.rows(Claim, statement.order_by(tables.claim.c.id.desc())):
            found[wanted[claim.control_fingerprint]].append(claim)
    return found


def find_equal(scope: TenantScope, duplicate_fingerprints: Iterable[str]) -> list[Equal]:
    """The claims equal to new ones, newest first; none is added elsewhere until this transaction ends."""
    wanted = sorted(set(duplicate_fingerprints))
    scope.lock_all(f"duplicate:{fingerprint}" for fingerprint in wanted)
    found: list[Equal] = []
    for chunk in _chunk(wanted):
        size = 1 << (len(chunk) - 1).bit_length()
        padded = chunk + chunk[-1:] * (size - len(chunk))
        named = {f"wanted_{place}": fingerprint for place, fingerprint in enumerate(padded)}
        found += scope.rows(Equal, _prepare_equal(size), **named)
    return sorted(found, key=lambda claim: claim.id, reverse=True)


@lru_cache(maxsize=16)
def _prepare_equal(size: int) -> Prepared:
    """The look-up of so many fingerprints; a power of two, so that few are ever compiled."""
    wanted: list[BindParameter[str]] = [bindparam(f"wanted_{place}") for place in range(size)]
    columns = columns_of(tables.claim, Equal)
    return Prepared(
        lambda statements: statements.select(tables.claim, *columns).where(
            tables.claim.c.duplicate_fingerprint.in_(wanted)
        )
    )


def list_page(scope: TenantScope, *, before: str | None = None, limit: int = 100) -> list[Claim]:
    """The tenant's claims, newest first, older than the id `before`."""
    statement = scope.select(tables.claim, *_COLUMNS)
    if before is not None:
        statement = statement.where(tables.claim.c.id < before)
    return scope.rows(Claim, statement.order_by(tables.claim.c.id.desc()).limit(limit))


def tenants_with_state(system: SystemScope, state: str) -> list[str]:
    """The tenants that have claims in `state`."""
    return system.tenants_with(tables.claim, tables.claim.c.state == state)


def list_payers_in(scope: TenantScope, state: str) -> list[str]:
    """The payers that have claims in `state`."""
    payer = tables.claim.c.payer_id
    statement = scope.select(tables.claim, payer).where(tables.claim.c.state == state)
    return [row[0] for row in scope.tuples(statement.distinct().order_by(payer))]


def take_in_state(
    scope: TenantScope, state: str, payer_id: str, limit: int, *, unless_marked: str = ""
) -> list[Claim]:
    """The oldest claims of a payer in `state`, locked, without those that bear the mark `unless_marked`.

    Those that another transaction holds are left out.
    """
    statement = scope.select(tables.claim, *_COLUMNS).where(
        tables.claim.c.state == state, tables.claim.c.payer_id == payer_id
    )
    if unless_marked:
        marks = type_coerce(tables.claim.c.marks, String)
        statement = statement.where((literal(" ") + marks + " ").not_like(f"% {unless_marked} %"))
    ordered = statement.order_by(tables.claim.c.id).limit(limit)
    return scope.rows(Claim, ordered.with_for_update(skip_locked=True))


def move(scope: TenantScope, claim_ids: Collection[str], state: str) -> int:
    """Set the state of many claims at once; how many there were."""
    moved = 0
    for chunk in _chunk(claim_ids):
        statement = scope.update(tables.claim).where(tables.claim.c.id.in_(chunk))
        moved += scope.run(statement.values(state=state, updated_at=scope.now()))
    return moved


def change(
    scope: TenantScope,
    claim_id: str,
    *,
    state: str | None = None,
    marks: tuple[str, ...] | None = None,
    paid: Decimal | None = None,
    adjusted: Decimal | None = None,
    patient: Decimal | None = None,
    open: Decimal | None = None,
) -> None:
    """Set what is given and leave the rest. Raises NoSuchRow."""
    given = {
        "state": state,
        "marks": marks,
        "paid": paid,
        "adjusted": adjusted,
        "patient": patient,
        "open": open,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    statement = scope.update(tables.claim).where(tables.claim.c.id == claim_id)
    if not scope.run(statement.values(**changes, updated_at=scope.now())):
        raise NoSuchRow(claim_id)


def settle(
    scope: TenantScope,
    claim_id: str,
    *,
    state: str,
    marks: tuple[str, ...],
    paid: Decimal,
    adjusted: Decimal,
    patient: Decimal,
    open: Decimal,
) -> None:
    """Set the claim's whole standing; as `change`, made once for the many claims of a remittance."""
    standing = (state, marks, paid, adjusted, patient, open, scope.now())
    values = {f"new_{name}": value for name, value in zip(_STANDING, standing, strict=True)}
    if not scope.run(_SETTLE, claim=claim_id, **values):
        raise NoSuchRow(claim_id)


def sum_money(scope: TenantScope) -> dict[str, Totals]:
    """The money of all claims, by state."""
    sums = [func.sum(tables.claim.c[name]).label(name) for name in _MONEY]
    statement = scope.select(tables.claim, tables.claim.c.state, func.count(), *sums)
    grouped = statement.group_by(tables.claim.c.state).order_by(tables.claim.c.state)
    return {state: Totals(*totals) for state, *totals in scope.tuples(grouped)}


def _context(claim_id: str) -> str:
    return f"claim:{claim_id}:body"


def _chunk(values: Iterable[str]) -> Iterator[list[str]]:
    """The values in lists that a statement can hold: databases limit the parameters of one."""
    waiting = list(values)
    return (waiting[at : at + LOOKED_UP_AT_ONCE] for at in range(0, len(waiting), LOOKED_UP_AT_ONCE))
