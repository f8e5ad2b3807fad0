"""Forms: the rows and loops of a window that are not surely as the guide wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edi.guides.acceptors import Acceptors
from edi.guides.routes import Station, limit_of
from edi.sieve.paths import EVERY_CODE, Node, Paths
from edi.sieve.windows import Window

MOST_PATTERNS = 10_000


def doubt_rows(window: Window, accepts: Sequence[Acceptors]) -> Iterator[int]:
    """The rows that their acceptors, given by station, decline."""
    for node in window.nodes:
        if node.station is not None:
            yield from accepts[node.station.index].doubt(window.rows, node.at)


class LoopForms:
    """What loops of a unit may have: how often each segment and loop comes, and which must."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.forms: dict[int, LoopForm] = {}

    def doubt(self, window: Window) -> Iterator[int]:
        """The first rows of loops that lack something or have too much."""
        for node in window.nodes:
            station = node.station
            loop = station.parent if station is not None else None
            if loop is not None and station is loop.children[0]:
                form = self.forms.get(node.code) or self.forms.setdefault(node.code, LoopForm(loop))
                yield from form.doubt(window, node, self.paths)


class LoopForm:
    """The same for one loop; patterns of children that were judged are remembered.

    `limits` are how often segments and loops may come, by code; `wanted` are the codes of those that must,
    None where one of them has not come in the whole file.
    """

    def __init__(self, loop: Station) -> None:
        self.loop = loop
        self.judged: dict[bytes, bool] = {}
        self.limits: dict[int, int] = {}
        self.wanted: bytes | None = None
        self.known = 0
        self.others = b""

    def doubt(self, window: Window, opener: Node, paths: Paths) -> Iterable[int]:
        """The first rows of the loops of a window that are not as they should be."""
        if self.known != len(paths.nodes):
            self._learn(paths, opener)
        parts = window.pattern.translate(None, self.others).split(bytes((opener.code,)))[1:]
        bad = {pattern for pattern in set(parts) if not self._judge(pattern)}
        return [at for at, pattern in zip(opener.at, parts, strict=True) if pattern in bad] if bad else ()

    def _learn(self, paths: Paths, opener: Node) -> None:
        """The codes of the loop's own segments and of the first segments of loops in it."""
        self.known = len(paths.nodes)
        self.limits, wanted = {}, []
        for child in self.loop.children[1:]:
            first = child if child.segment is not None else child.children[0]
            node = paths.by_station.get(first.index)
            if node is not None:
                self.limits[node.code] = limit_of(child)
            if child.use.usage == "R":
                wanted.append(node)
        codes = [node.code for node in wanted if node is not None]
        self.wanted = bytes(codes) if len(codes) == len(wanted) else None
        self.others = EVERY_CODE.translate(None, bytes((opener.code, *self.limits)))

    def _judge(self, pattern: bytes) -> bool:
        right = self.judged.get(pattern)
        if right is None:
            if len(self.judged) >= MOST_PATTERNS:
                self.judged.clear()
            right = self.judged[pattern] = self._is_right(pattern)
        return right

    def _is_right(self, pattern: bytes) -> bool:
        if self.wanted is None or self.wanted.translate(None, pattern):
            return False
        return all(pattern.count(code) <= self.limits[code] for code in set(pattern))
