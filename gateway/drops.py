"""Drops: practice software puts 837 files into a folder (over SFTP, say), and finds the answers in another.

A file is taken when it has settled. Its bytes are archived, its claims taken in and the job that answers it
queued, in one transaction; only then does it leave the folder. Whatever dies in between, the file is read
again, known by its digest, and answered again: nothing of it is taken in twice.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import msgspec

from adapters.base import RemoteFile, Transport
from adapters.errors import DeliveryError, Permanent
from edi.findings import find
from gateway.archive import Archive
from gateway.clock import Clock
from gateway.commitpoints import Reach, pass_by
from gateway.deposits import CLAIMS, Deposit, Deposits, Origin, Reading, record_deposit
from gateway.dispatch import Transports
from gateway.inbound import ends_whole
from gateway.logs import log_event
from gateway.partners import PartnerWatch
from gateway.settings import Sender
from gateway.store import Store, files, jobs, work_items
from gateway.store.errors import StoreError
from gateway.store.scope import TenantScope

REPLY: Final = "reply"
Key = tuple[str, str, str]


class Look(msgspec.Struct, frozen=True):
    """A file as it was seen, and since when it has not changed."""

    remote: RemoteFile
    since: datetime


class Drops:
    """Empties the folders of senders. `limit` is the largest file in bytes."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        deposits: Deposits,
        folders: Transports,
        watch: PartnerWatch,
        clock: Clock,
        *,
        limit: int,
        reach: Reach = pass_by,
    ) -> None:
        self._store = store
        self._archive = archive
        self._deposits = deposits
        self._folders = folders
        self._watch = watch
        self._clock = clock
        self._limit = limit
        self._reach = reach
        self._seen: dict[Key, Look] = {}
        self._refused: set[Key] = set()

    async def poll(self, tenant: str, sender: Sender) -> int:
        """Take every settled file of the sender's folder; how many. A failure is told and waits."""
        folder = self._folders(tenant, sender.name)
        try:
            listed = await folder.list()
            taken = [await self._take(tenant, sender, folder, remote) for remote in listed]
        except DeliveryError as failure:
            await self._watch.note_failure(tenant, sender.name, failure, way="poll")
            return 0
        self._forget(tenant, sender.name, {remote.name for remote in listed})
        await self._watch.note_success(tenant, sender.name, way="poll")
        return sum(taken)

    async def _take(self, tenant: str, sender: Sender, folder: Transport, remote: RemoteFile) -> bool:
        key = (tenant, sender.name, remote.name)
        if remote.odd or remote.size > self._limit:
            await self._refuse(key, "file.odd_name" if remote.odd else "file.too_large")
            return False
        content = await self._fetch_settled(key, sender, folder, remote)
        if content is None:
            return False
        try:
            await self.receive(tenant, sender.name, remote.name, content)
        except StoreError:
            raise
        except Exception as failure:  # one file that breaks us holds up no other
            log_event("drop.failed", level=logging.ERROR, error=failure, tenant=tenant, partner=sender.name)
            await self._refuse(key, "file.processing_failed")
            return False
        await folder.acknowledge(remote.name)
        self._reach("drops.acknowledged")
        self._seen.pop(key, None)
        return True

    async def receive(self, tenant: str, sender: str, name: str, content: bytes) -> Deposit:
        """Archive a dropped file, take its claims in and queue its answers; durable when it returns."""
        digest = await asyncio.to_thread(self._archive.put, content)
        reading = await asyncio.to_thread(self._deposits.read, tenant, content)
        origin = Origin(direction=files.DROPPED, sender=sender, name=name)

        def record(scope: TenantScope) -> Deposit:
            return record_drop(scope, digest, len(content), judge(reading), origin)

        deposit = await self._store.write(record, tenant=tenant)
        self._reach("drops.committed")
        return deposit

    async def _fetch_settled(
        self, key: Key, sender: Sender, folder: Transport, remote: RemoteFile
    ) -> bytes | None:
        """The bytes of a file that did not change between two looks and ends like a whole one.

        One without such an end is whole when it has not changed for the sender's `settle_seconds`.
        """
        now, look = self._clock.now(), self._seen.get(key)
        if look is None or look.remote != remote:
            self._seen[key] = Look(remote, now)
            return None
        try:
            content = await folder.fetch(remote.name, limit=self._limit)
        except Permanent:
            return None
        quiet = now - look.since >= timedelta(seconds=sender.settle_seconds)
        return content if quiet or ends_whole(content) else None

    async def _refuse(self, key: Key, reason: str) -> None:
        """Have a person look at a file that stays in the folder, once."""
        if key not in self._refused:
            tenant, sender, _ = key
            await self._store.write(
                lambda scope: work_items.add(scope, kind="file", reason=reason, subject=sender), tenant=tenant
            )
            self._refused.add(key)

    def _forget(self, tenant: str, sender: str, names: set[str]) -> None:
        """What was seen of files that are no longer there."""
        gone = [key for key in self._seen if key[:2] == (tenant, sender) and key[2] not in names]
        for key in gone:
            del self._seen[key]


def judge(reading: Reading) -> Reading:
    """A dropped file that holds no 837 is refused: nobody else would read it."""
    if reading.claims or any(finding.stops for finding in reading.findings) or CLAIMS in reading.kinds:
        return reading
    return msgspec.structs.replace(reading, findings=(*reading.findings, find("file.no_claims")))


def record_drop(scope: TenantScope, digest: str, size: int, reading: Reading, origin: Origin) -> Deposit:
    """The file with its claims, the job that answers it, and what a person must look at."""
    deposit = record_deposit(scope, digest, size, reading, origin)
    file = deposit.file
    if file.state == files.QUARANTINED:
        work_items.add(scope, kind="file", reason=file.reason or "", file=file.id, subject=origin.sender)
    jobs.enqueue(
        scope,
        jobs.NewJob(
            kind=REPLY,
            subject=file.original or file.id,
            lane=f"{REPLY}:{origin.sender}",
            once_key=file.id,
        ),
    )
    return deposit
