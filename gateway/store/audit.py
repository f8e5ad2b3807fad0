"""The audit log's rows: appended in a chain for each tenant, read, proven, and purged from the front only.

An entry carries a keyed digest of itself and of the link before it, as events do; the tenant's head says
where the chain ends and where it begins. Append last in a transaction, after events: the head stays locked
until it ends. A reason is sealed; the chain covers its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import String, and_, bindparam, literal, or_, type_coerce

from gateway.sealing import SealBroken
from gateway.store import tables
from gateway.store.chain import BEGINNING
from gateway.store.scope import TenantScope
from gateway.store.statements import Prepared, columns_of

SYSTEM: Final = ""
"""The tenant of the installation's own log."""
PURGED: Final = "audit.purged"
_PAGE: Final = 500


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what, from where, and how it ended. Ids and words of ours only, but for `reason`.

    `count` says how many attempts stand together in this entry.
    """

    action: str
    principal_kind: str
    principal: str
    route: str = ""
    kind: str = ""
    subjects: tuple[str, ...] = ()
    count: int = 1
    outcome: str = "done"
    address: str = ""
    request: str = ""
    reason: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One entry as kept: one thing touched stands in `subject`, several in `subjects`; `reason` is sealed."""

    sequence: int
    at: datetime
    principal_kind: str
    principal: str
    action: str
    route: str
    kind: str
    subject: str
    subjects: tuple[str, ...]
    count: int
    outcome: str
    address: str
    request: str
    reason: bytes | None
    reason_digest: str | None
    chain: str

    @property
    def touched(self) -> tuple[str, ...]:
        """The ids of all that was touched."""
        return (self.subject,) if self.subject else self.subjects


class Head(msgspec.Struct, frozen=True):
    """Where a chain ends, and after which entry it begins since older ones were purged."""

    sequence: int = 0
    chain: str = BEGINNING
    base: int = 0
    base_chain: str = BEGINNING


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are wanted; "" is any."""

    subject: str = ""
    principal: str = ""
    action: str = ""


_NONE: Final = literal("", String, literal_execute=True)  # in the SQL itself, as in the index's condition
_entry, _head = tables.audit_entry, tables.audit_head
_COLUMNS: Final = columns_of(_entry, Entry)
_TOLD: Final = tuple(
    name for name in Entry.__struct_fields__ if name not in ("at", "reason", "reason_digest", "chain")
)
_TAKE = Prepared(
    lambda statements: (
        statements.update(_head)
        .values(sequence=_head.c.sequence + bindparam("taken"))
        .returning(_head.c.sequence, _head.c.chain)
    )
)
_MOVE = Prepared(lambda statements: statements.update(_head).values(chain=bindparam("last")))


def append(scope: TenantScope, entries: Sequence[NewEntry]) -> None:
    """Append entries in their order, with the tenant's next numbers."""
    if not entries:
        return
    last, before = _take(scope, len(entries))
    now, rows = scope.now(), []
    for sequence, new in enumerate(entries, last - len(entries) + 1):
        entry = _make_entry(scope, sequence, now, new, before)
        before = entry.chain
        rows.append(msgspec.structs.asdict(entry))
    scope.insert(_entry, *rows)
    scope.run(_MOVE, last=before)


def _take(scope: TenantScope, count: int) -> tuple[int, str]:
    """The number of the last of the new entries, and the link before the first of them."""
    found = scope.tuples(_TAKE, taken=count)
    if not found:
        row = {"sequence": 0, "chain": BEGINNING, "base": 0, "base_chain": BEGINNING}
        scope.insert_unless_present(_head, row, ())
        found = scope.tuples(_TAKE, taken=count)
    [(sequence, chain)] = found
    return sequence, chain


def _make_entry(scope: TenantScope, sequence: int, at: datetime, new: NewEntry, before: str) -> Entry:
    alone = len(new.subjects) == 1
    reason = new.reason.encode("utf-8")
    entry = Entry(
        sequence=sequence,
        at=at,
        principal_kind=new.principal_kind,
        principal=new.principal,
        action=new.action,
        route=new.route,
        kind=new.kind,
        subject=new.subjects[0] if alone else "",
        subjects=() if alone else new.subjects,
        count=new.count,
        outcome=new.outcome,
        address=new.address,
        request=new.request,
        reason=scope.seal(reason, _context(sequence)) if reason else None,
        reason_digest=_digest(scope, sequence, reason) if reason else None,
        chain="",
    )
    return msgspec.structs.replace(entry, chain=make_link(scope, before, entry))


