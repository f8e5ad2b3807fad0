"""Acknowledgments: every TA1, 999 and 277CA statement that came in, whether it changed anything or not."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

_acknowledgment = tables.acknowledgment


class Acknowledgment(msgspec.Struct, frozen=True):
    """One statement about an interchange or a claim of ours, or about none that we know.

    `kind` is ta1, 999 or 277ca; `code` is TA104, IK501/AK901 or the STC category and status; `applied` says
    whether it moved a state; `body` is its JSON in clear.
    """

    id: str
    kind: str
    file: str
    claim: str | None
    interchange: str | None
    code: str
    applied: bool
    body: bytes
    created_at: datetime


_COLUMNS = columns_of(_acknowledgment, Acknowledgment)


def add(
    scope: TenantScope,
    *,
    kind: str,
    file: str,
    code: str,
    applied: bool,
    body: bytes,
    claim: str | None = None,
    interchange: str | None = None,
) -> Acknowledgment:
    """Keep one statement; `body` comes in clear."""
    kept = Acknowledgment(
        scope.new_id("ack"), kind, file, claim, interchange, code, applied, body, scope.now()
    )
    sealed = scope.seal(body, _context(kept.id))
    scope.insert(_acknowledgment, {**msgspec.structs.asdict(kept), "body": sealed})
    return kept


def attach(scope: TenantScope, file_id: str, body: bytes, claim_id: str, *, applied: bool) -> bool:
    """Say which claim a statement of the file means that nobody has matched; False where there is none.

    The statement is known by its body in clear.
    """
    for kept in list_of_file(scope, file_id):
        if kept.claim is None and kept.interchange is None and kept.body == body:
            statement = scope.update(_acknowledgment).where(_acknowledgment.c.id == kept.id)
            return scope.run(statement.values(claim=claim_id, applied=applied)) == 1
    return False


def remove_orphan(scope: TenantScope, file_id: str, body: bytes) -> bool:
    """Forget a statement of the file that meant none of ours, once it is kept with what it means."""
    for kept in list_of_file(scope, file_id):
        if kept.claim is None and kept.interchange is None and kept.body == body:
            return scope.run(scope.delete(_acknowledgment).where(_acknowledgment.c.id == kept.id)) == 1
    return False


def list_of_claim(scope: TenantScope, claim_id: str) -> list[Acknowledgment]:
    """What was said of the claim, in the order it came."""
    return _list(scope, "claim", claim_id)


def list_of_interchange(scope: TenantScope, interchange_id: str) -> list[Acknowledgment]:
    """What was said of the interchange, in the order it came."""
    return _list(scope, "interchange", interchange_id)


def list_of_file(scope: TenantScope, file_id: str) -> list[Acknowledgment]:
    """What the file said."""
    return _list(scope, "file", file_id)


def _list(scope: TenantScope, column: str, row_id: str) -> list[Acknowledgment]:
    statement = scope.select(_acknowledgment, *_COLUMNS).where(_acknowledgment.c[column] == row_id)
    found = scope.rows(Acknowledgment, statement.order_by(_acknowledgment.c.id))
    return [msgspec.structs.replace(it, body=scope.open(it.body, _context(it.id))) for it in found]


def _context(acknowledgment_id: str) -> str:
    return f"acknowledgment:{acknowledgment_id}:body"
