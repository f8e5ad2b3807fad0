"""The feed of many events: how long a page takes at the beginning, in the middle and at the end."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import NamedTuple

from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, load_key_ring
from gateway.store import Means, TenantScope, open_store
from gateway.store.events import NewEvent, append
from tests.bench.served import TENANT, Home, call, serve

TOGETHER = 1000
PAGE = 100
LOOKS = 15
BODY = (
    b'{"claim":"clm_01K2ABCDEFGHJKMNPQRSTVWXYZ","patientControlNumber":"B000001-1234","payerId":"BP001",'
    b'"state":"accepted","amounts":{"billed":"165.00","paid":"0.00","adjusted":"0.00","patient":"0.00",'
    b'"open":"165.00"}}'
)


class Pages(NamedTuple):
    """Milliseconds of a page by place, the median of some looks, over HTTP."""

    store: str
    events: int
    first: float
    middle: float
    last: float


async def append_many(home: Home, count: int) -> None:
    """So many events, as the gateway appends them: numbered, chained, sealed."""
    clock = SystemClock()
    means = Means(clock, TimeIds(clock), Sealer(load_key_ring(home.folder)))
    store = await asyncio.to_thread(open_store, home.url, means)

    def add(scope: TenantScope) -> None:
        append(scope, *(NewEvent(type="claim.accepted", body=BODY) for _ in range(TOGETHER)))

    for _ in range(count // TOGETHER):
        await store.write(add, tenant=TENANT)
    await store.close()


def measure_pages(home: Home, store: str, count: int) -> Pages:
    """Append the events, serve them, and read pages of them."""
    asyncio.run(append_many(home, count))
    with serve(home) as served:
        assert served.port is not None
        cursors = (0, count // 2, count - PAGE)
        first, middle, last = (time_page(served.port, home.key, cursor) for cursor in cursors)
    return Pages(store, count, first, middle, last)


def time_page(port: int, key: str, cursor: int) -> float:
    """The median time of one page, in milliseconds."""
    times = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        body = call(port, f"/v1/events?after={cursor}&limit={PAGE}", key)
        times.append(1000 * (time.perf_counter() - begun))
        assert body.count(b'"sequence"') == PAGE, body[:300]
    return statistics.median(times)
