"""Rules of the claims (837) about numbers that identify: their form, and that there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.rules.registry import CODES, rule
from edi.rules.situations import ADDRESSED_LOOPS
from edi.tree import Loop

SOURCE = "005010X222A1"
EMPLOYER_NUMBER = re.compile(r"\d{9}", re.ASCII)
ZIP_CODE = re.compile(r"\d{5}(?:\d{4})?", re.ASCII)
HOME_COUNTRIES = frozenset({"", "US"})


@rule(*ADDRESSED_LOOPS, cites=f"{SOURCE} N403, N404", snip=CODES, needs=("N4",))
def zip_code_has_five_or_nine_digits(party: Loop) -> Iterator[Finding]:
    """An address without a country is in the United States, and its postal code a ZIP code."""
    place = party.segment("N4")
    if place is None or place.element(4) not in HOME_COUNTRIES:
        return
    text = place.element(3)
    if text and ZIP_CODE.fullmatch(text) is None:
        yield find(
            "address.zip_invalid",
            x12=locate(party, place, 3),
            rule=cite(party, place, 3),
            value=text,
            name=party.use.name,
        )


@rule("2010AA", cites=f"{SOURCE} 2010AA REF EI: nine digits without a separator", snip=CODES, needs=("REF",))
def employer_number_has_nine_digits(billing: Loop) -> Iterator[Finding]:
    """The employer's identification number has nine digits and no hyphen."""
    number = billing.segment("REF", "EI")
    if number is not None and number.element(2) and EMPLOYER_NUMBER.fullmatch(number.element(2)) is None:
        yield find(
            "provider.tax_number_invalid",
            x12=locate(billing, number, 2),
            rule=cite(billing, number, 2),
            value=number.element(2),
        )


@rule("2010BB", cites=f"{SOURCE} 2010AA NM109, 2010BB REF G2 and LU")
def billing_provider_is_identified(payer: Loop) -> Iterator[Finding]:
    """A billing provider without an NPI is known to the payer by a number of the payer's own."""
    if any(number.element(1) in ("G2", "LU") for number in payer.segments("REF")):
        return
    subscriber = payer.parent
    provider = subscriber.parent if subscriber else None
    for billing in provider.loops("2010AA") if provider else ():
        name = billing.segment("NM1")
        if name is not None and not name.element(9):
            yield find("provider.npi_missing", x12=locate(billing, name, 9), rule=cite(billing, name, 9))
