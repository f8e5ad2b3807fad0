"""Reports: what a file is found to hold, level by level, with everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from edi.binding import bind_tree
from edi.envelope_checks import RETIRED
from edi.findings import Finding, Place, find
from edi.guides.registry import known_versions, load_guide
from edi.interchange import GroupHeader, InterchangeHeader
from edi.segments import Delimiters, Segment
from edi.tree import Loop


class SetContent(Protocol):
    """What a set holds, wherever it is kept."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """From ST to SE."""

    @property
    def tree(self) -> Loop | None:
        """The loops, or None where no guide is known."""


class Kept(NamedTuple):
    """The content of a set that is kept in memory."""

    segments: tuple[Segment, ...]
    tree: Loop | None


@dataclass(frozen=True)
class SetReport:
    """A transaction set as read. `header` is its ST; `guide` and `tree` are None where no guide is known.

    Of a large file, `segments` and `tree` are read again when they are first asked for. `documents` binds the
    tree to JSON on first use: one document for each claim of an 837, one for the set otherwise.
    """

    header: Segment
    guide: str | None
    segment_count: int
    findings: tuple[Finding, ...]
    content: SetContent = field(repr=False, compare=False)
    delimiters: Delimiters = field(default_factory=Delimiters)

    @property
    def set_id(self) -> str:
        """ST01."""
        return self.header.element(1)

    @property
    def control_number(self) -> str:
        """ST02."""
        return self.header.element(2)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments from ST to SE, with ordinals from 1."""
        return self.content.segments

    @property
    def tree(self) -> Loop | None:
        """The loops of the set."""
        return self.content.tree

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
