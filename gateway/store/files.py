"""Files that came in or went out: which bytes, from whom, and what became of them.

States: received -> processed | quarantined, or duplicate from the start. The remote name is the sender's and
may hold anything: it is sealed, and nothing is ever named after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

import msgspec
from sqlalchemy import ColumnElement

from gateway.store import tables
from gateway.store.errors import NoSuchRow
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

RECEIVED = "received"
PROCESSED = "processed"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
INBOUND = "in"
DROPPED = "drop"
OUTBOUND = "out"

_file = tables.file


class File(msgspec.Struct, frozen=True):
    """One file. `sender` is ISA06 and `control_number` ISA13 of its first interchange, once read.

    `kinds` are the transaction sets in it, `original` the file that it repeats (in) or answers (out),
    `reason` a finding's code; `taken_at` is when a client took its report out of the mailbox.
    """

    id: str
    direction: str
    partner: str
    sha256: str
    size: int
    sender: str | None
    control_number: str | None
    kinds: tuple[str, ...]
    state: str
    reason: str | None
    original: str | None
    created_at: datetime
    processed_at: datetime | None
    taken_at: datetime | None


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose bytes are in the archive under `sha256`. `name` is the remote name as it came."""

    partner: str
    name: str
    sha256: str
    size: int
    direction: str = INBOUND
    sender: str | None = None
    control_number: str | None = None
    kinds: tuple[str, ...] = ()
    id: str | None = None


_COLUMNS = columns_of(_file, File)


def add(scope: TenantScope, new: NewFile) -> File:
    """Record a file. One whose bytes this partner, or this sender, has sent before is a duplicate."""
    original = _find_original(scope, new) if new.direction in (INBOUND, DROPPED) else None
    file = File(
        new.id or scope.new_id("fil"),
        new.direction,
        new.partner,
        new.sha256,
        new.size,
        new.sender,
        new.control_number,
        new.kinds,
        DUPLICATE if original else RECEIVED,
        None,
        original,
        scope.now(),
        None,
        None,
    )
    name = scope.seal(new.name.encode("utf-8", "surrogateescape"), _context(file.id))
    scope.insert(_file, {**msgspec.structs.asdict(file), "name": name})
    return file


def _find_original(scope: TenantScope, new: NewFile) -> str | None:
    """The id of the file with the same bytes; none comes in elsewhere until this transaction ends."""
    scope.lock(f"file:{new.partner}")
    statement = scope.select(_file, _file.c.id).where(
        _file.c.direction == new.direction,
        _file.c.partner == new.partner,
        _file.c.sha256 == new.sha256,
        _file.c.state != DUPLICATE,
    )
    original: str | None = scope.value(statement)
    return original


def load(scope: TenantScope, file_id: str, *, lock: bool = False) -> File | None:
    """The file, or None. With `lock`, no other transaction changes it until this one ends."""
    statement = scope.select(_file, *_COLUMNS).where(_file.c.id == file_id)
    return scope.one(File, statement.with_for_update() if lock else statement)


def read_name(scope: TenantScope, file_id: str) -> str:
    """The remote name as it came: show it escaped, use it for nothing else. Raises NoSuchRow."""
    sealed = scope.value(scope.select(_file, _file.c.name).where(_file.c.id == file_id))
    if sealed is None:
        raise NoSuchRow(file_id)
    return scope.open(sealed, _context(file_id)).decode("utf-8", "surrogateescape")


def find_by_control_number(scope: TenantScope, sender: str, control_number: str) -> list[File]:
    """The inbound files of this ISA06 and ISA13 that are no duplicates, oldest first."""
    statement = scope.select(_file, *_COLUMNS).where(
        _file.c.sender == sender,
        _file.c.control_number == control_number,
        _file.c.direction == INBOUND,
        _file.c.state != DUPLICATE,
    )
    return scope.rows(File, statement.order_by(_file.c.id))


def list_page(
    scope: TenantScope, *, states: Sequence[str] = (), before: str | None = None, limit: int = 100
) -> list[File]:
    """The tenant's files, newest first, older than the id `before`."""
    statement = scope.select(_file, *_COLUMNS)
    if states:
        statement = statement.where(_file.c.state.in_(states))
    if before is not None:
        statement = statement.where(_file.c.id < before)
    return scope.rows(File, statement.order_by(_file.c.id.desc()).limit(limit))


def list_after(scope: TenantScope, after: str, *, until: datetime, limit: int = 100) -> list[File]:
    """Inbound files with ids above `after` that came until a moment, oldest first; no duplicates.

    The list ends before the first that was not read yet, so that who goes on after its end misses none.
    """
    statement = scope.select(_file, *_COLUMNS).where(
        _file.c.direction == INBOUND,
        _file.c.id > after,
        _file.c.created_at <= until,
        _file.c.state != DUPLICATE,
    )
    found = scope.rows(File, statement.order_by(_file.c.id).limit(limit))
    return list(takewhile(lambda file: file.state != RECEIVED, found))


