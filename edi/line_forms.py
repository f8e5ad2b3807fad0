"""Forms of a service line: second names that the shape has for the same places of X12.

A second name counts only where the line has nothing under the first, so that no value is mixed from two.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from edi.generation import Step

Steps = tuple[Step, ...]
Move = tuple[Steps, Steps]
Object = dict[str, Any]

INSTITUTIONAL = "005010X223A2"
SAME_PRICES = (
    "pricingMethodologyCode", "repricedAllowedAmount", "repricedSavingAmount", "repricedApprovedHCPCSCode",
    "repricedApprovedServiceUnitCount", "rejectReasonCode", "policyComplianceCode", "exceptionCode",
)  # fmt: skip
PRICES = {
    **{name: name for name in SAME_PRICES},
    "repricedOrganizationIdentifier": "repricedOrgIdentifier",
    "flatRateAmount": "repricedPerDiem",
    "apgCode": "repricedApprovedDRGCode",
    "apgAmount": "repricedApprovedAmount",
    "serviceIdQualifier": "productOrServiceIDQualifier",
    "measurementUnitCode": "repricedApprovedServiceUnitCode",
}
SAME_ADJUDICATION = (
    "otherPayerPrimaryIdentifier", "serviceLinePaidAmount", "procedureCode", "procedureCodeDescription",
    "paidServiceUnitCount", "remainingPatientLiability",
)  # fmt: skip
ADJUDICATION = {
    **{name: name for name in SAME_ADJUDICATION},
    "serviceIdQualifier": "productOrServiceIDQualifier",
    "procedureModifiers": "procedureModifier",
    "bundledOrUnbundledLineNumber": "bundledLineNumber",
    "claimPaidDate": "adjudicationOrPaymentDate",
}
DATES = {"serviceDate": "serviceDate", "beginServiceDate": "serviceDate", "endServiceDate": "serviceDateEnd"}


def rename(second: str, first: Steps, names: dict[str, str]) -> tuple[tuple[Steps, Steps], ...]:
    """The places of an object's values under its second name and under its first."""
    return tuple(((second, old), (*first, new)) for old, new in names.items())


ADJUSTMENT = ("lineAdjudicationInformation", 0, "lineAdjustment", 0)
#: By guide: where a line's value may stand as well, and where it belongs.
LINE_NAMES: dict[str, tuple[tuple[Steps, Steps], ...]] = {
    INSTITUTIONAL: (
        *rename("serviceLineDateInformation", (), DATES),
        *rename("linePricingInformation", ("lineRepricingInformation",), PRICES),
        *rename("lineAdjustmentInformation", ("lineAdjudicationInformation", 0), ADJUDICATION),
        (("lineAdjustmentInformation", "claimAdjustment"), ADJUSTMENT),
    ),
}


def look_up(line: Object, way: Steps) -> Any:
    """The value at a way through objects, or None."""
    value: Any = line
    for step in way:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def put_new(owner: Any, way: Steps, value: Any) -> None:
    """Put a value at a way, making the objects and single-item arrays on it."""
    for step, following in pairwise(way):
        inner: Any = [{}] if isinstance(following, int) else {}
        owner = owner[0] if isinstance(step, int) else owner.setdefault(step, inner)
    if isinstance(way[-1], int):
        owner[0] = value
    else:
        owner.setdefault(way[-1], value)


def name_line(line: Object, guide: str) -> tuple[Object, list[Move]]:
    """A line with every value under its first name, and the moves that this took."""
    named = {name: value for name, value in line.items() if value is not None}
    moves: list[Move] = []
    for second, first in LINE_NAMES.get(guide, ()):
        value = look_up(line, second)
        if value is not None and line.get(str(first[0])) is None:
            put_new(named, first, value)
            moves.append((first, second))
    return named, moves


def name_lines(lines: list[Any], guide: str) -> Iterator[tuple[int, Any, list[Move]]]:
    """Each line of a claim under its first names."""
    for at, line in enumerate(lines):
        named, moves = name_line(line, guide) if isinstance(line, dict) else (line, [])
        yield at, named, moves
