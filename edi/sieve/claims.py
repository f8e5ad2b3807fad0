"""Screens of the rules of claims (837): `edi/rules/claim.py`, `situations.py`, `hierarchy.py`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise

from edi.rules.claim import DIAGNOSES, LINE_CHARGES, PATIENT_DETAILS, POINTERS, ZERO, is_within
from edi.rules.coordination import MEDICARE, PRIMARY
from edi.rules.hierarchy import LevelNumbers, level_of
from edi.rules.registry import Tally
from edi.rules.situations import SENT_APART, STATES_REQUIRED
from edi.sieve.amounts import read_amounts
from edi.sieve.screens import fits, screen
from edi.sieve.windows import Places, Window, value
from edi.tree import Loop

OWN = "18"
CLAIM = ("CLM",)


@screen("levels_are_linked", "levels_are_numbered")
def leave_to_linking(window: Window) -> Iterable[int]:
    """Nothing: levels are looked at unit by unit, when it is known how many came before."""
    return ()


@fits(LevelNumbers)
def count_levels(outer: Loop, tally: Tally, window: Window, unit: int) -> bool:
    """The level of a subscriber and those of its dependants: numbered on, linked, and telling rightly of
    levels below. Once a wrong number was found, numbers say nothing more.
    """
    above, (start, end) = level_of(outer), window.starts[unit : unit + 2]
    if above is None or not isinstance(tally, LevelNumbers):
        return False
    levels = window.find("HL", "2000C")
    begin = bisect_left(levels, start)
    dependants = levels[begin : bisect_left(levels, end, begin)]
    _, number, parent, _, child = window.rows[start]
    if parent != above.elements[1] or child != ("1" if dependants else "0"):
        return False
    numbered, count = tally.fault is None, tally.count + 1
    if numbered and number != str(count):
        return False
    for at in dependants:
        row, count = window.rows[at], count + 1
        if row[2] != number or row[4] != "0" or (numbered and row[1] != str(count)):
            return False
    tally.count = count
    return True


@screen("subscriber_and_patient_agree")
def doubt_patients(window: Window) -> Iterator[int]:
    """Subscribers who are the patient and have dependants, and those who are not and have none."""
    levels = window.find("SBR", "2000B")
    own = window.units_of(at for at in levels if value(window.rows[at], 2) == OWN)
    dependent = window.units_of(window.find("HL", "2000C"))
    for unit in range(len(window.starts)):
        if (unit in own) == (unit in dependent):
            yield window.starts[unit]


@screen("patient_subscriber_is_described")
def doubt_descriptions(window: Window) -> Iterator[int]:
    """Subscribers who are the patient, without address, birth date or sex."""
    own = window.units_of(at for at in window.find("SBR", "2000B") if value(window.rows[at], 2) == OWN)
    for segment, _ in PATIENT_DETAILS:
        for unit in own - window.units_of(window.find(segment, "2010BA")):
            yield window.starts[unit]


@screen("medicare_says_why_it_is_second")
def doubt_medicare(window: Window) -> Iterator[int]:
    """Subscribers of Medicare that is not the primary payer."""
    for at in window.find("SBR", "2000B"):
        row = window.rows[at]
        if row[-1] in MEDICARE and row[1] != PRIMARY:
            yield at


@screen("address_has_state_and_postal_code")
def doubt_addresses(window: Window) -> Iterator[int]:
    """Addresses without state or postal code, unless of a country that has none."""
    rows = window.rows
    for at in window.find("N4"):
        row = rows[at]
        if not (len(row) > 3 and row[2] and row[3]) and value(row, 4) in STATES_REQUIRED:
            yield at


@screen("attachment_has_a_number")
def doubt_attachments(window: Window) -> Iterator[int]:
    """Attachments sent apart, without a number."""
    for at in window.find("PWK"):
        row = window.rows[at]
        if row[2] in SENT_APART and not value(row, 6):
            yield at


@screen("replacement_names_the_original")
def doubt_replacements(window: Window) -> Iterator[int]:
    """Claims that replace or void another, without its number."""
    claims = window.find("CLM")
    changed = [at for at in claims if window.rows[at][5].split(window.component)[2:3] in (["7"], ["8"])]
    if changed:
        named = claims_of(window.find("2300/REF[F8]"), claims)
        yield from (at for at in changed if at not in named)


def claims_of(places: Places, claims: Places) -> set[int]:
    """The rows that begin the claims in which rows stand."""
    return {claims[bisect_left(claims, at) - 1] for at in places}


@screen("accident_has_a_date", "auto_accident_has_a_state")
def doubt_accidents(window: Window) -> Iterator[int]:
    """Claims that name a cause."""
    rows = window.rows
    for at in window.find("CLM"):
        if value(rows[at], 11):
            yield at


@screen("claim_total_is_sum_of_lines")
def doubt_totals(window: Window) -> Iterator[int]:
    """Claims whose charge is not that of their lines."""
    claims = window.find("CLM")
    for name, element in LINE_CHARGES:
        lines = window.find(name, "2400")
        if not lines:
            continue
        sums = list(accumulate(read_amounts(window.list_rows(name, "2400"), element), initial=ZERO))
        parts, totals = window.part(CLAIM, (name, "2400")), read_amounts(window.list_rows("CLM"), 2)
        for at, total, (first, last) in zip(claims, totals, pairwise(parts), strict=True):
            if first < last and sums[last] - sums[first] != total:
                yield at


@screen("pointers_name_diagnoses")
def doubt_pointers(window: Window) -> Iterator[int]:
    """Lines that point at more diagnoses than the claim has."""
    rows, claims, separator = window.rows, window.find("CLM"), window.component
    lists = window.find("HI", "2300")
    counts = [sum(text.partition(separator)[0] in DIAGNOSES for text in rows[at][1:]) for at in lists]
    sums, begins = list(accumulate(counts, initial=0)), window.part(CLAIM, ("HI", "2300"))
    listed = [sums[last] - sums[first] for first, last in pairwise(begins)]
    for name, element in POINTERS.items():
        lines = window.find(name, "2400")
        texts = [value(rows[at], element) for at in lines]
        right: dict[int, set[str]] = {count: set() for count in listed}
        for claim, count, (first, last) in zip(
            claims, listed, pairwise(window.part(CLAIM, (name, "2400"))), strict=True
        ):
            pointers = set(texts[first:last]) - right[count]
            if pointers and count:
                if all(is_within(text, separator, count) for text in pointers):
                    right[count] |= pointers
                else:
                    yield claim