def list_untaken(scope: TenantScope, *, limit: int = 1000) -> list[File]:
    """Inbound files that were applied and that nobody has taken out of the mailbox, oldest first."""
    statement = scope.select(_file, *_COLUMNS).where(
        _file.c.direction == INBOUND, _file.c.state == PROCESSED, _file.c.taken_at.is_(None)
    )
    return scope.rows(File, statement.order_by(_file.c.id).limit(limit))


def list_unanswered(scope: TenantScope, sender: str, *, limit: int) -> list[File]:
    """Files that a client posted as `sender` whose acknowledgments nobody has picked up, oldest first."""
    statement = scope.select(_file, *_COLUMNS).where(
        _file.c.partner == sender,
        _file.c.direction.not_in((INBOUND, OUTBOUND)),
        _file.c.state.in_((PROCESSED, QUARANTINED)),
        _file.c.taken_at.is_(None),
    )
    return scope.rows(File, statement.order_by(_file.c.id).limit(limit))


def take(scope: TenantScope, file_id: str) -> bool:
    """Take a file out of the mailbox; it stays where it is. False where it was taken before."""
    untaken = (_file.c.id == file_id) & _file.c.taken_at.is_(None)
    return bool(scope.run(scope.update(_file).where(untaken).values(taken_at=scope.now())))


def find_last_received(scope: TenantScope, partner: str) -> datetime | None:
    """When the newest file of the partner came in, or None."""
    statement = scope.select(_file, _file.c.created_at).where(_is_from(partner))
    moment: datetime | None = scope.value(statement.order_by(_file.c.id.desc()).limit(1))
    return moment


def is_unread(scope: TenantScope, partner: str) -> bool:
    """True where a file of the partner came in and was not applied yet."""
    statement = scope.select(_file, _file.c.id).where(_is_from(partner), _file.c.state == RECEIVED)
    return scope.value(statement.limit(1)) is not None


def list_control_numbers(scope: TenantScope, partner: str, since: datetime) -> list[tuple[int, datetime]]:
    """The control numbers (ISA13) of the partner's files since the moment, in order, and when each came."""
    statement = scope.select(_file, _file.c.control_number, _file.c.created_at).where(
        _is_from(partner), _file.c.created_at >= since, _file.c.control_number.is_not(None)
    )
    return sorted((int(number), came) for number, came in scope.tuples(statement) if number.isdigit())


def _is_from(partner: str) -> ColumnElement[bool]:
    return (_file.c.partner == partner) & (_file.c.direction == INBOUND)


def add_claims(scope: TenantScope, file_id: str, claim_ids: Sequence[str]) -> None:
    """Say which claims came in the file, in its order."""
    rows = [{"file": file_id, "place": place, "claim": claim} for place, claim in enumerate(claim_ids, 1)]
    scope.insert(tables.file_claim, *rows)


def list_claims(scope: TenantScope, file_id: str) -> list[str]:
    """The ids of the claims that came in the file, in its order."""
    placed = tables.file_claim
    statement = scope.select(placed, placed.c.claim).where(placed.c.file == file_id)
    return [row[0] for row in scope.tuples(statement.order_by(placed.c.place))]


def list_answers(scope: TenantScope, file_id: str) -> list[File]:
    """The files of ours that answer this one, in the order they were made."""
    statement = scope.select(_file, *_COLUMNS).where(
        _file.c.original == file_id, _file.c.direction == OUTBOUND
    )
    return scope.rows(File, statement.order_by(_file.c.id))


def record_envelope(
    scope: TenantScope, file_id: str, *, sender: str, control_number: str, kinds: tuple[str, ...]
) -> None:
    """Say what was read from the envelope. Raises NoSuchRow."""
    _change(scope, file_id, sender=sender, control_number=control_number, kinds=kinds)


def settle(
    scope: TenantScope, file_id: str, state: str, *, reason: str | None = None, original: str | None = None
) -> None:
    """Say what became of the file; `reason` is a finding's code. Raises NoSuchRow."""
    _change(scope, file_id, state=state, reason=reason, original=original, processed_at=scope.now())


def _change(scope: TenantScope, file_id: str, **changes: object) -> None:
    if not scope.run(scope.update(_file).where(_file.c.id == file_id).values(**changes)):
        raise NoSuchRow(file_id)


def _context(file_id: str) -> str:
    return f"file:{file_id}:name"
