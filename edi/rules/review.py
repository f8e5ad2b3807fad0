"""Rules of the health care services review (005010X217): one guide holds its request and its response."""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.rules.registry import OWN_GUIDE, rule
from edi.segments import Segment
from edi.tree import Loop

SOURCE = "005010X217"
REQUEST, RESPONSE = "13", "11"  # BHT02
ANSWERS = frozenset({"AAA", "HCR"})


def read_purpose(root: Loop) -> str:
    """BHT02 of a set: what it is for."""
    return next((header.value("BHT", 2) for header in root.loops("HEADER")), "")


def find_answers(loop: Loop) -> Iterator[tuple[Loop, Segment]]:
    """Every AAA and HCR of a loop and below, with the loop that it stands in."""
    for child in loop.children:
        if isinstance(child, Loop):
            yield from find_answers(child)
        elif child.id in ANSWERS:
            yield loop, child


@rule("ST_LOOP", cites=f"{SOURCE} 1.4: AAA and HCR are segments of the response only")
def review_request_holds_no_answer(root: Loop) -> Iterator[Finding]:
    """A request (BHT02 = 13) holds no decision (HCR) and no rejection (AAA)."""
    if read_purpose(root) != REQUEST:
        return
    for loop, answer in find_answers(root):
        yield find(
            "review.answer_in_request",
            x12=locate(loop, answer),
            rule=cite(loop, answer),
            segment=answer.id,
        )


@rule("ST_LOOP", cites=f"{SOURCE} 2000E and 2000F HCR: required unless AAA rejects the request")
def review_response_answers(root: Loop) -> Iterator[Finding]:
    """A response (BHT02 = 11) holds a decision or says why there is none."""
    if read_purpose(root) != RESPONSE or next(find_answers(root), None) is not None:
        return
    header = root.loops("HEADER")[0]
    yield find(
        "review.no_answer", x12=locate(header, header.segment("BHT"), 2), rule=f"{OWN_GUIDE} 2000E/HCR"
    )
