"""What a release makes of the table before it: codes begin, go on, change and end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from edi.codefiles.contents import Contents, Kind, day_before
from edi.edits.packing import OPEN, Row, pack_day, unpack_code
from edi.edits.table import CodeTable

END = 2  # where the last day stands in a row


class Change(NamedTuple):
    """What became of a code: `added`, `changed` or `ended`."""

    code: str
    what: str


class Difference(NamedTuple):
    """How many codes a release adds, changes and ends."""

    added: int
    changed: int
    ended: int


def merge(previous: CodeTable | None, contents: Contents) -> list[Row]:
    """The rows of the new table. What ended before the release stays, so that old claims can be judged."""
    if previous is None:
        return contents.rows
    if contents.kind is Kind.SNAPSHOT:
        return merge_snapshot(previous.rows(), contents)
    if contents.kind is Kind.CHANGES:
        return merge_changes(previous.rows(), contents)
    named = {row.code for row in contents.rows}
    if contents.kind is Kind.UPDATES:
        return [*contents.rows, *(row for row in previous.rows() if row.code not in named)]
    kept = (close(row, contents) for row in previous.rows() if row.code not in named)
    return [*contents.rows, *(row for row in kept if row is not None)]


def close(row: Row, contents: Contents) -> Row | None:
    """A row that ends with the day before the release; None where it would end before it began."""
    last = day_before(contents.effective)
    if row.end <= last:
        return row
    return row._replace(end=last) if row.start <= last else None


def merge_snapshot(previous: Iterable[Row], contents: Contents) -> list[Row]:
    """All codes on a day: those that go on keep their first day and marks, those that are gone end."""
    current = {row.code: row for row in contents.rows}
    merged: list[Row] = []
    for row in previous:
        now = current.get(row.code)
        if row.end == OPEN and now is not None and not differs(row, now):
            merged.append(row._replace(title=now.title or row.title))
            del current[row.code]
        elif (closed := close(row, contents)) is not None:
            merged.append(closed)
    return [*merged, *current.values()]


def differs(row: Row, now: Row) -> bool:
    """True where a code is another thing now: other marks, or a header that was none."""
    told = bool(now.marks) or "header" in row.marks
    return told and now.marks != row.marks


def merge_changes(previous: Iterable[Row], contents: Contents) -> list[Row]:
    """A list of changes: what it takes out ends, what it adds begins; a renamed code goes on."""
    added = {(row.code, row.marks): row for row in contents.rows}
    ended = {(row.code, "header" in row.marks) for row in contents.ended}
    renamed = {(row.code, row.marks) for row in contents.ended} & added.keys()
    merged: list[Row] = []
    for row in previous:
        key = row.code, ("header",) if "header" in row.marks else ()
        if key in renamed and row.end == OPEN:
            merged.append(row._replace(title=added.pop(key).title))
        elif (row.code, "header" in row.marks) in ended and row.end == OPEN and key not in renamed:
            merged.extend(filter(None, [close(row, contents)]))
        else:
            if row.start <= pack_day(contents.effective) and row.end == OPEN:
                added.pop(key, None)  # held already: the list was read before, or is part of a newer release
            merged.append(row)
    return [*merged, *added.values()]


def count_changes(previous: CodeTable | None, current: CodeTable) -> Difference:
    """How many codes changed between two tables."""
    if previous is None:
        return Difference(current.count_codes(), 0, 0)
    if have_same_rows(previous, current):
        return Difference(0, 0, 0)
    counts = Counter(what for _, what in walk_changes(previous, current))
    return Difference(counts["added"], counts["changed"], counts["ended"])


def have_same_rows(first: CodeTable, second: CodeTable) -> bool:
    """True where two tables hold the same; the digest is of the columns, and marks stand in the heading."""
    return (first.heading.sha256, first.heading.marks) == (second.heading.sha256, second.heading.marks)


def list_changes(previous: CodeTable | None, current: CodeTable) -> Iterator[Change]:
    """What changed between two tables, code by code."""
    return (Change(unpack_code(key), what) for key, what in walk_changes(previous, current))


def walk_changes(previous: CodeTable | None, current: CodeTable) -> Iterator[tuple[int, str]]:
    """The packed code and the fate of each that changed; walks both tables in their order."""
    old, new = group(previous) if previous is not None else iter(()), group(current)
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        if before is None or (after is not None and after[0] < before[0]):
            yield after[0] if after else 0, "added"
            after = next(new, None)
        elif after is None or before[0] < after[0]:
            yield before[0], "ended"
            before = next(old, None)
        else:
            if before[1] != after[1]:
                over = before[1][-1][END] == OPEN and after[1][-1][END] != OPEN
                yield after[0], "ended" if over else "changed"
            before, after = next(old, None), next(new, None)


def group(table: CodeTable) -> Iterator[tuple[int, list[tuple[int, int, int, tuple[str, ...], str]]]]:
    """The rows of each code."""
    for key, rows in groupby(table.keyed_rows(), key=itemgetter(0)):
        yield key, list(rows)
