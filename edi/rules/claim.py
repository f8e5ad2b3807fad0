"""Rules of the claims (837) that need an `if`: balancing, situations, self-proving numbers.

What the three claim guides say alike is one rule here; its findings name the guide that was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from edi.findings import Finding, Place, find
from edi.notation import parse_amount
from edi.rules.places import locate, set_off
from edi.rules.registry import BALANCING, CODES, OWN_GUIDE, rule
from edi.tree import Loop

SOURCE = "005010X222A1"


#: The charge of a line: 005010X222A1 2400 SV102, 005010X223A2 SV203, 005010X224A2 SV302.
LINE_CHARGES = (("SV1", 2), ("SV2", 3), ("SV3", 2))
#: The diagnosis pointers of a line: 005010X222A1 2400 SV107, 005010X224A2 SV311.
POINTERS = {"SV1": 7, "SV3": 11}
#: The lists that a diagnosis of a claim comes from: ICD-10, ICD-9, and SNODENT in dental claims.
DIAGNOSES = frozenset({"ABK", "ABF", "BK", "BF", "TQ"})


def read_line_charge(line: Loop) -> Decimal | None:
    """The charge of a service line of any claim guide, or None."""
    found = (line.value(segment, element) for segment, element in LINE_CHARGES)
    return parse_amount(next(filter(None, found), ""))


@rule("2300", cites="005010X222A1, 005010X223A2, 005010X224A2 2300 CLM02", snip=BALANCING)
def claim_total_is_sum_of_lines(claim: Loop) -> Iterator[Finding]:
    """The claim charge equals the sum of the service line charges."""
    total = parse_amount(claim.value("CLM", 2))
    charges = [read_line_charge(line) for line in claim.loops("2400")]
    if total is None or not charges or None in charges:
        return
    if total != sum(charge for charge in charges if charge is not None):
        yield find(
            "claim.charges_unbalanced",
            x12=locate(claim, claim.segment("CLM"), 2),
            rule=f"{OWN_GUIDE} 2300/CLM02",
        )


def diagnoses(claim: Loop) -> int:
    """How many diagnoses the claim lists (2300 HI)."""
    return sum(
        1
        for segment in claim.segments("HI")
        for text in segment.elements[1:]
        if text.split(claim.component_separator)[0] in DIAGNOSES
    )


@rule("2400", cites="005010X222A1 2400 SV107, 005010X224A2 2400 SV311")
def pointers_name_diagnoses(line: Loop) -> Iterator[Finding]:
    """Each diagnosis pointer of a line names a diagnosis that the claim lists."""
    service = next((found for name in POINTERS if (found := line.segment(name)) is not None), None)
    claim = line.parent
    if service is None or claim is None:
        return
    element, count = POINTERS[service.id], diagnoses(claim)
    if not count:
        return  # the diagnoses themselves are missing or misplaced, and reported
    for position, pointer in enumerate(service.element(element).split(line.component_separator), 1):
        if pointer.isascii() and pointer.isdigit() and not 1 <= int(pointer) <= count:
            yield find(
                "claim.pointer_out_of_range",
                x12=locate(line, service, element, position),
                rule=f"{OWN_GUIDE} 2400/{service.id}{element:02}-{position}",
                value=pointer,
                count=str(count),
            )


@rule("2300", cites=f"{SOURCE} 2300 REF F8")
def replacement_names_the_original(claim: Loop) -> Iterator[Finding]:
    """A replacement (frequency 7) or void (8) carries the payer's control number of the original."""
    if claim.value("CLM", 5, 3) in ("7", "8") and claim.segment("REF", "F8") is None:
        yield find(
            "claim.payer_control_number_missing",
            x12=locate(claim, claim.segment("CLM"), 5, 3),
            rule=f"{OWN_GUIDE} 2300/REF[F8]02",
        )


@rule("2000B", cites=f"{SOURCE} 2000B SBR02")
def subscriber_and_patient_agree(subscriber: Loop) -> Iterator[Finding]:
    """SBR02 is 18 exactly where the subscriber is the patient, that is where no 2000C follows."""
    segment = subscriber.segment("SBR")
    if segment is None:
        return
    own, dependent = segment.element(2) == "18", bool(subscriber.loops("2000C"))
    if own == dependent:
        yield find(
            "claim.patient_shape",
            x12=locate(subscriber, segment, 2),
            rule=f"{OWN_GUIDE} 2000B/SBR02",
            who="the subscriber and a dependent" if own else "neither the subscriber nor a dependent",
        )


@rule("2000B", cites=f"{SOURCE} 2010BA N3, N4, DMG")
def patient_subscriber_is_described(subscriber: Loop) -> Iterator[Finding]:
    """A subscriber who is the patient has address, birth date and sex."""
    names = subscriber.loops("2010BA")
    if subscriber.value("SBR", 2) != "18" or not names:
        return
    wanted = (
        ("N3", "Subscriber Address"),
        ("N4", "Subscriber City, State, ZIP Code"),
        ("DMG", "Subscriber Demographic Information"),
    )
    for segment, name in wanted:
        if names[0].segment(segment) is None:
            finding = find(
                "claim.patient_detail_missing",
                x12=Place(loop="2010BA", segment=segment, ordinal=_ordinal(names[0])),
                rule=f"{OWN_GUIDE} 2010BA/{segment}",
                name=name,
                segment=segment,
            )
            yield set_off(finding, locate(subscriber, subscriber.segment("SBR"), 2))


def _ordinal(loop: Loop) -> int | None:
    return next((segment.ordinal for segment in loop.segments()), None)


def passes_luhn(npi: str) -> bool:
    """True where the tenth digit of an NPI is the Luhn check digit over 80840 and the first nine."""
    digits = [int(digit) for digit in "80840" + npi]
    doubled = [
        digit * 2 - 9 * (digit > 4) if number % 2 else digit for number, digit in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0


#: Loops of providers: of the claims, of the inquiries (270, 276), and of the services review (278).
PROVIDER_LOOPS = (
    "2010AA", "2310A", "2310B", "2310C", "2310D", "2310E", "2310F",
    "2420A", "2420B", "2420C", "2420D", "2420E", "2420F",
    "2100A", "2100B", "2100C", "2010A", "2010B", "2010EA", "2010FA",
)  # fmt: skip


@rule(*PROVIDER_LOOPS, cites=f"{SOURCE} NM109 where NM108 is XX; 45 CFR 162.406", snip=CODES)
def npi_check_digit_is_right(provider: Loop) -> Iterator[Finding]:
    """An NPI is ten digits and its last digit proves the others."""
    name = provider.segment("NM1")
    if name is None or name.element(8) != "XX" or not name.element(9):
        return
    npi = name.element(9)
    if len(npi) != 10 or not (npi.isascii() and npi.isdigit()) or not passes_luhn(npi):
        yield find(
            "provider.npi_invalid",
            x12=locate(provider, name, 9),
            rule=f"{OWN_GUIDE} {provider.use.id}/NM109",
            value=npi,
            name=provider.use.name,
        )
