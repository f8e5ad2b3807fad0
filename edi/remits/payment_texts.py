"""The JSON text of a remittance straight from the tree of an 835: what `read_tree` reads of it, encoded.

Claim payments have stencils (`edi/remits/stencils.py`); one that has none, or is unlike its examples, is read
as `read_tree` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from edi.binding import bind_tree
from edi.collector import resting_collector
from edi.guides.registry import load_guide
from edi.plans import load_plan
from edi.remits.claims import AmountReading
from edi.remits.reading import read_remittance
from edi.remits.stencils import PartStencils
from edi.remits.tree import CLAIM, LINES, every_plan, headers_of, read_payment
from edi.segments import Delimiters, Segment
from edi.stencils import Pattern, Row, escape
from edi.tree import Loop
from edi.units import strip

encode = msgspec.json.Encoder().encode
NO_CLAIMS = b'"claims":[]'
Part = tuple[Pattern[PartStencils], list[Row]]


@cache
def load_part_stencils(guide_id: str, *, sure: bool = False) -> tuple[PartStencils, PartStencils, str]:
    """The stencils of the claim payments and services of a guide, and the id of the loop of services.

    `sure` are those for segments that acceptors have found right.
    """
    root = load_plan(guide_id).root
    claim = next(plan for plan in every_plan(root) if plan.id == CLAIM)
    service = next(plan for plan in claim.loops if plan.scope is not None and plan.scope.steps == (LINES,))
    own = PartStencils(claim, services=False, sure=sure)
    return own, PartStencils(service, services=True, sure=sure), service.id


def write_payment(claim: Part, services: Iterable[Part], pointer: str, separator: str) -> str | None:
    """The text of a claim payment, by its own segments and those of its services, or None."""
    texts: list[str] = []
    begin = end = None
    place = f"{pointer}/{LINES}/"
    for pattern, rows in services:
        filled = pattern.fill(rows, f"{place}{len(texts)}", separator)
        if filled is None:
            return None
        text, first, last = filled
        texts.append(text)
        if first is not None and first != begin and (begin is None or first < begin):
            begin = first
        if last is not None and last != end and (end is None or last > end):
            end = last
    pattern, rows = claim
    found: str | None = pattern.fill(rows, (pointer, ",".join(texts), begin, end), separator)
    return found


def take_part(loop: Loop, stencils: PartStencils) -> tuple[Part, list[Loop]]:
    """A loop's pattern and segments as they stand in JSON, and the loops in it."""
    children, shape = loop.children, loop.shape
    own = shape.own if shape is not None else None
    if own is None:
        segments = [it for it in children if isinstance(it, Segment) and it.use is not None]
        below = [it for it in children if isinstance(it, Loop)]
    else:
        segments, below = children[: own.length], children[own.length :]  # type: ignore[assignment]  # by its shape
    rows = [it.elements if it.plain else escape(it.elements) for it in segments]
    key = (own, *map(len, rows))
    pattern = stencils.aliases.get(key) if own is not None else None
    if pattern is None:
        uses = [it.use for it in segments if it.use is not None]
        pattern = stencils.recognise(uses, rows) if own is None else stencils.remember(key, uses, rows)
    return (pattern, rows), below


def write_claim(claim: Loop, pointer: str, guide_id: str) -> str | None:
    """The text of the claim payment of a loop 2100; None where there is none without reading it."""
    claims, lines, service = load_part_stencils(guide_id)
    own, below = take_part(claim, claims)
    services = [take_part(loop, lines)[0] for loop in below if loop.use.id == service]
    return write_payment(own, services, pointer, claim.component_separator)


@resting_collector()
def write_tree(tree: Loop, delimiters: Delimiters, guide_id: str = "005010X221A1") -> bytes:
    """The JSON of the remittance of the tree of an 835. Never raises for what it says or leaves out."""
    amounts = AmountReading()
    texts = []
    for at, header in enumerate(headers_of(tree, guide_id)):
        for number, claim in enumerate(header.loops(CLAIM)):
            pointer = f"/detailInfo/{at}/paymentInfo/{number}"
            text = write_claim(claim, pointer, guide_id)
            if text is None:
                text = encode(read_payment(claim, pointer, amounts, guide_id)).decode()
            texts.append(text)
    pieces = [",".join(texts).encode()]
    return b"".join(frame_claims(pieces, tree, delimiters, guide_id, amounts.unreadable))


def frame_claims(
    pieces: list[bytes], tree: Loop, delimiters: Delimiters, guide_id: str, unreadable: list[str]
) -> list[bytes]:
    """The JSON of a remittance, in pieces: of its claim payments, and around them what else the tree says."""
    (document,) = bind_tree(load_guide(guide_id), strip(tree, CLAIM), delimiters=delimiters)
    rest = read_remittance(document)
    rest = msgspec.structs.replace(rest, unreadable=(*rest.unreadable, *unreadable))
    head, _, tail = encode(rest).partition(NO_CLAIMS)
    return [head, NO_CLAIMS[:-1], *pieces, b"]", tail]
