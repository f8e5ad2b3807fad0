"""Inbound: files leave a partner's mailbox only after they are ours.

A file is fetched, archived byte for byte, and recorded with the job that will read it in one transaction;
then it is acknowledged at the other end. Whatever dies in between, the file is fetched again and known by
its digest.
"""

from __future__ import annotations

import re
from typing import Final

from adapters.base import RemoteFile, Transport
from adapters.errors import DeliveryError, Permanent
from edi.findings import Finding, find
from gateway.archive import Archive
from gateway.commitpoints import Reach, pass_by
from gateway.dispatch import Transports
from gateway.partners import PartnerWatch
from gateway.reception import Reception
from gateway.store import Store, work_items

TAIL: Final = 256
_TRAILER: Final = re.compile(rb"IEA.[0-9]{1,5}.[0-9]{9}\W*\Z", re.DOTALL)


class Inbound:
    """Empties mailboxes. `limit` is the largest file in bytes; `reach` is told of each commit point."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        transports: Transports,
        watch: PartnerWatch,
        *,
        limit: int,
        reach: Reach = pass_by,
    ) -> None:
        self._store = store
        self.reception = Reception(store, archive, reach=reach)
        self._transports = transports
        self._watch = watch
        self._limit = limit
        self._reach = reach
        self._seen: dict[tuple[str, str, str], RemoteFile] = {}
        self._refused: set[tuple[str, str, str]] = set()
        self._looked: set[tuple[str, str]] = set()

    async def poll(self, tenant: str, partner: str) -> int:
        """Take every finished file of the partner's mailbox; how many.

        A failure is told and waits for the next; a partner that fails again and again is looked at rarely.
        """
        if not await self._watch.may_poll(tenant, partner):
            return 0
        transport = self._transports(tenant, partner)
        try:
            listed = await transport.list()
            taken = [await self._take(tenant, partner, transport, remote) for remote in listed]
        except DeliveryError as failure:
            await self._watch.note_failure(tenant, partner, failure, way="poll")
            return 0
        self._looked.add((tenant, partner))
        await self._watch.note_success(tenant, partner, way="poll")
        return sum(taken)

    def has_looked(self, tenant: str, partner: str) -> bool:
        """True once the partner's mailbox was emptied in the life of this process."""
        return (tenant, partner) in self._looked

    async def _take(self, tenant: str, partner: str, transport: Transport, remote: RemoteFile) -> bool:
        key = (tenant, partner, remote.name)
        content = await self._fetch(key, transport, remote)
        if content is None or not self._is_whole(key, remote, content):
            return False
        await self.reception.receive(tenant, partner, remote.name, content)
        await transport.acknowledge(remote.name)
        self._reach("inbound.acknowledged")
        return True

    async def _fetch(
        self, key: tuple[str, str, str], transport: Transport, remote: RemoteFile
    ) -> bytes | None:
        """The bytes, or None for a file that stays where it is; a person hears of one that stays for good."""
        if remote.odd or remote.size > self._limit:
            await self._refuse(key, find("file.odd_name" if remote.odd else "file.too_large"))
            return None
        try:
            content = await transport.fetch(remote.name, limit=self._limit)
        except Permanent:
            if self._seen.get(key) == remote:
                await self._refuse(key, find("file.unfetchable"))
            self._seen[key] = remote
            return None
        self._reach("inbound.fetched")
        return content

    def _is_whole(self, key: tuple[str, str, str], remote: RemoteFile, content: bytes) -> bool:
        """False for a file that may still be written: it has no end and was not seen like this before."""
        if ends_whole(content) or self._seen.get(key) == remote:
            self._seen.pop(key, None)
            return True
        self._seen[key] = remote
        return False

    async def _refuse(self, key: tuple[str, str, str], finding: Finding) -> None:
        """Have a person look at a file that we do not fetch, once."""
        if key in self._refused:
            return
        tenant, _, _ = key
        await self._store.write(
            lambda scope: work_items.add(scope, kind="file", reason=finding.code), tenant=tenant
        )
        self._refused.add(key)


def ends_whole(content: bytes) -> bool:
    """True where the last segment is an interchange trailer (IEA): nothing more is being written."""
    return _TRAILER.search(content[-TAIL:]) is not None
