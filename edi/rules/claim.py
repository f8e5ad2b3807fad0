"""Rules of the claims (837) that need an `if`: balancing, situations, self-proving numbers.

What the three claim guides say alike is one rule here; its findings name the guide that was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

from edi.findings import Finding, Place, find
from edi.notation import parse_amount
from edi.rules.places import locate, set_off
from edi.rules.registry import BALANCING, CODES, OWN_GUIDE, Tally, rule
from edi.tree import Loop

SOURCE = "005010X222A1"


#: The charge of a line: 005010X222A1 2400 SV102, 005010X223A2 SV203, 005010X224A2 SV302.
LINE_CHARGES = (("SV1", 2), ("SV2", 3), ("SV3", 2))
#: The diagnosis pointers of a line: 005010X222A1 2400 SV107, 005010X224A2 SV311.
POINTERS = {"SV1": 7, "SV3": 11}
#: The lists that a diagnosis of a claim comes from: ICD-10, ICD-9, and SNODENT in dental claims.
DIAGNOSES = frozenset({"ABK", "ABF", "BK", "BF", "TQ"})
#: What is said of a subscriber who is the patient.
PATIENT_DETAILS = (
    ("N3", "Subscriber Address"),
    ("N4", "Subscriber City, State, ZIP Code"),
    ("DMG", "Subscriber Demographic Information"),
)
ZERO = Decimal(0)


class ListedDiagnoses(Tally):
    """How many diagnoses a claim lists, counted when first asked for."""

    def __init__(self) -> None:
        self.count: int | None = None

    def count_in(self, claim: Loop) -> int:
        """How many there are (2300 HI)."""
        count = self.count
        if count is None:
            count = self.count = count_diagnoses(claim)
        return count


def read_line_charge(line: Loop) -> Decimal | None:
    """The charge of a service line of any claim guide, or None."""
    for name, element in LINE_CHARGES:
        segment = line.segment(name)
        text = segment.element(element) if segment is not None else ""
        if text:
            return parse_amount(text)
    return None


@rule(
    "2300",
    cites="005010X222A1, 005010X223A2, 005010X224A2 2300 CLM02",
    snip=BALANCING,
    needs=("2400",),
)
def claim_total_is_sum_of_lines(claim: Loop) -> Iterable[Finding]:
    """The claim charge equals the sum of the service line charges."""
    total = parse_amount(claim.value("CLM", 2))
    found = ZERO
    lines = claim.loops("2400")
    for line in lines:
        charge = read_line_charge(line)
        if charge is None:
            return ()
        found += charge
    if total is None or not lines or total == found:
        return ()
    place = locate(claim, claim.segment("CLM"), 2)
    return (find("claim.charges_unbalanced", x12=place, rule=f"{OWN_GUIDE} 2300/CLM02"),)


def count_diagnoses(claim: Loop) -> int:
    """How many diagnoses the claim lists (2300 HI)."""
    return sum(
        text.partition(claim.component_separator)[0] in DIAGNOSES
        for segment in claim.segments("HI")
        for text in segment.elements[1:]
    )


@rule("2400", cites="005010X222A1 2400 SV107, 005010X224A2 2400 SV311", needs=tuple(POINTERS))
def pointers_name_diagnoses(line: Loop) -> Iterable[Finding]:
    """Each diagnosis pointer of a line names a diagnosis that the claim lists."""
    claim, service = line.parent, line.segment("SV1") or line.segment("SV3")
    if service is None or claim is None:
        return ()
    element, count = POINTERS[service.elements[0]], claim.tally(ListedDiagnoses).count_in(claim)
    text, separator = service.element(element), line.component_separator
    if not count or is_within(text, separator, count):
        return ()  # where there are no diagnoses, they are missing or misplaced, and reported
    return [
        find(
            "claim.pointer_out_of_range",
            x12=locate(line, service, element, position),
            rule=f"{OWN_GUIDE} 2400/{service.id}{element:02}-{position}",
            value=pointer,
            count=str(count),
        )
        for position, pointer in enumerate(text.split(separator), 1)
        if points_beyond(pointer, count)
    ]


def points_beyond(pointer: str, count: int) -> bool:
    """True where a pointer is a number but not of one of `count` diagnoses."""
    return pointer.isascii() and pointer.isdigit() and not 1 <= int(pointer) <= count


@lru_cache(maxsize=4096)  # few pointers occur, in every line
def is_within(text: str, separator: str, count: int) -> bool:
    """True where no pointer of a line points beyond the diagnoses."""
    return not any(points_beyond(pointer, count) for pointer in text.split(separator))


@rule("2300", cites=f"{SOURCE} 2300 REF F8", needs=("CLM",))
def replacement_names_the_original(claim: Loop) -> Iterable[Finding]:
    """A replacement (frequency 7) or void (8) carries the payer's control number of the original."""
    if claim.value("CLM", 5, 3) not in ("7", "8") or claim.segment("REF", "F8") is not None:
        return ()
    place = locate(claim, claim.segment("CLM"), 5, 3)
    return (find("claim.payer_control_number_missing", x12=place, rule=f"{OWN_GUIDE} 2300/REF[F8]02"),)


@rule("2000B", cites=f"{SOURCE} 2000B SBR02", needs=("SBR",))
def subscriber_and_patient_agree(subscriber: Loop) -> Iterable[Finding]:
    """SBR02 is 18 exactly where the subscriber is the patient, that is where no 2000C follows."""
    segment = subscriber.segment("SBR")
    if segment is None:
        return ()
    own, dependent = segment.element(2) == "18", bool(subscriber.loops("2000C"))
    if own != dependent:
        return ()
    return (
        find(
            "claim.patient_shape",
            x12=locate(subscriber, segment, 2),
            rule=f"{OWN_GUIDE} 2000B/SBR02",
            who="the subscriber and a dependent" if own else "neither the subscriber nor a dependent",
        ),
    )


@rule("2000B", cites=f"{SOURCE} 2010BA N3, N4, DMG", needs=("2010BA",))
def patient_subscriber_is_described(subscriber: Loop) -> Iterable[Finding]:
    """A subscriber who is the patient has address, birth date and sex."""
    names = subscriber.loops("2010BA")
    if not names or subscriber.value("SBR", 2) != "18":
        return ()
    found = [
        find(
            "claim.patient_detail_missing",
            x12=Place(loop="2010BA", segment=segment, ordinal=_ordinal(names[0])),
            rule=f"{OWN_GUIDE} 2010BA/{segment}",
            name=name,
            segment=segment,
        )
        for segment, name in PATIENT_DETAILS
        if names[0].segment(segment) is None
    ]
    return [set_off(each, locate(subscriber, subscriber.segment("SBR"), 2)) for each in found]


def _ordinal(loop: Loop) -> int | None:
    return next((segment.ordinal for segment in loop.segments()), None)


@lru_cache(maxsize=4096)  # the same providers bill day after day
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


@rule(
    *PROVIDER_LOOPS,
    cites=f"{SOURCE} NM109 where NM108 is XX; 45 CFR 162.406",
    snip=CODES,
    needs=("NM1",),
)
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
