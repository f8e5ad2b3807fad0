"""The definition of a guide, merged of its map, its corrections, its JSON names and its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import msgspec

from edi.codes import find_meaning
from edi.definitions.control import CONTROL, load_control, load_control_source
from edi.definitions.names import LoopNames, gather_names
from edi.definitions.rules import define_rules
from edi.definitions.shapes import (
    CodeDefinition,
    Correction,
    ElementDefinition,
    GuideDefinition,
    LoopDefinition,
    OutlineEntry,
    RuleDefinition,
    SegmentDefinition,
)
from edi.guide import UNBOUNDED, CompositeUse, ElementUse, Guide, LoopUse, SegmentUse, Slot, SyntaxNote
from edi.guides.loading import GuideSource
from edi.guides.maps import load_external_tables
from edi.guides.overlay import load_overlay
from edi.guides.registry import load_guide, load_heads, load_short_names, load_sources
from edi.translation import TA1_KEY, TA1_NAMES

USAGES = {"R": "required", "S": "situational", "N": "not used"}
CONDITIONS = {
    "P": "{all}: where one is there, all are",
    "R": "{all}: at least one is there",
    "E": "{all}: at most one is there",
    "C": "where {first} is there, so {are} {rest}",
    "L": "where {first} is there, so is at least one of {rest}",
}


def list_guides() -> list[str]:
    """The ids of everything that has a definition: the guides, and TA1."""
    return [*load_heads(), CONTROL]


@cache
def define_guide(guide_id: str) -> GuideDefinition:
    """The definition of a guide. Raises KeyError for an unknown id."""
    control = guide_id == CONTROL
    guide = load_control() if control else load_guide(guide_id)
    source = load_control_source() if control else load_sources()[guide_id]
    return _GuideReader(guide, source).read()


def limit(count: int) -> int:
    """A maximum; 0 is none."""
    return 0 if count >= UNBOUNDED else count


class _GuideReader:
    """Puts the definition of one guide together."""

    def __init__(self, guide: Guide, source: GuideSource) -> None:
        self.guide = guide
        self.source = source
        control = guide.id == CONTROL
        self.names = _control_names() if control else gather_names(load_overlay(guide))
        self.rules = () if control else tuple(self._local(rule) for rule in define_rules(guide))
        self.base = f"pyx12's {source.base}" if source.base else f"ours: schemas/guides/{guide.id}.toml"

    def read(self) -> GuideDefinition:
        guide = self.guide
        short = next((name for name, known in load_short_names().items() if known == guide.id), guide.id)
        return GuideDefinition(
            id=guide.id,
            name=guide.name,
            short=short,
            transaction_set=guide.transaction_set,
            functional_group=guide.functional_group,
            versions=guide.versions,
            source=self.base + (f", SHA-256 {self.source.sha256}" if self.source.sha256 else ""),
            outline=tuple(self._outline(guide.root, 0)),
            loops=tuple(self._loops()),
            rules=self.rules,
            corrections=tuple(Correction(fix.where, fix.reason) for fix in self.source.fix),
        )

    def _local(self, rule: RuleDefinition) -> RuleDefinition:
        """A rule with the loops that this guide has: several guides share some."""
        held = {loop.id for loop in self.guide.root.loop_uses()}
        return msgspec.structs.replace(rule, loops=tuple(loop for loop in rule.loops if loop in held))

    def _outline(self, loop: LoopUse, depth: int) -> Iterator[OutlineEntry]:
        segments = tuple(_strip(child) for child in loop.children if isinstance(child, SegmentUse))
        yield OutlineEntry(
            depth, loop.id, loop.name, USAGES.get(loop.usage, loop.usage), limit(loop.repeat), segments
        )
        for child in loop.children:
            if isinstance(child, LoopUse):
                yield from self._outline(child, depth + 1)

    def _loops(self) -> Iterator[LoopDefinition]:
        """Each loop once by its id: where it stands twice, it has the same contents."""
        parents: dict[str, list[str]] = {}
        uses: dict[str, LoopUse] = {}
        for outer in self.guide.root.loop_uses():
            uses.setdefault(outer.id, outer)
            for child in outer.children:
                if isinstance(child, LoopUse) and outer.id not in parents.setdefault(child.id, []):
                    parents[child.id].append(outer.id)
        for use in uses.values():
            yield self._loop(use, tuple(parents.get(use.id, ())))

    def _loop(self, use: LoopUse, parents: tuple[str, ...]) -> LoopDefinition:
        names = self.names.get(use.id, LoopNames())
        return LoopDefinition(
            id=use.id,
            name=use.name,
            usage=USAGES.get(use.usage, use.usage),
            repeats=limit(use.repeat),
            parents=parents,
            segments=tuple(
                self._segment(child, use, names) for child in use.children if isinstance(child, SegmentUse)
            ),
            loops=tuple(child.id for child in use.children if isinstance(child, LoopUse)),
            json=tuple(names.own),
            rules=tuple(rule for rule in self.rules if use.id in rule.loops),
            corrections=self._corrections(use.id),
            table=use.wrapper,
        )

    def _segment(self, use: SegmentUse, loop: LoopUse, names: LoopNames) -> SegmentDefinition:
        told = f"{use.id}{write_slot(use.slot)}" if use.slot is not None and "[" in use.key else ""
        return SegmentDefinition(
            key=use.key,
            loop=loop.id,
            id=use.id,
            name=use.name,
            usage=USAGES.get(use.usage, use.usage),
            repeats=limit(use.max_use),
            source=self.base,
            elements=tuple(self._element(use, element, names) for element in use.elements),
            json=tuple(names.segments.get(use.key, ())),
            conditions=tuple(write_condition(use.id, note) for note in use.syntax),
            told_by=told,
            rules=tuple(rule for rule in self.rules if concerns(rule, loop.id, use.id)),
            corrections=self._corrections(loop.id, use),
        )

    def _element(
        self, segment: SegmentUse, use: ElementUse | CompositeUse, names: LoopNames
    ) -> ElementDefinition:
        slot = Slot(use.position, 0)
        if isinstance(use, ElementUse):
            return self._simple(segment, use, slot, names)
        return ElementDefinition(
            place=f"{segment.id}{write_slot(slot)}",
            name=use.name,
            usage=USAGES[use.usage],
            repeats=limit(use.repeat),
            json=tuple(names.places.get(segment.key, {}).get(slot, ())),
            corrections=self._corrections(segment.key.partition("/")[0], segment, write_slot(slot)),
            components=tuple(
                self._simple(segment, part, Slot(use.position, part.position), names)
                for part in use.components
            ),
        )

    def _simple(
        self, segment: SegmentUse, use: ElementUse, slot: Slot, names: LoopNames
    ) -> ElementDefinition:
        return ElementDefinition(
            place=f"{segment.id}{write_slot(slot)}",
            name=use.name,
            usage=USAGES[use.usage],
            type=use.type,
            shortest=use.min_length,
            longest=use.max_length,
            repeats=limit(use.repeat),
            data_element=use.data_element,
            codes=tuple(
                CodeDefinition(code, explain(use, code)) for code in sorted(use.codes or (), key=order_code)
            ),
            table=name_table(use.external),
            json=tuple(names.places.get(segment.key, {}).get(slot, ())),
            written=tuple(names.written.get(segment.key, {}).get(slot, ())),
            corrections=self._corrections(segment.key.partition("/")[0], segment, write_slot(slot)),
        )

    def _corrections(
        self, loop: str, segment: SegmentUse | None = None, place: str = ""
    ) -> tuple[Correction, ...]:
        """The corrections of a loop, of a segment use in it, or of a place of that."""
        return tuple(
            Correction(fix.where, fix.reason)
            for fix in self.source.fix
            if corrects(fix.where, loop, segment, place)
        )


def corrects(where: str, loop: str, segment: SegmentUse | None, place: str) -> bool:
    """True where a correction is about exactly this loop, segment use or place."""
    parts = where.split("/")
    if parts[0] != loop or len(parts) != 1 + bool(segment) + bool(place):
        return False
    if segment is None:
        return True
    name, _, bracket = parts[1].partition("[")
    code = bracket.rstrip("]").split("|")[0]
    held = {one for element in segment.elements for one in list_codes(element)}
    return name == segment.id and (not code or code in held) and (not place or parts[2] == place)


def list_codes(use: ElementUse | CompositeUse) -> Iterator[str]:
    """The codes of an element and of its components."""
    for part in use.components if isinstance(use, CompositeUse) else (use,):
        yield from part.codes or ()


def order_code(code: str) -> tuple[bool, int, str]:
    """Numbers by their value, then words."""
    digits = code.isascii() and code.isdigit()
    return (not digits, int(code) if digits else 0, code)


def explain(use: ElementUse, code: str) -> str:
    """What a code means in the place of an element."""
    return find_meaning(use.data_element, code, use.name)


def name_table(external: str | None) -> str:
    """What the code list outside the guide is called."""
    if not external:
        return ""
    known = load_external_tables().get(external)
    return known.title if known else external


def concerns(rule: RuleDefinition, loop: str, segment: str) -> bool:
    """True for a rule of the loop that cites a segment."""
    return loop in rule.loops and re.search(rf"\b{segment}(?![A-Z])", rule.cites) is not None


def write_slot(slot: Slot) -> str:
    """05-1, or 02."""
    return f"{slot.element:02d}" + (f"-{slot.component}" if slot.component else "")


def write_condition(segment: str, note: SyntaxNote) -> str:
    """A relational condition in words."""
    places = [f"{segment}{position:02d}" for position in note.positions]
    rest = places[1:]
    return CONDITIONS[note.kind].format(
        all=", ".join(places), first=places[0], rest=", ".join(rest), are="is" if len(rest) == 1 else "are"
    )


def _strip(use: SegmentUse) -> str:
    """The key of a use without its loop."""
    return use.key.partition("/")[2]


def _control_names() -> dict[str, LoopNames]:
    """The names that `edi.translation` gives to the elements of TA1."""
    names = LoopNames()
    places = {Slot(at, 0): [f"{TA1_KEY}[].{name}"] for at, name in enumerate(TA1_NAMES, 1)}
    names.segments["ISA_LOOP/TA1"] = [f"{TA1_KEY}[]"]
    names.places["ISA_LOOP/TA1"] = places
    return {"ISA_LOOP": names}
