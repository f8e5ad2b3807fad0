"""The ceilings of this machine: what a bare server answers, and what a bare driver inserts.

    python -m tests.bench.ceilings echo          a bare aiohttp server on uvloop; prints its port

`insert_bare` puts the rows that the gateway wrote once more into the same tables of an empty database, on the
driver alone: a claim, its events and its tenant's counter, so many claims in each durable transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import uvloop
from aiohttp import web
from sqlalchemy import Connection, create_engine, text

from gateway.store import tables
from gateway.store.migrations import migrate

TOGETHER = 32
"""Claims of one transaction: as many as there are clients."""


class Rows(NamedTuple):
    """What the gateway wrote of each claim: the claim's row, and those of its events."""

    claims: list[tuple[Any, ...]]
    events: list[list[tuple[Any, ...]]]


class Inserted(NamedTuple):
    """How long bare inserts took."""

    claims: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """Claims of a second."""
        return self.claims / self.seconds


async def echo(request: web.Request) -> web.Response:
    """The body, as it came."""
    return web.Response(status=202, body=await request.read(), content_type="application/json")


async def serve_echo() -> None:
    """Serve until killed."""
    application = web.Application()
    application.router.add_post("/v1/claims", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def read_rows(url: str) -> Rows:
    """The rows of a gateway's database, the driver's own values."""
    engine = create_engine(url)
    with engine.connect() as connection:
        claims = _read(connection, "claim", "id")
        events = _read(connection, "event", "sequence")
    engine.dispose()
    of_claim: dict[str, list[tuple[Any, ...]]] = {}
    place = [column.name for column in tables.event.columns].index("claim")
    for event in events:
        of_claim.setdefault(event[place], []).append(event)
    place = [column.name for column in tables.claim.columns].index("id")
    return Rows(claims, [of_claim.get(claim[place], []) for claim in claims])


def _read(connection: Connection, table: str, order: str) -> list[tuple[Any, ...]]:
    names = ", ".join(column.name for column in tables.metadata.tables[table].columns)
    cursor = connection.execute(text(f"SELECT {names} FROM {table} ORDER BY {order}"))
    return [tuple(row) for row in cursor]


def insert_bare(url: str, rows: Rows) -> Inserted:
    """Insert all rows into a new database, in durable groups."""
    engine = create_engine(url)
    migrate(engine)
    engine.dispose()
    driver, mark = _connect(url)
    tenant = rows.claims[0][0]
    driver.execute(
        f"INSERT INTO tenant (id, name, created_at) VALUES ({mark}, 'bench', '2026-01-01')", (tenant,)
    )
    begun, processor = time.perf_counter(), time.process_time()
    cursor = driver.cursor()
    for at in range(0, len(rows.claims), TOGETHER):
        events = [event for of_claim in rows.events[at : at + TOGETHER] for event in of_claim]
        cursor.execute("BEGIN")
        _insert(cursor, "claim", mark, rows.claims[at : at + TOGETHER])
        counted = f"UPDATE tenant SET event_sequence = event_sequence + {mark} WHERE id = {mark}"
        cursor.execute(counted, (len(events), tenant))
        _insert(cursor, "event", mark, events)
        cursor.execute("COMMIT")
    spent = time.process_time() - processor
    seconds = time.perf_counter() - begun
    driver.close()
    return Inserted(len(rows.claims), seconds, spent)


def _connect(url: str) -> tuple[Any, str]:
    """A driver's connection without transactions of its own, durable, and its mark of a parameter."""
    scheme, _, place = url.partition("://")
    if scheme.startswith("postgresql"):
        return psycopg.connect(f"postgresql://{place}", autocommit=True), "%s"
    driver = sqlite3.connect(Path(place.removeprefix("/")), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        driver.execute(f"PRAGMA {pragma}")
    return driver, "?"


def _insert(cursor: Any, table: str, mark: str, rows: Sequence[Iterable[Any]]) -> None:
    columns = [column.name for column in tables.metadata.tables[table].columns]
    marks = ", ".join([mark] * len(columns))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


if __name__ == "__main__":
    uvloop.run(serve_echo()) if sys.argv[1:] == ["echo"] else sys.exit("only `echo`")
