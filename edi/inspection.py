"""One input examined: JSON claims or any X12 file, told apart by content; nothing in it raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from edi.checking import check_document
from edi.claim_forms import choose_guide
from edi.claims import check_claim
from edi.edits.basis import Basis
from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.findings import Finding, find
from edi.guides.registry import load_guide
from edi.json_body import BLANKS, BOM, decode_body
from edi.translation import CLAIM_SET, TA1_KEY, UntranslatableError, find_guide
from edi.whole_files import is_whole, write_whole

JSON_STARTS = (b"{", b"[")
TA1_ALONE = "TA1"
WHOLE_FILE = "JSON of a whole file"


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


def inspect(
    name: str,
    content: bytes,
    *,
    strict: bool = False,
    guide: str = "",
    edits: bool = True,
    character_set: str = "",
    basis: Basis | None = None,
) -> Inspected:
    """Check an input with everything the engine knows. `strict` turns forgiven faults of X12 into errors.

    `guide` is that of JSON documents which do not say their own. Without `edits` an X12 file is measured by
    its guide alone, as a 999 does, without SNIP 5 and 6. `character_set` and `basis` are those
    of `check_file`.
    """
    if looks_like_json(content):
        documents, findings = read_json(content)
        if findings:
            return Inspected(name, "JSON", findings, unreadable=True)
        return inspect_documents(name, documents, guide, basis)
    try:
        report = check_file(content, strict=strict, edits=edits, character_set=character_set, basis=basis)
    except Unreadable as problem:
        return Inspected(name, "X12", (problem.finding,), unreadable=True)
    kinds = sorted({found.guide or found.set_id for found in report.sets}) or [TA1_ALONE]
    return Inspected(name, ", ".join(kinds), report.all_findings, report)


def inspect_documents(
    name: str, documents: Sequence[dict[str, Any]], guide: str = "", basis: Basis | None = None
) -> Inspected:
    """Check JSON documents. Of several, pointers begin with the index of the document."""
    if is_whole(documents):
        return _inspect_whole(name, documents[0], basis)
    found = [
        msgspec.structs.replace(finding, pointer=f"/{index}{finding.pointer or ''}")
        if len(documents) > 1
        else finding
        for index, document in enumerate(documents)
        for finding in check_entries(document, guide, basis)
    ]
    kinds = {name_kind(document, guide) for document in documents}
    kind = ", ".join(sorted(kinds))
    return Inspected(name, kind if len(documents) == 1 else f"{len(documents)} {kind}s", tuple(found))


def _inspect_whole(name: str, document: dict[str, Any], basis: Basis | None) -> Inspected:
    """Check the file that a whole file's JSON makes; findings name places of the X12."""
    try:
        report = check_file(write_whole(document), edits=True, basis=basis)
    except (UntranslatableError, Unreadable):
        return Inspected(name, WHOLE_FILE, (find("json.not_documents"),), unreadable=True)
    return Inspected(name, WHOLE_FILE, report.all_findings)


def check_entries(document: dict[str, Any], guide: str, basis: Basis | None = None) -> Iterator[Finding]:
    """The findings of a claim, of each transaction of a report, or of a document of `guide`."""
    known = guide or tell_guide(document)
    if TA1_KEY in document:
        return
    if "transactions" in document:
        for index, entry in enumerate(list_transactions(document)):
            for finding in check_document(entry, known, basis=basis):
                pointer = f"/transactions/{index}{finding.pointer or ''}"
                yield msgspec.structs.replace(finding, pointer=pointer)
    elif load_guide(known).transaction_set == CLAIM_SET:
        tables, received = basis or (None, None)
        yield from check_claim(document, guide=known, tables=tables, received=received).findings
    else:
        yield from check_document(document, known, basis=basis)


def list_transactions(document: dict[str, Any]) -> list[object]:
    """The transactions of a report; one that is no list counts as one wrong transaction."""
    entries = document["transactions"]
    return entries if isinstance(entries, list) else [entries]


def tell_guide(document: dict[str, Any]) -> str:
    """The guide that a document shows to be its own, else that of a claim."""
    try:
        return find_guide(document)
    except UntranslatableError:
        return choose_guide(document)


def name_kind(document: dict[str, Any], guide: str) -> str:
    """`JSON claim`, or `JSON of 005010X221A1`."""
    if TA1_KEY in document:
        return f"JSON of {TA1_ALONE}"
    known = guide or tell_guide(document)
    return "JSON claim" if load_guide(known).transaction_set == CLAIM_SET else f"JSON of {known}"
