"""One input examined: JSON claims or any X12 file, told apart by content; nothing in it raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from edi.claim_forms import choose_guide
from edi.claims import check_claim
from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.findings import Finding, find
from edi.json_body import BLANKS, BOM, decode_body

JSON_STARTS = (b"{", b"[")
TA1_ALONE = "TA1"


@dataclass(frozen=True)
class Inspected:
    """What an input was read as, and everything wrong with it.

    `report` is there for a readable X12 file; `unreadable` says that nothing could be read.
    """

    name: str
    kind: str
    findings: tuple[Finding, ...]
    report: FileReport | None = None
    unreadable: bool = False

    @property
    def stops(self) -> bool:
        """True where a finding stops the document."""
        return any(finding.stops for finding in self.findings)

    @property
    def counts(self) -> str:
        """`4 errors, 1 warning`, or `no findings`."""
        counts = Counter(str(finding.severity) for finding in self.findings)
        told = (
            f"{count} {name}{'s' if count > 1 and name != 'info' else ''}" for name, count in counts.items()
        )
        return ", ".join(told) or "no findings"

    @property
    def verdict(self) -> str:
        """`unreadable`, `refused` or `accepted`."""
        return "unreadable" if self.unreadable else "refused" if self.stops else "accepted"


def looks_like_json(content: bytes) -> bool:
    """True for an object or array of JSON, after a byte order mark and blanks."""
    return content.removeprefix(BOM).lstrip()[:1] in JSON_STARTS


def read_json(content: bytes) -> tuple[list[dict[str, Any]], tuple[Finding, ...]]:
    """The JSON documents of an input (one object, or an array of objects), or why there are none."""
    text = content.removeprefix(BOM).strip(BLANKS)
    if not text.startswith(b"["):
        decoded = decode_body(content)
        return ([decoded.document] if decoded.document is not None else []), decoded.findings
    decoded = decode_body(b'{"documents":' + text + b"}")
    documents = (decoded.document or {}).get("documents", [])
    if decoded.findings:
        return [], decoded.findings
    if not documents or not all(isinstance(document, dict) for document in documents):
        return [], (find("json.not_documents"),)
    return documents, ()


def inspect(name: str, content: bytes, *, strict: bool = False) -> Inspected:
    """Check an input with everything the engine knows. `strict` turns forgiven faults of X12 into errors."""
    if looks_like_json(content):
        return _inspect_json(name, content)
    try:
        report = check_file(content, strict=strict)
    except Unreadable as problem:
        return Inspected(name, "X12", (problem.finding,), unreadable=True)
    kinds = sorted({found.guide or found.set_id for found in report.sets}) or [TA1_ALONE]
    return Inspected(name, ", ".join(kinds), report.all_findings, report)


def _inspect_json(name: str, content: bytes) -> Inspected:
    documents, findings = read_json(content)
    if findings:
        return Inspected(name, "JSON", findings, unreadable=True)
    return Inspected(name, count_claims(documents), check_claims(documents))


def check_claims(documents: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    """The findings of claims, each by the guide of its kind; of several, pointers begin with the index."""
    if len(documents) == 1:
        return check_claim(documents[0], guide=choose_guide(documents[0])).findings
    return tuple(
        msgspec.structs.replace(finding, pointer=f"/{index}{finding.pointer or ''}")
        for index, document in enumerate(documents)
        for finding in check_claim(document, guide=choose_guide(document)).findings
    )


def count_claims(documents: Sequence[object]) -> str:
    """`JSON claim`, or `3 JSON claims`."""
    return "JSON claim" if len(documents) == 1 else f"{len(documents)} JSON claims"
