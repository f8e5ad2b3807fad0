"""What a 277CA rejects, as findings: one for each status that stops a claim or one of its service lines.

Source: 005010X214 2200D and 2220D STC.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import msgspec

from edi.codes import meaning
from edi.findings import Finding, find, load_catalogue
from edi.models import REJECTED_CATEGORIES, ClaimStatus, StatusCode

UNKNOWN = "a reason that this version does not know"


def find_rejections(claim: ClaimStatus) -> Iterator[Finding]:
    """The findings for the statuses of a claim that reject it, those of its lines with the line's pointer.

    A status that only one finding of our catalogue becomes is that finding; any other is
    `claim_status.rejected`. `rule` is the status as sent (`STC01 A7:562:85`), and a pointer leads to the
    claim or line in the 277CA.
    """
    for status in claim.statuses:
        if status.category in REJECTED_CATEGORIES:
            yield find_rejection(status, claim.pointer, "the claim")
    for number, service in enumerate(claim.services):
        for status in service.statuses:
            if status.category in REJECTED_CATEGORIES:
                yield find_rejection(status, f"{claim.pointer}/serviceLines/{number}", "a service line")


def find_rejection(status: StatusCode, pointer: str, where: str) -> Finding:
    """One status as a finding."""
    noted = find(
        "claim_status.rejected",
        pointer=pointer,
        rule=f"STC01 {status.category}:{status.status}:{status.entity}".rstrip(":"),
        where=where,
        meaning=(meaning("claim_status", status.status) or UNKNOWN).rstrip("."),
    )
    code = invert_statuses().get((status.category, status.status, status.entity))
    return msgspec.structs.replace(noted, code=code or noted.code)


@cache
def invert_statuses() -> dict[tuple[str, str, str], str]:
    """The finding that each status stands for, where the catalogue has only one that becomes it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for code, entry in load_catalogue().items():
        if entry.acknowledgments.stc:
            category, status, entity = (*entry.acknowledgments.stc.split(":"), "", "")[:3]
            found.setdefault((category, status, entity), []).append(code)
    return {status: codes[0] for status, codes in found.items() if len(codes) == 1}
