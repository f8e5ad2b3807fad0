"""What a code file comes in: a text file, a workbook, or an archive of either."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from edi.codefiles.contents import CodeFileError, Contents, Layout, Source
from edi.codefiles.lists import LIST
from edi.codefiles.reading import HEAD, LAYOUTS, name_layouts, read_codes, read_layout, recognise

Progress = Callable[[str, int, int], None]
STEP = 20_000
BOOK = "xl/workbook.xml"
BOOK_ENDING = ".xlsx"


def read_path(path: Path, source: Source, progress: Progress) -> Iterator[Contents]:
    """What a file holds; of an archive, what each of its code files holds. Raises CodeFileError."""
    with open_file(path) as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            yield from read_codes(tell_progress(file, path.name, path.stat().st_size, progress), source)
            return
        with zipfile.ZipFile(file) as archive:
            if BOOK in archive.namelist():
                yield from read_book(file, source, progress)
            else:
                yield from read_archive(archive, source, progress)


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """The file, open. Raises CodeFileError where it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else "is damaged"
        raise CodeFileError(f"{path.name}: {reason}; fetch the file again") from None


def read_archive(archive: zipfile.ZipFile, source: Source, progress: Progress) -> Iterator[Contents]:
    """The code files in an archive. Layouts and notes beside them are passed over, and so are workbooks where
    a text file holds codes, since they say the same. Raises CodeFileError where nothing is known.
    """
    members = [member for member in archive.infolist() if not member.is_dir()]
    texts = [member for member in members if is_code_file(archive, member)]
    books = [member for member in members if member.filename.lower().endswith(BOOK_ENDING)]
    read = 0
    for member in texts or books:
        inner = source._replace(name=f"{source.name}/{Path(member.filename).name}")
        with archive.open(member) as file:
            if texts:
                lines = tell_progress(file, inner.name, member.file_size, progress)
                found = read_codes(lines, inner)
            else:
                found = read_book(io.BytesIO(file.read()), inner, progress, among=True)
            for contents in found:
                read += 1
                yield contents
    if not read:
        raise CodeFileError(
            f"{source.name} holds none of the code files that are known here ({name_layouts()})"
        )


def is_code_file(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """True where the first lines of a member are those of a code file, and not of any list with a header."""
    with archive.open(member) as file:
        head = [line.decode("latin-1").rstrip("\r\n") for line in islice(file, HEAD)]
    layout = recognise(head)
    return layout is not None and layout is not LIST


def read_book(
    file: BinaryIO, source: Source, progress: Progress, *, among: bool = False
) -> Iterator[Contents]:
    """The first sheet of a workbook whose layout is known; nothing where it is one `among` others.

    Raises CodeFileError.
    """
    import openpyxl  # late: it takes a tenth of a second, and most commands open no workbook

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = (write_cells(row) for row in sheet.iter_rows(values_only=True))
            head = list(islice(rows, HEAD))
            layout = recognise_rows(head, source, among=among)
            if layout is not None:
                told = count_rows(chain(head, rows), source.name, sheet.max_row or 0, progress)
                yield from read_layout(layout, join_rows(told, layout.parting), source)
                return
    except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, OSError, EOFError, SyntaxError):
        raise CodeFileError(
            f"{source.name} is a damaged workbook; fetch it again, or save it as CSV"
        ) from None
    if not among:
        raise CodeFileError(f"no sheet of {source.name} is a code file that is known here ({name_layouts()})")


def recognise_rows(head: Sequence[Sequence[str]], source: Source, *, among: bool) -> Layout | None:
    """The layout of a sheet by its first rows; any list of codes where a person named its table."""
    for layout in LAYOUTS:
        if layout is not LIST and layout.recognises(list(join_rows(head, layout.parting))):
            return layout
    return LIST if head and source.table and not among else None


def write_cells(row: Iterable[object]) -> list[str]:
    """The cells of a row as text: numbers without a fraction, days as CCYYMMDD, blanks as one."""
    cells = []
    for cell in row:
        if isinstance(cell, datetime):
            cells.append(f"{cell:%Y%m%d}")
        elif isinstance(cell, float) and cell.is_integer():
            cells.append(str(int(cell)))
        else:
            cells.append("" if cell is None else " ".join(str(cell).split()))
    return cells


def join_rows(rows: Iterable[Sequence[str]], parting: str) -> Iterator[str]:
    """Rows as lines of text, parted as a layout parts them; empty rows are left out."""
    for row in rows:
        if not any(row):
            continue
        if parting == "\t":
            yield "\t".join(row)
        else:
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow(row)
            yield line.getvalue()


def count_rows(
    rows: Iterable[Sequence[str]], name: str, size: int, progress: Progress
) -> Iterator[Sequence[str]]:
    """The rows of a sheet, with word of their number now and then."""
    for number, row in enumerate(rows):
        if number % STEP == 0:
            progress(name, number, size)
        yield row
    progress(name, size, size)


def tell_progress(file: Iterable[bytes], name: str, size: int, progress: Progress) -> Iterator[bytes]:
    """The lines of a file, with word of the bytes read now and then."""
    read = 0
    for number, line in enumerate(file):
        read += len(line)
        if number % STEP == 0:
            progress(name, read, size)
        yield line
    progress(name, size, size)
