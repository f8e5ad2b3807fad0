"""Frozen definitions of an implementation guide: loops, segment uses, element uses.

A guide is loaded from pyx12's map or from our own file, corrected and named by an overlay
(`schemas/guides/*.toml`), proven at load, and then drives reading, checking, generating, JSON
binding, JSON Schema and documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

UNBOUNDED = 1_000_000_000


class SyntaxNote(msgspec.Struct, frozen=True):
    """An X12 relational condition: `kind` P, R, E, C or L over element positions (from 1)."""

    kind: str
    positions: tuple[int, ...]


class ElementUse(msgspec.Struct, frozen=True):
    """A simple element, or a component of a composite, as one segment use allows it.

    `type` is the X12 type (AN, ID, DT, TM, R, N0, N2, B). `codes` holds the guide's own values;
    `external` names the code list that the guide points to. `position` counts from 1.
    """

    position: int
    name: str
    usage: str
    data_element: str
    type: str
    min_length: int
    max_length: int
    repeat: int = 1
    codes: frozenset[str] | None = None
    external: str | None = None
    pattern: str | None = None


class CompositeUse(msgspec.Struct, frozen=True):
    """A composite element: its components in order."""

    position: int
    name: str
    usage: str
    components: tuple[ElementUse, ...]
    repeat: int = 1


class Slot(NamedTuple):
    """An element place that tells same-id siblings apart. `component` is 0 for a simple element."""

    element: int
    component: int


class SegmentUse(msgspec.Struct, frozen=True):
    """One use of a segment at one place of the guide.

    `key` is unique within the guide: `2300/REF[G1]`, or `2300/CLM` where the id stands alone; the
    brackets hold the codes of the slot that tells it from its siblings. `opens` is the id of the loop
    that this segment begins, or "".
    """

    key: str
    loop: str
    id: str
    name: str
    usage: str
    position: int
    max_use: int
    elements: tuple[ElementUse | CompositeUse, ...]
    syntax: tuple[SyntaxNote, ...] = ()
    slot: Slot | None = None
    slot_codes: frozenset[str] = frozenset()

    def find_element(self, position: int, component: int = 0) -> ElementUse | None:
        """The element at a position, or its component (from 1); None where the guide has none there."""
        for use in self.elements:
            if use.position == position:
                if isinstance(use, CompositeUse):
                    return next((part for part in use.components if part.position == component), None)
                return use
        return None


class LoopUse(msgspec.Struct, frozen=True):
    """A loop: `children` in guide order, the first of which opens it (except in a wrapper).

    `path` names the loops from the transaction set down (`2000A/2000B/2300`); `repeat` is UNBOUNDED
    where the guide sets no limit. `wrapper` loops (table 1, 2, 3) have no segment of their own.
    """

    id: str
    path: str
    name: str
    usage: str
    position: int
    repeat: int
    children: tuple[LoopUse | SegmentUse, ...]
    wrapper: bool = False

    def segment_uses(self) -> Iterator[SegmentUse]:
        """Every segment use below this loop, in guide order."""
        for child in self.children:
            if isinstance(child, LoopUse):
                yield from child.segment_uses()
            else:
                yield child

    def loop_uses(self) -> Iterator[LoopUse]:
        """This loop and every loop below it, in guide order."""
        yield self
        for child in self.children:
            if isinstance(child, LoopUse):
                yield from child.loop_uses()


class Guide(msgspec.Struct, frozen=True):
    """An implementation guide: `root` is the transaction set, from ST to SE.

    `handed_on` is the loop that a streamed file is told by: each is handed on once complete, then dropped.
    `versions` are what ST03 and GS08 may say; we write the first. Two guides may share it (270 and 271).
    """

    id: str
    name: str
    transaction_set: str
    functional_group: str
    root: LoopUse
    rules: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    handed_on: str = ""

    @property
    def version(self) -> str:
        """The version that ST03 and GS08 name."""
        return self.versions[0] if self.versions else self.id
