"""An inquiry's document becomes the text of one interchange that our own reader accepts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from edi.documents import read_text
from edi.files import check_file
from edi.findings import Finding
from edi.writer import write_documents
from gateway.composition import Numbers, make_envelope
from gateway.inquiries.kinds import Kind
from gateway.settings import Partner


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """An inquiry as it is sent: its text, the trace that its answer gives back, and what stops it."""

    text: bytes
    trace: str
    faults: tuple[Finding, ...]


def compose_inquiry(
    kind: Kind, document: Mapping[str, Any], partner: Partner, numbers: Numbers, created: datetime
) -> Composed:
    """One interchange with one inquiry. Its trace is the client's own reference, else the control number.

    No acknowledgment is asked for (ISA14 0): in real time the answer says all.
    """
    envelope = make_envelope(partner.envelope, numbers, created, usage="P")
    envelope = msgspec.structs.replace(envelope, acknowledgment_requested=False)
    text = write_documents(kind.asks, [document], envelope)
    report = check_file(text, strict=True, character_set=partner.character_set)
    faults = tuple(finding for finding in report.all_findings if finding.stops)
    trace = read_text(document, *kind.trace) or f"{numbers.interchange:09d}"
    return Composed(text=text, trace=trace, faults=faults)
