"""Situational rules of the 837 and 835 (SNIP 4): what one value makes another required."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from edi.findings import Finding
from edi.rules.places import locate, miss_element, miss_segment
from edi.rules.registry import rule
from edi.tree import Loop

CLAIM = "005010X222A1"
REMITTANCE = "005010X221A1"

AUTO, OTHER = "AA", "OA"
SENT_APART = frozenset({"BM", "EL", "EM", "FT", "FX"})
#: Countries of which the guides require state and postal code; a blank country is the United States.
STATES_REQUIRED = frozenset({"", "US", "CA"})
ELECTRONIC = frozenset({"ACH", "BOP", "FWT"})
ADDRESSED_LOOPS = (
    "1000A", "1000B", "2010AA", "2010AB", "2010AC", "2010BA", "2010BB", "2010CA", "2310C", "2310E", "2310F",
    "2330A", "2330B", "2420C", "2420D", "2420E", "2420G", "2420H",
)  # fmt: skip


@rule("2300", cites=f"{CLAIM} 2300 DTP 439: required where CLM11-1 or CLM11-2 is AA or OA", needs=("CLM",))
def accident_has_a_date(claim: Loop) -> Iterable[Finding]:
    """A claim for an accident says when it happened."""
    segment = claim.segment("CLM")
    if segment is None or not segment.element(11):
        return ()
    cause = find_cause(claim, {AUTO, OTHER})
    if not cause or claim.segment("DTP", "439") is not None:
        return ()
    trigger = locate(claim, segment, 11, cause)
    return (miss_segment(claim, segment, "2300/DTP[439]", when="for an accident", trigger=trigger),)


@rule("2300", cites=f"{CLAIM} 2300 CLM11-4: required where CLM11-1 or CLM11-2 is AA", needs=("CLM",))
def auto_accident_has_a_state(claim: Loop) -> Iterable[Finding]:
    """A claim for an auto accident says in which state it happened; abroad, in which country."""
    segment = claim.segment("CLM")
    if segment is None or not segment.element(11):
        return ()
    cause = find_cause(claim, {AUTO})
    if not cause or claim.value("CLM", 11, 4) or claim.value("CLM", 11, 5):
        return ()
    trigger = locate(claim, segment, 11, cause)
    return (miss_element(claim, segment, 11, 4, when="for an auto accident", trigger=trigger),)


def find_cause(claim: Loop, causes: Set[str]) -> int:
    """The component of CLM11 (1 or 2) that names one of these causes; 0 where none does."""
    return next((number for number in (1, 2) if claim.value("CLM", 11, number) in causes), 0)


@rule(
    "2300",
    "2400",
    cites=f"{CLAIM} 2300 and 2400 PWK06: required where PWK02 is BM, EL, EM, FT or FX",
    needs=("PWK",),
)
def attachment_has_a_number(loop: Loop) -> Iterator[Finding]:
    """An attachment that is sent apart from the claim has a number to match it by."""
    for segment in loop.segments("PWK"):
        if segment.element(2) in SENT_APART and not segment.element(6):
            when = "where the attachment is sent apart from the claim"
            yield miss_element(loop, segment, 6, when=when, trigger=locate(loop, segment, 2))


@rule(
    *ADDRESSED_LOOPS,
    cites=f"{CLAIM} and {REMITTANCE} N402, N403: required in the United States and Canada",
    needs=("N4",),
)
def address_has_state_and_postal_code(loop: Loop) -> Iterable[Finding]:
    """An address in the United States or Canada has a state or province and a postal code."""
    segment = loop.segment("N4")
    if segment is None or segment.element(4) not in STATES_REQUIRED:
        return ()
    missing = [element for element in (2, 3) if not segment.element(element)]
    return [
        miss_element(loop, segment, element, when="in the United States and Canada") for element in missing
    ]


@rule(
    "HEADER",
    cites=f"{REMITTANCE} BPR05 to BPR09 and BPR12 to BPR15: required where BPR04 is ACH, BOP, FWT",
    needs=("BPR",),
)
def electronic_payment_names_the_accounts(header: Loop) -> Iterator[Finding]:
    """A payment by wire or clearing house names the banks and accounts at both ends."""
    segment = header.segment("BPR")
    if segment is None or segment.element(4) not in ELECTRONIC:
        return
    format_required = (5,) if segment.element(4) == "ACH" else ()
    for element in (*format_required, 6, 7, 8, 9, 12, 13, 14, 15):
        if not segment.element(element):
            trigger = locate(header, segment, 4)
            yield miss_element(header, segment, element, when="for an electronic payment", trigger=trigger)


@rule("2100", cites=f"{REMITTANCE} 2100 DTM 232 and 2110 DTM: one of them says when each service was")
def remitted_services_have_dates(claim: Loop) -> Iterable[Finding]:
    """The days of service stand at the claim, or at each of its services."""
    services = claim.loops("2110")
    if services and all(service.segment("DTM") is not None for service in services):
        return ()
    if claim.segment("DTM", "232") is not None or claim.segment("DTM", "233") is not None:
        return ()
    when = "where the services have no dates of their own"
    return (miss_segment(claim, claim.segment("CLP"), "2100/DTM[232|233]", when=when),)
