"""Housekeeping: what has had its day is deleted, now and then."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from gateway.logs import log_event
from gateway.resealing import Keeper, prepare_keys
from gateway.store import TenantScope, idempotency, sessions, sign_ins
from gateway.store.errors import StoreError

ANSWERS_KEPT = timedelta(hours=24)
TURN_SECONDS = 3600.0


class Housekeeping:
    """Deletes what is older than a day: answers of idempotency keys, what is left of sessions and failed
    sign-ins, half-written files of the archive.

    And makes the data keys of the next month before it comes.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._store = keeper.store
        self._archive = keeper.archive
        self._clock = keeper.clock
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Tidy up once an hour of real time, until `stop`."""
        while not self._stopping.is_set():
            try:
                await self.tidy()
            except (StoreError, OSError) as failure:
                log_event("housekeeping.failed", level=logging.ERROR, error=failure)
            try:
                await asyncio.wait_for(self._stopping.wait(), TURN_SECONDS)
            except TimeoutError:
                continue

    async def tidy(self) -> int:
        """Delete what is too old; how many rows."""
        before = self._clock.now() - ANSWERS_KEPT

        def purge(scope: TenantScope) -> int:
            gone = sessions.purge(scope, before) + sign_ins.purge(scope, before)
            return gone + idempotency.purge(scope, before)

        await prepare_keys(self._keeper)
        await asyncio.to_thread(self._archive.remove_drafts, before)
        tenants = await self._store.read(lambda system: system.tenants())
        return sum([await self._store.write(purge, tenant=tenant) for tenant in tenants])
