"""The desk of intake: judged claims of a tenant wait here for each other and are recorded together.

While one group is on its way to the disk, the next gathers, and it leaves once half of the tenant's claims
under way are in it, or a moment later: a lone claim waits for nobody, and many share the statements and the
flush of one commit. A claim that fails is found by recording each of its group alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from gateway.commitpoints import Reach, pass_by
from gateway.recording import Parcel, Submission, record_claims
from gateway.store import Store
from gateway.store.errors import StoreBroken, StoreUnavailable

TOGETHER: Final = 128
LONGEST_WAIT: Final = 0.005  # seconds that a group waits for claims whose check is not done yet
NOTHING_WRITTEN: Final = (StoreUnavailable, StoreBroken)


class _Waiting(msgspec.Struct, frozen=True, eq=False):
    parcel: Parcel
    answer: asyncio.Future[Submission]

    def settle(self, outcome: Submission | BaseException) -> None:
        """Answer, unless nobody waits any more."""
        if self.answer.done():
            return
        if isinstance(outcome, BaseException):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Desk:
    """Records claims in groups. `reach` is told of each commit."""

    def __init__(self, store: Store, *, reach: Reach = pass_by) -> None:
        self._store = store
        self._reach = reach
        self._waiting: defaultdict[str, deque[_Waiting]] = defaultdict(deque)
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._coming: Counter[str] = Counter()
        self._gathering: dict[str, asyncio.Event] = {}

    @contextmanager
    def expect(self, tenant: str) -> Iterator[None]:
        """A claim of the tenant may come soon: it is being checked."""
        self._coming[tenant] += 1
        try:
            yield
        finally:
            self._coming[tenant] -= 1
            if not self._coming[tenant]:
                del self._coming[tenant]

    async def record(self, tenant: str, parcel: Parcel) -> Submission:
        """The claim's answer, once it is durable. Raises LeftOut, StoreUnavailable, StoreBroken."""
        waiting = _Waiting(parcel, asyncio.get_running_loop().create_future())
        self._waiting[tenant].append(waiting)
        if tenant not in self._writing:
            self._writing[tenant] = asyncio.create_task(self._write(tenant))
        elif tenant in self._gathering and self._is_enough(tenant):
            self._gathering[tenant].set()
        return await waiting.answer

    def _is_enough(self, tenant: str) -> bool:
        """True where no fewer wait than are still being checked, or as many as go together."""
        return len(self._waiting[tenant]) >= min(TOGETHER, self._coming[tenant])

    async def _gather(self, tenant: str) -> None:
        """Until enough wait, or for so long."""
        if self._is_enough(tenant):
            return
        enough = self._gathering[tenant] = asyncio.Event()
        late = asyncio.get_running_loop().call_later(LONGEST_WAIT, enough.set)
        try:
            await enough.wait()
        finally:
            late.cancel()
            del self._gathering[tenant]

    async def _write(self, tenant: str) -> None:
        """Record what waits, group by group, until nothing does."""
        queue = self._waiting[tenant]
        try:
            while queue:
                await self._gather(tenant)
                await self._write_group(tenant, [queue.popleft() for _ in range(min(TOGETHER, len(queue)))])
        finally:
            del self._writing[tenant], self._waiting[tenant]
            for waiting in queue:  # the task was cancelled: its loop is being closed
                waiting.answer.cancel()

    async def _write_group(self, tenant: str, group: Sequence[_Waiting]) -> None:
        parcels = [waiting.parcel for waiting in group]
        try:
            outcomes = await self._store.write(lambda scope: record_claims(scope, parcels), tenant=tenant)
        except Exception as failure:
            if len(group) == 1 or isinstance(failure, NOTHING_WRITTEN):
                for waiting in group:
                    waiting.settle(failure)
                return
            for waiting in group:
                await self._write_group(tenant, [waiting])
            return
        self._reach("intake.stored")
        for waiting, outcome in zip(group, outcomes, strict=True):
            waiting.settle(outcome)
