"""The payer directory: payers by id, the names and ids by which clearinghouses know them, and enrollment.

It is imported from a CSV file with a row for each payer, clearinghouse and transaction, kept in the home as
JSON and replaced in one step. A claim that names a payer by an alias is brought to the payer's own id.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import msgspec

PLACE = "payers.json"
COLUMNS = ("payer_id", "name", "also_known_as", "clearinghouse", "transaction", "alias", "enrollment")
NEEDED = ("payer_id", "name")
TRANSACTIONS = frozenset({"", "837P", "837I", "837D", "835", "270", "276", "278"})
TRUTHS = {
    "": False,
    "no": False,
    "n": False,
    "false": False,
    "0": False,
    "yes": True,
    "y": True,
    "true": True,
    "1": True,
}
LONGEST = 80
MOST = 200_000


class Alias(msgspec.Struct, frozen=True):
    """How one clearinghouse knows a payer for one transaction ("" is any), and whether one must enroll."""

    clearinghouse: str
    transaction: str
    id: str
    enrollment: bool


class Payer(msgspec.Struct, frozen=True):
    """A payer with its names and aliases."""

    id: str
    name: str
    names: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()


class RowFault(NamedTuple):
    """What is wrong with a row of the file."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.message}"


class DirectoryInvalid(Exception):
    """A payer file cannot be imported; `faults` are all that is wrong, and nothing was changed."""

    def __init__(self, faults: Iterable[RowFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))


class Changed(NamedTuple):
    """What an import changed."""

    payers: int
    added: int
    changed: int
    removed: int


class Directory:
    """The payers that are known. It never changes."""

    def __init__(self, payers: Iterable[Payer] = ()) -> None:
        self.payers = tuple(sorted(payers, key=lambda payer: payer.id))
        self._by_id = {payer.id: payer for payer in self.payers}
        self._by_alias: dict[str, set[str]] = {}
        for payer in self.payers:
            for alias in payer.aliases:
                self._by_alias.setdefault(alias.id, set()).add(payer.id)

    def find(self, payer_id: str) -> Payer | None:
        """The payer of an id."""
        return self._by_id.get(payer_id)

    def resolve(self, posted: str) -> str | None:
        """The id of the payer that some clearinghouse knows as `posted`; None where none or several are."""
        known = self._by_alias.get(posted, set())
        return next(iter(known)) if len(known) == 1 and posted not in self._by_id else None

    def search(self, words: str) -> Iterator[Payer]:
        """The payers whose id, names or aliases hold every word."""
        wanted = words.lower().split()
        for payer in self.payers:
            text = " ".join(
                [payer.id, payer.name, *payer.names, *(alias.id for alias in payer.aliases)]
            ).lower()
            if all(word in text for word in wanted):
                yield payer


class PayerShelf:
    """The directory of a home, read again after an import."""

    def __init__(self, home: Path) -> None:
        self._place = home / PLACE
        self._stamp: tuple[int, int] | None = None
        self._directory = Directory()

    def directory(self) -> Directory:
        """The directory as it is now."""
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            content = self._place.read_bytes() if stamp is not None else b"[]"
            self._directory = Directory(msgspec.json.decode(content, type=tuple[Payer, ...]))
        return self._directory

    def replace(self, payers: Iterable[Payer]) -> Changed:
        """Put these payers in the place of those before; all of them or none."""
        before, after = self.directory(), Directory(payers)
        old, new = ({payer.id: payer for payer in it.payers} for it in (before, after))
        self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._place.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(msgspec.json.encode(after.payers))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._place)
        same = old.keys() & new.keys()
        changed = sum(old[name] != new[name] for name in same)
        return Changed(len(new), len(new.keys() - old.keys()), changed, len(old.keys() - new.keys()))

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            state = self._place.stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns


def read_payers(content: bytes) -> list[Payer]:
    """The payers of a CSV file. Raises DirectoryInvalid with every fault."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DirectoryInvalid([RowFault(1, "file", "the file is not in UTF-8")]) from None
    records = csv.DictReader(StringIO(text), strict=True)
    missing = [name for name in NEEDED if name not in (records.fieldnames or ())]
    if missing:
        wanted = (
            f"the first line names the columns {', '.join(COLUMNS)}; {' and '.join(missing)} must be there"
        )
        raise DirectoryInvalid([RowFault(1, "header", wanted)])
    reader = RowReader()
    try:
        for record in records:
            reader.read(records.line_num, record)
    except csv.Error as failure:
        reader.faults.append(RowFault(records.line_num, "row", str(failure)))
    if reader.faults:
        raise DirectoryInvalid(reader.faults[:50])
    return list(reader.payers.values())


class RowReader:
    """Gathers rows into payers; `faults` are what was wrong."""

    def __init__(self) -> None:
        self.payers: dict[str, Payer] = {}
        self.faults: list[RowFault] = []

    def read(self, line: int, record: Mapping[str, str | None]) -> None:
        """One row."""
        cells = {name: (record.get(name) or "").strip() for name in COLUMNS}
        faults = list(check_row(line, cells))
        known = self.payers.get(cells["payer_id"])
        if known is not None and known.name != cells["name"]:
            faults.append(RowFault(line, "name", "another row gives this payer another name"))
        if len(self.payers) >= MOST:
            faults.append(RowFault(line, "row", f"a directory holds {MOST:,} payers at most"))
        self.faults += faults
        if not faults:
            self.payers[cells["payer_id"]] = add_row(known, cells)


def check_row(line: int, cells: Mapping[str, str]) -> Iterator[RowFault]:
    """What is wrong with the cells of a row."""
    for name in NEEDED:
        if not cells[name]:
            yield RowFault(line, name, "is empty")
    for name in ("payer_id", "alias"):
        if len(cells[name]) > LONGEST:
            yield RowFault(line, name, f"is longer than {LONGEST} characters (NM109)")
    if cells["transaction"] not in TRANSACTIONS:
        yield RowFault(line, "transaction", f"is none of {', '.join(sorted(TRANSACTIONS - {''}))}")
    if cells["enrollment"].lower() not in TRUTHS:
        yield RowFault(line, "enrollment", "is yes or no")
    if cells["alias"] and not cells["clearinghouse"]:
        yield RowFault(line, "clearinghouse", "is empty, though the row has an alias")


def add_row(known: Payer | None, cells: Mapping[str, str]) -> Payer:
    """A payer with what a row says of it."""
    payer = known or Payer(cells["payer_id"], cells["name"])
    names = [name.strip() for name in cells["also_known_as"].split("|") if name.strip()]
    aliases = payer.aliases
    if cells["clearinghouse"]:
        enrollment = TRUTHS[cells["enrollment"].lower()]
        own = cells["alias"] or payer.id
        aliases = (*aliases, Alias(cells["clearinghouse"], cells["transaction"], own, enrollment))
    return msgspec.structs.replace(payer, names=tuple(dict.fromkeys((*payer.names, *names))), aliases=aliases)
