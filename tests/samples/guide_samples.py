"""The samples of each guide: a JSON document and the X12 that it is.

A case is a folder `samples/<folder>/<case>` with `claim.json` (claims) or `document.json`, and the X12 beside
it; of guides that are read only, just the X12. Cases whose name begins with `refused` hold what is wrong, and
have `findings.json` instead: the codes and pointers of everything found.
`tests/samples/views.py` says which files a case has; `python -m scripts.samples` writes them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from edi.checking import check_document
from edi.claims import check_claim, write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.findings import Finding
from edi.segments import Delimiters
from edi.writer import write_documents

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CLAIMS = {"837P": "005010X222A1", "837D": "005010X224A2", "837I": "005010X223A2"}
DOCUMENTS = {
    "270": "005010X279A1-270",
    "271": "005010X279A1-271",
    "275": "005010X210",
    "276": "005010X212-276",
    "277": "005010X212-277",
    "277CA": "005010X214",
    "278": "005010X217",
    "820": "005010X218",
    "824": "005010X186A1",
    "834": "005010X220A1",
    "835": "005010X221A1",
    "999": "005010X231A1",
}
GUIDES = CLAIMS | DOCUMENTS
#: Every case but the claims that go the whole way (they have an `expected.toml`; `tests/samples/goldens.py`).
CASES = tuple(
    sorted(
        case
        for folder in GUIDES
        for case in (SAMPLES / folder).iterdir()
        if case.name.startswith("refused") or not (case / "expected.toml").exists()
    )
)


def envelope(number: int = 1) -> EnvelopeSettings:
    """The envelope of every sample."""
    ids = ("ZZ", "CLAIMWIREDEMO", "ZZ", "SCRIPTEDPAYER", "CLAIMWIREDEMO", "SCRIPTEDPAYER", "T")
    return EnvelopeSettings(
        *ids, number, number, datetime(2026, 11, 2, 9, 30, tzinfo=UTC), delimiters=Delimiters(line_end="\n")
    )


def guide_of(case: Path) -> str:
    """The guide of a case, by its folder."""
    return GUIDES[case.parent.name]


def load_document(case: Path) -> dict[str, Any]:
    """The JSON of a case."""
    text = next(case.glob("[cd]*.json")).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return document


def write_case(case: Path) -> bytes:
    """The X12 of a case."""
    guide, document = guide_of(case), load_document(case)
    if case.parent.name in CLAIMS:
        return write_claims([document], envelope(), guide=guide).text
    return write_documents(guide, [document], envelope())


def find_faults(case: Path) -> list[Finding]:
    """Everything wrong with a case."""
    guide, document = guide_of(case), load_document(case)
    if case.parent.name in CLAIMS:
        return list(check_claim(document, guide=guide).findings)
    return list(check_document(document, guide))


def list_faults(case: Path) -> list[Mapping[str, str | None]]:
    """Code, pointer and rule of everything wrong with a case, as `findings.json` has them.

    A claim that is posted to the gateway is refused for what stops it; warnings are not listed.
    """
    posted = (case / "expected.toml").exists()
    return [
        {"code": finding.code, "pointer": finding.pointer, "rule": finding.rule}
        for finding in find_faults(case)
        if finding.stops or not posted
    ]
