"""Processing: a received file is read and applied in one transaction, or kept apart with the reason.

What cannot be read, is cut short, is meant for somebody else or repeats a control number with other content
is quarantined: its bytes stay in the archive, a person is told, nothing else moves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from edi.acks import read_ta1
from edi.files import FileReport, InterchangeReport, SetReport, check_file
from edi.findings import Finding, find
from edi.interchange import InterchangeHeader
from edi.lexer import Unreadable
from gateway.archive import Archive
from gateway.commitpoints import Reach, pass_by
from gateway.events import FILE_REJECTED, Happening
from gateway.journal import Journal
from gateway.logs import log_event
from gateway.processors.application_report import prepare_application_report
from gateway.processors.arrival import Apply, Arrival
from gateway.processors.claim_ack import prepare_claim_ack
from gateway.processors.claim_status import prepare_claim_status
from gateway.processors.functional_ack import prepare_functional_ack
from gateway.processors.inquiry_answer import prepare_eligibility_answer
from gateway.processors.interchange_ack import apply_interchange_ack
from gateway.processors.remittance import prepare_remittance
from gateway.settings import Partner
from gateway.store import Store, files, jobs, work_items
from gateway.store.errors import NoSuchRow
from gateway.store.files import File
from gateway.store.scope import TenantScope
from gateway.story import FileStory, tell_findings

PROCESSORS: Final[dict[str, Callable[[SetReport], Apply]]] = {
    "005010X231A1": prepare_functional_ack,
    "005010X186A1": prepare_application_report,
    "005010X214": prepare_claim_ack,
    "005010X212-277": prepare_claim_status,
    "005010X279A1-271": prepare_eligibility_answer,
    "005010X221A1": prepare_remittance,
}
# Faults of the envelope: what follows a broken one may be half of something. Faults inside a transaction
# set do not stop a file, since payers' files have many and the money in them is real.
ENVELOPE_FAULTS: Final = ("file.", "isa.", "interchange.", "gs.", "group.", "set.")


class Reading(msgspec.Struct, frozen=True):
    """A file as read: its report, what its sets do in their order, or why nothing of it can be read."""

    report: FileReport
    applies: tuple[Apply, ...] = ()
    faults: tuple[Finding, ...] = ()


class Processing:
    """Reads and applies received files. `find_partner` gives a tenant's partner by name."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        find_partner: Callable[[str, str], Partner],
        *,
        reach: Reach = pass_by,
    ) -> None:
        self._store = store
        self._archive = archive
        self._find_partner = find_partner
        self._reach = reach

    async def run(self, tenant: str, job: jobs.Job) -> None:
        """Apply the job's file, once: a file that was applied before is left alone. Raises LostLease."""
        file = await self._store.read(lambda scope: files.load(scope, job.subject), tenant=tenant)
        if file is None:
            raise NoSuchRow(job.subject)
        partner = self._find_partner(tenant, file.partner)
        content = await asyncio.to_thread(self._archive.get, file.sha256)
        reading = await asyncio.to_thread(read_content, content)
        self._reach("process.read")
        state = await self._store.write(
            lambda scope: apply_file(scope, job, file.id, partner, reading), tenant=tenant
        )
        self._reach("process.committed")
        log_event("file.settled", tenant=tenant, partner=partner.name, file=file.id, state=state)


def read_content(content: bytes) -> Reading:
    """What a file holds and what it will do; read here, so that its transaction is short."""
    try:
        report = check_file(content, keep=True)
    except Unreadable as unreadable:
        return Reading(FileReport(()), faults=(unreadable.finding,))
    known = (each for each in report.sets if each.guide in PROCESSORS)
    return Reading(report, tuple(PROCESSORS[each.guide or ""](each) for each in known))


def apply_file(scope: TenantScope, job: jobs.Job, file_id: str, partner: Partner, reading: Reading) -> str:
    """Everything a file does, and the end of its job, in one transaction; the file's state then.

    Raises LostLease, NoSuchRow.
    """
    jobs.finish(scope, job)
    file = files.load(scope, file_id, lock=True)
    if file is None:
        raise NoSuchRow(file_id)
    if file.state != files.RECEIVED:
        return file.state
    _record_envelope(scope, file, reading.report)
    journal = Journal(scope)
    faults = (*reading.faults, *judge(scope, file, partner, reading.report))
    state = files.QUARANTINED if faults else files.PROCESSED
    if faults:
        _quarantine(scope, journal, file, reading.report, faults)
    else:
        notes: list[Finding] = []
        arrival = Arrival(scope, journal, file, partner, notes)
        _apply(arrival, reading)
        arrival.close()
        files.settle(scope, file.id, files.PROCESSED, reason=notes[0].code if notes else None)
    journal.close()
    return state


