"""Work items: what the gateway could not settle by itself and a person must look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func

from gateway.store import tables
from gateway.store.ages import Ages, count_ages
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

OPEN = "open"
RESOLVED = "resolved"

_item = tables.work_item


class WorkItem(msgspec.Struct, frozen=True):
    """One thing to settle: `reason` a finding's code, `candidates` ids of ours, `body` its JSON in clear.

    `subject` names what it is about where that is no row (a partner, a range of numbers). Once it is
    resolved, `claim` is the one that it was attached to, `resolved_by` the API key, `note` that person's
    words in clear.
    """

    id: str
    kind: str
    state: str
    file: str | None
    reason: str
    candidates: tuple[str, ...]
    body: bytes
    created_at: datetime
    resolved_at: datetime | None
    subject: str | None = None
    claim: str | None = None
    resolved_by: str | None = None
    note: bytes | None = None


_COLUMNS = columns_of(_item, WorkItem)


def add(
    scope: TenantScope,
    *,
    kind: str,
    reason: str,
    file: str | None = None,
    candidates: Sequence[str] = (),
    body: bytes = b"{}",
    subject: str | None = None,
) -> WorkItem:
    """Keep a new item; `body` comes in clear."""
    item = WorkItem(
        scope.new_id("wki"), kind, OPEN, file, reason, tuple(candidates), body, scope.now(), None, subject
    )
    scope.insert(_item, {**msgspec.structs.asdict(item), "body": scope.seal(body, _context(item.id))})
    return item


def load(scope: TenantScope, item_id: str, *, lock: bool = False) -> WorkItem | None:
    """The item, or None. With `lock`, no other transaction changes it until this one ends."""
    statement = scope.select(_item, *_COLUMNS).where(_item.c.id == item_id)
    found = _open(scope, scope.rows(WorkItem, statement.with_for_update() if lock else statement))
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


def find_about(scope: TenantScope, kind: str, reason: str, subject: str) -> list[WorkItem]:
    """The items of this kind, reason and subject, settled or not, oldest first."""
    statement = scope.select(_item, *_COLUMNS).where(
        _item.c.kind == kind, _item.c.reason == reason, _item.c.subject == subject
    )
    return _open(scope, scope.rows(WorkItem, statement.order_by(_item.c.id)))


def list_unmatched(
    scope: TenantScope,
    reasons: Sequence[str],
    since: datetime,
    *,
    file: str | None = None,
    limit: int = 100,
    after: str = "",
    lock: bool = False,
) -> list[WorkItem]:
    """The open items of these reasons since then that hold an answer (of `file` only, where given).

    Oldest first, newer than the id `after`. With `lock`, no other transaction settles them until this ends.
    """
    statement = scope.select(_item, *_COLUMNS).where(
        _item.c.state == OPEN, _item.c.reason.in_(reasons), _item.c.created_at >= since, _item.c.id > after
    )
    statement = statement.where(_item.c.file.is_not(None) if file is None else _item.c.file == file)
    ordered = statement.order_by(_item.c.id).limit(limit)
    return _open(scope, scope.rows(WorkItem, ordered.with_for_update() if lock else ordered))


def count_open(scope: TenantScope, kinds: Sequence[str]) -> Ages:
    """How many items of `kinds` are open, by age."""
    return count_ages(scope, _item, _item.c.created_at, _item.c.state == OPEN, _item.c.kind.in_(kinds))


def count_by_reason(scope: TenantScope) -> dict[str, int]:
    """How many open items there are for each reason."""
    statement = scope.select(_item, _item.c.reason, func.count()).where(_item.c.state == OPEN)
    return dict(scope.tuples(statement.group_by(_item.c.reason).order_by(_item.c.reason)))


def resolve(
    scope: TenantScope,
    item_id: str,
    *,
    claim: str | None = None,
    by: str | None = None,
    note: str = "",
) -> bool:
    """Close the item; False where no open one has this id. `note` comes in clear."""
    statement = scope.update(_item).where(_item.c.id == item_id, _item.c.state == OPEN)
    sealed = scope.seal(note.encode("utf-8"), _note_context(item_id)) if note else None
    changes = {"claim": claim, "resolved_by": by, "note": sealed, "resolved_at": scope.now()}
    return scope.run(statement.values(state=RESOLVED, **changes)) == 1


def _open(scope: TenantScope, items: list[WorkItem]) -> list[WorkItem]:
    return [
        msgspec.structs.replace(
            it,
            body=scope.open(it.body, _context(it.id)),
            note=scope.open(it.note, _note_context(it.id)) if it.note is not None else None,
        )
        for it in items
    ]


def _context(item_id: str) -> str:
    return f"work_item:{item_id}:body"


def _note_context(item_id: str) -> str:
    return f"work_item:{item_id}:note"
