"""Where a virtual world fails: every call of disk, database, mailbox and commit point is counted here.

The gateway knows nothing of it. Within `watching` the lowest calls of archive, writer, readers and folder
adapter pass a seam, which may fail them before they act, or after: then the answer alone is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from adapters.errors import Ambiguous, Transient
from adapters.folder import LocalFiles
from gateway.store.errors import StoreUnavailable
from gateway.store.sqlite import SqliteStore
from gateway.store.writer import GroupWriter
from gateway.vault import FolderVault

DISK, WRITE, READ, MAIL, POINT = "disk", "write", "read", "mail", "point"
BEFORE, AFTER = "before", "after"
MAIL_CALLS = ("measure", "write", "rename", "remove", "read", "entries", "require_folder")
SEAMS = {
    DISK: (BEFORE, AFTER),
    WRITE: (BEFORE, AFTER),
    READ: (BEFORE,),
    MAIL: (BEFORE, AFTER),
    POINT: (AFTER,),
}
"""The seams and when each may fail: a commit of PostgreSQL may be durable though its answer never came."""


class Died(BaseException):
    """The process is gone: nobody catches this but the harness."""


@dataclass
class Schedule:
    """Which calls fail. `decide(seam, nth)` gives `before`, `after` or None for the nth call of a seam."""

    decide: Callable[[str, int], str | None]
    armed: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)
    struck: int = 0
    death: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where the process has died, in whatever task it was."""

    def ask(self, seam: str, call: str) -> str | None:
        """Count one call; when it fails, or None."""
        if not self.armed:
            return None
        self.counts[seam] += 1
        decision = self.decide(seam, self.counts[seam])
        self.trace.append(f"{seam} {call} {decision or 'passes'}")
        self.struck += decision is not None
        return decision


def fail_nth(seam: str, nth: int, when: str) -> Schedule:
    """The `nth` call of one seam fails, and no other."""
    return Schedule(lambda name, count: when if (name, count) == (seam, nth) else None)


def fail_at_random(seed: int, share: float) -> Schedule:
    """Each call fails with this probability; the same seed fails the same calls."""
    chance = random.Random(seed)

    def decide(seam: str, _: int) -> str | None:
        moments = SEAMS[seam]
        rarer = 4 if seam == POINT else 1
        return chance.choice(moments) if chance.random() < share / rarer else None

    return Schedule(decide)


@contextlib.contextmanager
def watching(schedule: Schedule) -> Iterator[None]:
    """Lead every call through the schedule."""
    with contextlib.ExitStack() as stack:
        for kind, name, seam, failure in (
            (FolderVault, "write", DISK, lambda _: StoreUnavailable("the archive cannot be written")),
            (FolderVault, "read", DISK, lambda _: StoreUnavailable("the archive cannot be read")),
            (GroupWriter, "_commit", WRITE, lambda _: sqlite3.OperationalError("the connection was lost")),
            (SqliteStore, "_look", READ, lambda _: StoreUnavailable("the database is locked")),
        ):
            stack.enter_context(patch.object(kind, name, lead(schedule, seam, kind, name, failure)))
        for name in MAIL_CALLS:
            stack.enter_context(
                patch.object(LocalFiles, name, lead(schedule, MAIL, LocalFiles, name, explain_loss))
            )
        yield


def lead(
    schedule: Schedule, seam: str, kind: type, name: str, failure: Callable[[str], Exception]
) -> Callable[..., Any]:
    """The method of the class, behind the schedule."""
    real = getattr(kind, name)

    def call(self: object, *given: Any, **named: Any) -> Any:
        decision = schedule.ask(seam, name)
        if decision == BEFORE:
            raise failure(name)
        answer = real(self, *given, **named)
        if decision == AFTER:
            raise failure(name)
        return answer

    return call


def explain_loss(name: str) -> Exception:
    """What a mailbox says where its answer is missing."""
    kind = Ambiguous if name == "rename" else Transient
    return kind("the connection was lost", "the virtual partner", "It is tried again.")


def die_on(schedule: Schedule) -> Callable[[str], None]:
    """The gateway's commit points as a seam: to fail there is to die."""

    def reach(name: str) -> None:
        if schedule.ask(POINT, name):
            schedule.death.set()
            raise Died(name)

    return reach
