"""A remittance straight from the tree of an 835: what `read_remittance` reads of its document, but sooner:
no document of the claims is made.

Which element has which JSON name is the overlay's to say: the places are compiled from it, once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

import msgspec

from edi.binding import bind_tree
from edi.collector import resting_collector
from edi.guides.registry import load_guide
from edi.models import ClaimPayment, Remittance, ServicePayment
from edi.plans import LoopPlan, load_plan
from edi.remits.claims import AmountReading, make_claim, make_service
from edi.remits.reading import read_remittance
from edi.remits.texts import LoopTexts
from edi.segments import Delimiters
from edi.tree import Loop
from edi.units import strip

CLAIM, LINES = "2100", "serviceLines"


@cache
def load_texts(guide_id: str) -> tuple[LoopTexts, LoopTexts, str]:
    """How claims and services of a guide are read, and the id of the loop of services."""
    root = load_plan(guide_id).root
    claim = next(plan for plan in every_plan(root) if plan.id == CLAIM)
    service = next(plan for plan in claim.loops if plan.scope is not None and plan.scope.steps == (LINES,))
    return LoopTexts(claim), LoopTexts(service), service.id


def every_plan(plan: LoopPlan) -> list[LoopPlan]:
    """A loop plan and all below it."""
    return [plan, *(below for loop in plan.loops for below in every_plan(loop))]


def read_payment(
    claim: Loop, pointer: str, amounts: AmountReading, guide_id: str = "005010X221A1"
) -> ClaimPayment:
    """The claim payment of a loop 2100."""
    claims, lines, service = load_texts(guide_id)
    part, below = claims.read(claim)
    place = f"{pointer}/{LINES}/"
    services: list[ServicePayment] = []
    for loop in below:
        if loop.use.id == service:
            texts, _ = lines.read(loop)
            services.append(make_service(texts, f"{place}{len(services)}", amounts))
    return make_claim(part, tuple(services), pointer, amounts)


@resting_collector()
def read_tree(tree: Loop, delimiters: Delimiters, guide_id: str = "005010X221A1") -> Remittance:
    """The remittance of the tree of an 835. Never raises for what it says or leaves out."""
    (document,) = bind_tree(load_guide(guide_id), strip(tree, CLAIM), delimiters=delimiters)
    rest = read_remittance(document)
    amounts = AmountReading()
    claims = []
    for at, header in enumerate(headers_of(tree, guide_id)):
        for number, claim in enumerate(header.loops(CLAIM)):
            pointer = f"/detailInfo/{at}/paymentInfo/{number}"
            claims.append(read_payment(claim, pointer, amounts, guide_id))
    unreadable = (*rest.unreadable, *amounts.unreadable)
    return msgspec.structs.replace(rest, claims=tuple(claims), unreadable=unreadable)


def headers_of(tree: Loop, guide_id: str) -> Iterator[Loop]:
    """The loops that hold claim payments (2000), in the order of the file."""
    names = {
        plan.id for plan in every_plan(load_plan(guide_id).root) if any(it.id == CLAIM for it in plan.loops)
    }
    return find_outermost(tree, names)


def find_outermost(loop: Loop, names: Collection[str]) -> Iterator[Loop]:
    """The loops of these names, without looking into them for more."""
    for child in loop.children:
        if isinstance(child, Loop):
            if child.use.id in names:
                yield child
            else:
                yield from find_outermost(child, names)
