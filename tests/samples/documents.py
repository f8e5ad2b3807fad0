"""The X12 of the samples of guides other than claims: `samples/<folder>/<case>/document.json` and `document.x12`.

`python -m tests.samples.documents` writes the X12 anew; read the difference before keeping it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from edi.envelope_writer import EnvelopeSettings
from edi.writer import write_documents

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
#: The guide of each folder of samples.
GUIDES = {"820": "005010X218", "834": "005010X220A1"}
CREATED = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ENVELOPE = EnvelopeSettings(
    "ZZ", "LANTERNWORKS", "ZZ", "EVERGREEN", "LANTERNWORKS", "EVERGREEN", "T", 1, 1, CREATED
)


class DocumentSample(NamedTuple):
    """One case: its folder and its guide."""

    place: Path
    guide: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document."""
        loaded: dict[str, Any] = json.loads((self.place / "document.json").read_text(encoding="utf-8"))
        return loaded

    def write(self) -> bytes:
        """The interchange that carries the document."""
        return write_documents(self.guide, [self.document], ENVELOPE)


def find_samples() -> Iterator[DocumentSample]:
    """Every case of every folder."""
    for folder, guide in GUIDES.items():
        for place in sorted((SAMPLES / folder).iterdir()):
            yield DocumentSample(place, guide)


if __name__ == "__main__":
    for sample in find_samples():
        (sample.place / "document.x12").write_bytes(sample.write())
