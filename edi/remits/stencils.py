"""The JSON text of the claim payments of an 835, straight from their segments, by stencils.

A stencil is made of an example (`edi/stencils.py`): its marks are read as any claim payment or service is
(`edi/remits/claims.py`), and what comes of them is the text of all that are alike, with holes for the values.
Amounts and days are written as the typed remittance has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import msgspec

from edi.guide import SegmentUse
from edi.guides.naming import SpreadField, ValueField
from edi.models import ServicePayment
from edi.notation import Remembered, parse_amount, parse_date
from edi.plans import LoopPlan, SegmentPlan
from edi.remits.claims import AmountReading, make_claim, make_service
from edi.remits.texts import LoopTexts
from edi.segments import Segment
from edi.stencils import (
    AMOUNT,
    ANY,
    DAY,
    KEPT,
    MARK,
    TEXT,
    Example,
    Fill,
    Roles,
    Row,
    Stencils,
    Unfit,
    compile_stencil,
)
from edi.tree import Loop

FIRST_AMOUNT = 880_000_000
FIRST_DAY = date(1700, 1, 1).toordinal()
WRITTEN = re.compile(r"(0?)(88\d{7})\.50|17\d\d-?\d\d-?\d\d")  # marks of amounts and days, as sent or in JSON
DAYS = {"begin": "1600-01-01", "end": "1600-01-02"}  # marks of the days that the services of a claim span
SPANNING = ServicePayment(
    procedure="",
    charge=Decimal(0),
    paid=Decimal(0),
    date=date.fromisoformat(DAYS["begin"]),
    date_end=date.fromisoformat(DAYS["end"]),
)
#: Amounts, each after a blank, that stand in the file as in JSON: sooner seen of several than looked up.
PLAIN = re.compile(r"(?: (?:[1-9][0-9]*+(?:\.[0-9]{1,4})?+|0))++")
SERVICES = "@services@"
POINTER = "@pointer@"
KINDS = {"R": AMOUNT, "DT": DAY}
NOUGHT = "0.00"
encode = msgspec.json.Encoder().encode


def write_number(text: str) -> str | None:
    """An amount as the typed remittance has it, which keeps how a nought is written."""
    amount = parse_amount(text)
    return None if amount is None else str(amount)


def write_sum(text: str) -> str | None:
    """An amount that is nought where it is not sent, or is sent as any nought."""
    amount = parse_amount(text)
    return None if amount is None else str(amount) if amount else "0"


def write_day(text: str) -> str | None:
    """A day as JSON has it."""
    day = parse_date(text)
    return None if day is None else day.isoformat()


def batched(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Names, so many at a time."""
    every = [*names]
    return (every[at : at + size] for at in range(0, len(every), size))


NAMES: dict[str, object] = {
    "are_plain": PLAIN.fullmatch,
    "numbers": Remembered(write_number),
    "sums": Remembered(write_sum),
    "days": Remembered(write_day),
}


class PartStencils(Stencils):
    """The stencils of claim payments, or of their services. `sure` are those for segments that acceptors have
    found right (see `edi.guides.acceptors`): of an amount, only its beginning is open then.
    """

    def __init__(self, plan: LoopPlan, *, services: bool, sure: bool = False) -> None:
        super().__init__()
        self.services = services
        self.sure = sure
        self.texts = LoopTexts(plan)
        self.layouts = {key: plans[0].layout for key, plans in plan.by_use.items()}
        self.roles = {key: use_roles(plans) for key, plans in plan.by_use.items()}
        self.use = plan.use

    def make(self, uses: Sequence[SegmentUse], rows: Sequence[Row], separator: str) -> Fill:
        """A stencil that returns the text of a claim payment, or of a service with its days. Raises Unfit."""
        example = PartExample(separator, sure=self.sure)
        marked = [
            example.add(self.layouts[use.key], self.roles[use.key], row)
            for use, row in zip(uses, rows, strict=True)
        ]
        text = self.write(uses, marked, separator)
        for number, mark in example.amounts.items():
            nought = [[NOUGHT if value == mark else value for value in row] for row in marked]
            if f'"{NOUGHT}"' not in self.write(uses, nought, separator):
                example.sums.add(number)
        return self.compile(example, text)

    def write(self, uses: Sequence[SegmentUse], rows: Sequence[Row], separator: str) -> str:
        """The text that is read of an example."""
        loop = Loop(self.use, None, separator)
        loop.children = [Segment(row, use=use) for use, row in zip(uses, rows, strict=True)]
        part, _ = self.texts.read(loop)
        amounts = AmountReading()
        if self.services:
            text = encode(make_service(part, POINTER, amounts)).decode()
        else:
            text = encode(make_claim(part, (SPANNING,), POINTER, amounts)).decode()
            text = text.replace(encode((SPANNING,)).decode(), f"[{SERVICES}]")
        if amounts.unreadable:
            raise Unfit
        return text

    def compile(self, example: PartExample, text: str) -> Fill:
        """The stencil of an example and what was read of it."""
        returned = example.cut_text(text)
        if self.services:
            service = msgspec.json.decode(text)
            begin = example.find_day(service["date"])
            end = example.find_day(service["dateEnd"]) if service["dateEnd"] else begin
            lines = [*example.lines(), f"return {returned}, {begin}, {end}"]
            return compile_stencil(self.use.path, "rows, pointer, separator", lines, NAMES)
        lines = ["pointer, services, begin, end = around", *example.lines()]
        missing = [name for name, mark in DAYS.items() if mark in text]
        if missing:
            lines += [f"if {' or '.join(f'{name} is None' for name in missing)}:", "    return None"]
        return compile_stencil(
            self.use.path, "rows, around, separator", [*lines, f"return {returned}"], NAMES
        )


