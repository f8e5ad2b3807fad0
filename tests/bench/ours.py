"""What is measured of ours; each work asserts that its result is right. Run like a peer: see `timing`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edi.acks.answering import acknowledge_file
from edi.claims import check_claims, write_claims
from edi.files import FileReport, check_file
from edi.json_text import Translated, translate, translate_remittances
from edi.streaming import UnitRead, stream_units
from tests.bench.files import open_envelope
from tests.bench.timing import run


def check_clean(path: str, *, edits: bool = False) -> FileReport:
    """The file with every check of its guide, and no finding."""
    report = check_file(Path(path).read_bytes(), edits=edits)
    assert report.all_findings == ()
    return report


def check(path: str) -> object:
    """Every check of the guide: SNIP 1 to 4, 7 where the guide has it."""
    return {"valid": not check_clean(path).all_findings}


def check_and_acknowledge(path: str) -> object:
    """The same checks, and the 999 that accepts the file."""
    report = check_clean(path)
    answer = acknowledge_file(report, kind="999", created=datetime(2026, 11, 24, tzinfo=UTC))
    assert b"IK5*A" in answer and b"AK9*A" in answer
    return {"valid": True}


def check_with_edits(path: str) -> object:
    """The same, and the edits by code tables (SNIP 5 and 6)."""
    return {"valid": not check_clean(path, edits=True).all_findings}


def write_documents(path: str) -> object:
    """Checked, and every claim as standard JSON."""
    return describe(translate(Path(path).read_bytes()))


def write_remittances(path: str) -> object:
    """Checked and balanced, and the whole remittance as JSON."""
    return describe(translate_remittances(Path(path).read_bytes()))


def describe(translated: Translated) -> dict[str, object]:
    """How many claims or claim payments, and how long their JSON is."""
    assert translated.report.all_findings == ()
    return {"claims": translated.units, "characters": sum(map(len, translated.pieces))}


def check_and_write_claims(path: str) -> object:
    """JSON, one claim a line: each checked by itself with edits, then all written as one interchange."""
    claims = check_claims(msgspec.json.decode(line) for line in Path(path).read_bytes().splitlines())
    assert all(claim.findings == () for claim in claims)
    return {"claims": len(claims), "characters": len(write_claims(claims, open_envelope()).text)}


class Pieces:
    """A file in pieces, gone through as often as one likes."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                yield piece


def stream(path: str) -> object:
    """Checked in constant memory, each claim handed on as JSON."""
    claims = 0
    for event in stream_units(Pieces(path)):
        assert not getattr(event, "findings", ())
        claims += isinstance(event, UnitRead)
    return {"claims": claims}


if __name__ == "__main__":
    run(
        {
            "check": check,
            "check_with_edits": check_with_edits,
            "acknowledge": check_and_acknowledge,
            "json": write_documents,
            "remittance": write_remittances,
            "generate": check_and_write_claims,
            "stream": stream,
        }
    )
