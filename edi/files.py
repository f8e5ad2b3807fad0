"""Whole files: envelopes read, each transaction set read by its guide, everything wrong reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from edi.binding import bind_tree
from edi.characters import check_characters
from edi.collector import resting_collector
from edi.edits.basis import Basis
from edi.envelope import read_envelopes, tighten_form
from edi.envelope_checks import RETIRED
from edi.findings import Finding, Place, find
from edi.guides.registry import known_versions, load_guide, recognise_guide, resolve_guide
from edi.interchange import Group, GroupHeader, Interchange, InterchangeHeader, TransactionSet
from edi.reader import read_set
from edi.segments import Delimiters, Segment
from edi.tree import Loop


@dataclass(frozen=True)
class SetReport:
    """A transaction set as read. `guide` and `tree` are None where no guide is known for it.

    `documents` binds the tree to JSON on first use: one document for each claim of an 837, one for the set
    otherwise.
    """

    set_id: str
    control_number: str
    guide: str | None
    segments: tuple[Segment, ...]
    tree: Loop | None
    findings: tuple[Finding, ...]
    delimiters: Delimiters = field(default_factory=Delimiters)

    @property
    def segment_count(self) -> int:
        return len(self.segments)

    @cached_property
    def documents(self) -> tuple[Mapping[str, Any], ...]:
        """The JSON documents of the set, by the names of its guide."""
        if self.guide is None or self.tree is None:
            return ()
        return tuple(bind_tree(load_guide(self.guide), self.tree, delimiters=self.delimiters))

    @property
    def accepted(self) -> bool:
        """True where the set was read and nothing found stops it."""
        return self.guide is not None and not any(finding.stops for finding in self.findings)


@dataclass(frozen=True)
class GroupReport:
    """A functional group; `findings` are those of GS and GE alone."""

    header: GroupHeader
    sets: tuple[SetReport, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class InterchangeReport:
    """An interchange; `acknowledgments` are its TA1 segments, `findings` those of ISA and IEA alone."""

    header: InterchangeHeader
    groups: tuple[GroupReport, ...]
    acknowledgments: tuple[Segment, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class FileReport:
    """A whole file. `findings` concern the file as such; `all_findings` gathers every level in file order.

    `encoding` is ascii, utf-8 or latin-1.
    """

    interchanges: tuple[InterchangeReport, ...]
    findings: tuple[Finding, ...] = ()
    encoding: str = "ascii"
    sets: tuple[SetReport, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = (
            report
            for interchange in self.interchanges
            for group in interchange.groups
            for report in group.sets
        )
        object.__setattr__(self, "sets", tuple(found))

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding of the file: file, interchange, group, set."""
        return tuple(self._gather())

    def _gather(self) -> Iterator[Finding]:
        yield from self.findings
        for interchange in self.interchanges:
            yield from interchange.findings
            for group in interchange.groups:
                yield from group.findings
                for report in group.sets:
                    yield from report.findings


@resting_collector()
def check_file(
    data: bytes,
    *,
    strict: bool = False,
    edits: bool = False,
    character_set: str = "",
    basis: Basis | None = None,
) -> FileReport:
    """Reads and checks a whole X12 file; raises only `edi.envelope.Unreadable`.

    `strict` turns forgiven faults of the form into errors. With `edits` the checks beyond the guides (SNIP 5
    and 6) run as well, by `basis` (the shipped code tables where left out). `character_set` is `basic` or
    `extended` where no other character may come.
    """
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


def check_version(interchange: str, group: GroupHeader, kinds: Iterable[str]) -> Iterator[Finding]:
    """A finding where GS08 names no guide of the group's sets, though they could be read by another sign.

    `interchange` is ISA13; `kinds` are the ids (ST01) of the sets that could be read.
    """
    known = [version for set_id in dict.fromkeys(kinds) for version in known_versions(set_id)]
    if not known or group.version in known or group.version.startswith(RETIRED):
        return
    at = Place(
        interchange=interchange,
        group=group.control_number,
        segment="GS",
        element=8,
        offset=group.segment.offset,
    )
    yield find("group.version_unknown", x12=at, value=group.version, known=", ".join(known))


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
    return SetReport(
        transaction_set.set_id,
        transaction_set.control_number,
        guide,
        tuple(transaction_set.segments),
        tree,
        findings,
        delimiters,
    )


def note_guide(
    guide: str | None, set_id: str, implementation: str, group: GroupHeader, at: Place
) -> Iterator[Finding]:
    """What is to be said of the way a set came to its guide: that it has none, that its content told it, or
    that ST03 and GS08 name another version of it. A retired version is said once, of the group.
    """
    if guide is None:
        version = implementation or group.version
        if not group.version.startswith(RETIRED):
            code = "guide.retired" if version.startswith(RETIRED) else "guide.unknown"
            known = ", ".join(known_versions(set_id)) or "none for this transaction set"
            yield find(code, x12=at, value=version, set=_plain(set_id), known=known)
        return
    named = {implementation, group.version} & set(known_versions(set_id))
    version = load_guide(guide).version
    if not named:
        yield find("guide.assumed", x12=at, guide=guide)
    elif not named & {guide, version}:
        yield find("guide.other_version", x12=at, guide=version, value=min(named))


def _plain(text: str) -> str:
    """A set id fit for a sentence: it came from the file."""
    return text if text.isascii() and text.isalnum() and len(text) == 3 else "?"
