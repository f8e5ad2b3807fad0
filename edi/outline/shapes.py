"""What an outline is made of: sections in sections, rows of fields, notes where they belong.

A section is an interchange, a group, a transaction set or a loop. A unit is what the contents list: a claim,
a claim payment, a member. Everything is text, ready to be shown; amounts and days are written as people
write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

HIDDEN = "•••"


class Kind(StrEnum):
    """What a section is."""

    INTERCHANGE = "interchange"
    GROUP = "group"
    SET = "set"
    LOOP = "loop"


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding in its place. `place` is where it stands in the file, `pointer` in the JSON."""

    severity: str
    code: str
    message: str
    remedy: str
    place: str = ""
    pointer: str = ""


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """An element or component: `text` as the file has it, `shown` as people write it, `meaning` of a code."""

    place: str
    name: str
    text: str
    shown: str
    meaning: str = ""
    notes: tuple[Note, ...] = ()


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A segment. `ordinal` counts from ST = 1."""

    id: str
    name: str
    ordinal: int
    fields: tuple[Field, ...]
    notes: tuple[Note, ...] = ()

    def all_notes(self) -> Iterator[Note]:
        """The notes of the segment and of its fields."""
        yield from self.notes
        for field in self.fields:
            yield from field.notes


class Section(msgspec.Struct, frozen=True, omit_defaults=True):
    """An envelope or loop. `hint` tells it from its neighbours; `facts` are what its header says.

    `unit` is the number of the unit that it is, 0 where it is none; `units` are the numbers of those in it.
    """

    kind: Kind
    id: str
    name: str
    children: tuple[Section | Row, ...] = ()
    hint: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()
    unit: int = 0
    units: tuple[int, ...] = ()

    def all_notes(self) -> Iterator[Note]:
        """Every note here and below."""
        yield from self.notes
        for child in self.children:
            yield from child.all_notes()

    def sections(self) -> Iterator[Section]:
        """This section and every one below it."""
        yield self
        for child in self.children:
            if isinstance(child, Section):
                yield from child.sections()


class Unit(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry of the contents; `number` counts from 1 through the file, `label` is its own number.

    `status` is a code, `meaning` what it means; `errors`, `warnings` and `remarks` count its findings.
    """

    number: int
    word: str
    label: str
    person: str = ""
    charge: str = ""
    paid: str = ""
    status: str = ""
    meaning: str = ""
    errors: int = 0
    warnings: int = 0
    remarks: int = 0


class Left(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an outline leaves out: how many units (`word` says of what), the findings in them, and the number
    of the next one, 0 where none follows.
    """

    units: int
    word: str
    findings: int = 0
    following: int = 0


class Outline(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file or a list of JSON documents. `facts` sum it up; `notes` concern the file as such.

    `redacted` says that its people are left out; `selected` that it is a part of the file, and `left` what of
    the file is not in it because it would be too much to read.
    """

    name: str
    kind: str
    verdict: str
    counts: str
    sections: tuple[Section, ...]
    units: tuple[Unit, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()
    redacted: bool = False
    selected: str = ""
    left: Left | None = None
