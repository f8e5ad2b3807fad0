"""Two gateways on one PostgreSQL, as two worker processes are: everything still happens once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.exchange import Exchange, make_claim, pay, write_277ca, write_835, write_999
from tests.postgres import find_binaries, run_server

FULL = ("315.00", "215.00", [("CO", "45", "70.00"), ("PR", "3", "30.00")])


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of an empty database on a server of our own."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (make setup installs it)")
    with run_server(binaries) as url:
        engine = create_engine(f"{url}postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE journey"))
        engine.dispose()
        yield f"{url}journey"


@pytest.fixture
async def workers(tmp_path: Path, database: str) -> AsyncIterator[tuple[Exchange, Exchange]]:
    """Two gateways that share database, archive, keys and mailbox; each batch holds at most two claims."""
    pair = (
        Exchange(tmp_path, max_claims=2, database=database),
        Exchange(tmp_path, max_claims=2, database=database),
    )
    await pair[0].start()
    yield pair
    for each in pair:
        await each.stop()


async def run_both(workers: tuple[Exchange, Exchange]) -> None:
    """Let both work at the same time until neither finds anything to do."""
    while sum(await asyncio.gather(*(each.worker.run_due() for each in workers))):
        pass


async def test_two_workers_at_once_send_and_apply_everything_once(
    workers: tuple[Exchange, Exchange],
) -> None:
    one, _ = workers
    numbers = [f"RB-{number}" for number in range(8)]
    submitted = [each.claim for each in await one.submit(*map(make_claim, numbers))]
    await run_both(workers)
    sent = one.read_sent()
    interchanges = await one.list_interchanges()
    assert len(sent) == len(interchanges)
    assert len({it.control_number for it in interchanges}) == len(interchanges)
    assert sum(it.claim_count for it in interchanges) == len(submitted)
    for place, content in enumerate(sent):
        one.drop(write_999(content, 100 + place))
        one.drop(write_277ca(content, 200 + place))
    one.drop(write_835(300, *(pay(number, FULL) for number in numbers)))
    await run_both(workers)
    for claim in submitted:
        assert (await one.fold(claim)).state == "paid"
        assert max(Counter(await one.story(claim)).values()) == 1
    await one.feed()
