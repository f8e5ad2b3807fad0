"""The store on both databases, each test with a fresh one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from gateway.clock import VirtualClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, read_key_ring, write_key_ring
from gateway.store import Means, Store, open_store, tenants
from gateway.store.migrations import migrate
from tests.postgres import find_binaries, run_server

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A running server with a migrated database `template`; its URL up to the database's name."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (make test installs it, as root on Debian)")
    with run_server(binaries) as url:
        administer(url, "CREATE DATABASE template")
        engine = create_engine(f"{url}template")
        migrate(engine)
        engine.dispose()
        yield url


def administer(url: str, statement: str) -> None:
    """Run one statement outside of any transaction, on the server's own database."""
    engine = create_engine(f"{url}postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'claimwire.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"test_{uuid4().hex}"
    administer(server, f"CREATE DATABASE {name} TEMPLATE template")
    yield f"{server}{name}"
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def clock() -> VirtualClock:
    """A standing clock at noon."""
    return VirtualClock(0, NOON)


@pytest.fixture
def means(clock: VirtualClock) -> Means:
    """The clock, ids and sealer of the store under test."""
    return Means(clock, TimeIds(clock), Sealer(read_key_ring(write_key_ring())))


@pytest.fixture
async def store(url: str, means: Means) -> AsyncIterator[Store]:
    """An open store on an empty database."""
    opened = open_store(url, means)
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(store: Store) -> str:
    """A tenant's id."""
    return (await store.write(lambda system: tenants.create(system, "Lakeside Clinic"))).id


@pytest.fixture
async def foreigner(store: Store) -> str:
    """Another tenant's id."""
    return (await store.write(lambda system: tenants.create(system, "Hillside Dental"))).id


@pytest.fixture
def database(url: str, store: Store) -> Iterator[Engine]:
    """The same database past the store, as an intruder or a backup sees it."""
    engine = create_engine(make_url(url))
    yield engine
    engine.dispose()
