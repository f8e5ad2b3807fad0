"""Screens of edits about providers and addresses."""

from __future__ import annotations

from edi.edits.basis import Basis
from edi.edits.fees import REGISTRY
from edi.edits.providers import FIVE_DIGIT_ZIP, SHORT, judge_taxonomy
from edi.edits.table import Verdict
from edi.rules.claim import passes_luhn
from edi.rules.identifiers import HOME_COUNTRIES, ZIP_CODE
from edi.rules.situations import STATES_REQUIRED
from edi.sure.facts import ClaimFacts, value
from edi.sure.screens import screen

NPI = "XX"
NPI_DIGITS = 10
BILLING_PROVIDER = "85"
#: Loops whose postal code is to have nine digits; 2010AA, the other one, is in the opening.
FULL_CODES = "2310C"


@screen(
    "address_has_state_and_postal_code", "zip_code_has_five_or_nine_digits", "postal_code_has_nine_digits"
)
def doubt_addresses(claim: ClaimFacts, basis: Basis) -> bool:
    """Addresses without state or postal code, with one that is no ZIP code, or with a short one."""
    rows, loops = claim.rows, claim.loops
    for at in claim.at.get("N4", ()):
        row = rows[at]
        country = value(row, 4)
        if country not in STATES_REQUIRED:
            continue
        if len(row) < 4 or not row[2] or not row[3]:
            return True
        code = row[3]
        if country in HOME_COUNTRIES and ZIP_CODE.fullmatch(code) is None:
            return True
        if len(code) == SHORT and loops[at] == FULL_CODES and FIVE_DIGIT_ZIP.fullmatch(code):
            return True
    return False


@screen("npi_check_digit_is_right", "provider_number_is_active")
def doubt_numbers(claim: ClaimFacts, basis: Basis) -> bool:
    """Providers whose number does not prove itself, or was not active."""
    rows = claim.rows
    registered = REGISTRY in basis.tables and basis.received is not None
    for at in claim.at["NM1"]:
        row = rows[at]
        if len(row) > 9 and row[8] == NPI:
            npi = row[9]
            if len(npi) != NPI_DIGITS or not npi.isdigit() or not passes_luhn(npi):
                return True
            if registered and was_closed(npi, basis):
                return True
    return registered and any(was_closed(value(row, 9), basis) for row in claim.opening.rows["NM1"])


def was_closed(npi: str, basis: Basis) -> bool:
    """True where the registry says that a number was not active on the day of receipt."""
    day = basis.received
    return day is not None and basis.tables.judge(REGISTRY, npi, day) is Verdict.NOT_IN_EFFECT


@screen("billing_provider_is_identified")
def doubt_billing(claim: ClaimFacts, basis: Basis) -> bool:
    """Billing providers without a number."""
    named = claim.opening.rows["NM1"]
    return any(row[1] == BILLING_PROVIDER and not value(row, 9) for row in named)


@screen("taxonomy_is_known")
def doubt_taxonomies(claim: ClaimFacts, basis: Basis) -> bool:
    """Taxonomy codes that the code set does not have."""
    rows = claim.rows
    codes = [rows[at][3] for at in claim.at.get("PRV", ()) if len(rows[at]) > 3]
    codes += [row[3] for row in claim.opening.rows.get("PRV", ()) if len(row) > 3]
    for code in codes:  # noqa: SIM110 -- a third of the time of any() over so few
        if code and judge_taxonomy(basis, code) is not Verdict.VALID:
            return True
    return False
