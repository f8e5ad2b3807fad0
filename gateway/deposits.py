"""Deposits: an X12 file posted over HTTP is kept byte for byte, read, checked and answered.

Nothing of it is applied to a claim: what moves claims comes from a partner's own mailbox, since a posted file
proves nothing about its sender.
"""

from __future__ import annotations

import asyncio

import msgspec

from edi.envelope import Unreadable
from edi.files import FileReport, check_file
from edi.findings import Finding
from gateway.archive import Archive
from gateway.events import FILE_RECEIVED, FILE_REJECTED, Happening, publish
from gateway.store import Store, TenantScope, files
from gateway.story import FileStory, tell_findings

DIRECTION = "api"


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """A kept file and everything found in it."""

    file: files.File
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        """True where nothing found stops the file."""
        return not any(finding.stops for finding in self.findings)


class Deposits:
    """Keeps, checks and answers posted files."""

    def __init__(self, store: Store, archive: Archive) -> None:
        self._store = store
        self._archive = archive

    async def keep(self, tenant: str, content: bytes) -> Deposit:
        """Archive the bytes, then check them; durable when awaited, whatever was found."""
        digest = await asyncio.to_thread(self._archive.put, content)
        reading = await asyncio.to_thread(read_deposit, content)

        def record(scope: TenantScope) -> Deposit:
            return record_deposit(scope, digest, len(content), reading)

        return await self._store.write(record, tenant=tenant)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a posted file, small enough to keep."""

    sender: str = ""
    control_number: str = ""
    kinds: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_deposit(content: bytes) -> Reading:
    """Read and check a whole file; never raises for what is in it."""
    try:
        report = check_file(content)
    except Unreadable as unreadable:
        return Reading(findings=(unreadable.finding,))
    headers = [interchange.header for interchange in report.interchanges]
    return Reading(
        sender=headers[0].sender if headers else "",
        control_number=headers[0].control_number if headers else "",
        kinds=_list_kinds(report),
        findings=report.all_findings,
    )


def _list_kinds(report: FileReport) -> tuple[str, ...]:
    """The transaction sets inside, each once, in order, and TA1 where one stands there."""
    acknowledgments = ["TA1" for interchange in report.interchanges if interchange.acknowledgments]
    kinds = [*acknowledgments, *(transaction_set.set_id for transaction_set in report.sets)]
    return tuple(dict.fromkeys(kind for kind in kinds if kind.isalnum()))


def record_deposit(scope: TenantScope, digest: str, size: int, reading: Reading) -> Deposit:
    """The row of a posted file with what became of it, and its events."""
    stopping = next((finding.code for finding in reading.findings if finding.stops), None)
    new = files.NewFile(
        partner="",
        name="",
        sha256=digest,
        size=size,
        direction=DIRECTION,
        sender=reading.sender or None,
        control_number=reading.control_number or None,
        kinds=reading.kinds,
    )
    kept = files.add(scope, new)
    state = files.QUARANTINED if stopping else files.PROCESSED
    files.settle(scope, kept.id, state, reason=stopping)
    publish(scope, *_tell(kept, reading, stopping))
    return Deposit(file=files.load(scope, kept.id) or kept, findings=reading.findings)


def _tell(kept: files.File, reading: Reading, stopping: str | None) -> list[Happening]:
    story = FileStory(file=kept.id, partner="", sha256=kept.sha256, size=kept.size, kinds=reading.kinds)
    told = [Happening(type=FILE_RECEIVED, story=story, file=kept.id)]
    if stopping is not None:
        refused = msgspec.structs.replace(story, reason=stopping, findings=tell_findings(reading.findings))
        told.append(Happening(type=FILE_REJECTED, story=refused, file=kept.id))
    return told
