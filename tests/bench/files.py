"""Big files of invented claims and payments, the same for the same seed: 837P, 837I and 835."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.models import Remittance
from edi.remits.writing import remittance_document
from edi.translation import make_envelope
from edi.writer import write_documents
from tests.bench.institutional import GUIDE as INSTITUTIONAL
from tests.bench.institutional import make_hospital_claims
from tests.bench.payments import make_payments
from tests.bench.people import SEED
from tests.bench.professional import make_claims

PROFESSIONAL, REMITTANCE = "005010X222A1", "005010X221A1"
KINDS = ("837P", "837I", "835")
CREATED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def open_envelope() -> EnvelopeSettings:
    """The envelope of every file here."""
    return make_envelope("BENCHSENDER", "BENCHPAYER", 1, CREATED, usage="T")


def make_file(kind: str, count: int, seed: int = SEED) -> bytes:
    """An interchange of so many claims or claim payments."""
    if kind == "835":
        return write_payments(make_payments(count, seed))
    if kind == "837I":
        return make_claim_file(make_hospital_claims(count, seed), guide=INSTITUTIONAL)
    return make_claim_file(make_claims(count, seed))


def make_claim_file(claims: Sequence[Mapping[str, Any]], *, guide: str = PROFESSIONAL) -> bytes:
    """One interchange of the claims."""
    return write_claims(claims, open_envelope(), guide=guide).text


def write_payments(remittance: Remittance) -> bytes:
    """One interchange with one 835."""
    return write_documents(REMITTANCE, [remittance_document(remittance)], open_envelope())


def make_payment_file(count: int) -> bytes:
    """One interchange with one 835 of so many claims."""
    return write_payments(make_payments(count))


def count_segments(text: bytes) -> int:
    """The segments of a file of ours."""
    return text.count(b"~")


def measure_variety(text: bytes) -> float:
    """The share of a file's segments that are unlike all others."""
    segments = text.split(b"~\n")
    return len(set(segments)) / len(segments)
