"""Answers to posted 837 files: TA1 and 999 for the file, 277CA for its claims, made once and kept.

They are made when somebody first asks, from the archived bytes and the claims' own findings, so that no crash
can leave a file without them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from edi.acks.answering import (
    CLAIM_ACKNOWLEDGMENT,
    acknowledge_file,
    answer_claims,
    turn_envelope,
)
from edi.envelope import Unreadable
from edi.files import FileReport, InterchangeReport, SetReport, check_file
from edi.findings import Finding
from edi.writer import write_documents
from gateway.archive import Archive
from gateway.clock import Clock
from gateway.deposits import CLAIMS, DIRECTION, TOO_MANY_CLAIMS, list_applied
from gateway.dossier import read_dossier
from gateway.store import Store, TenantScope, claims, files
from gateway.store.files import File


class AnswerText(msgspec.Struct, frozen=True):
    """One answer: 999 (with TA1) or 277CA, as X12."""

    kind: str
    text: bytes


class Asked(msgspec.Struct, frozen=True):
    """A posted file, the answers that were made before, and the findings of each of its claims in order."""

    file: File
    made: list[File]
    findings: list[tuple[Finding, ...]]


class Answers:
    """Makes and keeps the answers to posted files."""

    def __init__(self, store: Store, archive: Archive, clock: Clock) -> None:
        self._store = store
        self._archive = archive
        self._clock = clock

    async def find(self, tenant: str, file_id: str) -> list[AnswerText] | None:
        """The answers to the file, none where nothing in it is answered; None for no such file."""
        asked = await self._store.read(lambda scope: load_asked(scope, file_id), tenant=tenant)
        if asked is None:
            return None
        made = asked.made
        if not made and is_answered(asked.file):
            made = await self._make(tenant, asked)
        return [AnswerText(file.kinds[0], await self._read(file.sha256)) for file in made]

    async def _make(self, tenant: str, asked: Asked) -> list[File]:
        content = await self._read(asked.file.sha256)
        answers = await asyncio.to_thread(write_answers, content, asked.findings, self._clock.now())
        kept = [(answer, await asyncio.to_thread(self._archive.put, answer.text)) for answer in answers]
        return await self._store.write(lambda scope: keep_answers(scope, asked.file.id, kept), tenant=tenant)

    async def _read(self, digest: str) -> bytes:
        return await asyncio.to_thread(self._archive.get, digest)


def is_answered(file: File) -> bool:
    """True for an 837 of a client. One refused as a whole has no answer in X12 that would not mislead."""
    ours = file.direction in (DIRECTION, files.DROPPED)
    return ours and CLAIMS in file.kinds and file.reason != TOO_MANY_CLAIMS


def load_asked(scope: TenantScope, file_id: str) -> Asked | None:
    """Everything that the answers to the file are made of."""
    file = files.load(scope, file_id)
    if file is None:
        return None
    made = files.list_answers(scope, file_id)
    placed = files.list_claims(scope, file_id) if not made else []
    bodies = claims.read_bodies(scope, placed)
    return Asked(file, made, [read_dossier(bodies[claim_id]).findings for claim_id in placed])


def write_answers(
    content: bytes, findings: Sequence[Sequence[Finding]], created: datetime
) -> list[AnswerText]:
    """The 999 for the file, and the 277CA for the claims that were taken in and have these findings."""
    try:
        report = check_file(content, keep=True)
    except Unreadable:
        return []
    found = [AnswerText("999", acknowledge_file(report, kind="999", created=created))]
    if findings:
        found.append(AnswerText("277CA", b"".join(write_277ca(report, findings, created))))
    return [answer for answer in found if answer.text]


def write_277ca(
    report: FileReport, findings: Sequence[Sequence[Finding]], created: datetime
) -> Iterator[bytes]:
    """An interchange for each of the file that holds claims which were taken in."""
    left = list(findings)
    for _, members in groupby(list_applied(report), key=_interchange_of):
        applied, documents = list(members), []
        for _, each in applied:
            ours, left = left[: len(each.documents)], left[len(each.documents) :]
            documents.append(answer_claims(each, ours, created))
        interchange = applied[0][0]
        envelope = turn_envelope(interchange, interchange.groups[0].header, created)
        yield write_documents(CLAIM_ACKNOWLEDGMENT, documents, envelope)


def _interchange_of(applied: tuple[InterchangeReport, SetReport]) -> int:
    """Tells interchanges apart, also two that are equal."""
    return id(applied[0])


def keep_answers(scope: TenantScope, file_id: str, kept: Sequence[tuple[AnswerText, str]]) -> list[File]:
    """The rows of the answers; those of another request, where it was faster."""
    files.load(scope, file_id, lock=True)
    made = files.list_answers(scope, file_id)
    if made:
        return made
    for answer, digest in kept:
        new = files.NewFile(
            direction=files.OUTBOUND,
            partner="",
            name="",
            sha256=digest,
            size=len(answer.text),
            kinds=(answer.kind,),
        )
        files.settle(scope, files.add(scope, new).id, files.PROCESSED, original=file_id)
    return files.list_answers(scope, file_id)
