"""Control numbers of inquiries: taken in small blocks, so that inquiries do not wait for each other.

They come from the same count as those of the partner's files, since both have one sender and receiver. A
block grows while it is used up fast and shrinks to one number when it is not; what is left of it when the
process ends is skipped.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from datetime import datetime, timedelta

from gateway.batching import find_span
from gateway.clock import Clock
from gateway.composition import Numbers
from gateway.settings import Partner
from gateway.store import Store, TenantScope, control_numbers

LARGEST_BLOCK = 32
FAST = timedelta(seconds=5)


class NumberBlocks:
    """Hands out the numbers of the tenants' partners."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._blocks: defaultdict[tuple[str, str], Block] = defaultdict(Block)

    async def take(self, tenant: str, partner: Partner) -> Numbers:
        """The next numbers of the partner, never given before."""
        block = self._blocks[tenant, partner.name]
        async with block.turn:
            if not block.left:
                size = block.grow(self._clock.now())
                taken = await self._store.write(lambda scope: _take(scope, partner, size), tenant=tenant)
                block.left.extend(taken)
            return block.left.popleft()


class Block:
    """The numbers that a partner's inquiries still have."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.left: deque[Numbers] = deque()
        self._size = 0
        self._filled: datetime | None = None

    def grow(self, now: datetime) -> int:
        """How many to take now: twice as many as before where those lasted a short time only."""
        fast = self._filled is not None and now - self._filled < FAST
        self._size, self._filled = (min(LARGEST_BLOCK, self._size * 2) if fast else 1), now
        return self._size


def _take(scope: TenantScope, partner: Partner, count: int) -> list[Numbers]:
    span = find_span(partner)
    taken = (
        control_numbers.take_many(scope, partner.name, kind, min(count, span.size), span)
        for kind in ("interchange", "group")
    )
    return [Numbers(*pair) for pair in zip(*taken, strict=True)]
