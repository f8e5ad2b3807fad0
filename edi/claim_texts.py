"""The JSON text of the claims of an 837, straight from the segments of their loops.

A document is the chunks of the loops on the way to its claim, joined. Nothing is bound here but examples
(`edi/loop_stencils.py`): where a loop has no stencil yet, cannot have one or is unlike its examples, there is
no text, and the document goes the way of `edi/binding.py`, which says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from edi.binding import common_depth, derived_entry
from edi.comparison import BoundSegment
from edi.derivations import Derivation
from edi.extras import Entry
from edi.generation import Context, Generation
from edi.loop_stencils import LoopStencils, Step, load_stencils
from edi.plans import SetPlan
from edi.segments import Segment
from edi.stencils import MOST_PATTERNS, Pattern, Row, escape
from edi.tree import Loop

encode = msgspec.json.Encoder().encode
Part = tuple[Pattern[LoopStencils], list[Row]]
"""A loop without those in it: its pattern, and its segments as they stand in JSON."""
Chunks = dict[str, str]
NO_CHUNKS: Chunks = {}  # for items of arrays, whose texts are not cut into chunks


class NoTextError(Exception):
    """There is no stencil for a loop."""


class Draft:
    """The chunks of a document so far, what `x12Extra` will hold, and derived values to be proven."""

    __slots__ = ("chunks", "extras", "told")

    def __init__(self, chunks: Chunks, extras: str, told: tuple[tuple[Derivation, str], ...]) -> None:
        self.chunks = chunks
        self.extras = extras
        self.told = told

    def copy(self) -> Draft:
        """A draft to go on from."""
        return Draft(self.chunks.copy(), self.extras, self.told)

    @property
    def document(self) -> Chunks:
        """What a derivation may ask for names."""
        return self.chunks

    def finish(self) -> str:
        """The text of the document. Raises NoTextError where a value is not what would be derived."""
        for derive, text in self.told:
            if derive(self, {}) != text:  # type: ignore[arg-type]  # it asks for names of the document alone
                raise NoTextError
        return f"{{{','.join(self.chunks.values())}{self.extras}}}"


class ClaimTexts:
    """Writes the documents of one transaction set, each by the way to its claim."""

    def __init__(self, plan: SetPlan, context: Context) -> None:
        self.plan = plan
        self.context = context
        self.separator = context.delimiters.component
        self.stencils = load_stencils(plan.guide.id)
        self.way: list[Loop] = []
        self.drafts: list[Draft] = []
        self.able = bool(plan.unit) and plan.control_name is None and not plan.repeats
        self.able &= encode(self.separator) == f'"{self.separator}"'.encode()

    def write(self, way: list[Loop]) -> str | None:
        """The text of the document at the end of a way, or None where it has to be bound."""
        if not self.able:
            return None
        try:
            return self.draft(way).finish()
        except NoTextError:
            return None

    def draft(self, way: list[Loop]) -> Draft:
        """What the loops on a way say, without the next on it. Raises NoTextError."""
        drafts = self.drafts
        del drafts[common_depth(way, self.way) :]
        self.way = way
        stencils, draft = self.stencils, drafts[-1] if drafts else Draft({}, "", ())
        for depth, loop in enumerate(way):
            if depth:
                stencils = stencils.below[loop.use.id]
            if depth >= len(drafts):
                draft = draft.copy()
                parts: list[Part] = []
                list_parts(loop, stencils, parts)
                self.write_parts(parts, draft)
                drafts.append(draft)
        return draft

    def write_unit(self, parts: list[Part], around: Draft) -> list[str]:
        """The texts of all claims in a loop, given with all that is in it. Raises NoTextError."""
        texts = []
        begins = [at for at, (pattern, _) in enumerate(parts) if pattern.loop.spine]
        drafts = {parts[0][0].loop.up: around}
        for begin, end in pairwise([*begins, len(parts)]):
            loop = parts[begin][0].loop
            draft = drafts[loop.up].copy()
            self.write_parts(parts[begin:end], draft)
            if loop.plan.unit:
                texts.append(draft.finish())
            else:
                drafts[loop] = draft
        return texts

    def write_parts(self, parts: list[Part], draft: Draft) -> None:
        """Put what a loop and those in it say into chunks. Raises NoTextError."""
        steps = outline([pattern.loop for pattern, _ in parts])
        chunks, separator = draft.chunks, self.separator
        for begin, end, array, bare in steps:
            if array is not None:
                put_items(self.write_array(parts[begin:end], array, bare=bare), array, chunks)
                continue
            pattern, rows = parts[begin]
            if pattern.fill(rows, chunks, separator) is None:
                raise NoTextError
            if pattern.loop.hides:
                self.prove_hidden(pattern, rows, draft)

    def write_array(self, parts: list[Part], loop: LoopStencils, *, bare: bool) -> str:
        """The array of loops of one kind and those in them, `bare` without any. Raises NoTextError."""
        separator = self.separator
        if bare:
            texts = [pattern.fill(rows, NO_CHUNKS, separator) for pattern, rows in parts]
            if None in texts:
                raise NoTextError
            return f'"{loop.name}":[{{{"},{".join(texts)}}}]'
        text, _ = self.write_items(parts, 0, loop)
        return text

    def write_items(self, parts: list[Part], at: int, loop: LoopStencils) -> tuple[str, int]:
        """The array of the loops of one kind that follow one another, and the place after them."""
        items = []
        end, separator = len(parts), self.separator
        while at < end and parts[at][0].loop is loop:
            pattern, rows = parts[at]
            text = pattern.fill(rows, NO_CHUNKS, separator)
            if text is None:
                raise NoTextError
            at += 1
            if at < end and parts[at][0].loop.up is loop:
                text, at = self.write_item(text, parts, at, loop)
            items.append(text)
        return f'"{loop.name}":[{{{"},{".join(items)}}}]', at

    def write_item(self, own: str, parts: list[Part], at: int, loop: LoopStencils) -> tuple[str, int]:
        """What an item says with the loops in it, which begin at a place; the place after them."""
        texts = [own] if own else []
        while at < len(parts):
            below = parts[at][0].loop
            if below.up is not loop:
                break
            if loop.home.steps:
                raise NoTextError
            if below.many:
                text, at = self.write_items(parts, at, below)
                if below.owner != "":
                    raise NoTextError
            else:
                pattern, rows = parts[at]
                own = pattern.fill(rows, NO_CHUNKS, self.separator) or ""
                text, at = self.write_item(own, parts, at + 1, below)
                if not own:
                    raise NoTextError
            texts.append(text)
        return ",".join(texts), at

    def prove_hidden(self, pattern: Pattern[LoopStencils], rows: Sequence[Row], draft: Draft) -> None:
        """Note what differs of derived values without a name, and those that the whole document tells."""
        extras: dict[str, list[Entry]] = {}
        for hidden in pattern.loop.list_hidden(pattern):
            plan = hidden.plan
            if hidden.told:
                draft.told += hidden.values(rows)
                continue
            segment = Segment([msgspec.json.decode(f'"{text}"') for text in rows[hidden.place]])
            bound = BoundSegment(segment, plan, plan.layout.spread(segment.elements, self.separator))
            entry = derived_entry(plan, bound, {}, Generation({}, self.context), self.separator)
            if entry is not None:
                extras[f"{pattern.loop.plan.id}/{plan.key}"] = [entry]
        if extras:
            draft.extras = f',"x12Extra":{encode(extras).decode()}'


def outline(loops: list[LoopStencils]) -> tuple[Step, ...]:
    """The steps in which a loop with those in it, listed in their order, is written. Raises NoTextError."""
    first = loops[0]
    key = tuple(loops)
    steps = first.outlines.get(key)
    if steps is None:
        found: list[Step] = []
        fits = plan_steps(loops, 0, found) == len(loops)
        if len(first.outlines) >= MOST_PATTERNS:
            first.outlines.clear()
        steps = first.outlines[key] = tuple(found) if fits else ()
    if not steps:
        raise NoTextError
    return steps


def plan_steps(loops: list[LoopStencils], at: int, steps: list[Step] | None) -> int:
    """List the steps for the loop at a place and those in it; the place after them, or -1 where it is not as
    generation would make it. Without `steps`, where it is in an item, it is only looked at.
    """
    loop, order = loops[at], []
    if steps is not None:
        steps.append((at, at + 1, None, True))
    at += 1
    while 0 < at < len(loops) and loops[at].up is loop:
        below, begin = loops[at], at
        if not below.inner:
            return -1
        if not below.many:
            at = plan_steps(loops, at, steps)
        else:
            while 0 < at < len(loops) and loops[at] is below:
                at = plan_steps(loops, at, None)
            if steps is not None:
                steps.append((begin, at, below, all(it is below for it in loops[begin:at])))
        order.append(below.plan.id)
    return at if at > 0 and loop.follows(tuple(order)) else -1


def put_items(text: str, loop: LoopStencils, chunks: Chunks) -> None:
    """Put an array of items into chunks. Raises NoTextError where it has no place of its own."""
    owner = loop.owner
    held = chunks.get(owner) if owner else None
    if held and owner:
        chunks[owner] = f"{held[:-1]},{text}}}"
    elif owner == "" and loop.name not in chunks:
        chunks[loop.name] = text
    else:
        raise NoTextError


def list_parts(loop: Loop, stencils: LoopStencils, parts: list[Part]) -> None:
    """List a loop and those in it, without the next on the way to a claim.

    Raises NoTextError where a segment comes after a loop, or loops are out of order.
    """
    children, shape = loop.children, loop.shape
    own = shape.own if shape is not None else None
    if own is None or stencils.wraps or not stencils.able:
        list_unknown_parts(children, stencils, parts)
        return
    count = own.length  # So many segments come first, and the shape knows which.
    segments: list[Segment] = children[:count]  # type: ignore[assignment]
    rows = [it.elements if it.plain else escape(it.elements) for it in segments]
    key = (own, *map(len, rows))
    pattern = stencils.aliases.get(key)
    if pattern is None:
        pattern = stencils.remember(key, [it.use for it in segments if it.use], rows)
    parts.append((pattern, rows))
    if len(children) > count:
        list_below(children[count:], stencils, parts)  # type: ignore[arg-type]


def list_unknown_parts(children: list[Segment | Loop], stencils: LoopStencils, parts: list[Part]) -> None:
    """The same where the shape of a loop does not tell what is in it."""
    bindings = stencils.plan.bindings
    loops, uses, rows = [], [], []
    for child in children:
        if isinstance(child, Loop):
            loops.append(child)
        elif child.use is not None and child.use.key in bindings:
            if loops or not stencils.able:
                raise NoTextError
            uses.append(child.use)
            rows.append(child.elements if child.plain else escape(child.elements))
    parts.append((stencils.recognise(uses, rows), rows))
    list_below(loops, stencils, parts)


def list_below(loops: list[Loop], stencils: LoopStencils, parts: list[Part]) -> None:
    """List the loops in another, and what is in them."""
    order: list[str] = []
    for loop in loops:
        name = loop.use.id
        if not order or order[-1] != name:
            order.append(name)
        below = stencils.below[name]
        if not below.plan.spine:
            list_parts(loop, below, parts)
    if not stencils.follows(tuple(order)):
        raise NoTextError
