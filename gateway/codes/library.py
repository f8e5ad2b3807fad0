"""The library of imported code tables: files of our format in `codes` of the home, and a list of what counts.

A table's file is named after its content and never changes. `tables.json` lists the versions of each table,
of which the last counts; it is replaced in one step, so an import or a rollback is there whole or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from edi.edits.table import CodeTable
from edi.edits.tables import CodeTables, load_shipped

LIST = "tables.json"
LOCK = ".lock"
KEPT_VERSIONS = 4


class Library:
    """The tables of one home. Raises TableUnreadable for a file that was damaged."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "codes"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keeps every other process from changing the library meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def versions(self) -> dict[str, list[str]]:
        """The files of each imported table, the one that counts last."""
        place = self._folder / LIST
        return msgspec.json.decode(place.read_bytes(), type=dict[str, list[str]]) if place.is_file() else {}

    def imported(self) -> set[str]:
        """The names of the tables of which a version was imported."""
        return {name for name, files in self.versions().items() if files}

    def stamp(self) -> tuple[int, int]:
        """What is another value after every import and rollback."""
        try:
            state = (self._folder / LIST).stat()
        except FileNotFoundError:
            return (0, 0)
        return (state.st_ino, state.st_mtime_ns)

    def table(self, name: str) -> CodeTable | None:
        """The table that counts: the imported one, else the shipped one, else None."""
        files = self.versions().get(name)
        return self._open(files[-1]) if files else load_shipped().table(name)

    def tables(self) -> CodeTables:
        """Every table that counts; imported ones are mapped, so that processes share them."""
        return load_shipped().with_tables(
            self._open(files[-1]) for files in self.versions().values() if files
        )

    def _open(self, name: str) -> CodeTable:
        with (self._folder / name).open("rb") as file:
            return CodeTable(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))

    def add(self, tables: Mapping[str, bytes]) -> None:
        """Make these tables, by name, the ones that count: all of them or none. Needs `changing`."""
        versions = self.versions()
        for name, content in tables.items():
            file = f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.cwt"
            self._write(file, content)
            kept = [version for version in versions.get(name, []) if version != file]
            versions[name] = [*kept, file][-KEPT_VERSIONS:]
        self._write(LIST, msgspec.json.encode(versions))
        self._sweep(versions)

    def roll_back(self, name: str) -> CodeTable | None:
        """Take back the newest version of a table; what counts then. Raises KeyError where there is none."""
        versions = self.versions()
        if not versions.get(name):
            raise KeyError(name)
        versions[name].pop()
        self._write(LIST, msgspec.json.encode(versions))
        return self.table(name)

    def _write(self, name: str, content: bytes) -> None:
        """Put a file in its place in one step, durable before it is seen."""
        place, beside = self._folder / name, self._folder / f".{name}.new"
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _sweep(self, versions: Mapping[str, list[str]]) -> None:
        """Remove files that no version names; a process that has one open keeps it."""
        named = {file for files in versions.values() for file in files}
        for place in self._folder.glob("*.cwt"):
            if place.name not in named:
                place.unlink(missing_ok=True)
        for place in self._folder.glob(".*.new"):
            place.unlink(missing_ok=True)
