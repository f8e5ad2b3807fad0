"""Places: so many at once, so many of them for one tenant, and tenants that wait come in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.checking.turns import Turns

Waiting = tuple[str, asyncio.Future[None]]


class Places:
    """`every` at once, `of_tenant` of them at most for one tenant."""

    def __init__(self, every: int, of_tenant: int) -> None:
        self._every, self._of_tenant = every, of_tenant
        self._held: Counter[str] = Counter()
        self._waiting: Turns[Waiting] = Turns()

    def is_full(self, tenant: str) -> bool:
        """True where there is no place for the tenant now."""
        return self._held[tenant] >= self._of_tenant or self._held.total() >= self._every

    @asynccontextmanager
    async def hold(self, tenant: str) -> AsyncIterator[None]:
        """A place of the tenant's, waited for where none is free."""
        if self.is_full(tenant):
            await self._wait(tenant)
        else:
            self._held[tenant] += 1
        try:
            yield
        finally:
            self._leave(tenant)

    async def _wait(self, tenant: str) -> None:
        """Until a place was given. One given to who does not wait any more goes on."""
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(tenant, (tenant, given))
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._leave(tenant)
            raise

    def _leave(self, tenant: str) -> None:
        self._held[tenant] -= 1
        if not self._held[tenant]:
            del self._held[tenant]
        self._give()

    def _give(self) -> None:
        """Give the free places to those who wait, in turn; a tenant that has all of its own waits on."""
        while (waiting := self._waiting.take_if(lambda tenant: not self.is_full(tenant))) is not None:
            tenant, given = waiting
            if not given.done():
                self._held[tenant] += 1
                given.set_result(None)
