"""Official code files into the library: read whole, merged with what was held, then put in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from edi.codefiles.contents import CodeFileError, Contents, Kind, Source
from edi.codefiles.merging import Change, Difference, count_changes, have_same_rows, list_changes, merge
from edi.edits.packing import Heading, pack_table
from edi.edits.table import CodeTable
from edi.edits.tables import load_register
from gateway.codes.containers import Progress, read_path
from gateway.codes.library import Library

#: More codes than this share ending at once is not a release, it is half a file.
ENDING_SHARE = 0.1
FEW = 50


class Imported(NamedTuple):
    """What an import did to a table. `unchanged`: the same rows were held; `changes` where wished for."""

    table: str
    release: str
    effective: date
    rows: int
    difference: Difference
    skipped: int
    note: str
    unchanged: bool
    changes: tuple[Change, ...] = ()


class Wishes(NamedTuple):
    """What a person says beside the files.

    `force` takes an older release or one that ends many codes; `listing` names every code that changes.
    """

    effective: date | None = None
    release: str = ""
    table: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    force: bool = False
    listing: bool = False

    def source(self, name: str) -> Source:
        """What is known of a file of this name."""
        return Source(name, self.effective, self.release, self.table, dict(self.columns))


def import_files(
    library: Library, paths: Sequence[Path], wishes: Wishes, progress: Progress = lambda *_: None
) -> list[Imported]:
    """Import files as one release. Raises CodeFileError, and then nothing has changed."""
    found = [contents for path in paths for contents in read_path(path, wishes.source(path.name), progress)]
    with library.changing():
        results: list[Imported] = []
        packed: dict[str, bytes] = {}
        for contents in combine(found):
            previous = library.table(contents.table)
            content, result = build(previous, contents, wishes)
            results.append(result)
            if not result.unchanged:
                packed[contents.table] = content
        if packed:
            library.add(packed)
    return results


def build(previous: CodeTable | None, contents: Contents, wishes: Wishes) -> tuple[bytes, Imported]:
    """The new table and what changed. Raises CodeFileError for an older release and for half a file."""
    whole = previous if previous is not None and not previous.heading.floor else None
    if whole is not None and contents.effective < whole.heading.effective and not wishes.force:
        raise CodeFileError(
            f"{contents.table}: release {contents.release} is older than release {whole.heading.release}, "
            "which is held; --force takes it all the same"
        )
    try:
        content = pack_table(make_heading(previous, contents), merge(previous, contents))
    except ValueError as problem:
        raise CodeFileError(f"{contents.table}: {problem}") from None
    current = CodeTable(content)
    difference = count_changes(previous, current)
    before = whole.heading.rows if whole is not None else 0
    if whole is not None and difference.ended > max(FEW, before * ENDING_SHARE) and not wishes.force:
        raise CodeFileError(
            f"{contents.table}: {difference.ended} of {before} codes would end at once; a part of the file "
            "seems to be missing; --force takes it all the same"
        )
    same = previous is not None and have_same_rows(previous, current)
    return content, Imported(
        contents.table,
        contents.release,
        contents.effective,
        current.heading.rows,
        difference,
        contents.skipped,
        contents.note,
        same and previous is not None and previous.heading.release == contents.release,
        tuple(list_changes(previous, current)) if wishes.listing else (),
    )


def make_heading(previous: CodeTable | None, contents: Contents) -> Heading:
    """The heading of the new table: it judges the days from the first release held to the next one due."""
    known = load_register().get(contents.table)
    part = contents.kind is Kind.UPDATES
    before = previous.heading if previous is not None and not previous.heading.floor else None
    first = contents.effective if contents.kind is Kind.SNAPSHOT else None
    return Heading(
        table=contents.table,
        release=contents.release,
        effective=contents.effective,
        origin=known.origin if known else "imported",
        covers_from=None if part else before.covers_from if before else contents.effective,
        covers_through=None if part else last_day(contents.effective, known.months if known else ()),
        floor=part,
        begins=before.begins if before else first,
        nested=known is not None and known.nested,
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
