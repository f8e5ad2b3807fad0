"""The work of one process: a part of a file read, its tables written. Values are pickled to and fro."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from multiprocessing import connection, parent_process
from pathlib import Path

import msgspec

from edi.envelope import Unreadable
from edi.findings import Finding, Place, Severity
from edi.interchange import (
    GroupClosed,
    GroupHeader,
    GroupOpened,
    InterchangeClosed,
    InterchangeHeader,
    InterchangeOpened,
    Noted,
)
from edi.partition import FilePart, PlannedSet
from edi.parts import PartEnded, read_part
from edi.streaming import SetBegun, SetEnded, StreamEvent, UnitRead, stream_units
from gateway.bulk.rows import (
    CLAIMS,
    FINDINGS,
    PAYMENT_SET,
    PAYMENTS,
    SETS,
    make_finding_rows,
    make_set_row,
    make_unit_row,
)
from gateway.bulk.source import FileBytes
from gateway.bulk.tables import Form, PartTables, open_part

Tallies = dict[str, dict[str, str]]


class Wishes(msgspec.Struct, frozen=True):
    """What is asked for of every file."""

    folder: Path
    form: Form
    strict: bool = False
    values: bool = False
    character_set: str = ""


class Task(msgspec.Struct, frozen=True):
    """A piece of work: a part of a transaction set, or several whole sets, each part with its set; or a file
    that cannot be cut (`whole`); or what stands around the parts (`findings`, `sets` without a guide).
    """

    file: int
    name: str
    path: Path
    size: int
    parts: tuple[tuple[FilePart, PlannedSet], ...] = ()
    findings: tuple[Finding, ...] = ()
    sets: tuple[PlannedSet, ...] = ()
    whole: bool = False

    @property
    def set_ended(self) -> int | None:
        """The number of the set whose last part this is, where its other parts are other tasks."""
        part = self.parts[0][0] if self.parts else None
        return part.set_number if part is not None and part.last and part.context else None

    @property
    def set_begun(self) -> int | None:
        """The number of the set that this is a part of but the last."""
        part = self.parts[0][0] if self.parts else None
        return part.set_number if part is not None and not part.last else None


class TaskDone(msgspec.Struct, frozen=True):
    """What came of a task. `unreadable` is the code of the finding where nothing could be read."""

    name: str
    sets: int = 0
    claims: int = 0
    payments: int = 0
    severities: dict[str, int] = {}
    tallies: Tallies = {}
    recoveries: int = 0
    unreadable: str = ""


class _Counts:
    """Writes rows and counts them."""

    def __init__(self, task: Task, wishes: Wishes, tables: PartTables) -> None:
        self.task = task
        self.wishes = wishes
        self.tables = tables
        self.sets = 0
        self.units = {CLAIMS: 0, PAYMENTS: 0}
        self.severities: dict[str, int] = {}

    def tell(self, findings: Iterable[Finding]) -> None:
        """Findings."""
        for row in make_finding_rows(self.task.file, findings, values=self.wishes.values):
            self.severities[row["severity"]] = self.severities.get(row["severity"], 0) + 1
            self.tables.add(FINDINGS, row)

    def add_unit(self, unit: UnitRead, at: Place, set_id: str) -> None:
        """A claim or claim payment, with its findings."""
        payment = set_id == PAYMENT_SET
        table = PAYMENTS if payment else CLAIMS
        self.units[table] += 1
        self.tables.add(table, make_unit_row(self.task.file, unit, at, payment=payment))
        self.tell(unit.findings)

    def add_set(
        self, at: Place, set_id: str, guide: str | None, count: int, ended: SetEnded | PartEnded | None
    ) -> None:
        """A transaction set that is over."""
        self.sets += 1
        documents = ended.documents if ended is not None else ()
        self.tables.add(SETS, make_set_row(self.task.file, at, set_id, guide, count, documents))

    def done(self, tallies: Tallies, recoveries: int) -> TaskDone:
        """What came of it."""
        units = self.units
        return TaskDone(
            self.task.name, self.sets, units[CLAIMS], units[PAYMENTS], self.severities, tallies, recoveries
        )


def run_task(task: Task, wishes: Wishes, tallies: tuple[Tallies, ...] = ()) -> TaskDone:
    """Do a piece of work; `tallies` are those of the other parts of the set, for its last part."""
    try:
        with open_part(wishes.folder, task.name, wishes.form) as tables:
            counts = _Counts(task, wishes, tables)
            if task.whole:
                _read_whole(task, wishes, counts)
                return counts.done({}, 0)
            told: Tallies = {}
            recoveries = 0
            for part, planned in task.parts:
                ended = _read_part(task.path, part, planned, counts, tallies)
                told, recoveries = ended.tallies, max(recoveries, ended.recoveries)
            for planned in task.sets:
                counts.add_set(planned.at, planned.set_id, planned.guide, planned.segment_count, None)
            counts.tell(task.findings)
            return counts.done(told, recoveries)
    except Unreadable as problem:
        return TaskDone(task.name, severities={str(Severity.FATAL): 1}, unreadable=problem.finding.code)


def _read_part(
    path: Path, part: FilePart, planned: PlannedSet, counts: _Counts, tallies: tuple[Tallies, ...]
) -> PartEnded:
    for event in read_part(part, FileBytes(path).fetch, tallies, character_set=counts.wishes.character_set):
        if isinstance(event, UnitRead):
            counts.add_unit(event, part.at, planned.set_id)
            continue
        counts.tell(event.findings)
        if part.last:
            counts.tell(planned.findings)
            counts.add_set(part.at, planned.set_id, planned.guide, planned.segment_count, event)
        return event
    raise AssertionError("a part ends with PartEnded")


class _Standing(msgspec.Struct):
    """Where a streamed file is."""

    interchange: InterchangeHeader | None = None
    group: GroupHeader | None = None
    set: SetBegun | None = None

    @property
    def at(self) -> Place:
        return Place(
            interchange=self.interchange.control_number if self.interchange else None,
            group=self.group.control_number if self.group else None,
            set=self.set.control_number if self.set else None,
        )


def _read_whole(task: Task, wishes: Wishes, counts: _Counts) -> None:
    standing = _Standing()
    for event in stream_units(FileBytes(task.path), strict=wishes.strict, character_set=wishes.character_set):
        _take(event, standing, counts)


def _take(event: StreamEvent, standing: _Standing, counts: _Counts) -> None:
    kind = standing.set.set_id if standing.set is not None else ""
    match event:
        case InterchangeOpened(header):
            standing.interchange = header
        case GroupOpened(header):
            standing.group = header
        case SetBegun():
            standing.set = event
        case UnitRead():
            counts.add_unit(event, standing.at, kind)
        case SetEnded():
            counts.tell(event.findings)
            counts.add_set(standing.at, kind, event.guide, event.segment_count, event)
        case GroupClosed(findings) | InterchangeClosed(_, findings):
            counts.tell(findings)
        case Noted(finding):
            counts.tell([finding])


def follow_parent() -> None:
    """Ends this process where the one that began it is killed: nobody would wait for its work."""
    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
