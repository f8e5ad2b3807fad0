"""PostgreSQL ends a connection in the middle of an operation: the store is unavailable, nothing worse."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gateway.clock import SystemClock
from gateway.ids import TimeIds
from gateway.sealing import Sealer, load_key_ring
from gateway.store import Means, SystemScope, open_store
from gateway.store.errors import StoreUnavailable
from tests.postgres import find_binaries, run_server


async def test_a_connection_that_dies_under_an_operation_is_a_store_that_is_unavailable(
    tmp_path: Path,
) -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (make setup installs it)")
    clock = SystemClock()
    with run_server(binaries) as url:
        store = open_store(f"{url}postgres", Means(clock, TimeIds(clock), Sealer(load_key_ring(tmp_path))))
        killer = create_engine(f"{url}postgres", isolation_level="AUTOCOMMIT")

        def die(system: SystemScope) -> list[str]:
            with killer.connect() as other:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                other.execute(text(ended + " AND backend_type = 'client backend'"))
            return system.tenants()

        for operate in (store.read, store.write):
            with pytest.raises(StoreUnavailable):
                await operate(die)
            assert await operate(lambda system: system.tenants()) == []
        killer.dispose()
        await store.close()
