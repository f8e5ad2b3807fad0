"""Intake: a posted claim is checked, stored and answered; what cannot be read is kept all the same.

Every claim that can be read gets a row and a story, a rejected one too, so that its findings can be looked up
later. The answer is given after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from edi.claims import CheckedClaim
from edi.edits.basis import Basis
from edi.findings import Finding
from edi.payer_rules.book import RuleBook
from gateway.archive import Archive
from gateway.checking.checker import Checker, Judged, Opinion, write_judgement
from gateway.commitpoints import Reach, pass_by
from gateway.desk import Desk
from gateway.events import FILE_RECEIVED, FILE_REJECTED, Happening, publish
from gateway.recording import Also, Parcel, Submission
from gateway.store import Store, files
from gateway.store.audit import NewEntry
from gateway.store.scope import TenantScope
from gateway.story import FileStory, tell_findings

POSTED: Final = "api"


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to something that could not be read: the file that keeps its bytes, and why."""

    file: str
    findings: tuple[Finding, ...]


class Judge(Protocol):
    """Who reads and checks posted bodies: this process, or a crew of others."""

    async def judge(self, tenant: str, body: bytes, guide: str | None = None) -> Opinion: ...


class Here:
    """Judges in this process, while everything else waits."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    async def judge(self, tenant: str, body: bytes, guide: str | None = None) -> Opinion:
        """What there is to say of the body."""
        return self._checker.judge(tenant, body, guide)


class Intake:
    """Takes claims in. `reach` is told of each commit point; `judge` reads and checks what is posted."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        checker: Checker,
        *,
        judge: Judge | None = None,
        reach: Reach = pass_by,
    ) -> None:
        self._store = store
        self._archive = archive
        self._checker = checker
        self._judge = judge or Here(checker)
        self._desk = Desk(store, reach=reach)

    @property
    def basis(self) -> Callable[[], Basis]:
        """What edits go by."""
        return self._checker.basis

    @property
    def books(self) -> Mapping[str, RuleBook]:
        """The payer rules of each tenant."""
        return self._checker.books

    async def judge(self, tenant: str, body: bytes, *, guide: str | None = None) -> Opinion:
        """What there is to say of a posted body, by `guide` or as it says itself; nothing is stored."""
        with self._desk.expect(tenant):
            return await self._judge.judge(tenant, body, guide)

    async def record(
        self, tenant: str, judged: Judged, *, also: Also | None = None, entry: NewEntry | None = None
    ) -> Submission:
        """Store a judged claim; the answer is durable.

        `also` writes in the same transaction, the answer of an idempotency key for one. Raises LeftOut where
        it does. `entry` is the claim's entry in the audit log, written there too.
        """
        return await self._desk.record(tenant, Parcel(judged, also, entry))

    async def submit(
        self, tenant: str, document: object, *, guide: str | None = None, also: Also | None = None
    ) -> Submission:
        """Check in this process and store one claim, of `guide` or of the one that it says itself."""
        judged = write_judgement(*self.check(tenant, document, guide=guide))
        return await self.record(tenant, judged, also=also)

    def check(
        self, tenant: str, document: object, *, guide: str | None = None
    ) -> tuple[CheckedClaim, tuple[Finding, ...]]:
        """What a check says of a claim, in this process; nothing is stored."""
        return self._checker.check(tenant, document, guide=guide)

    async def keep_unreadable(self, tenant: str, content: bytes, findings: tuple[Finding, ...]) -> KeptFile:
        """Keep the bytes of a body that could not be read as a claim, with what is wrong with them."""
        digest = await asyncio.to_thread(self._archive.put, content)

        def record(scope: TenantScope) -> KeptFile:
            return record_unreadable(scope, digest, len(content), findings)

        return await self._store.write(record, tenant=tenant)


def record_unreadable(scope: TenantScope, digest: str, size: int, findings: tuple[Finding, ...]) -> KeptFile:
    """Store the row of a body that could not be read; the same bytes posted again are another file."""
    reason = findings[0].code if findings else "unreadable"
    file = files.add(scope, files.NewFile(direction=POSTED, partner="", name="", sha256=digest, size=size))
    files.settle(scope, file.id, files.QUARANTINED, reason=reason)
    story = FileStory(file=file.id, partner="", sha256=digest, size=size)
    rejected = msgspec.structs.replace(story, reason=reason, findings=tell_findings(findings))
    publish(
        scope,
        Happening(type=FILE_RECEIVED, story=story, file=file.id),
        Happening(type=FILE_REJECTED, story=rejected, file=file.id),
    )
    return KeptFile(file=file.id, findings=findings)
