"""Work items: what the gateway could not settle by itself and a person must look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gateway.store import tables
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

OPEN = "open"
RESOLVED = "resolved"

_item = tables.work_item


class WorkItem(msgspec.Struct, frozen=True):
    """One thing to settle: `reason` a finding's code, `candidates` ids of ours, `body` its JSON in clear."""

    id: str
    kind: str
    state: str
    file: str | None
    reason: str
    candidates: tuple[str, ...]
    body: bytes
    created_at: datetime
    resolved_at: datetime | None


_COLUMNS = columns_of(_item, WorkItem)


def add(
    scope: TenantScope,
    *,
    kind: str,
    reason: str,
    file: str | None = None,
    candidates: Sequence[str] = (),
    body: bytes = b"{}",
) -> WorkItem:
    """Keep a new item; `body` comes in clear."""
    item = WorkItem(scope.new_id("wki"), kind, OPEN, file, reason, tuple(candidates), body, scope.now(), None)
    scope.insert(_item, {**msgspec.structs.asdict(item), "body": scope.seal(body, _context(item.id))})
    return item


def load(scope: TenantScope, item_id: str) -> WorkItem | None:
    """The item, or None."""
    found = _open(scope, scope.rows(WorkItem, scope.select(_item, *_COLUMNS).where(_item.c.id == item_id)))
    return found[0] if found else None


def list_open(
    scope: TenantScope, *, kinds: Sequence[str] = (), after: str | None = None, limit: int = 100
) -> list[WorkItem]:
    """The open items, oldest first, newer than the id `after`; of `kinds` only, where given."""
    statement = scope.select(_item, *_COLUMNS).where(_item.c.state == OPEN)
    if kinds:
        statement = statement.where(_item.c.kind.in_(kinds))
    if after is not None:
        statement = statement.where(_item.c.id > after)
    return _open(scope, scope.rows(WorkItem, statement.order_by(_item.c.id).limit(limit)))


def resolve(scope: TenantScope, item_id: str) -> bool:
    """Close the item; False where no open one has this id."""
    statement = scope.update(_item).where(_item.c.id == item_id, _item.c.state == OPEN)
    return scope.run(statement.values(state=RESOLVED, resolved_at=scope.now())) == 1


def _open(scope: TenantScope, items: list[WorkItem]) -> list[WorkItem]:
    return [msgspec.structs.replace(it, body=scope.open(it.body, _context(it.id))) for it in items]


def _context(item_id: str) -> str:
    return f"work_item:{item_id}:body"
