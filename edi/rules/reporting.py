"""Rules of the application report (824, 005010X186A1) that need an `if`."""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, find
from edi.rules.places import cite, locate
from edi.rules.registry import rule
from edi.tree import Loop

REJECTED = frozenset({"BR", "IR", "TR"})  # batch, item or transaction set rejected


@rule("2000", cites="005010X186A1 2100: required where OTI01 tells of an error")
def rejected_item_says_why(item: Loop) -> Iterator[Finding]:
    """What is rejected has at least one error (TED)."""
    identification = item.segment("OTI")
    if identification is None or identification.element(1) not in REJECTED or item.loops("2100"):
        return
    yield find(
        "acknowledgment.rejection_without_reason",
        x12=locate(item, identification, 1),
        rule=cite(item, identification, 1),
    )
