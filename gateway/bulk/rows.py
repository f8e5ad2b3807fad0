"""Rows of the tables: where something stands in which file, a few columns to query by, and its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from edi.claims import summarise
from edi.documents import Document
from edi.findings import Finding, Place
from edi.notation import parse_amount
from edi.remits.claims import AmountReading
from edi.remits.reading import read_claim
from edi.streaming import UnitRead

Row = dict[str, Any]
CLAIMS, PAYMENTS, SETS, FINDINGS = "claims", "payments", "sets", "findings"
TABLES = (CLAIMS, PAYMENTS, SETS, FINDINGS)
PAYMENT_SET = "835"
_CLAIM_COLUMNS = (
    "patient_control_number",
    "payer_id",
    "payer_name",
    "billing_npi",
    "subscriber_member_id",
    "charge",
    "service_from",
    "service_to",
    "frequency",
    "line_count",
)
_PAYMENT_COLUMNS = (
    "patient_control_number",
    "payer_claim_control_number",
    "status",
    "charge",
    "paid",
    "patient_responsibility",
    "service_from",
    "service_to",
)


def place_unit(file: int, unit: UnitRead, at: Place) -> Row:
    """Where a claim or claim payment stands: file by number, control numbers, ordinal, byte offset."""
    opener = next(unit.loop.all_segments())
    return {
        "file": file,
        "interchange": at.interchange,
        "group": at.group,
        "set": at.set,
        "ordinal": opener.ordinal,
        "offset": opener.offset,
    }


def describe_claim(document: Document) -> Row:
    """The columns of a claim; all None where its charge is no amount."""
    summary = summarise(document)
    return {name: getattr(summary, name, None) for name in _CLAIM_COLUMNS}


def describe_payment(document: Document) -> Row:
    """The columns of a claim payment (`paymentInfo` of the 835 shape)."""
    payment = read_claim(document, "", AmountReading())
    return {name: getattr(payment, name) for name in _PAYMENT_COLUMNS}


def make_unit_row(file: int, unit: UnitRead, at: Place, *, payment: bool) -> Row:
    """The row of a claim or claim payment."""
    document = unit.document or {}
    columns = describe_payment(document) if payment else describe_claim(document)
    return {**place_unit(file, unit, at), **columns, "document": document}


def make_set_row(
    file: int, at: Place, set_id: str, guide: str | None, count: int, documents: Iterable[Document]
) -> Row:
    """The row of a transaction set; `documents` are its JSON beside the claims or claim payments."""
    return {
        "file": file,
        "interchange": at.interchange,
        "group": at.group,
        "set": at.set,
        "set_id": set_id,
        "guide": guide,
        "segments": count,
        "document": list(documents),
    }


def make_finding_rows(file: int, findings: Iterable[Finding], *, values: bool) -> Iterator[Row]:
    """The rows of findings; what the document says only where `values` are asked for."""
    for finding in findings:
        place = finding.x12 or Place()
        row: Row = {
            "file": file,
            "code": finding.code,
            "severity": str(finding.severity),
            **{name: getattr(place, name) for name in Place.__struct_fields__},
        }
        row |= {"message": finding.message, "remedy": finding.remedy, "rule": finding.rule}
        if values:
            row["value"] = finding.value
        yield row


def amount_or_none(value: object) -> Decimal | None:
    """An amount that fits a column of 18 digits and 2 decimals; others stand in the document only."""
    if not isinstance(value, Decimal) or parse_amount(str(value)) is None:
        return None
    fits = value == value.quantize(Decimal("0.01")) and abs(value) < Decimal(10) ** 16
    return value.quantize(Decimal("0.01")) if fits else None