def make_link(scope: TenantScope, before: str, entry: Entry) -> str:
    """The link of `entry` after the link `before`."""
    told = [before, entry.at.isoformat(timespec="microseconds"), entry.reason_digest]
    told += [getattr(entry, name) for name in _TOLD]
    return scope.fingerprint(msgspec.json.encode(told).decode(), "audit chain")


def load_head(scope: TenantScope) -> Head:
    """Where the tenant's chain ends and begins; both at nothing before the first entry."""
    return scope.one(Head, scope.select(_head, *columns_of(_head, Head))) or Head()


def list_after(
    scope: TenantScope, cursor: int, *, limit: int = _PAGE, sought: Sought | None = None
) -> list[Entry]:
    """The entries with a number above `cursor`, in order."""
    wanted = sought or Sought()
    statement = scope.select(_entry, *_COLUMNS).where(_entry.c.sequence > cursor)
    if wanted.subject:
        several = type_coerce(_entry.c.subjects, String)
        named = and_(several != _NONE, several.contains(wanted.subject, autoescape=True))
        statement = statement.where(or_(_entry.c.subject == wanted.subject, named))
    for name in ("principal", "action"):
        if value := getattr(wanted, name):
            statement = statement.where(_entry.c[name] == value)
    return scope.rows(Entry, statement.order_by(_entry.c.sequence).limit(limit))


def walk(scope: TenantScope) -> Iterator[Entry]:
    """Every entry in order."""
    after = 0
    while page := list_after(scope, after):
        yield from page
        after = page[-1].sequence


def read_link(scope: TenantScope, sequence: int) -> str:
    """The link of the entry with this number; BEGINNING where there is none."""
    statement = scope.select(_entry, _entry.c.chain).where(_entry.c.sequence == sequence)
    return str(scope.value(statement) or BEGINNING)


def open_reason(scope: TenantScope, entry: Entry) -> str:
    """The reason in clear, "" where none was given. Raises SealBroken."""
    return scope.open(entry.reason, _context(entry.sequence)).decode("utf-8") if entry.reason else ""


def find_fault(scope: TenantScope, before: str, entry: Entry) -> str:
    """What is wrong with an entry after the link `before`, or ""."""
    if make_link(scope, before, entry) != entry.chain:
        return "is not what was appended there"
    if (entry.reason is None) != (entry.reason_digest is None):
        return "has lost its reason, or got one"
    try:
        reason = open_reason(scope, entry).encode("utf-8")
    except SealBroken:
        return "has a reason that does not open"
    same = entry.reason is None or _digest(scope, entry.sequence, reason) == entry.reason_digest
    return "" if same else "tells another reason than it did"


def purge(scope: TenantScope, before: datetime) -> int:
    """Delete the entries from before then at the front of the chain, and note where it begins now; how many.

    The note is an entry itself, so that nobody can move the beginning unseen.
    """
    kept = scope.select(_entry, _entry.c.sequence).where(_entry.c.at >= before).order_by(_entry.c.sequence)
    head = load_head(scope)
    first = scope.value(kept.limit(1))
    base = head.sequence if first is None else int(first) - 1
    if base <= head.base:
        return 0
    link = read_link(scope, base)
    gone = scope.run(scope.delete(_entry).where(_entry.c.sequence <= base))
    scope.run(scope.update(_head).values(base=base, base_chain=link))
    subjects = (name_base(base, link),)
    append(
        scope, [NewEntry(action=PURGED, principal_kind="system", principal="retention", subjects=subjects)]
    )
    return gone


def name_base(base: int, link: str) -> str:
    """How an entry tells where the chain begins."""
    return f"{base}:{link}"


def _digest(scope: TenantScope, sequence: int, reason: bytes) -> str:
    return scope.fingerprint(hashlib.sha256(reason).hexdigest(), f"audit reason:{sequence}")


def _context(sequence: int) -> str:
    return f"audit:{sequence}:reason"