def set_apart(scope: TenantScope, file_id: str) -> None:
    """Quarantine a file that no attempt could apply, so that its neighbours go on, and tell a person."""
    file = files.load(scope, file_id, lock=True)
    if file is None or file.state != files.RECEIVED:
        return
    journal = Journal(scope)
    _quarantine(scope, journal, file, FileReport(()), (find("file.processing_failed"),))
    journal.close()


def judge(scope: TenantScope, file: File, partner: Partner, report: FileReport) -> tuple[Finding, ...]:
    """Why nothing of the file may be applied; empty where all of it may."""
    faults = [finding for finding in report.all_findings if finding.stops and _is_of_envelope(finding)]
    for interchange in report.interchanges:
        faults += _judge_route(interchange.header, partner)
        faults += _judge_control_number(scope, file, interchange.header)
        faults += _judge_sets(interchange)
    return tuple(faults)


def _is_of_envelope(finding: Finding) -> bool:
    return finding.code.startswith(ENVELOPE_FAULTS)


def _judge_route(header: InterchangeHeader, partner: Partner) -> Iterator[Finding]:
    """An interchange from the partner to us, by the ids agreed: ours are the sender's of what we send."""
    ids = partner.envelope
    if (header.receiver_qualifier, header.receiver) != (ids.sender_qualifier, ids.sender):
        yield find("file.other_receiver")
    if (header.sender_qualifier, header.sender) != (ids.receiver_qualifier, ids.receiver):
        yield find("file.unknown_sender", partner=partner.name)


def _judge_control_number(scope: TenantScope, file: File, header: InterchangeHeader) -> Iterator[Finding]:
    """The same sender and ISA13 with other bytes: nobody can say which of the two counts."""
    earlier = files.find_by_control_number(scope, header.sender, header.control_number)
    applied = (files.PROCESSED, files.RECEIVED)
    if any(other.id != file.id and other.state in applied for other in earlier):
        yield find("file.control_number_reused")


def _judge_sets(interchange: InterchangeReport) -> Iterator[Finding]:
    sets = [report for group in interchange.groups for report in group.sets]
    for report in sets:
        if report.guide not in PROCESSORS:
            yield find("file.unexpected_set", set=report.set_id)
    if not sets and not interchange.acknowledgments:
        yield find("file.nothing_inside")


def _apply(arrival: Arrival, reading: Reading) -> None:
    for interchange in reading.report.interchanges:
        for segment in interchange.acknowledgments:
            apply_interchange_ack(arrival, read_ta1(segment))
    for apply in reading.applies:
        apply(arrival)


def _record_envelope(scope: TenantScope, file: File, report: FileReport) -> None:
    """What the envelope of the first interchange says, and every kind of transaction set inside."""
    if not report.interchanges:
        return
    header = report.interchanges[0].header
    kinds = {each.set_id for each in report.sets}
    kinds |= {"TA1" for interchange in report.interchanges if interchange.acknowledgments}
    files.record_envelope(
        scope,
        file.id,
        sender=header.sender,
        control_number=header.control_number,
        kinds=tuple(sorted(kind for kind in kinds if kind.isascii() and kind.isalnum())),
    )


def _quarantine(
    scope: TenantScope, journal: Journal, file: File, report: FileReport, faults: tuple[Finding, ...]
) -> None:
    reason = faults[0].code
    files.settle(scope, file.id, files.QUARANTINED, reason=reason)
    work_items.add(scope, kind="file", reason=reason, file=file.id)
    story = FileStory(
        file=file.id,
        partner=file.partner,
        sha256=file.sha256,
        size=file.size,
        kinds=tuple(sorted({each.set_id for each in report.sets})),
        reason=reason,
        findings=tell_findings(faults),
    )
    journal.tell(Happening(type=FILE_REJECTED, story=story, file=file.id))
