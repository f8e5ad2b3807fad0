"""Files of any size, made piece by piece as they are read: one transaction set of claims all different.

Some blocks of claims are written once. Each time a block is used its identifiers get the number of the use,
so that claims, patients and lines are never the same twice, and the hierarchy of an 837 is numbered on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle, islice

from tests.bench.files import count_segments, make_file

CLAIMS_OF_A_BLOCK = 2_000
BLOCKS = 6
MARK = b"#######"
IDENTIFIER = re.compile(rb"CL[MP]\*[^*]+|REF\*(?:6R|EA|G1|9F)\*[^~]+|\*MI\*[^*~]+|\*ICN[0-9]+")
LEVEL = re.compile(rb"^HL\*([0-9]+)\*([0-9]*)\*", re.MULTILINE)
FIRST_CHARGE = re.compile(rb"(SV1\*[^*]+\*|SV2\*[^*]+\*[^*]+\*|SVC\*[^*]+\*)[0-9.]+")
BODY_BEGINS = {"837P": b"HL*1*", "837I": b"HL*1*", "835": b"CLP*"}


class Block:
    """Claims between the header and the end of a set, ready to be numbered."""

    def __init__(self, kind: str, seed: int, claims: int) -> None:
        text = make_file(kind, claims, seed)
        start = text.index(BODY_BEGINS[kind])
        found = re.search(rb"^(?:PLB|SE)\*", text, re.MULTILINE)
        assert found is not None
        self.claims = claims
        self.head = text[:start]
        body = text[start : found.start()]
        self.segments = count_segments(body)
        self.paid = sum((Decimal(paid.decode()) for paid in find_paid(body)), Decimal(0))
        self.parts = LEVEL.split(IDENTIFIER.sub(lambda it: it.group() + MARK, body))
        self.levels = (len(self.parts) - 1) // 3
        self.size = len(self.write(0, 0))

    def write(self, use: int, level: int) -> bytes:
        """The claims of use number `use`; `level` HL segments stand before them."""
        parts = self.parts
        made = [parts[0]]
        for place in range(1, len(parts), 3):
            parent = b"%d" % (int(parts[place + 1]) + level) if parts[place + 1] else b""
            made.append(b"HL*%d*%b*%b" % (int(parts[place]) + level, parent, parts[place + 2]))
        return b"".join(made).replace(MARK, b"%07d" % use)


def find_paid(body: bytes) -> list[bytes]:
    """What an 835 says was paid for each claim (CLP04)."""
    return re.findall(rb"^CLP\*[^*]+\*[^*]+\*[^*]+\*([^*]+)\*", body, re.MULTILINE)


class EndlessFile:
    """A file of at least `size` bytes, gone through as often as one likes.

    In use `spoilt` of a block one charge is wrong.
    """

    def __init__(self, kind: str, size: int, claims: int = CLAIMS_OF_A_BLOCK) -> None:
        self.blocks = [Block(kind, seed, claims) for seed in range(BLOCKS)]
        self.uses = 0
        self.size = self.segments = self.claims = 0
        paid = Decimal(0)
        while self.size < size:
            block = self.blocks[self.uses % BLOCKS]
            self.size += block.size
            self.segments += block.segments
            self.claims += block.claims
            paid += block.paid
            self.uses += 1
        self.spoilt = self.uses // 2
        self.head = re.sub(rb"BPR\*I\*[^*]+", b"BPR*I*%b" % str(paid).encode(), self.blocks[0].head)
        inside = count_segments(self.head) - 2 + self.segments + 1
        self.tail = b"SE*%d*0001~\nGE*1*1~\nIEA*1*000000001~\n" % inside

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        level = 0
        for use, block in enumerate(islice(cycle(self.blocks), self.uses)):
            text = block.write(use, level)
            yield FIRST_CHARGE.sub(rb"\g<1>7777.77", text, count=1) if use == self.spoilt else text
            level += block.levels
        yield self.tail
