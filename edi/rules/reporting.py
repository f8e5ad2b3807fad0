"""Rules of the application report (824, 005010X186A1) and of attachments (275, 005010X210)."""

from __future__ import annotations

from collections.abc import Iterator

from edi.binary import write_content
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


@rule("2110B", cites="005010X210 2110B BIN01: the length of BIN02 in bytes")
def attachment_is_as_long_as_it_says(content: Loop) -> Iterator[Finding]:
    """The content of an attachment has the length that is stated before it."""
    segment = content.segment("BIN")
    if segment is None or not segment.element(1).isdigit() or not segment.element(2):
        return
    length = len(write_content(segment.element(2)))
    if length != int(segment.element(1)):
        yield find(
            "attachment.length_differs",
            x12=locate(content, segment, 1),
            rule=cite(content, segment, 1),
            length=str(length),
        )
