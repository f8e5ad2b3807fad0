"""Segments and delimiters: the smallest values of an X12 file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from edi.guide import SegmentUse


class Delimiters(msgspec.Struct, frozen=True):
    """The four separators of one interchange, and what followed each segment terminator.

    Source: 005010 ISA (element separator at byte 4, ISA11 repetition, ISA16 component,
    byte 106 segment terminator).
    """

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"
    line_end: str = ""


class Segment(msgspec.Struct, gc=False, eq=False):
    """One segment as read: `elements[0]` is the segment id, `elements[n]` element n as text.

    `ordinal` counts from ST = 1 inside a transaction set (0 for envelope segments);
    `offset` is the position of the first byte of the segment in the file as received; `use` is the guide's
    definition of it, once a reader has found its place. `plain` is true where the lexer has seen that it
    holds only printable ASCII that JSON writes as it is, no repetitions, and no element or component that
    begins or ends with a blank.
    """

    elements: list[str]
    ordinal: int = 0
    offset: int = 0
    use: SegmentUse | None = None
    plain: bool = False

    @property
    def id(self) -> str:
        return self.elements[0]

    def element(self, number: int) -> str:
        """Element `number` (1 = first after the id), or "" where the segment is shorter."""
        return self.elements[number] if number < len(self.elements) else ""

    def component(self, number: int, component: int, separator: str = ":") -> str:
        """Component `component` (1 = first) of element `number`, or ""."""
        parts = self.element(number).split(separator)
        return parts[component - 1] if component <= len(parts) else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Segment) and self.elements == other.elements

    def __hash__(self) -> int:
        return hash(tuple(self.elements))

    def __repr__(self) -> str:
        return f"Segment({self.id}, ordinal={self.ordinal})"
