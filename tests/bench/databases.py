"""Fresh databases of one kind: SQLite files, or databases on a PostgreSQL of the benchmark's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.bench.served import list_family
from tests.postgres import find_binaries, run_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
NAMES = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}


class Databases:
    """Makes databases. `server` is the address of a PostgreSQL up to the name, "" for SQLite."""

    def __init__(self, folder: Path, server: str = "") -> None:
        self._folder, self._server = folder, server
        self._postmaster = find_postmaster(server) if server else None

    def make(self, name: str) -> str:
        """The SQLAlchemy address of a new, empty database."""
        if not self._server:
            (self._folder / name).mkdir(exist_ok=True)
            return f"sqlite:///{self._folder / name / 'claimwire.db'}"
        with psycopg.connect(write_driver_address(self._server) + "postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._server + name

    def processes(self) -> list[int]:
        """Those of the database server; none for SQLite."""
        return list_family(self._postmaster) if self._postmaster is not None else []


def write_driver_address(address: str) -> str:
    """SQLAlchemy's address of a PostgreSQL as its driver takes it."""
    return address.replace("+psycopg", "", 1)


def find_postmaster(server: str) -> int:
    """The server's first process."""
    with psycopg.connect(write_driver_address(server) + "postgres") as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    return int(str(row[0]).split()[0])


@contextlib.contextmanager
def open_databases(store: str, folder: Path) -> Iterator[Databases]:
    """Databases of this kind. Ends the program where PostgreSQL is wanted and not installed."""
    if store == SQLITE:
        yield Databases(folder)
        return
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql, or leave it out")
    with run_server(binaries) as server:
        yield Databases(folder, server)
