"""Structures: a whole guide of our own, written as an indented tree, where pyx12 ships no map.

The overlay file has no `base`; its text `structure` holds the loops and segments between ST and SE:

    HEADER table Table 1 - Header
      BHT R 1 Beginning of Hierarchical Transaction: 01=0022 02=01|13|36 03? 04 05 06?=RT
    2000A loop R >1 Information Source Level
      HL R 1 Information Source Level: 01 03=20 04=1
      2100A loop R 1 Information Source Name
        NM1 R 1 Information Source Name: 01=2B|36 02=1|2 03?"Payer Name" 08=$ids 09
        REF S 9 Payer Identification: 01=18 02 04?(1=2U 2)

A line is `ID table NAME`, `ID loop USAGE REPEAT NAME` or `ID USAGE MAXIMUM NAME: ELEMENTS`, indented two
blanks under the loop it is in. Usage is R or S; a maximum of >1 is no limit. ELEMENTS names the positions
that the guide uses; all others are not used:
    02        required          02?        situational         03?*99     repeats up to 99 times
    02=A|B    these codes       02=$name   the list `name` of the file's [codes] or of `schemas/words.toml`
    02=@name  the external list `name` of pyx12's codes.xml    02=A|@name   both
    02"Name"  the guide's own name (else that of the data element)
    03(1 2?)  a composite: its components, in the same way
Elements and relational conditions of segments stand in `schemas/segments.toml`. Consecutive segments of one
id, and consecutive loops that begin with one id, share a position: they may come in any order. A loop that is
written without contents has those of the loop of the same id before it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from edi.guide import UNBOUNDED, CompositeUse, ElementUse, LoopUse, SegmentUse, SyntaxNote
from edi.guides.maps import DataElement, load_data_elements, load_element_names
from edi.guides.words import load_words

LOOP = re.compile(r"(\S+) loop ([RS]) (\S+) (.+)$")
TABLE = re.compile(r"(\S+) table (.+)$")
SEGMENT = re.compile(r"([A-Z][A-Z0-9]{1,2}) ([RS]) (\S+) (.+?): (.+)$")
ELEMENT = re.compile(r'(\d+)(\?)?(?:"([^"]+)")?(?:\*(\S+?))?(?:=([^\s()]+))?(?:\(([^()]+)\))?(?:\s+|$)')
CODES = dict[str, list[str]]


class StructureError(Exception):
    """A structure is not written as its language asks."""


class Directory(msgspec.Struct, frozen=True):
    """The segments, composites (with their names) and relational conditions of `schemas/segments.toml`."""

    segment: dict[str, str]
    composite: dict[str, str]
    names: dict[str, str]
    notes: dict[str, list[str]]
    element: dict[str, str] = {}
    others: str = ""


class Line(NamedTuple):
    """One line of a structure: how deep it stands, and its text."""

    depth: int
    text: str


class Item(NamedTuple):
    """One element of a segment line."""

    position: int
    usage: str
    name: str
    repeat: int
    codes: str
    components: str


@cache
def load_directory() -> Directory:
    """The X12 segment directory."""
    text = (files("schemas") / "segments.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Directory)


@cache
def load_segment_ids() -> frozenset[str]:
    """The id of every segment of X12 that a HIPAA transaction may have."""
    directory = load_directory()
    return frozenset((*directory.segment, *directory.others.split()))


@cache
def load_elements() -> dict[str, DataElement]:
    """Every data element: pyx12's and those that the directory adds."""
    added = {
        number: DataElement(text.split()[0], int(text.split()[1]), int(text.split()[2]))
        for number, text in load_directory().element.items()
    }
    return {**added, **load_data_elements()}


def parse_note(text: str) -> SyntaxNote:
    """A relational condition such as P0809."""
    return SyntaxNote(text[0], tuple(int(text[at : at + 2]) for at in range(1, len(text), 2)))


def parse_limit(text: str) -> int:
    """A maximum; >1 is none."""
    return UNBOUNDED if text.startswith(">") else int(text)


def parse_items(text: str) -> list[Item]:
    """The elements of a segment line, or the components of a composite. Raises StructureError."""
    items, at = [], 0
    while at < len(text):
        found = ELEMENT.match(text, at)
        if found is None:
            raise StructureError(f"{text[at:]} names no element")
        position, optional, name, repeat, codes, components = found.groups()
        items.append(
            Item(
                int(position),
                "S" if optional else "R",
                name or "",
                parse_limit(repeat or "1"),
                codes or "",
                components or "",
            )
        )
        at = found.end()
    return items


