"""Copies of the whole database: one file that a new database is made of.

SQLite is copied by its online backup, one consistent view beside a running gateway; PostgreSQL by `pg_dump`,
which takes one snapshot, and `pg_restore`, in one transaction. Source: sqlite.org/backup.html; PostgreSQL 15
manual 26.1.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.store.errors import StoreError

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"


class CopyFailed(StoreError):
    """A copy could not be made or brought back; the text says why and what to do."""


def name_kind(url: str) -> str:
    """`sqlite` or `postgresql`."""
    return make_url(url).get_backend_name()


def copy_database(url: str, target: Path) -> None:
    """Write the database as it is at one moment to the new file `target`. It blocks. Raises CopyFailed."""
    place = make_url(url)
    if place.get_backend_name() == SQLITE:
        _copy_sqlite(Path(place.database or ""), target)
    else:
        _run_tool("pg_dump", place, "--format=custom", "--no-owner", f"--file={target}")


def restore_database(url: str, source: Path) -> None:
    """Make the database of `url` of a copy. It blocks. Raises CopyFailed where it holds anything already."""
    if not is_empty(url):
        raise CopyFailed("the database of these settings is not empty: a backup is restored into a new one")
    place = make_url(url)
    if place.get_backend_name() == SQLITE:
        _restore_sqlite(Path(place.database or ""), source)
    else:
        _run_tool("pg_restore", place, "--exit-on-error", "--single-transaction", "--no-owner", str(source))


def is_empty(url: str) -> bool:
    """True where nothing was ever kept there. Raises CopyFailed where PostgreSQL does not answer."""
    place = make_url(url)
    if place.get_backend_name() == SQLITE:
        return not Path(place.database or "").exists()
    engine = create_engine(url, hide_parameters=True)
    try:
        return not inspect(engine).get_table_names()
    except SQLAlchemyError:
        raise CopyFailed("PostgreSQL does not answer at the address of [store] url") from None
    finally:
        engine.dispose()


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise CopyFailed(f"{source}: there is no database to copy")
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            [(verdict,), *_more] = copy.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.Error as problem:
        raise CopyFailed(f"SQLite cannot copy the database ({problem.sqlite_errorname})") from None
    if verdict != "ok":
        raise CopyFailed("the database is damaged: SQLite's integrity check fails on its copy")


def _restore_sqlite(target: Path, source: Path) -> None:
    """The name appears with the whole file behind it, or not at all."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restoring")
    draft.touch(mode=0o600)
    shutil.copyfile(source, draft)
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def _run_tool(tool: str, place: URL, *arguments: str) -> None:
    """Run a tool of PostgreSQL; the password goes by the environment, where no list of processes shows it."""
    address = place.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(place.password)} if place.password else {})}
    command = [tool, f"--dbname={address}", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  a fixed program, the address of our own settings, no shell
            command, env=environment, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise CopyFailed(f"{tool} is not on the PATH: install PostgreSQL's client programs") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise CopyFailed(f"{tool} ended with {done.returncode}: {lines[0] if lines else 'it says nothing'}")
