"""Code files told apart by their content, and read."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from edi.codefiles import fees, hcpcs, icd, lists, ncci, nppes
from edi.codefiles.contents import CodeFileError, Contents, Layout, Source

LAYOUTS: tuple[Layout, ...] = (
    *icd.LAYOUTS,
    *hcpcs.LAYOUTS,
    *ncci.LAYOUTS,
    *fees.LAYOUTS,
    *nppes.LAYOUTS,
    *lists.LAYOUTS,
)
HEAD = 12
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def recognise(head: list[str]) -> Layout | None:
    """The layout of a file by its first lines, or None."""
    return next((layout for layout in LAYOUTS if layout.recognises(head)), None)


def read_codes(lines: Iterable[bytes], source: Source) -> Iterator[Contents]:
    """What a file holds, table by table. Raises CodeFileError for what is none, or not whole."""
    text = decode_lines(lines, source)
    head = list(islice(text, HEAD))
    layout = recognise(head) or (lists.LIST if source.table and head else None)
    if layout is None:
        raise CodeFileError(f"{source.name} is none of the code files that are known here ({name_layouts()})")
    yield from read_layout(layout, chain(head, text), source)


def read_layout(layout: Layout, lines: Iterable[str], source: Source) -> Iterator[Contents]:
    """The contents of lines whose layout is known. Raises CodeFileError for one that holds no codes."""
    try:
        for contents in layout.read(lines, source):
            if source.table and layout is not lists.LIST and contents.table != source.table:
                raise CodeFileError(
                    f"{source.name} is {layout.name}, which makes the table {contents.table}, "
                    f"not {source.table}; leave out --table"
                )
            if not contents.rows and not contents.ended and not contents.skipped:
                raise CodeFileError(f"{source.name} holds no code for {contents.table}")
            yield contents
    except csv.Error as problem:
        raise CodeFileError(f"{source.name} cannot be parted into cells: {problem}") from None


def name_layouts() -> str:
    """The kinds of file that are known, in words."""
    return "; ".join(layout.name for layout in LAYOUTS)


def decode_lines(lines: Iterable[bytes], source: Source) -> Iterator[str]:
    """The lines as text without their ends: UTF-8, else cp1252. Raises CodeFileError."""
    for number, line in enumerate(lines, 1):
        if number == 1:
            if line.startswith(WIDE):
                raise CodeFileError(f"{source.name} is UTF-16; save it as UTF-8")
            line = line.removeprefix(codecs.BOM_UTF8)
        if b"\0" in line:
            raise CodeFileError(f"{source.name} is not a text file")
        yield decode(line.rstrip(b"\r\n"))


def decode(line: bytes) -> str:
    """A line as text; bytes that cp1252 has no letter for become a question mark."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
