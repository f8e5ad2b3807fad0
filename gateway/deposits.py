"""Deposits: an X12 file posted over HTTP or dropped into a folder is kept byte for byte, read and checked.

The claims of an 837, professional, institutional or dental, are taken in like posted JSON, all in one
transaction with the file. Nothing else of a file is applied: what moves claims is received for a partner
(`gateway/reception.py`), since a posted file proves nothing about its sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from edi.claim_forms import CLAIM_TYPES
from edi.envelope import Unreadable
from edi.files import FileReport, InterchangeReport, SetReport, check_file
from edi.findings import Finding, find
from gateway.archive import Archive
from gateway.checking.checker import Judged, write_judgement
from gateway.events import FILE_RECEIVED, FILE_REJECTED, Happening, publish
from gateway.intake import Intake
from gateway.recording import Submission, preview, record_judged
from gateway.store import Store, TenantScope, files
from gateway.story import FileStory, tell_findings

DIRECTION = "api"
CLAIMS = "837"
TOO_MANY_CLAIMS = "file.too_many_claims"
USAGE = "usageIndicator"  # a claim of a test file (ISA15 T) is a test
CLAIM_GUIDES = frozenset(kind.guide for kind in CLAIM_TYPES)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """How a file came: over HTTP, or from a sender under a name of its own."""

    direction: str = DIRECTION
    sender: str = ""
    name: str = ""


OVER_HTTP: Final = Origin()


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """A kept file, everything found in it, and what became of the claims that were taken in from it."""

    file: files.File
    findings: tuple[Finding, ...]
    submissions: tuple[Submission, ...] = ()

    @property
    def accepted(self) -> bool:
        """True where claims of the file were taken in, or nothing found stops it."""
        return bool(self.submissions) or not any(finding.stops for finding in self.findings)


Also = Callable[[TenantScope, Deposit], None]


class Deposits:
    """Keeps, checks and applies posted files. `limit` is how many claims one file may hold."""

    def __init__(self, store: Store, archive: Archive, intake: Intake, *, limit: int) -> None:
        self._store = store
        self._archive = archive
        self._intake = intake
        self._limit = limit

    async def keep(
        self, tenant: str, content: bytes, *, origin: Origin = OVER_HTTP, also: Also | None = None
    ) -> Deposit:
        """Archive the bytes, then check them; durable when awaited, whatever was found.

        `also` writes in the same transaction.
        """
        digest = await asyncio.to_thread(self._archive.put, content)
        reading = await asyncio.to_thread(self.read, tenant, content)

        def record(scope: TenantScope) -> Deposit:
            deposit = record_deposit(scope, digest, len(content), reading, origin)
            if also is not None:
                also(scope, deposit)
            return deposit

        return await self._store.write(record, tenant=tenant)

    async def check(self, tenant: str, content: bytes) -> tuple[tuple[Submission, ...], tuple[Finding, ...]]:
        """What would become of the claims of a file, and what is wrong with it; nothing is kept."""
        reading = await asyncio.to_thread(self.read, tenant, content)
        return tuple(map(preview, reading.claims)), reading.findings

    def read(self, tenant: str, content: bytes) -> Reading:
        """Read the file and check its claims; too many of them are a finding."""
        reading, claims = read_deposit(content)
        if len(claims) > self._limit:
            finding = find(TOO_MANY_CLAIMS, limit=str(self._limit))
            return msgspec.structs.replace(reading, findings=(*reading.findings, finding))
        judged = tuple(
            write_judgement(*self._intake.check(tenant, document, guide=guide)) for guide, document in claims
        )
        return msgspec.structs.replace(reading, claims=judged)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a posted file, and its claims as checked, each with all its findings."""

    sender: str = ""
    control_number: str = ""
    kinds: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    claims: tuple[Judged, ...] = ()


def read_deposit(content: bytes) -> tuple[Reading, list[tuple[str, Mapping[str, Any]]]]:
    """Read and check a whole file, and list the claims to be taken in, each with its guide.

    Never raises for what is in it.
    """
    try:
        report = check_file(content, keep=True)
    except Unreadable as unreadable:
        return Reading(findings=(unreadable.finding,)), []
    headers = [interchange.header for interchange in report.interchanges]
    reading = Reading(
        sender=headers[0].sender if headers else "",
        control_number=headers[0].control_number if headers else "",
        kinds=_list_kinds(report),
        findings=report.all_findings,
    )
    return reading, [
        (each.guide or "", {**document, USAGE: interchange.header.usage})
        for interchange, each in list_applied(report)
        for document in each.documents
    ]


def list_applied(report: FileReport) -> list[tuple[InterchangeReport, SetReport]]:
    """The 837 sets whose claims are taken in, each with its interchange.

    They are those that a 999 accepts, in an envelope that is whole.
    """
    if any(finding.stops for finding in report.findings):
        return []
    return [
        (interchange, each)
        for interchange in report.interchanges
        if not any(finding.stops for finding in interchange.findings)
        for group in interchange.groups
        if not any(finding.stops for finding in group.findings)
        for each in group.sets
        if each.guide in CLAIM_GUIDES and each.accepted
    ]


def _list_kinds(report: FileReport) -> tuple[str, ...]:
    """The transaction sets inside, each once, in order, and TA1 where one stands there."""
    acknowledgments = ["TA1" for interchange in report.interchanges if interchange.acknowledgments]
    kinds = [*acknowledgments, *(transaction_set.set_id for transaction_set in report.sets)]
    return tuple(dict.fromkeys(kind for kind in kinds if kind.isalnum()))


def record_deposit(
    scope: TenantScope, digest: str, size: int, reading: Reading, origin: Origin = OVER_HTTP
) -> Deposit:
    """The row of the file with what became of it, its claims, and all their events.

    Of a duplicate, nothing but the row and its event.
    """
    stopping = next((finding.code for finding in reading.findings if finding.stops), None)
    new = files.NewFile(
        partner=origin.sender,
        name=origin.name,
        sha256=digest,
        size=size,
        direction=origin.direction,
        sender=reading.sender or None,
        control_number=reading.control_number or None,
        kinds=reading.kinds,
    )
    kept = files.add(scope, new)
    if kept.state == files.DUPLICATE:
        publish(scope, *_tell(kept, reading, None))
        return Deposit(file=kept, findings=())
    state = files.QUARANTINED if stopping and not reading.claims else files.PROCESSED
    files.settle(scope, kept.id, state, reason=stopping)
    publish(scope, *_tell(kept, reading, stopping))
    taken = tuple(record_judged(scope, reading.claims))
    files.add_claims(scope, kept.id, [submission.claim for submission in taken])
    return Deposit(file=files.load(scope, kept.id) or kept, findings=reading.findings, submissions=taken)


def _tell(kept: files.File, reading: Reading, stopping: str | None) -> list[Happening]:
    story = FileStory(
        file=kept.id,
        partner=kept.partner,
        sha256=kept.sha256,
        size=kept.size,
        kinds=reading.kinds,
        duplicate_of=kept.original,
    )
    told = [Happening(type=FILE_RECEIVED, story=story, file=kept.id)]
    if stopping is not None:
        refused = msgspec.structs.replace(story, reason=stopping, findings=tell_findings(reading.findings))
        told.append(Happening(type=FILE_REJECTED, story=refused, file=kept.id))
    return told
