"""Facts of guides of our own that independent transcriptions agree on (docs/reference/guide-sources.md)."""

from __future__ import annotations

import pytest

from edi.guide import ElementUse, SegmentUse
from edi.guides.registry import load_guide


def find_uses(guide: str, loop: str, segment: str, code: str = "") -> list[SegmentUse]:
    """The uses of a segment in a loop; with `code` those whose first element may be it."""
    uses = [use for use in load_guide(guide).root.segment_uses() if use.loop == loop and use.id == segment]
    first = [next(iter(use.elements)) for use in uses]
    return [
        use
        for use, element in zip(uses, first, strict=True)
        if not code or (isinstance(element, ElementUse) and code in (element.codes or ()))
    ]


def codes(use: SegmentUse, position: int) -> set[str]:
    element = use.find_element(position, 0)
    assert isinstance(element, ElementUse)
    return set(element.codes or ())


def split(text: str) -> set[str]:
    """The codes of a list."""
    return set(text.split())


NAME = split("15 35 42 43 45 47 48 49 51 52 56 57 58 60 61 62 63")
BENEFIT = split("15 33 52 53 54 55 56 57 60 61 62 63 69 70 98 AA AE AF AG AO CI E8 IA MA")
REJECTIONS = {
    "2000A": ({"04", "41", "42", "79"}, "CNPRSY"),
    "2100A": ({"04", "41", "42", "79", "80", "T4"}, "CNPRSWXY"),
    "2100B": (split("15 41 43 44 45 46 47 48 50 51 79 97 T4"), "CNRSWXY"),
    "2100C": (NAME | split("71 72 73 74 75 76 78"), "CNRSWXY"),
    "2110C": (BENEFIT, "CNRWXY"),
    "2100D": (NAME | split("64 65 66 67 68 71 77"), "CNRSWXY"),
    "2110D": (BENEFIT, "CNRWXY"),
}


@pytest.mark.parametrize("loop", REJECTIONS)
def test_a_271_refuses_for_the_reasons_of_its_loop(loop: str) -> None:
    (use,) = find_uses("005010X279A1-271", loop, "AAA")
    assert (codes(use, 3), codes(use, 4)) == (REJECTIONS[loop][0], set(REJECTIONS[loop][1]))


def test_the_payer_of_a_271_has_a_name() -> None:
    (use,) = find_uses("005010X279A1-271", "2100A", "NM1")
    name = use.find_element(3, 0)
    assert name is not None
    assert name.usage == "R"


def test_a_dental_payer_knows_the_billing_provider_by_one_other_number() -> None:
    (dental,) = find_uses("005010X224A2", "2010BB", "REF", "G2")
    (professional,) = find_uses("005010X222A1", "2010BB", "REF", "G2")
    assert (dental.max_use, professional.max_use) == (1, 2)


def test_the_provider_of_a_275_has_a_taxonomy_code_and_an_address_in_a_loop_of_its_own() -> None:
    assert [use.id for use in load_guide("005010X210").root.segment_uses() if use.loop == "1100C"] == [
        *("NX1", "N3", "N4")
    ]
    (taxonomy,) = find_uses("005010X210", "1000C", "PRV")
    assert codes(taxonomy, 2) == {"PXC"}
