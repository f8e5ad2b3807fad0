"""Whole files: envelopes read, each transaction set read by its guide, everything wrong reported at once."""

from __future__ import annotations

from typing import NamedTuple

from edi.characters import check_characters
from edi.collector import resting_collector
from edi.edits.basis import Basis
from edi.envelope import read_envelopes, tighten_form
from edi.findings import Finding, Place
from edi.guides.registry import recognise_guide, resolve_guide
from edi.interchange import Group, GroupHeader, Interchange, InterchangeHeader, TransactionSet
from edi.large_files import LARGE, UnusualError, check_large
from edi.reader import read_set
from edi.reports import (
    FileReport,
    GroupReport,
    InterchangeReport,
    Kept,
    SetReport,
    check_version,
    note_guide,
)
from edi.segments import Delimiters
from edi.tree import Loop

__all__ = [
    "FileReport",
    "GroupReport",
    "InterchangeReport",
    "SetReport",
    "check_file",
    "check_version",
    "note_guide",
]


NOT_BYTES = "a file is given as its bytes, as Path(...).read_bytes() has them"


@resting_collector()
def check_file(
    data: bytes,
    *,
    strict: bool = False,
    edits: bool = False,
    character_set: str = "",
    basis: Basis | None = None,
    keep: bool = False,
) -> FileReport:
    """Reads and checks the bytes of a whole X12 file; raises only `edi.envelope.Unreadable`.

    `strict` turns forgiven faults of the form into errors. With `edits` the checks beyond the guides (SNIP 5
    and 6) run as well, by `basis` (the shipped code tables where left out). `character_set` is `basic` or
    `extended` where no other character may come.

    The segments and trees of a large file are not kept: they are read again where the report is asked for
    them. Whoever will ask says so by `keep`, which spares the second reading.
    """
    if not isinstance(data, bytes):
        raise TypeError(
            f"a file is given as its bytes, as Path(...).read_bytes() has them, not as {type(data)}"
        )
    if len(data) >= LARGE and not (keep or edits or character_set or basis):
        try:
            return check_large(data, strict=strict)
        except UnusualError:
            pass
    reading = read_envelopes(data, strict=strict)
    ways = Ways(strict, edits, character_set, basis)
    interchanges = tuple(_check_interchange(interchange, ways) for interchange in reading.interchanges)
    return FileReport(interchanges, reading.findings, reading.encoding)


class Ways(NamedTuple):
    """How a set is checked: strictly, with what is beyond its guide and by what, in a character set."""

    strict: bool
    edits: bool
    character_set: str
    basis: Basis | None


def _check_interchange(interchange: Interchange, ways: Ways) -> InterchangeReport:
    groups = tuple(_check_group(interchange.header, group, ways) for group in interchange.groups)
    return InterchangeReport(interchange.header, groups, interchange.acknowledgments, interchange.findings)


def _check_group(header: InterchangeHeader, group: Group, ways: Ways) -> GroupReport:
    sets = tuple(_check_set(header, group.header, transaction_set, ways) for transaction_set in group.sets)
    kinds = [report.set_id for report in sets if report.guide is not None]
    version = check_version(header.control_number, group.header, kinds)
    return GroupReport(group.header, sets, (*group.findings, *version))


def _check_set(
    interchange: InterchangeHeader, group: GroupHeader, transaction_set: TransactionSet, ways: Ways
) -> SetReport:
    at = Place(
        interchange=interchange.control_number, group=group.control_number, set=transaction_set.control_number
    )
    found = transaction_set.findings
    named = (transaction_set.set_id, transaction_set.implementation, group.version)
    guide = resolve_guide(*named)
    if guide is None:
        guide = recognise_guide(*named, transaction_set.segments)
    found = (*found, *note_guide(guide, *named[:2], group, at))
    if guide is None:
        return _report(transaction_set, None, None, found, interchange.delimiters)
    segments, delimiters = transaction_set.segments, interchange.delimiters
    reading = read_set(guide, segments, delimiters, at, edits=ways.edits, basis=ways.basis)
    read = tighten_form(reading.findings) if ways.strict else reading.findings
    if ways.character_set:
        read = (*read, *check_characters(segments, ways.character_set, delimiters, at))
    return _report(transaction_set, guide, reading.tree, (*found, *read), delimiters)


def _report(
    transaction_set: TransactionSet,
    guide: str | None,
    tree: Loop | None,
    findings: tuple[Finding, ...],
    delimiters: Delimiters,
) -> SetReport:
    content = Kept(tuple(transaction_set.segments), tree)
    return SetReport(content.segments[0], guide, len(content.segments), findings, content, delimiters)
