"""Edits of providers: taxonomy, tax numbers, and the billing provider's address."""

from __future__ import annotations

import re
from collections.abc import Iterable

from edi.edits.basis import Basis
from edi.edits.registry import edit
from edi.edits.table import Verdict
from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.tree import Loop

SOURCE = "005010X222A1"
TAXONOMY = re.compile(r"[0-9A-Z]{9}X", re.ASCII)
#: Areas that the Social Security Administration gives to nobody: 000, 666, 900 and up.
PERSON_NUMBER = re.compile(r"(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}", re.ASCII)
POST_OFFICE_BOX = re.compile(
    r"^\s*(?:P(?:\.|\s|OST)*\s*O(?:\.|\s|FF(?:ICE)?)*\s*B(?:\.|OX)?\s*#?\s*\d|(?:P\.?\s*O\.?|POST(?:AL)?)\s*BOX\b"
    r"|LOCK\s*BOX\b)",
    re.IGNORECASE,
)
SHORT = 5
FIVE_DIGIT_ZIP = re.compile(r"[0-9]{5}", re.ASCII)
HOME = frozenset({"", "US"})


@edit(
    "2000A",
    "2310B",
    "2420A",
    cites=f"{SOURCE} 2000A, 2310B, 2420A PRV03; NUCC provider taxonomy",
    needs=("PRV",),
)
def taxonomy_is_known(loop: Loop, basis: Basis) -> Iterable[Finding]:
    """A taxonomy code has its form, and is in the code set."""
    segment = loop.segment("PRV")
    if segment is None or segment.element(2) != "PXC" or not segment.element(3):
        return ()
    code = segment.element(3)
    if judge_taxonomy(basis, code) is Verdict.VALID:
        return ()
    if TAXONOMY.fullmatch(code) is None:
        place, rule = locate(loop, segment, 3), cite(loop, segment, 3)
        return (find("taxonomy.malformed", x12=place, rule=rule, value=code),)
    if judge_taxonomy(basis, code) is not Verdict.UNKNOWN:
        return ()
    place, release = locate(loop, segment, 3), basis.tables.cite("taxonomy")
    return (find("taxonomy.unknown", x12=place, rule=release, value=code, release=release),)


def judge_taxonomy(basis: Basis, code: str) -> Verdict:
    """What the code set says on the day of receipt, or on the release's first day where that is not known."""
    held = basis.tables.table("taxonomy")
    if held is None:
        return Verdict.NOT_HELD
    return held.judge(code, basis.received or held.heading.effective)


@edit(
    "2010AA", cites=f"{SOURCE} 2010AA REF SY: nine digits without separators; 20 CFR 422.103", needs=("REF",)
)
def person_number_can_exist(loop: Loop, basis: Basis) -> Iterable[Finding]:
    """The social security number of a billing provider is nine digits that can have been given out."""
    numbers = [it for it in loop.segments("REF") if it.element(1) == "SY" and it.element(2)]
    return [
        find(
            "provider.person_number_invalid",
            x12=locate(loop, segment, 2),
            rule=cite(loop, segment, 2),
            value=segment.element(2),
        )
        for segment in numbers
        if not PERSON_NUMBER.fullmatch(segment.element(2))
    ]


@edit("2010AA", cites=f"{SOURCE} 2010AA N301: a street address, no post office box", needs=("N3",))
def billing_address_is_a_street(loop: Loop, basis: Basis) -> Iterable[Finding]:
    """The billing provider's address is not a post office box; that goes into the pay-to address."""
    segment = loop.segment("N3")
    if segment is None:
        return ()
    return [
        find(
            "provider.post_office_box",
            x12=locate(loop, segment, element),
            rule=cite(loop, segment, element),
            value=text,
        )
        for element, text in enumerate(segment.elements[1:3], 1)
        if POST_OFFICE_BOX.match(text)
    ]


@edit(
    "2010AA",
    "2310C",
    cites=f"{SOURCE} 2010AA and 2310C N403: the full nine digits in the United States",
    needs=("N4",),
)
def postal_code_has_nine_digits(loop: Loop, basis: Basis) -> Iterable[Finding]:
    """The postal code of billing provider and service facility has all nine digits in the United States."""
    segment = loop.segment("N4")
    if segment is None or segment.element(4) not in HOME:
        return ()
    text = segment.element(3)
    if len(text) != SHORT or not FIVE_DIGIT_ZIP.fullmatch(text):
        return ()
    place, rule = locate(loop, segment, 3), cite(loop, segment, 3)
    return (find("address.postal_code_short", x12=place, rule=rule, value=text, name=loop.use.name),)
