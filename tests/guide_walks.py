"""The proof that a guide can be walked: a segment of each use, with each telling code, arrives at that use.

The way to a use is the shortest: the first segment of each loop around it, from the outermost in. Whatever a
guide defines can be reached so, and nothing else takes its place; a use that fails is hidden by another.
"""

from __future__ import annotations

from collections.abc import Iterator

from edi.guide import Guide, Slot
from edi.guides.routes import Routes, Station

COMPONENT = "\x1f"


def prove_reach(guide: Guide) -> list[str]:
    """A sentence for each use of the guide that a segment of its own does not arrive at."""
    routes = Routes(guide, COMPONENT)
    begun: dict[int, Station | None] = {}
    return [fault for station in routes.stations for fault in prove_station(routes, station, begun)]


def prove_station(routes: Routes, station: Station, begun: dict[int, Station | None]) -> Iterator[str]:
    """The faults of one segment use; `begun` remembers where each loop begins."""
    use = station.segment
    if use is None or station.parent is None or station.parent.parent is None:
        return  # a loop, or a segment of the set itself: ST and SE
    opener = station is station.parent.opener
    start = begin_loop(routes, station.parent.parent if opener else station.parent, begun)
    if start is None:
        return  # the loop around it cannot be reached, and is reported by its own first segment
    for elements in make_segments(station):
        step = routes.next(start, elements)
        if step is None or step.station is not station:
            found = step.station.use if step is not None else None
            other = getattr(found, "key", "nothing")
            yield f"{use.key} ({use.name}) is read as {other}"


def begin_loop(routes: Routes, loop: Station, begun: dict[int, Station | None]) -> Station | None:
    """The station at which the walk is once a loop has begun; None where it cannot begin."""
    if loop.index in begun:
        return begun[loop.index]
    found: Station | None = routes.root.children[0]
    if loop.parent is not None:
        found = begin_loop(routes, loop.parent, begun)
        if loop.opener is not None and found is not None:
            step = routes.next(found, next(make_segments(loop.opener)))
            found = loop.opener if step is not None and step.station is loop.opener else None
    begun[loop.index] = found
    return found


def make_segments(station: Station) -> Iterator[list[str]]:
    """The least segments of a use: one with each of the codes that tell it from others."""
    use = station.segment
    if use is None:
        raise AssertionError("a segment is made of a segment use")
    slot = station.slot or Slot(1, 0)
    for code in sorted(station.codes) or [""]:
        elements = [use.id, *[""] * slot.element]
        elements[slot.element] = COMPONENT * max(slot.component - 1, 0) + code
        yield elements


def prove_order(guide: Guide) -> list[str]:
    """A sentence for each use that is read as another after something that may stand before it in its loop.

    The longer proof, over every pair of places. What loading a guide proves is that siblings differ.
    """
    routes = Routes(guide, COMPONENT)
    return [
        f"{station.segment.key} after {before.segment.key} is read as something else"
        for station in routes.stations
        if station.segment is not None
        for before in find_before(station)
        for elements in make_segments(station)
        if before.segment is not None and not arrives(routes, before, elements, station)
    ]


def arrives(routes: Routes, start: Station, elements: list[str], station: Station) -> bool:
    """True where a segment that follows `start` is read as `station`."""
    step = routes.next(start, elements)
    return step is not None and step.station is station


def find_before(station: Station) -> Iterator[Station]:
    """Every segment that may stand before a use: of its loop, and of the loops in it, by their positions."""
    loop = station.parent
    if loop is not None and station is loop.opener:
        station, loop = loop, loop.parent
    for sibling in loop.children if loop is not None else ():
        if sibling.position < station.position:
            yield from find_segments(sibling)


def find_segments(station: Station) -> Iterator[Station]:
    """A segment use itself, or every one in a loop."""
    if station.segment is not None:
        yield station
    for child in station.children:
        yield from find_segments(child)
