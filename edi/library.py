"""The short ways into the engine, for programs that use it as a library: whole files in, values out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from edi.acks.advice import read_824
from edi.acks.answering import acknowledge_file
from edi.acks.claims import read_277ca
from edi.acks.interchange import read_ta1
from edi.acks.reading import read_999
from edi.files import FileReport, check_file
from edi.models import (
    ClaimStatusReport,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    Remittance,
    SetAcknowledgment,
)
from edi.remits.reading import read_remittance
from edi.remits.rows import PaymentRow, list_rows
from edi.translation import write_json

REMITTANCE = "005010X221A1"
FUNCTIONAL = "005010X231A1"
CLAIMS = "005010X214"
ADVICE = "005010X186A1"
Answer = InterchangeAcknowledgment | GroupAcknowledgment | SetAcknowledgment | ClaimStatusReport


def _read(file: bytes | FileReport, *, edits: bool = False) -> FileReport:
    return file if isinstance(file, FileReport) else check_file(file, edits=edits, keep=True)


def read_documents(file: bytes | FileReport) -> list[dict[str, Any]]:
    """What a file says as JSON objects: each claim of an 837 by itself, a report for each other kind of set.

    `file` is its bytes, or its report where it was checked already. Raises Unreadable.
    """
    return write_json(_read(file))


def read_remittances(file: bytes | FileReport) -> Iterator[Remittance]:
    """The remittances (835) of a file, one for each payment. Raises Unreadable."""
    for report in _read(file).sets:
        if report.guide == REMITTANCE:
            for document in report.documents:
                yield read_remittance(document)


def list_payments(remittance: Remittance) -> list[PaymentRow]:
    """A remittance as flat rows: one for each service, and what else moved money.

    The `paid` of all rows make up `remittance.amount` where the remittance balances.
    """
    return list(list_rows(remittance))


def read_answers(file: bytes | FileReport) -> Iterator[Answer]:
    """The acknowledgments in a file: each TA1, 999, 277CA and 824 item, in its order. Raises Unreadable.

    A TA1 is an InterchangeAcknowledgment, a 999 a GroupAcknowledgment, a 277CA a ClaimStatusReport, an item
    of an 824 a SetAcknowledgment.
    """
    for interchange in _read(file).interchanges:
        for segment in interchange.acknowledgments:
            yield read_ta1(segment)
        for group in interchange.groups:
            for report in group.sets:
                for document in report.documents:
                    if report.guide == FUNCTIONAL:
                        yield read_999(document)
                    elif report.guide == CLAIMS:
                        yield read_277ca(document)
                    elif report.guide == ADVICE:
                        yield from read_824(document)


def acknowledge(
    file: bytes | FileReport, kind: Literal["999", "824", "277ca"] = "999", *, created: datetime
) -> bytes:
    """The interchanges that answer a file: `kind` is 999 (with TA1), 824, or 277ca for the claims of an 837.

    `created` is the time that they are dated. Bytes are checked as the kind asks: for a 999 by the guide
    alone, for the others with what goes beyond it. Raises Unreadable.
    """
    return acknowledge_file(_read(file, edits=kind != "999"), kind=kind, created=created)