class StructureParser:
    """Turns the text of a structure into loops. `codes` are the named lists of the file."""

    def __init__(self, text: str, codes: CODES) -> None:
        lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        self.lines = [Line((len(line) - len(line.lstrip())) // 2, line.strip()) for line in lines]
        self.codes = codes
        self.at = 0
        self.loops: dict[str, tuple[LoopUse | SegmentUse, ...]] = {}

    def parse(self) -> tuple[LoopUse | SegmentUse, ...]:
        """The children of the transaction set. Raises StructureError."""
        children = self.children(0, "ST_LOOP", "ST_LOOP")
        if self.at < len(self.lines):
            raise StructureError(f"{self.lines[self.at].text} is indented too far")
        return children

    def children(self, depth: int, loop: str, path: str) -> tuple[LoopUse | SegmentUse, ...]:
        """The loops and segments that stand at `depth`, placed."""
        found: list[LoopUse | SegmentUse] = []
        while self.at < len(self.lines) and self.lines[self.at].depth == depth:
            text = self.lines[self.at].text
            self.at += 1
            found.append(self.child(text, depth, loop, path))
        return tuple(place(found))

    def child(self, text: str, depth: int, loop: str, path: str) -> LoopUse | SegmentUse:
        """One loop with its contents, or one segment."""
        table, inner, segment = TABLE.match(text), LOOP.match(text), SEGMENT.match(text)
        if table:
            return self.loop(table[1], table[2], "R", 1, depth, path, wrapper=True)
        if inner:
            return self.loop(inner[1], inner[4], inner[2], parse_limit(inner[3]), depth, path)
        if segment:
            return self.segment(segment, loop)
        raise StructureError(f"{text} is no table, loop or segment")

    def loop(
        self, name: str, title: str, usage: str, repeat: int, depth: int, path: str, *, wrapper: bool = False
    ) -> LoopUse:
        """A loop; without contents of its own it has those of the loop of its id before it."""
        own = f"{path}/{name}"
        children = self.children(depth + 1, name, own) or tuple(rebase(self.loops.get(name, ()), own))
        if not children:
            raise StructureError(f"loop {name} has no contents")
        self.loops.setdefault(name, children)
        return LoopUse(name, own, title, usage, 0, repeat, children, wrapper)

    def segment(self, found: re.Match[str], loop: str) -> SegmentUse:
        """A segment with every element of its directory entry."""
        directory = load_directory()
        name = found[1]
        if name not in directory.segment:
            raise StructureError(f"segment {name} is not in the directory")
        items = {item.position: item for item in parse_items(found[5])}
        numbers = directory.segment[name].split()
        elements = [self.element(at, number, items.pop(at, None)) for at, number in enumerate(numbers, 1)]
        if items:
            raise StructureError(f"{name} has no element {min(items)}")
        notes = tuple(parse_note(text) for text in directory.notes.get(name, ()))
        return SegmentUse(
            "", loop, name, found[4], found[2], 0, parse_limit(found[3]), tuple(elements), notes
        )

    def element(self, position: int, number: str, item: Item | None) -> ElementUse | CompositeUse:
        """An element or composite as its item says; without one it is not used."""
        parts = load_directory().composite.get(number)
        if parts is None:
            return self.simple(position, number, item)
        items = {inner.position: inner for inner in parse_items(item.components if item else "")}
        components = tuple(self.simple(at, part, items.get(at)) for at, part in enumerate(parts.split(), 1))
        usage = item.usage if item else "N"
        name = (item.name if item else "") or load_directory().names[number]
        return CompositeUse(position, name, usage, components, item.repeat if item else 1)

    def simple(self, position: int, number: str, item: Item | None) -> ElementUse:
        """A simple element or component."""
        kind = load_elements()[number]
        codes, external = self.code_lists(item.codes if item else "")
        name = (item.name if item else "") or load_element_names().get(number, f"Element {number}")
        return ElementUse(
            position=position,
            name=name,
            usage=item.usage if item else "N",
            data_element=number,
            type=kind.type,
            min_length=kind.min_length,
            max_length=kind.max_length,
            repeat=item.repeat if item else 1,
            codes=codes,
            external=external,
        )

    def code_lists(self, text: str) -> tuple[frozenset[str] | None, str | None]:
        """The codes that `text` names, and the external list."""
        codes: set[str] = set()
        external = None
        for part in filter(None, text.split("|")):
            if part.startswith("$"):
                listed = self.codes.get(part[1:]) or load_words().get(part[1:])
                if listed is None:
                    raise StructureError(f"there is no list {part[1:]} of codes")
                codes.update(listed)
            elif part.startswith("@"):
                external = part[1:]
            else:
                codes.add(part)
        return (frozenset(codes) or None), external


def opener(use: LoopUse | SegmentUse) -> str:
    """The id of the segment that begins `use`."""
    return use.id if isinstance(use, SegmentUse) else opener(use.children[0])


def place(children: list[LoopUse | SegmentUse]) -> Iterator[LoopUse | SegmentUse]:
    """Children with their positions: neighbours of one kind that begin with one segment id share one."""
    position, before = 0, ("", "")
    for child in children:
        kind = (type(child).__name__, opener(child))
        position += 10 if kind != before else 0
        before = kind
        yield msgspec.structs.replace(child, position=position)


def rebase(children: tuple[LoopUse | SegmentUse, ...], path: str) -> Iterator[LoopUse | SegmentUse]:
    """Copies of a loop's contents under another path."""
    for child in children:
        if isinstance(child, LoopUse):
            own = f"{path}/{child.id}"
            yield msgspec.structs.replace(child, path=own, children=tuple(rebase(child.children, own)))
        else:
            yield child


def build_root(text: str, codes: CODES, set_id: str, versions: tuple[str, ...]) -> LoopUse:
    """The transaction set of a structure, ST and SE around it; places, not yet told apart.

    Raises StructureError.
    """
    parser = StructureParser(text, codes)
    known = "|".join(versions)
    header = SEGMENT.match(f"ST R 1 Transaction Set Header: 01={set_id} 02 03={known}")
    trailer = SEGMENT.match("SE R 1 Transaction Set Trailer: 01 02")
    if header is None or trailer is None:
        raise StructureError(f"{set_id} makes no transaction set header")
    inner = parser.parse()
    children = [parser.segment(header, "ST_LOOP"), *inner, parser.segment(trailer, "ST_LOOP")]
    return LoopUse("ST_LOOP", "ST_LOOP", "Transaction Set", "R", 0, 1, tuple(place(children)))
