"""Tables on disk: `FORM/TABLE/PART.FORM`, one file for each part, renamed into place once whole.

JSONL has one object a line. Parquet has the same columns, the JSON of a claim as text in `document`, money as
decimals and days as dates.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import uuid4

import msgspec

from gateway.bulk.rows import CLAIMS, FINDINGS, PAYMENTS, SETS, TABLES, Row, amount_or_none

if TYPE_CHECKING:
    import pyarrow as arrow

ROWS_AT_ONCE = 2_000
_ENCODE = msgspec.json.Encoder(decimal_format="string").encode
_TEXT, _WHOLE, _MONEY, _DAY = "text", "whole", "money", "day"
_PLACE = {"file": _WHOLE, "interchange": _TEXT, "group": _TEXT, "set": _TEXT}
COLUMNS: dict[str, dict[str, str]] = {
    CLAIMS: {
        **_PLACE, "ordinal": _WHOLE, "offset": _WHOLE, "patient_control_number": _TEXT, "payer_id": _TEXT,
        "payer_name": _TEXT, "billing_npi": _TEXT, "subscriber_member_id": _TEXT, "charge": _MONEY,
        "service_from": _DAY, "service_to": _DAY, "frequency": _TEXT, "line_count": _WHOLE, "document": _TEXT,
    },
    PAYMENTS: {
        **_PLACE, "ordinal": _WHOLE, "offset": _WHOLE, "patient_control_number": _TEXT,
        "payer_claim_control_number": _TEXT, "status": _TEXT, "charge": _MONEY, "paid": _MONEY,
        "patient_responsibility": _MONEY, "service_from": _DAY, "service_to": _DAY, "document": _TEXT,
    },
    SETS: {**_PLACE, "set_id": _TEXT, "guide": _TEXT, "segments": _WHOLE, "document": _TEXT},
    FINDINGS: {
        "file": _WHOLE, "code": _TEXT, "severity": _TEXT, "interchange": _TEXT, "group": _TEXT, "set": _TEXT,
        "loop": _TEXT, "segment": _TEXT, "ordinal": _WHOLE, "element": _WHOLE, "component": _WHOLE,
        "repetition": _WHOLE, "offset": _WHOLE, "message": _TEXT, "remedy": _TEXT, "rule": _TEXT,
        "value": _TEXT,
    },
}  # fmt: skip


class Form(StrEnum):
    """What the tables are written as."""

    JSONL = "jsonl"
    PARQUET = "parquet"
    BOTH = "both"


class PartTables:
    """The tables of one part. Nothing is there under its name until `open_part` ends without an error."""

    def __init__(self, folder: Path, name: str, form: Form) -> None:
        self.folder = folder
        self.name = name
        self.attempt = uuid4().hex
        self.writers: list[Callable[[str, list[Row]], None]] = []
        self.closers: list[Callable[[], None]] = []
        self.written: list[Path] = []
        self.rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        if form is not Form.PARQUET:
            self._add(JsonlFiles(self._begin))
        if form is not Form.JSONL:
            self._add(ParquetFiles(self._begin))

    def _add(self, files: JsonlFiles | ParquetFiles) -> None:
        self.writers.append(files.write)
        self.closers.append(files.close)

    def _begin(self, table: str, suffix: str) -> BinaryIO:
        place = self.folder / suffix / table / f"{self.name}.{suffix}"
        place.parent.parent.mkdir(mode=0o700, exist_ok=True)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        self.written.append(place)
        return os.fdopen(
            os.open(temporary(place, self.attempt), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        )

    def add(self, table: str, row: Row) -> None:
        """One more row."""
        rows = self.rows[table]
        rows.append(row)
        if len(rows) >= ROWS_AT_ONCE:
            self._flush(table)

    def _flush(self, table: str) -> None:
        rows, self.rows[table] = self.rows[table], []
        for write in self.writers:
            write(table, rows)

    def finish(self) -> None:
        """Write what is left, make it durable, put it under its name."""
        for table, rows in self.rows.items():
            if rows:
                self._flush(table)
        for close in self.closers:
            close()
        for place in self.written:
            temporary(place, self.attempt).replace(place)


def temporary(place: Path, attempt: str = "") -> Path:
    """Where a file is written before it is whole; each attempt at it has a place of its own."""
    return place.with_name(f".{place.name}{attempt}.tmp")


class JsonlFiles:
    """One file of JSON lines for each table."""

    def __init__(self, begin: Callable[[str, str], BinaryIO]) -> None:
        self.begin = begin
        self.streams: dict[str, BinaryIO] = {}

    def write(self, table: str, rows: list[Row]) -> None:
        """Rows of one table."""
        if table not in self.streams:
            self.streams[table] = self.begin(table, "jsonl")
        self.streams[table].write(b"".join([_ENCODE(row) + b"\n" for row in rows]))

    def close(self) -> None:
        """All is written."""
        for stream in self.streams.values():
            close_durably(stream)


class ParquetFiles:
    """One Parquet file for each table."""

    def __init__(self, begin: Callable[[str, str], BinaryIO]) -> None:
        self.begin = begin
        self.streams: dict[str, BinaryIO] = {}
        self.writers: dict[str, Any] = {}

    def write(self, table: str, rows: list[Row]) -> None:
        """Rows of one table."""
        import pyarrow as arrow  # the extra `bulk`, loaded where it is asked for
        from pyarrow.parquet import ParquetWriter

        schema = make_schema(table)
        if table not in self.writers:
            self.streams[table] = self.begin(table, "parquet")
            self.writers[table] = ParquetWriter(self.streams[table], schema, compression="zstd")
        columns = [
            arrow.array([convert(row.get(name), kind) for row in rows], schema.field(name).type)
            for name, kind in COLUMNS[table].items()
        ]
        self.writers[table].write_batch(arrow.record_batch(columns, schema=schema))

    def close(self) -> None:
        """All is written."""
        for table, writer in self.writers.items():
            writer.close()
            close_durably(self.streams[table])


def make_schema(table: str) -> arrow.Schema:
    """The Parquet schema of a table."""
    import pyarrow as arrow

    kinds = {
        _TEXT: arrow.string(),
        _WHOLE: arrow.int64(),
        _MONEY: arrow.decimal128(18, 2),
        _DAY: arrow.date32(),
    }
    return arrow.schema([(name, kinds[kind]) for name, kind in COLUMNS[table].items()])


def convert(value: object, kind: str) -> object:
    """A value of a row as its column takes it."""
    if kind == _MONEY:
        return amount_or_none(value)
    if kind == _TEXT and value is not None and not isinstance(value, str):
        return _ENCODE(value).decode()
    return value


def close_durably(stream: BinaryIO) -> None:
    """Close a file that must survive a loss of power."""
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()


@contextmanager
def open_part(folder: Path, name: str, form: Form) -> Iterator[PartTables]:
    """The tables of one part, in place once the block ends without an error."""
    tables = PartTables(folder, name, form)
    yield tables
    tables.finish()
