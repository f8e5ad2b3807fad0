"""Recovery: what to make of a segment that has no place in the guide where it stands.

One wrong segment should be one finding, not a cascade over everything that follows. So the ways to go on are
tried against the segments that come next: leave the segment out, take it for a use whose code it misses,
take it for a loop whose first segment is missing, or take it as displaced within its loop. The way that lets
most of the next segments find their place is chosen; where several do, the plainest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edi.guides.routes import Routes, Station, Step, limit_of
from edi.segments import Segment

LOOKAHEAD = 4
#: How many segments of one set are looked into; what comes after is only named, so that a set of nothing but
#: wrong segments costs no more than reading it.
LIMIT = 200

Occurred = Callable[[Step], int]


class Way(NamedTuple):
    """A way to go on: the step to take, and whether it leads back before segments already read."""

    step: Step
    displaced: bool = False

    @property
    def stays(self) -> bool:
        """True where the walk goes on from where it was: a displaced segment is put back into its loop."""
        return self.displaced and not self.step.opens

    @property
    def missing(self) -> tuple[Station, ...]:
        """The loops that begin without their first segment."""
        return tuple(loop for loop in self.step.opens if loop.opener not in (None, self.step.station))


def follow(routes: Routes, station: Station, taken: Sequence[Station], upcoming: Sequence[Segment]) -> int:
    """How many of the `upcoming` segments find their place after `station`, without a repeat of `taken`."""
    once = {found for found in taken if limit_of(found) == 1}
    for count, segment in enumerate(upcoming):
        step = routes.next(station, segment.elements)
        if step is None or not once.isdisjoint((step.station, *step.opens)):
            return count
        station = step.station
    return len(upcoming)


def grade(step: Step, occurred: Occurred) -> int:
    """How welcome the use is that a step arrives at: 2 where it is required and has not come yet, 1 where it
    may come once more, 0 where it would be one too many.
    """
    target = next((loop for loop in step.opens if loop.opener is not None), step.station)
    count = occurred(step)
    if count == 0 and target.use.usage == "R":
        return 2
    return 1 if count < limit_of(target) else 0


def is_plain(way: Way, welcome: int) -> bool:
    """True where a segment of the wrong code is rather this use than one to leave out: the use is required
    and has not come yet, or it is the only one of its segment id in its place and may come once more.
    """
    first = way.step.station.segment
    only = first is not None and first.slot is None
    return not way.missing and (welcome == 2 or (welcome == 1 and only))


def choose(
    routes: Routes, current: Station, segments: Sequence[Segment], index: int, occurred: Occurred
) -> Way | None:
    """The way to go on at `segments[index]`, which has no place after `current`; None to leave it out.

    `occurred` says how often the use that a step arrives at has come already.
    """
    elements = segments[index].elements
    if elements[0] not in routes.slots:
        return None
    upcoming = segments[index + 1 : index + 1 + LOOKAHEAD]
    score = follow(routes, current, (), upcoming)
    best = _displace(routes, current, elements, upcoming, occurred, score)
    rank = (score, 2)
    if best is not None and not best.stays:
        rank = (follow(routes, best.step.station, (best.step.station, *best.step.opens), upcoming), 2)
    for step in routes.alternatives(current, elements):
        way, welcome = Way(step), grade(step, occurred)
        reached = follow(routes, step.station, (step.station, *step.opens), upcoming)
        better = (reached, welcome) > rank if best is not None else reached > score
        if better or (best is None and reached == score and is_plain(way, welcome)):
            best, rank = way, (reached, welcome)
    return best


def _displace(
    routes: Routes,
    current: Station,
    elements: list[str],
    upcoming: Sequence[Segment],
    occurred: Occurred,
    score: int,
) -> Way | None:
    """The way back: a loop where more of the next segments follow, else a segment that has not come yet."""
    for step in routes.earlier(current, elements):
        if not step.opens:
            if occurred(step) < limit_of(step.station):
                return Way(step, displaced=True)
        elif follow(routes, step.station, (step.station, *step.opens), upcoming) > score:
            return Way(step, displaced=True)
    return None
