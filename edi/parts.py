"""Parts of a planned file (`edi.partition`), each read apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count

import msgspec

from edi.character_reader import open_reader
from edi.collector import resting_collector
from edi.extractors import Object
from edi.findings import Finding
from edi.partition import FilePart, Range
from edi.plain_chunks import holds_plain, split_plain
from edi.reader import SetReader, prepare
from edi.recovery import LOOKAHEAD
from edi.rules.registry import JoinedTally
from edi.segments import Delimiters, Segment
from edi.streaming import UnitHand, UnitRead
from edi.units import UnitBinder

Fetch = Callable[[int, int], bytes]
"""Gives the bytes of the file between two offsets."""

Tallies = dict[str, dict[str, str]]
_RUN = 1 << 16
_BEYOND = 1 << 12


class PartEnded(msgspec.Struct, frozen=True):
    """A part is read. `findings` are those since its last unit.

    `tallies` are what the last part of the set has to know of this one; `documents` come with the last part.
    `recoveries` counts the segments without a place; where there are more than `edi.recovery.LIMIT` in the
    parts of one set, it has to be read as a whole.
    """

    unit_count: int
    findings: tuple[Finding, ...]
    tallies: Tallies
    recoveries: int
    documents: tuple[Object, ...] = ()


def read_part(
    part: FilePart,
    fetch: Fetch,
    tallies: Iterable[Tallies] = (),
    *,
    edits: bool = False,
    character_set: str = "",
    documents: bool = True,
) -> Iterator[UnitRead | PartEnded]:
    """Reads a part of a plan: what `edi.streaming.stream_units` tells of it.

    The last part of a set has to be given the `tallies` of all others, in any order.
    """
    delimiters = part.delimiters
    reading = prepare(part.guide, delimiters.component, delimiters.repetition, edits)
    reader = open_reader(reading, delimiters, part.at, drops=True, character_set=character_set)
    binder = UnitBinder(part.guide, delimiters) if documents else None
    units = UnitHand(reader, binder)
    for place in part.context:
        for run in split_range(fetch, place, delimiters):
            reader.read(run)
    began = bool(part.context)
    for run in split_range(fetch, part.body, delimiters):
        if began:
            reader.close_before(run[: LOOKAHEAD + 1])
            reader.begin_anew(part.counts)
            began = False
        with resting_collector():
            reader.read(run)
        yield from units.hand_on()
    if part.last:
        _join_tallies(reader, tallies)
        reader.end()
    else:
        following = _look_beyond(part, fetch)
        following[0].ordinal = reader.held[-1].ordinal + 1
        reader.close_before(following)
        reader.leave()
    yield from units.hand_on()
    rest = tuple(binder.bind_rest(reader.tree)) if binder is not None and part.last else ()
    told = {} if part.last else _list_tallies(reader)
    yield PartEnded(units.count, tuple(reader.findings), told, reader.recoveries, rest)


def split_range(fetch: Fetch, place: Range, delimiters: Delimiters) -> Iterator[list[Segment]]:
    """The segments of a range, in runs."""
    cut = delimiters.segment + delimiters.line_end
    ordinal, start = place.ordinal, place.start
    text = fetch(place.start, place.end).decode("ascii")
    at = 0
    while at < len(text):
        end = text.find(delimiters.segment, at + _RUN)
        end = len(text) if end < 0 else end + len(cut)
        chunk = text[at:end]
        texts, plain = chunk[: -len(cut)].split(cut), holds_plain(chunk, cut, delimiters)
        yield split_plain(texts, start + at, cut, delimiters.element, count(ordinal), plain=plain)
        ordinal += len(texts)
        at = end


def _look_beyond(part: FilePart, fetch: Fetch) -> list[Segment]:
    """The first segments after a part, to the end of its set."""
    delimiters, end = part.delimiters, part.body.end
    cut = delimiters.segment + delimiters.line_end
    size, text = _BEYOND, ""
    while len(text) < size // 2 or text.count(cut) <= LOOKAHEAD:
        text, before = fetch(end, end + size).decode("ascii"), text
        if len(text) == len(before):
            break
        size *= 2
    found = split_plain(text[: text.rindex(cut)].split(cut), end, cut, delimiters.element)
    kept = found[: LOOKAHEAD + 1]
    ended = next((at for at, segment in enumerate(kept, 1) if segment.id == "SE"), len(kept))
    return kept[:ended]


def _join_tallies(reader: SetReader, tallies: Iterable[Tallies]) -> None:
    for kind in reader.reading.rules.joined:
        tally = reader.tree.tally(kind)
        for told in tallies:
            if kind.__name__ in told and isinstance(tally, JoinedTally):
                tally.join(told[kind.__name__])


def _list_tallies(reader: SetReader) -> Tallies:
    kept = (reader.tree.tally(kind) for kind in reader.reading.rules.joined)
    return {type(tally).__name__: tally.state() for tally in kept if isinstance(tally, JoinedTally)}
