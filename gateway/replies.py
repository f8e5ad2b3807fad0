"""Replies: the answers to a dropped file are put into its sender's folder.

999 (with TA1) and 277CA as X12; what no X12 can answer is told as JSON. The names are made of the file's id,
so that to reply twice is to reply once as long as the sender has not fetched the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from adapters.errors import DeliveryError
from gateway.answers import Answers, AnswerText
from gateway.archive import Archive
from gateway.clock import Clock
from gateway.commitpoints import Reach, pass_by
from gateway.deposits import Deposits
from gateway.dispatch import Transports
from gateway.drops import judge
from gateway.hands import settle_item
from gateway.logs import log_event
from gateway.store import Store, files, jobs, work_items
from gateway.store.errors import NoSuchRow
from gateway.store.files import File
from gateway.store.scope import TenantScope
from gateway.story import FindingTold, tell_findings
from gateway.watchdogs import WATCHDOG

REFUSED: Final = "refused"
EXCHANGE: Final = "partner"
UNDELIVERABLE: Final = "sender.answers_undeliverable"
WAIT: Final = timedelta(seconds=30)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender is told of a file that was not taken in: the id that we gave it, its bytes, and why."""

    file: str
    sha256: str
    size: int
    findings: tuple[FindingTold, ...]


class Replies:
    """Writes the answers to dropped files. `reach` is told of each commit point."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        deposits: Deposits,
        answers: Answers,
        folders: Transports,
        clock: Clock,
        *,
        reach: Reach = pass_by,
    ) -> None:
        self._store = store
        self._archive = archive
        self._deposits = deposits
        self._answers = answers
        self._folders = folders
        self._clock = clock
        self._reach = reach

    async def run(self, tenant: str, job: jobs.Job) -> None:
        """Put the answers to the job's file into its sender's folder, or try again. Raises LostLease."""
        file = await self._store.read(lambda scope: files.load(scope, job.subject), tenant=tenant)
        if file is None:
            raise NoSuchRow(job.subject)
        texts = [*(await self._answers.find(tenant, file.id) or ())]
        if file.state == files.QUARANTINED:
            texts.append(await self._explain(tenant, file))
        try:
            for name, text in name_answers(file, texts):
                await self._folders(tenant, file.partner).send(name, text, progress=pass_step)
        except DeliveryError as failure:
            log_event("reply.delayed", tenant=tenant, partner=file.partner, file=file.id, error=failure)
            due = self._clock.now() + WAIT
            await self._store.write(lambda scope: put_off(scope, job, due, file.partner), tenant=tenant)
            return
        self._reach("replies.written")
        await self._store.write(lambda scope: settle_reply(scope, job, file.partner), tenant=tenant)

    async def _explain(self, tenant: str, file: File) -> AnswerText:
        """Why nothing of the file was taken in, read from its bytes once more; no value of it is told."""
        content = await asyncio.to_thread(self._archive.get, file.sha256)
        reading = await asyncio.to_thread(self._deposits.read, tenant, content)
        findings = tell_findings(judge(reading).findings)
        refusal = Refusal(file=file.id, sha256=file.sha256, size=file.size, findings=findings)
        return AnswerText(REFUSED, msgspec.json.format(msgspec.json.encode(refusal), indent=1))


def put_off(scope: TenantScope, job: jobs.Job, due: datetime, sender: str) -> None:
    """Try again at `due`, as often as it takes; a person is told once. Raises LostLease."""
    jobs.postpone(scope, job, due)
    if not list_troubles(scope, sender):
        work_items.add(scope, kind=EXCHANGE, reason=UNDELIVERABLE, subject=sender)


def settle_reply(scope: TenantScope, job: jobs.Job, sender: str) -> None:
    """The answers are in their folder, and what said that they cannot be put there is over."""
    jobs.finish(scope, job)
    for item in list_troubles(scope, sender):
        settle_item(scope, item, WATCHDOG)


def list_troubles(scope: TenantScope, sender: str) -> list[work_items.WorkItem]:
    """What says that the sender's answers cannot be put into its folder, and is not settled."""
    found = work_items.find_about(scope, EXCHANGE, UNDELIVERABLE, sender)
    return [item for item in found if item.state == work_items.OPEN]


def name_answers(file: File, texts: list[AnswerText]) -> Iterator[tuple[str, bytes]]:
    """The answers with their names."""
    for answer in texts:
        yield f"{file.id}.{answer.kind}.{'json' if answer.kind == REFUSED else 'x12'}", answer.text


async def pass_step(_step: str) -> None:
    """No step is recorded: an answer that was half put is put again as a whole."""
