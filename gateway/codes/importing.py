"""Official code files into the library: read whole, merged with what was held, then put in its place."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

from edi.codefiles.contents import CodeFileError, Contents, Kind, Source
from edi.codefiles.merging import Difference, compare, merge
from edi.codefiles.reading import read_codes, recognise
from edi.edits.packing import Heading, pack_table
from edi.edits.table import CodeTable
from edi.edits.tables import load_register
from gateway.codes.library import Library

Progress = Callable[[str, int, int], None]
STEP = 20_000
HEAD = 12
#: More codes than this share ending at once is not a release, it is half a file.
ENDING_SHARE = 0.1
FEW = 50


class Imported(NamedTuple):
    """What an import did to a table. `unchanged`: the same rows were held already."""

    table: str
    release: str
    effective: date
    rows: int
    difference: Difference
    skipped: int
    note: str
    unchanged: bool


class Wishes(NamedTuple):
    """What a person says beside the files: `force` takes an older release or one that ends many codes."""

    effective: date | None = None
    release: str = ""
    table: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    force: bool = False


def import_files(
    library: Library, paths: Sequence[Path], wishes: Wishes, progress: Progress = lambda *_: None
) -> list[Imported]:
    """Import files as one release. Raises CodeFileError, and then nothing has changed."""
    found = [contents for path in paths for contents in read_path(path, wishes, progress)]
    with library.changing():
        results: list[Imported] = []
        packed: dict[str, bytes] = {}
        for contents in combine(found):
            previous = library.table(contents.table)
            content, result = build(previous, contents, force=wishes.force)
            results.append(result)
            if not result.unchanged:
                packed[contents.table] = content
        if packed:
            library.add(packed)
    return results


def build(previous: CodeTable | None, contents: Contents, *, force: bool) -> tuple[bytes, Imported]:
    """The new table and what changed. Raises CodeFileError for an older release and for half a file."""
    if previous is not None and contents.effective < previous.heading.effective and not force:
        raise CodeFileError(
            f"{contents.table}: release {contents.release} is older than release {previous.heading.release}, "
            "which is held; --force takes it all the same"
        )
    try:
        content = pack_table(make_heading(previous, contents), merge(previous, contents))
    except ValueError as problem:
        raise CodeFileError(f"{contents.table}: {problem}") from None
    current = CodeTable(content)
    difference = compare(previous, current)
    before = previous.heading.rows if previous is not None else 0
    if difference.ended > max(FEW, before * ENDING_SHARE) and not force:
        raise CodeFileError(
            f"{contents.table}: {difference.ended} of {before} codes would end at once; a part of the file "
            "seems to be missing; --force takes it all the same"
        )
    same = previous is not None and previous.heading.sha256 == current.heading.sha256
    return content, Imported(
        contents.table,
        contents.release,
        contents.effective,
        current.heading.rows,
        difference,
        contents.skipped,
        contents.note,
        same and previous is not None and previous.heading.release == contents.release,
    )


def make_heading(previous: CodeTable | None, contents: Contents) -> Heading:
    """The heading of the new table: it judges the days from the first release held to the next one due."""
    known = load_register().get(contents.table)
    held = previous.heading.covers_from if previous is not None else contents.effective
    return Heading(
        table=contents.table,
        release=contents.release,
        effective=contents.effective,
        origin=known.origin if known else "imported",
        covers_from=held,
        covers_through=last_day(contents.effective, known.months if known else ()),
    )


def last_day(effective: date, months: Sequence[int]) -> date | None:
    """The day before the next release is due; None where a table has no calendar."""
    if not months:
        return None
    due = (date(effective.year + year, month, 1) for year in (0, 1) for month in sorted(months))
    return next(day for day in due if day > effective) - timedelta(days=1)


def combine(found: Iterable[Contents]) -> list[Contents]:
    """One entry for each table: the parts of a release put together, changes left out beside a whole list."""
    tables: dict[str, Contents] = {}
    for contents in sorted(found, key=lambda each: each.kind is Kind.CHANGES):
        known = tables.get(contents.table)
        if known is None:
            tables[contents.table] = contents
        elif (known.release, known.effective) != (contents.release, contents.effective):
            raise CodeFileError(
                f"{contents.table}: the files are of two releases; import one after the other"
            )
        elif contents.kind is known.kind:
            known.rows.extend(contents.rows)
            tables[contents.table] = known._replace(skipped=known.skipped + contents.skipped)
    return list(tables.values())


def read_path(path: Path, wishes: Wishes, progress: Progress) -> Iterator[Contents]:
    """What a file holds; of an archive, what each of its code files holds. Raises CodeFileError."""
    with open_file(path) as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            yield from read_lines(file, path.name, path.stat().st_size, wishes, progress)
            return
        with zipfile.ZipFile(file) as archive:
            yield from read_archive(archive, path.name, wishes, progress)


@contextmanager
def open_file(path: Path) -> Iterator[BinaryIO]:
    """The file, open. Raises CodeFileError where it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except (OSError, zipfile.BadZipFile, EOFError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "the archive is damaged"
        raise CodeFileError(f"{path.name}: {reason}") from None


def read_archive(
    archive: zipfile.ZipFile, name: str, wishes: Wishes, progress: Progress
) -> Iterator[Contents]:
    """The code files in an archive; layouts, notes and workbooks beside them are passed over."""
    if "xl/workbook.xml" in archive.namelist():
        raise CodeFileError(f"{name} is a workbook; import the text file of the release, or save it as CSV")
    read = False
    for member in archive.infolist():
        if member.is_dir() or not is_code_file(archive, member):
            continue
        read = True
        with archive.open(member) as file:
            inner = f"{name}/{Path(member.filename).name}"
            yield from read_lines(file, inner, member.file_size, wishes, progress)
    if not read:
        raise CodeFileError(f"{name} holds none of the code files that are known here")


def is_code_file(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """True where the first lines of a member are those of a code file, and not of any list with a header."""
    with archive.open(member) as file:
        head = [line.decode("latin-1").rstrip("\r\n") for line, _ in zip(file, range(HEAD), strict=False)]
    layout = recognise(head)
    return layout is not None and layout.name != "list of codes"


def read_lines(
    file: Iterable[bytes], name: str, size: int, wishes: Wishes, progress: Progress
) -> Iterator[Contents]:
    """The contents of one file, telling how far it is."""
    source = Source(name, wishes.effective, wishes.release, wishes.table, dict(wishes.columns))
    yield from read_codes(tell_progress(file, name, size, progress), source)


def tell_progress(file: Iterable[bytes], name: str, size: int, progress: Progress) -> Iterator[bytes]:
    """The lines of a file, with word of the bytes read now and then."""
    read = 0
    for number, line in enumerate(file):
        read += len(line)
        if number % STEP == 0:
            progress(name, read, size)
        yield line
    progress(name, size, size)