class PartExample(Example):
    """A claim payment or service with marks; those of amounts and days are written otherwise in JSON.

    `amounts` are marks of amounts by their holes, `sums` the holes of those that are nought where not sent.
    """

    def __init__(self, separator: str, *, sure: bool) -> None:
        super().__init__(separator)
        self.sure = sure
        self.amounts: dict[int, str] = {}
        self.sums: set[int] = set()
        self.days: dict[str, str] = {}

    def mark(self, name: str, text: str, role: int, elements: Iterable[str] = ()) -> str:
        """The mark of a value."""
        if role == KEPT and WRITTEN.search(text):
            raise Unfit
        number = len(self.holes)
        mark = super().mark(name, text, role, elements)
        if not text or role not in (AMOUNT, DAY):
            return mark
        if role == DAY:
            return date.fromordinal(FIRST_DAY + number).strftime("%Y%m%d")
        self.amounts[number] = f"0{FIRST_AMOUNT + number}.50"
        return self.amounts[number]

    def cut_text(self, text: str) -> str:
        """A text with marks as the source of an f-string with holes."""
        text = text.replace("{", "{{").replace("}", "}}")
        text = WRITTEN.sub(self.convert, MARK.sub(self.fill, text))
        text = text.replace(POINTER, "{pointer}").replace(SERVICES, "{services}")
        for name, mark in DAYS.items():
            text = text.replace(mark, f"{{{name}}}")
        return "f" + repr(text)

    def convert(self, found: re.Match[str]) -> str:
        """The hole in place of an amount or a day. Raises Unfit for one that is written as it came."""
        if found[1] or (found[2] is None and "-" not in found[0]):
            raise Unfit
        if found[2] is None:
            return f"{{{self.write_day(found[0])}}}"
        return f"{{{self.holes[int(found[2]) - FIRST_AMOUNT]}}}"

    def write_day(self, mark: str) -> str:
        """The variable of a day as it is written in JSON."""
        name = self.holes[date.fromisoformat(mark).toordinal() - FIRST_DAY]
        self.days[f"{name}_day"] = name
        return f"{name}_day"

    def find_day(self, mark: str | None) -> str:
        """The expression of a day, as JSON text."""
        return "None" if mark is None else self.write_day(mark)

    def lines(self) -> Iterator[str]:
        """The lines that take the elements apart and convert values."""
        yield from super().lines()
        amounts = {self.holes[at]: "sums" if at in self.sums else "numbers" for at in self.amounts}
        for names in batched(amounts, 6):
            joined = "".join(f" {{{name}}}" for name in names)
            low = " or ".join(f"{name} < '1'" for name in names)
            yield f"if {low}:" if self.sure else f"if not are_plain(f'{joined}'):"
            for name in names:
                given = f"{name} = {amounts[name]}[{name}]"
                yield f"    if {name} < '1': {given}" if self.sure else f"    {given}"
            yield f"    if {' or '.join(f'{name} is None' for name in names)}:"
            yield "        return None"
        for name, sent in self.days.items():
            yield f"{name} = days[{sent}]"
            yield f"if {name} is None:"
            yield "    return None"


def use_roles(plans: Sequence[SegmentPlan]) -> Roles:
    """What each cell of a segment use is: those that no binding names are of no matter."""
    layout = plans[0].layout
    roles = dict.fromkeys(range(len(layout.places)), ANY)
    kept: set[int] = set()
    for plan in plans:
        kept |= plan.condition_cells
        if plan.binding.slot is not None:
            kept.add(layout.cell(plan.binding.slot))
        for field in plan.binding.fields:
            if isinstance(field, ValueField):
                part = plan.use.find_element(field.slot.element, field.slot.component)
                roles[layout.cell(field.slot)] = KINDS.get(part.type if part is not None else "", TEXT)
            elif isinstance(field, SpreadField):
                roles |= {layout.cell(slot): TEXT for slot in field.slots}
    return roles | dict.fromkeys(kept, KEPT)
