"""Our format of a code table: sorted columns in one file, read in place.

    bytes 0..7    CWTABLE1
    bytes 8..15   length of the heading, little-endian
    heading       JSON (`Heading`), padded with blanks to eight bytes
    keys          8 bytes a row: the code as a number, sorted (`pack_code`)
    starts, ends  4 bytes a row each: first and last day in effect, CCYYMMDD; OPEN where no end is known
    marks         2 bytes a row: the index of the row's marks in the heading; padded to eight bytes
    titles        one zstandard frame: a line for each row, in the order of the rows

A code may have several rows whose days do not overlap. Integers are little-endian. Nothing is unpacked when
a table is opened, so that a mapped file is shared between processes; titles are, once one is asked for.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
import zstandard

MAGIC = b"CWTABLE1"
OPEN = 9999_12_31
LONGEST_CODE = 10
ALIGNED = 8
MARK_SETS = 65_536
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PAIRS = [first + second for first in DIGITS for second in DIGITS]


class Row(NamedTuple):
    """A code with the days it is in effect (CCYYMMDD, both included) and what is known of it."""

    code: str
    start: int = 0
    end: int = OPEN
    marks: tuple[str, ...] = ()
    title: str = ""


class Heading(msgspec.Struct, frozen=True):
    """What a table says of itself. `covers_from` and `covers_through` bound the days it can judge.

    `floor`: it is not the whole list, so that a code which it lacks may exist. `begins` is the day of the
    first release held, where that said no days: a code that starts on it may be older.
    `nested`: what begins codes is a group of them, and no code itself.
    """

    table: str
    release: str
    effective: date
    origin: str
    covers_from: date | None = None
    covers_through: date | None = None
    rows: int = 0
    marks: tuple[tuple[str, ...], ...] = ()
    sha256: str = ""
    floor: bool = False
    begins: date | None = None
    nested: bool = False


class TableUnreadable(Exception):
    """The bytes are not a table of ours, or not a whole one."""


def pack_code(code: str) -> int:
    """A code as a number that sorts as the code does: ten places in base 36, and the length. 0 for no code.

    Codes are capital letters and digits, ten at most.
    """
    if (
        not code
        or len(code) > LONGEST_CODE
        or not (code.isascii() and code.isalnum())
        or code != code.upper()
    ):
        return 0
    return int(code.ljust(LONGEST_CODE, "0"), 36) * 16 + len(code)


def pack_last(prefix: str) -> int:
    """A number at least as high as that of every code that begins with `prefix`."""
    return int(prefix.ljust(LONGEST_CODE, "Z"), 36) * 16 + LONGEST_CODE


def unpack_code(key: int) -> str:
    """The code that `pack_code` made the number of."""
    number, length = divmod(key, 16)
    text = ""
    for _ in range(LONGEST_CODE // 2):
        number, pair = divmod(number, len(PAIRS))
        text = PAIRS[pair] + text
    return text[:length]


def pack_day(day: date) -> int:
    """A day as the number CCYYMMDD."""
    return day.year * 10_000 + day.month * 100 + day.day


def unpack_day(number: int) -> date | None:
    """The day of a number CCYYMMDD; None for 0 and OPEN, which bound nothing."""
    if number in (0, OPEN):
        return None
    return date(number // 10_000, number // 100 % 100, number % 100)


def pack_table(heading: Heading, rows: Iterable[Row]) -> bytes:
    """The table as bytes. Raises ValueError for a code that is none, and for overlapping days of one code."""
    keyed = sorted(((pack_code(row.code), row.start, row) for row in rows), key=lambda entry: entry[:2])
    check_rows(keyed)
    sets: dict[tuple[str, ...], int] = {}
    marks = array("H", (sets.setdefault(row.marks, len(sets)) for _, _, row in keyed))
    columns = (
        array("Q", (key for key, _, _ in keyed)),
        array("I", (start for _, start, _ in keyed)),
        array("I", (row.end for _, _, row in keyed)),
        marks,
    )
    titles = pack_titles([row.title for _, _, row in keyed])
    return join_parts(heading, columns, tuple(sets), titles)


def check_rows(keyed: Sequence[tuple[int, int, Row]]) -> None:
    """Raise ValueError where sorted rows hold what is no code, or days of one code that overlap."""
    last_key, last_end = 0, 0
    for key, start, row in keyed:
        if not key:
            raise ValueError(f"{row.code!r} is not a code of capital letters and digits")
        if key == last_key and start <= last_end:
            raise ValueError(f"{row.code} has two entries for one day")
        last_key, last_end = key, row.end


def pack_titles(titles: Sequence[str]) -> bytes:
    """The titles as one frame, or nothing where there is none."""
    if not any(titles):
        return b""
    text = "\n".join(" ".join(title.split()) for title in titles)
    return zstandard.ZstdCompressor(level=19).compress(text.encode("utf-8"))


def join_parts(
    heading: Heading, columns: Sequence[array[int]], sets: tuple[tuple[str, ...], ...], titles: bytes
) -> bytes:
    """The whole file from its columns. Raises ValueError for more sets of marks than two bytes count."""
    if len(sets) > MARK_SETS:
        raise ValueError("a table has more kinds of rows than its format counts")
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    body = b"".join(pad(column.tobytes()) for column in columns) + titles
    full = msgspec.structs.replace(
        heading, rows=len(columns[0]), marks=sets, sha256=hashlib.sha256(body).hexdigest()
    )
    text = pad(msgspec.json.encode(full), b" ")
    return MAGIC + len(text).to_bytes(8, "little") + text + body


def pad(part: bytes, filler: bytes = b"\0") -> bytes:
    """The bytes with what fills the last eight."""
    return part + filler * (-len(part) % ALIGNED)
