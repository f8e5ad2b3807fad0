"""Edit on procedures that name no particular service: the claim says in words what was done."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from edi.findings import Finding, find
from edi.rules.places import cite, locate, number_place
from edi.rules.registry import rule
from edi.tree import Loop

#: The procedure of a line: 005010X222A1 SV101, 005010X223A2 SV202, 005010X224A2 SV301.
PROCEDURES = (("SV1", 1), ("SV2", 2), ("SV3", 1))
QUALIFIERS = frozenset({"AD", "HC"})  # CDT; CPT and HCPCS
DESCRIPTION = 7
ADDITIONAL = "ADD"  # NTE01: additional information, in the words of the provider


@cache
def load_unlisted() -> frozenset[str]:
    """The codes of `schemas/codes/unlisted.toml`."""
    raw = tomllib.loads((files("schemas") / "codes" / "unlisted.toml").read_text(encoding="utf-8"))
    return frozenset(code for entry in raw.values() for code in entry["codes"])


@rule("2400", cites="005010X222A1 2400 SV101-7, 005010X223A2 SV202-7, 005010X224A2 SV301-7")
def unlisted_service_is_described(line: Loop) -> Iterator[Finding]:
    """A code that names no particular service has a description, a drug (2410) or a note beside it."""
    for name, element in PROCEDURES:
        service = line.segment(name)
        if service is None:
            continue
        parts = service.element(element).split(line.component_separator)
        if len(parts) < 2 or parts[0] not in QUALIFIERS or parts[1] not in load_unlisted():
            return
        if any(parts[DESCRIPTION - 1 :]) or line.loops("2410") or has_note(line):
            return
        yield find(
            "claim.service_not_described",
            x12=locate(line, service, element, DESCRIPTION),
            rule=cite(line, service, element, DESCRIPTION),
            value=parts[1],
            place=service.id + number_place(element, DESCRIPTION),
        )


def has_note(line: Loop) -> bool:
    """True where the line or its claim has a note in the provider's own words."""
    above = line.parent
    return any(loop is not None and loop.segment("NTE", ADDITIONAL) is not None for loop in (line, above))
