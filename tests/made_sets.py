"""Transaction sets made at random from the definition of a guide alone: the guide allows every one of them.

Every part that a guide has comes up: optional loops, segments, elements and components in and out, each of
its codes, lengths at their limits, repeats, and neighbours of one position in any order. Nothing here knows
JSON names, samples or rules of people; so what a guide allows comes back as
it was, or the engine is wrong.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import groupby
from random import Random

from edi.checks import FORMATS
from edi.guide import CompositeUse, ElementUse, Guide, LoopUse, SegmentUse, Slot, SyntaxNote
from edi.guides.maps import load_external_codes
from edi.guides.registry import load_guide, load_sources
from edi.segments import Delimiters

TEXT = string.ascii_uppercase + string.digits
INNER = TEXT + " .,-'/()&#" + string.ascii_lowercase
BUDGET = 160  # segments of a set, after which nothing optional is added
LONGEST_TEXT = 60
BINARY = "BIN"  # says its length first


def make_day(random: Random) -> str:
    """A day as CCYYMMDD."""
    return f"{date(2001, 1, 1) + timedelta(days=random.randrange(9_000)):%Y%m%d}"


def make_clock(random: Random) -> str:
    """A time of day of four, six or eight digits."""
    clock = f"{random.randrange(24):02d}" + "".join(f"{random.randrange(60):02d}" for _ in range(3))
    return clock[: random.choice((4, 4, 6, 8))]


def make_digits(random: Random, least: int, most: int) -> str:
    """A whole number of so many digits."""
    length = random.choice((least, most, random.randint(least, most)))
    return random.choice("123456789") + "".join(random.choices(string.digits, k=length - 1))


def make_amount(random: Random, use: ElementUse) -> str:
    """A decimal number with at most two places."""
    whole = make_digits(random, 1, max(1, min(use.max_length, 9) - 2))
    places = random.choice(("", "", ".5", ".25", ".05"))
    text = random.choice(("", "", "", "-")) + random.choice((whole, whole, "0")) + places
    return (
        text
        if len(text.strip("-").replace(".", "")) >= use.min_length
        else make_digits(random, use.min_length, use.min_length)
    )


def make_text(random: Random, use: ElementUse) -> str:
    """Text at the least length, at the greatest or between, without blanks at its ends."""
    most = min(use.max_length, max(LONGEST_TEXT, use.min_length))
    length = random.choice(
        (use.min_length, most, random.randint(use.min_length, most), min(most, max(8, use.min_length)))
    )
    ends = random.choices(TEXT, k=2)
    return (
        (ends[0] + "".join(random.choices(INNER, k=max(0, length - 2))) + ends[1])[-length:]
        if length > 1
        else ends[0]
    )


#: How a date is written after each format (data element 1251 after 1250).
DATED: dict[str, Callable[[Random], str]] = {
    "D8": make_day,
    "RD8": lambda random: f"{make_day(random)}-{make_day(random)}",
    "DT": lambda random: make_day(random) + make_clock(random)[:4],
    "TM": lambda random: make_clock(random)[:4],
    "D6": lambda random: make_day(random)[2:],
}


class SetMaker:
    """Makes one transaction set. `chance` is that of each optional part.

    With `gaps` the second of several values of one kind may be absent while the third is there, which the
    guides allow and nobody means.
    """

    def __init__(
        self, guide: Guide, random: Random, delimiters: Delimiters, chance: float, *, gaps: bool = True
    ) -> None:
        self.guide = guide
        self.random = random
        self.delimiters = delimiters
        self.chance = chance
        self.gaps = gaps
        self.unit = load_sources()[guide.id].unit
        self.made: list[list[str]] = []
        self.levels = 0

    def make(self, number: str = "0001") -> list[list[str]]:
        """The segments from ST to SE."""
        root = self.guide.root
        header = self.segment(root.children[0]) if isinstance(root.children[0], SegmentUse) else []
        self.made = [[*header[:2], number, *header[3:]]]
        self.loop_contents(root, root.children[1:-1], "")
        self.made.append(["SE", str(len(self.made) + 1), number])
        return self.made

    # --- loops

    def loop(self, use: LoopUse, parent: str) -> None:
        """One occurrence of a loop."""
        if use.wrapper:
            self.loop_contents(use, use.children, parent)
            return
        first = use.children[0]
        if isinstance(first, LoopUse):
            raise AssertionError(f"{use.path} is opened by a loop")
        opener = self.segment(first)
        self.made.append(opener)
        level = ""
        if first.id == "HL":
            self.levels += 1
            level = str(self.levels)
            opener[1:3] = [level, parent]
        begun = self.levels
        self.loop_contents(use, use.children[1:], level or parent)
        if level and len(opener) > 4 and opener[4]:
            opener[4] = "1" if self.levels > begun else "0"
        while len(opener) > 1 and not opener[-1]:
            opener.pop()

    def loop_contents(self, use: LoopUse, children: tuple[LoopUse | SegmentUse, ...], parent: str) -> None:
        """The children of a loop, those of one position in any order."""
        wanted = self.choose_required(use, children)
        taken: set[str] = set()
        for _, group in groupby(children, key=lambda child: child.position):
            runs = [
                (child, count) for child in group for count in [self.count(child, child is wanted)] if count
            ]
            if all(isinstance(child, SegmentUse) for child, _ in runs):
                self.random.shuffle(runs)
            for child, count in runs:
                if isinstance(child, LoopUse) and child.id in taken:
                    continue  # it would be read as part of the loop before it
                if isinstance(child, LoopUse) and not child.wrapper:
                    taken = {
                        each.id for each in child.children if isinstance(each, LoopUse) and is_level(each)
                    }
                for _ in range(count):
                    if isinstance(child, LoopUse):
                        self.loop(child, parent)
                    else:
                        self.made.append(self.segment(child))

    def choose_required(
        self, use: LoopUse, children: tuple[LoopUse | SegmentUse, ...]
    ) -> LoopUse | SegmentUse | None:
        """A child that must be there: the way to a claim, or a level below one that says it has levels."""
        ways = [child for child in children if isinstance(child, LoopUse) and self.leads(child)]
        if ways and self.unit:
            return self.random.choice(ways)
        below = [child for child in children if isinstance(child, LoopUse) and is_level(child)]
        return self.random.choice(below) if below and has_levels(use) else None

    def leads(self, use: LoopUse) -> bool:
        """True for the loop that makes a document and those around it."""
        return any(each.id == self.unit for each in use.loop_uses())

    def count(self, use: LoopUse | SegmentUse, wanted: bool) -> int:
        """How often a part comes."""
        if use.usage == "N":
            return 0
        needed = use.usage == "R" or wanted or (isinstance(use, LoopUse) and use.wrapper)
        full = len(self.made) > BUDGET
        if not needed and (full or self.random.random() > self.chance):
            return 0
        limit = use.repeat if isinstance(use, LoopUse) else use.max_use
        if full or limit == 1 or (isinstance(use, LoopUse) and use.wrapper):
            return 1
        return self.random.choice(
            (1, 1, 1, 2, min(limit, 4), limit if limit <= 12 and self.chance < 0.3 else 1)
        )

    # --- segments

    def segment(self, use: SegmentUse) -> list[str]:
        """One segment."""
        values: dict[int, str] = {}
        form = ""
        for element in use.elements:
            values[element.position] = self.element(use, element, form)
            if not self.gaps and element.usage == "S" and not self.follows(use.elements, element, values):
                values[element.position] = ""
            if isinstance(element, ElementUse) and element.data_element == "1250":
                form = values[element.position]
        self.keep_notes(use, values)
        self.date_again(use, values)
        if use.id == BINARY:
            values[1] = str(len(values[2]))
        elements = [use.id, *(values.get(at, "") for at in range(1, max(values, default=0) + 1))]
        while len(elements) > 1 and not elements[-1] and use.id != "HL":
            elements.pop()
        return elements

    def element(
        self, use: SegmentUse, element: ElementUse | CompositeUse, form: str, *, fill: bool = False
    ) -> str:
        """One element with its repetitions, or nothing."""
        slot = use.slot if use.slot is not None and use.slot.element == element.position else None
        if element.usage == "N" or not (fill or slot or self.includes(element.usage)):
            return ""
        count = 1
        if element.repeat > 1 and self.random.random() < self.chance:
            count = self.random.choice((1, 2, min(element.repeat, 5)))
        return self.delimiters.repetition.join(self.once(use, element, form, slot) for _ in range(count))

    def once(self, use: SegmentUse, element: ElementUse | CompositeUse, form: str, slot: Slot | None) -> str:
        """One occurrence of an element."""
        if isinstance(element, ElementUse):
            return self.value(element, use.slot_codes if slot else None, form)
        parts: list[str] = []
        inner = ""
        for part in element.components:
            told = slot is not None and slot.component == part.position
            text = ""
            before = [
                other for other in element.components[: len(parts)] if other.data_element == part.data_element
            ]
            if not self.gaps and part.usage == "S" and before and not parts[before[-1].position - 1]:
                parts += [""] * (part.position - len(parts))
                continue
            if part.usage != "N" and (told or self.includes(part.usage)):
                text = self.value(part, use.slot_codes if told else None, inner)
            if part.data_element == "1250":
                inner = text
            parts += [""] * (part.position - 1 - len(parts)) + [text]
        if not any(parts):
            first = next(part for part in element.components if part.usage != "N")
            parts[first.position - 1] = self.value(first, None, "")
        return self.delimiters.component.join(parts).rstrip(self.delimiters.component)

    def follows(
        self,
        elements: tuple[ElementUse | CompositeUse, ...],
        element: ElementUse | CompositeUse,
        values: dict[int, str],
    ) -> bool:
        """True where the element before of the same kind has a value, or there is none."""
        before = [
            each
            for each in elements
            if each.position < element.position and kind_of(each) == kind_of(element)
        ]
        return not before or bool(values[before[-1].position])

    def includes(self, usage: str) -> bool:
        return usage == "R" or (usage == "S" and self.random.random() < self.chance)

    def keep_notes(self, use: SegmentUse, values: dict[int, str]) -> None:
        """Fills or empties elements until every relational condition holds."""
        known = {element.position: element for element in use.elements}
        for _ in range(4):
            for note in use.syntax:
                self.keep_note(use, note, [known[at] for at in note.positions if at in known], values)

    def keep_note(
        self,
        use: SegmentUse,
        note: SyntaxNote,
        elements: list[ElementUse | CompositeUse],
        values: dict[int, str],
    ) -> None:
        have = [bool(values[element.position]) for element in elements]
        lone = not self.gaps and note.kind == "L" and have[:2] == [True, False]
        if len(elements) < 2 or not (lone or is_broken(note.kind, have)):
            return
        fixed = [element for element in elements if self.is_fixed(use, element)]
        if note.kind == "E":
            for element in elements:
                if element is not (fixed or [e for e, there in zip(elements, have, strict=True) if there])[0]:
                    values[element.position] = ""
            return
        usable = [element for element in elements if element.usage != "N"]
        wanted = elements if note.kind in "PC" else [self.random.choice(usable[1:] or usable)]
        wanted = elements[1:2] if lone else wanted
        if all(element.usage != "N" for element in wanted):
            for element in wanted:
                values[element.position] = values[element.position] or self.element(
                    use, element, self.form_before(use, element, values), fill=True
                )
            return
        for element in elements if note.kind == "P" else elements[:1]:
            if element not in fixed:
                values[element.position] = ""

    def date_again(self, use: SegmentUse, values: dict[int, str]) -> None:
        """Writes the dates after a format once more: a condition may have brought in the format."""
        for element in use.elements:
            form = self.form_before(use, element, values)
            dated = isinstance(element, ElementUse) and element.data_element == "1251"
            if dated and values[element.position] and form in FORMATS:
                values[element.position] = DATED[form](self.random)

    def form_before(self, use: SegmentUse, element: ElementUse | CompositeUse, values: dict[int, str]) -> str:
        """The date format (1250) that stands before an element."""
        forms = [
            values[each.position]
            for each in use.elements
            if isinstance(each, ElementUse)
            and each.data_element == "1250"
            and each.position < element.position
        ]
        return forms[-1] if forms else ""

    def is_fixed(self, use: SegmentUse, element: ElementUse | CompositeUse) -> bool:
        """True for an element that may not be emptied."""
        return element.usage == "R" or (use.slot is not None and use.slot.element == element.position)

    # --- values

    def value(self, use: ElementUse, told: frozenset[str] | None, form: str) -> str:
        """A value that the guide allows."""
        listed = set(told or use.codes or ())
        if not told and use.external is not None:
            codes = load_external_codes().get(use.external, frozenset())
            listed |= {code for code in codes if use.min_length <= len(code) <= use.max_length}
        if listed:
            return self.random.choice(sorted(listed))
        if use.data_element == "1251" and form in FORMATS:
            return DATED[form](self.random)
        if use.pattern is not None:
            return make_digits(self.random, 9, 9)
        return self.plain(use)

    def plain(self, use: ElementUse) -> str:
        """A value of an element without codes, by its type."""
        if use.type == "DT":
            return make_day(self.random)[-use.max_length :]
        if use.type == "TM":
            return make_clock(self.random)[: use.max_length]
        if use.type == "R":
            return make_amount(self.random, use)
        if use.type.startswith("N"):
            return make_digits(self.random, use.min_length, min(use.max_length, 9))
        return make_text(self.random, use)


def kind_of(element: ElementUse | CompositeUse) -> tuple[str, ...]:
    """What an element holds: its data element, or those of its components."""
    if isinstance(element, ElementUse):
        return (element.data_element,) if element.usage != "N" else ("",)
    return tuple(part.data_element for part in element.components) if element.usage != "N" else ("",)


def is_broken(kind: str, have: list[bool]) -> bool:
    """True where elements that are there or not break a relational condition of this kind (X12.6)."""
    return {
        "P": any(have) and not all(have),
        "R": not any(have),
        "E": sum(have) > 1,
        "C": have[0] and not all(have),
        "L": have[0] and not any(have[1:]),
    }[kind]


def is_level(use: LoopUse) -> bool:
    """True for a loop that begins with HL."""
    first = use.children[0]
    return isinstance(first, SegmentUse) and first.id == "HL"


def has_levels(use: LoopUse) -> bool:
    """True for a level whose HL04 can only say that levels follow."""
    first = use.children[0]
    if not (isinstance(first, SegmentUse) and first.id == "HL"):
        return False
    codes = next((e.codes for e in first.elements if isinstance(e, ElementUse) and e.position == 4), None)
    return codes == frozenset({"1"})


def make_file(
    guide_id: str,
    random: Random,
    *,
    sets: int = 1,
    chance: float | None = None,
    delimiters: Delimiters | None = None,
    gaps: bool = True,
) -> bytes:
    """A file with one group of transaction sets of a guide."""
    guide = load_guide(guide_id)
    marks = delimiters or random.choice(DELIMITERS)
    likely = random.choice((0.05, 0.15, 0.3, 0.6)) if chance is None else chance
    made = [
        SetMaker(guide, random, marks, likely, gaps=gaps).make(f"{number:04d}")
        for number in range(1, sets + 1)
    ]
    version = made[0][0][3] if len(made[0][0]) > 3 else guide.version
    lines = [*head_lines(guide, marks, version)]
    for segments in made:
        lines += [[*segments[0][:3], *([version] if len(segments[0]) > 3 else [])], *segments[1:]]
    lines += [["GE", str(sets), "1"], ["IEA", "1", "000000001"]]
    end = marks.segment + marks.line_end
    return "".join(marks.element.join(line) + end for line in lines).encode()


DELIMITERS = (
    Delimiters(line_end="\n"),
    Delimiters(),
    Delimiters("|", ">", "!", "~", "\r\n"),
    Delimiters("\x1d", "\x1f", "\x1c", "\x1e", ""),
)


def head_lines(guide: Guide, marks: Delimiters, version: str) -> Iterator[list[str]]:
    """ISA and GS."""
    yield [
        *(
            "ISA",
            "00",
            " " * 10,
            "00",
            " " * 10,
            "ZZ",
            "CLAIMWIREDEMO".ljust(15),
            "ZZ",
            "SCRIPTEDPAYER".ljust(15),
        ),
        *("261124", "0930", marks.repetition, "00501", "000000001", "0", "T", marks.component),
    ]
    yield [
        *("GS", guide.functional_group, "CLAIMWIREDEMO", "SCRIPTEDPAYER", "20261124", "0930", "1", "X"),
        version,
    ]
