"""Frozen definitions of an overlay: which JSON name each element of a guide has.

`edi/guides/overlay.py` parses them from `schemas/guides/*.toml`; binding, generation and JSON Schema
run on them. Places count from 1; component 0 means a simple element.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from edi.guide import LoopUse, SegmentUse, Slot


class Name(msgspec.Struct, frozen=True):
    """A JSON path: `steps` from its scope, or from the document root where `root`.

    No steps mean the scope itself. `many` marks an array (`codes[]`); `pick` takes of it the items whose
    member has a value (`providers[providerType=BillingProvider]`).
    """

    steps: tuple[str, ...]
    root: bool = False
    many: bool = False
    pick: tuple[str, str] | None = None


class Presence(msgspec.Struct, frozen=True):
    """A condition on the document: `name` is there, or is absent where `absent`."""

    name: Name
    absent: bool = False


class Condition(msgspec.Struct, frozen=True):
    """An element of the same segment has one of `codes`."""

    slot: Slot
    codes: tuple[str, ...]


class Choice(msgspec.Struct, frozen=True):
    """One name for an element; taken where `condition` holds (always, without one)."""

    name: Name
    condition: Condition | None = None


class ValueField(msgspec.Struct, frozen=True):
    """One element or component. `kind` is text, integer or boolean (`true`/`false` are its codes)."""

    slot: Slot
    choices: tuple[Choice, ...]
    kind: str = "text"
    true: str = ""
    false: str = ""


class SpreadField(msgspec.Struct, frozen=True):
    """An array of texts over several places."""

    slots: tuple[Slot, ...]
    name: Name


class Coded(msgspec.Struct, frozen=True):
    """A code and what it means in words: the name of each, and (code, word) pairs of those that have words.

    Writing takes the code, or without one the code of the word.
    """

    code: Name | None
    meaning: Name | None
    words: tuple[tuple[str, str], ...] = ()


class CodedField(msgspec.Struct, frozen=True):
    """A coded element; `many` where it repeats, so that both names are arrays."""

    slot: Slot
    coded: Coded
    many: bool = False


class MomentField(msgspec.Struct, frozen=True):
    """A date, a range of dates or a date with a time, as one text; the element before says which."""

    slot: Slot
    name: Name


class Part(msgspec.Struct, frozen=True):
    """A value of one item of a RunsField: `offset` counts the elements of the run from 0.

    It is a text with `choices`, both ends of a range of dates with `span`, or `coded`.
    """

    offset: int
    component: int
    choices: tuple[Choice, ...]
    span: tuple[Name, Name] | None = None
    coded: Coded | None = None


class RunsField(msgspec.Struct, frozen=True):
    """An array of objects over runs of elements; `starts` are the first elements of the runs."""

    starts: tuple[int, ...]
    stride: int
    each: Name
    parts: tuple[Part, ...]


class PairsField(msgspec.Struct, frozen=True):
    """Pairs of qualifier and value; `names` by qualifier. With `each`, an array of one-key objects."""

    starts: tuple[int, ...]
    names: tuple[tuple[str, Name], ...]
    each: Name | None = None


class PeriodField(msgspec.Struct, frozen=True):
    """A date (D8) or a range of dates (RD8); the element before `slot` says which."""

    slot: Slot
    single: Name | None
    span: tuple[Name, Name] | None


Field = ValueField | SpreadField | RunsField | PairsField | PeriodField | CodedField | MomentField


class SegmentBinding(msgspec.Struct, frozen=True):
    """One segment use, or the part of it with certain qualifier codes, and its names.

    `key` is `REF[0B]` as the overlay writes it, unique within the loop. `codes` are the qualifier codes
    at `slot`; empty codes mean every occurrence. `scope` is the object or array that its names start from.
    """

    key: str
    use: SegmentUse
    codes: tuple[str, ...] = ()
    slot: Slot | None = None
    scope: Name | None = None
    only: Presence | None = None
    fields: tuple[Field, ...] = ()
    constants: tuple[tuple[Slot, str], ...] = ()
    defaults: tuple[tuple[Slot, str], ...] = ()
    derived: tuple[tuple[Slot, str], ...] = ()

    @property
    def named(self) -> bool:
        """True where the overlay says anything about this segment."""
        return bool(self.fields or self.constants or self.defaults or self.derived or self.scope)


class LoopBinding(msgspec.Struct, frozen=True):
    """A loop and the object, array or enclosing scope its names start from."""

    use: LoopUse
    scope: Name | None
    when: Presence | None
    segments: tuple[SegmentBinding, ...]
    loops: tuple[LoopBinding, ...]
    listed: bool = True

    def every_loop(self) -> Iterator[LoopBinding]:
        """This loop and all below it, in guide order."""
        yield self
        for loop in self.loops:
            yield from loop.every_loop()


class Overlay(msgspec.Struct, frozen=True):
    """The names of one guide. `unit` is the loop that makes one document, or "" for the whole set."""

    guide: str
    unit: str
    root: LoopBinding
