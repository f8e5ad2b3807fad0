"""Parts of a planned file (`edi.partition`), each read apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from edi.collector import resting_collector
from edi.extractors import Object
from edi.findings import Finding
from edi.lexer import split_plain
from edi.partition import FilePart, Range
from edi.reader import SetReader, prepare
from edi.rules.registry import JoinedTally, Tally
from edi.segments import Delimiters, Segment
from edi.streaming import UnitHand, UnitRead
from edi.units import UnitBinder

Fetch = Callable[[int, int], bytes]
"""Gives the bytes of the file between two offsets."""

Tallies = dict[str, dict[str, str]]
_RUN = 1 << 16


class PartEnded(msgspec.Struct, frozen=True):
    """A part is read. `findings` are those since its last unit.

    `tallies` are what the last part of the set has to know of this one; `documents` come with the last part.
    """

    unit_count: int
    findings: tuple[Finding, ...]
    tallies: Tallies
    documents: tuple[Object, ...] = ()


def read_part(
    part: FilePart,
    fetch: Fetch,
    tallies: Iterable[Tallies] = (),
    *,
    edits: bool = False,
    documents: bool = True,
) -> Iterator[UnitRead | PartEnded]:
    """Reads a part of a plan: what `edi.streaming.stream_units` tells of it.

    The last part of a set has to be given the `tallies` of all others, in any order.
    """
    delimiters = part.delimiters
    reading = prepare(part.guide, delimiters.component, delimiters.repetition, edits)
    reader = SetReader(reading, delimiters, part.at, drops=True)
    binder = UnitBinder(part.guide, delimiters) if documents else None
    units = UnitHand(reader, binder)
    for place in part.context:
        for run in split_range(fetch, place, delimiters):
            reader.read(run)
    began = bool(part.context)
    for run in split_range(fetch, part.body, delimiters):
        if began:
            reader.close_before(run[0])
            reader.forget_findings()
            began = False
        with resting_collector():
            reader.read(run)
        yield from units.hand_on()
    if part.following is None:
        _join_tallies(reader, tallies)
        reader.end()
    else:
        reader.close_before(Segment(part.following, reader.last.ordinal + 1 if reader.last else 1))
    yield from units.hand_on()
    rest = tuple(binder.bind_rest(reader.tree)) if binder is not None and part.following is None else ()
    yield PartEnded(units.count, tuple(reader.findings), _list_tallies(reader), rest)


def split_range(fetch: Fetch, place: Range, delimiters: Delimiters) -> Iterator[list[Segment]]:
    """The segments of a range, in runs."""
    cut = delimiters.segment + delimiters.line_end
    ordinal, start = place.ordinal, place.start
    text = fetch(place.start, place.end).decode("ascii")
    at = 0
    while at < len(text):
        end = text.find(delimiters.segment, at + _RUN)
        end = len(text) if end < 0 else end + len(cut)
        run = split_plain(text[at:end], start + at, cut, delimiters.element)
        for segment in run:
            segment.ordinal = ordinal
            ordinal += 1
        yield run
        at = end


def _join_tallies(reader: SetReader, tallies: Iterable[Tallies]) -> None:
    root = reader.stack[0]
    for name, kind in _joined(reader).items():
        tally = root.tally(kind)
        for told in tallies:
            if name in told and isinstance(tally, JoinedTally):
                tally.join(told[name])


def _list_tallies(reader: SetReader) -> Tallies:
    root = reader.stack[0] if reader.stack else None
    if root is None:
        return {}
    kept = ((name, root.tally(kind)) for name, kind in _joined(reader).items())
    return {name: tally.state() for name, tally in kept if isinstance(tally, JoinedTally)}


def _joined(reader: SetReader) -> dict[str, type[Tally]]:
    """The kinds of tallies of the whole set, by name."""
    root = reader.reading.guide.root.id
    places = (place for places in reader.reading.rules.tallies.values() for place in places)
    return {place.make.__name__: place.make for place in places if root in place.loops}
