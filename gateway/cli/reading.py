"""What a command is given: files or standard input, JSON or X12, told apart by content."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edi.claims import check_claim
from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.findings import Finding
from gateway.api.json_body import decode_body

JSON_STARTS = (b"{", b"[")


class UnusableInputError(Exception):
    """A file that cannot be opened; the text says which argument and why."""


@dataclass(frozen=True)
class Checked:
    """One input examined: its findings, and what it was read as."""

    name: str
    kind: str
    findings: tuple[Finding, ...]
    report: FileReport | None = None
    unreadable: bool = False

    @property
    def stops(self) -> bool:
        return any(finding.stops for finding in self.findings)


def read_input(name: str) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises UnusableInputError."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as problem:
        raise UnusableInputError(f"{name}: {problem.strerror}") from None


def looks_like_json(content: bytes) -> bool:
    """True for an object or array of JSON, after a byte order mark and blanks."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in JSON_STARTS


def read_json(content: bytes) -> tuple[list[dict[str, Any]], tuple[Finding, ...]]:
    """The JSON documents of an input: one object, or each object of an array."""
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    if not text.startswith(b"["):
        decoded = decode_body(content)
        return ([decoded.document] if decoded.document is not None else []), decoded.findings
    decoded = decode_body(b'{"documents":' + text + b"}")
    documents = (decoded.document or {}).get("documents", [])
    return [document for document in documents if isinstance(document, dict)], decoded.findings


def check_content(name: str, content: bytes, *, strict: bool) -> Checked:
    """Examines JSON claims or any X12 file; nothing raises."""
    if looks_like_json(content):
        return _check_json(name, content)
    try:
        report = check_file(content, strict=strict)
    except Unreadable as problem:
        return Checked(name, "X12", (problem.finding,), unreadable=True)
    kinds = sorted({found.guide or found.set_id for found in report.sets}) or ["interchange acknowledgment"]
    return Checked(name, ", ".join(kinds), report.all_findings, report)


def _check_json(name: str, content: bytes) -> Checked:
    documents, findings = read_json(content)
    if findings:
        return Checked(name, "JSON", findings, unreadable=True)
    found = [finding for document in documents for finding in check_claim(document).findings]
    return Checked(name, "JSON claim" + ("s" if len(documents) > 1 else ""), tuple(found))
