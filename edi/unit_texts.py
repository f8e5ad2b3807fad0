"""The JSON text of a large file, written while it is checked: units that go through the sieve straight from
their rows, what is read from its loops.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable

import msgspec

from edi.binding import common_depth
from edi.claim_texts import ClaimTexts, Draft, NoTextError
from edi.comparison import reading_context
from edi.guides.routes import Station
from edi.loop_stencils import LoopStencils, load_stencils
from edi.plans import load_plan
from edi.reader import SetReader
from edi.remits.claims import AmountReading
from edi.remits.payment_texts import frame_claims, load_part_stencils, write_claim, write_payment
from edi.remits.stencils import PartStencils
from edi.remits.tree import read_payment
from edi.segments import Delimiters, Segment
from edi.sieve.parts import UnitParts
from edi.sieve.windows import Window
from edi.tree import Loop
from edi.units import UnitBinder, way_to

HEADER = "LX"  # 005010X221A1 2000 LX
encode = msgspec.json.Encoder().encode


TOGETHER = 256  # texts that are put together at a time


def join_pieces(pieces: Iterable[bytes]) -> list[bytes]:
    """Pieces of JSON with commas between them."""
    return [part for piece in pieces for part in (b",", piece)][1:]


class TextWriter(ABC):
    """Gathers the texts of the units of one set: those that go through a sieve, and those that are read."""

    def __init__(self, reader: SetReader, delimiters: Delimiters) -> None:
        self.reader = reader
        self.delimiters = delimiters
        self.way: list[Loop] = []
        self.latest = 0  # How many texts the unit has that was written last.
        self.texts: list[str] = []
        self.pieces: list[bytes] = []
        self.count = 0

    def look(self, segments: list[Segment]) -> None:
        """These segments are read."""
        self.take_handed()
        if len(self.texts) >= TOGETHER:
            self.put_together()

    def take_handed(self) -> None:
        """Write what the reader has handed on."""
        handed, self.reader.handed = self.reader.handed, []
        for loop, _ in handed:
            way = way_to(loop)
            for complete in self.way[common_depth(self.way, way) :]:
                complete.let_go()
            self.way = way
            self.texts.append(self.write_loop(way))

    def keep(self, texts: list[str]) -> None:
        """The texts of a unit that goes through."""
        if len(self.texts) >= TOGETHER:
            self.put_together()
        self.texts += texts
        self.latest = len(texts)

    def take_back(self) -> None:
        """The unit that was written last has to be read after all."""
        del self.texts[len(self.texts) - self.latest :]

    @abstractmethod
    def write(self, window: Window, first: int, last: int, around: Loop, *, plain: bool) -> bool:
        """Write a unit that goes through; false where it has to be read."""

    @abstractmethod
    def write_loop(self, way: list[Loop]) -> str:
        """The text of a unit that was read, at the end of its way."""

    def put_together(self) -> None:
        """Make one piece of the texts."""
        if self.texts:
            self.pieces.append(",".join(self.texts).encode())
            self.count += len(self.texts)
            self.texts.clear()

    def end(self, tree: Loop) -> None:
        """The set is complete."""
        self.take_handed()
        self.put_together()
        self.pieces = join_pieces(self.pieces)


class ClaimWriter(TextWriter):
    """Writes the claims of an 837."""

    def __init__(self, guide_id: str, reader: SetReader, delimiters: Delimiters) -> None:
        super().__init__(reader, delimiters)
        plan = load_plan(guide_id)
        self.claims = ClaimTexts(plan, reading_context(delimiters))
        self.binder = UnitBinder(guide_id, delimiters)
        self.stencils = load_stencils(guide_id)
        self.parts: UnitParts[LoopStencils] | None = None
        self.around: Loop | None = None
        self.draft = Draft({}, "", ())

    def write_loop(self, way: list[Loop]) -> str:
        """The text of a claim that was read."""
        return self.claims.write(way) or encode(self.binder.bind(way[-1])).decode()

    def write(self, window: Window, first: int, last: int, around: Loop, *, plain: bool) -> bool:
        """Write the claims of a unit that goes through; false where one of them has to be bound."""
        if self.reader.handed:
            self.take_handed()
        if not self.claims.able:
            return False
        if self.parts is None:
            self.parts = UnitParts(window.paths, self.find_stencils)
        parts = self.parts.cut_unit(window, first, last, plain=plain)
        try:
            if around is not self.around:
                self.draft, self.around = self.claims.draft(way_to(around)), around
            texts = self.claims.write_unit(parts, self.draft)
        except NoTextError:
            return False
        self.keep(texts)
        return True

    def find_stencils(self, loop: Station) -> LoopStencils:
        """The stencils of a loop, by its station."""
        if loop.parent is None:
            return self.stencils
        return self.find_stencils(loop.parent).below[loop.use.id]


class PaymentWriter(TextWriter):
    """Writes the claim payments of an 835, and the remittance around them. `headers` are the ordinals of the
    segments (LX) that begin the loops of claim payments.
    """

    def __init__(self, guide_id: str, reader: SetReader, delimiters: Delimiters) -> None:
        super().__init__(reader, delimiters)
        self.guide_id = guide_id
        self.claims, self.lines, self.service = load_part_stencils(guide_id, sure=True)
        self.parts: UnitParts[PartStencils] | None = None
        self.amounts = AmountReading()
        self.headers: list[int] = []
        self.around: Loop | None = None
        self.place = ""
        self.number = 0

    def look(self, segments: list[Segment]) -> None:
        """These segments are read; headers among them are counted."""
        super().look(segments)
        self.headers += [segment.ordinal for segment in segments if segment.elements[0] == HEADER]

    def next_pointer(self, around: Loop) -> str:
        """The pointer of the next claim payment."""
        if around is not self.around:
            self.around, self.number = around, 0
            opener = next(around.all_segments())
            self.place = f"/detailInfo/{bisect_left(self.headers, opener.ordinal)}/paymentInfo/"
        return f"{self.place}{self.number}"

    def write_loop(self, way: list[Loop]) -> str:
        """The text of a claim payment that was read."""
        around, loop = way[-2:]
        pointer = self.next_pointer(around)
        self.number += 1
        text = write_claim(loop, pointer, self.guide_id)
        if text is None:
            payment = read_payment(loop, pointer, self.amounts, self.guide_id)
            text = encode(payment).decode()
        return text

    def write(self, window: Window, first: int, last: int, around: Loop, *, plain: bool) -> bool:
        """Write a claim payment that goes through; false where it has to be read."""
        if self.reader.handed:
            self.take_handed()
        if self.parts is None:
            self.parts = UnitParts(window.paths, self.find_stencils)
        own, *services = self.parts.cut_unit(window, first, last, plain=plain)
        text = write_payment(own, services, self.next_pointer(around), self.delimiters.component)
        if text is None:
            return False
        self.number += 1
        self.keep([text])
        return True

    def take_back(self) -> None:
        """The claim payment that was written last has to be read after all."""
        super().take_back()
        self.number -= 1

    def find_stencils(self, loop: Station) -> PartStencils:
        """The stencils of a loop, by its station."""
        return self.lines if loop.use.id == self.service else self.claims

    def end(self, tree: Loop) -> None:
        """The set is complete: the text of its remittance."""
        super().end(tree)
        unreadable = self.amounts.unreadable
        self.pieces = frame_claims(self.pieces, tree, self.delimiters, self.guide_id, unreadable)
