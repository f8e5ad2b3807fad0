"""The synthetic claims of `tests/claims`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from edi.envelope_writer import EnvelopeSettings

FOLDER = Path(__file__).resolve().parent / "claims"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_claim(name: str) -> dict[str, Any]:
    """A claim as a client posts it, numbers as Decimal."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    claim: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return claim


def make_envelope() -> EnvelopeSettings:
    """An envelope for a test interchange."""
    return EnvelopeSettings(
        sender_qualifier="ZZ",
        sender="SENDER1",
        receiver_qualifier="ZZ",
        receiver="RECEIVER1",
        group_sender="SENDER1",
        group_receiver="RECEIVER1",
        usage="T",
        control_number=1,
        group_control_number=1,
        created=datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
    )
