"""A bulk run: files planned, their parts read by a crew, finished parts remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from edi.envelope import Unreadable
from edi.partition import TARGET, FilePart, FilePlan, plan_file
from edi.recovery import LIMIT
from gateway.bulk.crew import Crew, hire
from gateway.bulk.journal import FileTold, Input, Journal, Manifest, Request
from gateway.bulk.source import FileBytes
from gateway.bulk.work import Tallies, Task, TaskDone, Wishes, run_task

Advance = Callable[[int], None]
"""Called with the bytes of the input that have been read."""


def run_bulk(
    paths: Sequence[Path],
    wishes: Wishes,
    *,
    workers: int = 0,
    cluster: str = "",
    target: int = TARGET,
    begin: Callable[[int, int], Advance] = lambda total, resumed: lambda size: None,
) -> Manifest:
    """Read files into the tables of a folder; resumes where a run of the same request was cut off.

    `workers` are the processes (0: one for each core), or `cluster` is the address of a Dask scheduler.
    `target` is the size of a part in bytes. `begin` is told how many bytes there are and how many are read
    already. Raises OSError, FolderInUse and CrewLost.
    """
    with hire(workers, cluster) as crew:
        return _Run(crew, paths, wishes, target).run(begin)


def describe_input(path: Path) -> Input:
    """What a file is. Raises OSError."""
    return Input(path.name, path.stat().st_size, FileBytes(path).digest())


def plan_tasks(number: int, path: Path, target: int, strict: bool) -> list[Task]:
    """The pieces of work that a file is: its parts, and what stands around them; or the whole of it."""
    size = path.stat().st_size
    whole = Task(number, f"{number:04d}-whole", path, size, whole=True)
    try:
        plan = None if strict else plan_file(FileBytes(path), target=target)
    except Unreadable:
        plan = None
    if plan is None or not plan.parts:
        return [whole]
    tasks = [make_task(number, path, parts, plan) for parts in bundle_parts(plan.parts, target)]
    unread = tuple(planned for planned in plan.sets if planned.guide is None)
    told = (*plan.findings, *(finding for planned in unread for finding in planned.findings))
    return [*tasks, Task(number, f"{number:04d}-around", path, 0, findings=told, sets=unread)]


def bundle_parts(parts: Sequence[FilePart], target: int) -> Iterator[list[FilePart]]:
    """Parts of sets one by one, whole sets together until they have about `target` bytes."""
    bundle: list[FilePart] = []
    for part in parts:
        whole = part.last and not part.context
        if bundle and (not whole or part.body.end - bundle[0].body.start > target):
            yield bundle
            bundle = []
        bundle.append(part)
        if not whole:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def make_task(number: int, path: Path, parts: list[FilePart], plan: FilePlan) -> Task:
    """The task of some parts of a file, named by the first."""
    name = f"{number:04d}-{parts[0].number:06d}"
    size = parts[-1].body.end - parts[0].body.start
    return Task(number, name, path, size, tuple((part, plan.sets[part.set_number]) for part in parts))


class _Run:
    """One run. No more tasks wait than twice what the crew does at once."""

    def __init__(self, crew: Crew, paths: Sequence[Path], wishes: Wishes, target: int) -> None:
        self.pool = crew.pool
        self.count = crew.count
        self.paths = paths
        self.wishes = wishes
        self.target = target
        self.journal = Journal(wishes.folder)
        self.done: dict[str, TaskDone] = {}
        self.advance: Advance = lambda size: None

    def run(self, begin: Callable[[int, int], Advance]) -> Manifest:
        wishes = self.wishes
        inputs = tuple(self.pool.map(describe_input, self.paths))
        request = Request(
            inputs,
            str(wishes.form),
            wishes.strict,
            wishes.values,
            self.target,
            character_set=wishes.character_set,
        )
        finished = self.journal.finished(request)
        if finished is not None:
            return finished
        self.done = self.journal.open(request)
        numbers = range(len(self.paths))
        targets, stricts = [self.target] * len(numbers), [wishes.strict] * len(numbers)
        files = list(self.pool.map(plan_tasks, numbers, self.paths, targets, stricts))
        every = [task for tasks in files for task in tasks]
        self.advance = begin(
            sum(task.size for task in every), sum(task.size for task in every if task.name in self.done)
        )
        self._do((task, ()) for task in every if task.set_ended is None)
        counted = self._gather_tallies(every)
        ends = ((task, (task.file, task.set_ended)) for task in every if task.set_ended is not None)
        self._do((task, tuple(counted.get(key, ()))) for task, key in ends)
        files = [self._settle(tasks) for tasks in files]
        self._do((task, ()) for tasks in files for task in tasks)
        manifest = Manifest(request, tuple(map(self._tell, inputs, files)))
        self.journal.close(manifest, {task.name for tasks in files for task in tasks})
        return manifest

    def _do(self, tasks: Iterable[tuple[Task, tuple[Tallies, ...]]]) -> None:
        """Do what is not done yet."""
        running: dict[Future[TaskDone], Task] = {}
        for task, tallies in tasks:
            if task.name in self.done:
                continue
            if len(running) >= 2 * self.count():
                self._collect(running)
            running[self.pool.submit(run_task, task, self.wishes, tallies)] = task
        while running:
            self._collect(running)

    def _collect(self, running: dict[Future[TaskDone], Task]) -> None:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task, done = running.pop(future), future.result()
            self.journal.note(done)
            self.done[done.name] = done
            self.advance(task.size)

    def _gather_tallies(self, tasks: list[Task]) -> dict[tuple[int, int | None], list[Tallies]]:
        """What all parts but the last have counted, by file and set."""
        counted: dict[tuple[int, int | None], list[Tallies]] = {}
        for task in tasks:
            if task.set_begun is not None:
                key = (task.file, task.set_begun)
                counted.setdefault(key, []).append(self.done[task.name].tallies)
        return counted

    def _settle(self, tasks: list[Task]) -> list[Task]:
        """The tasks of a file, or one for the whole of it where its parts cannot tell what that tells."""
        recovered: dict[int | None, int] = {}
        for task in tasks:
            number = task.set_begun if task.set_begun is not None else task.set_ended
            if number is not None:
                recovered[number] = recovered.get(number, 0) + self.done[task.name].recoveries
        if any(count > LIMIT for count in recovered.values()):
            first = tasks[0]
            return [Task(first.file, f"{first.file:04d}-whole", first.path, 0, whole=True)]
        return tasks

    def _tell(self, given: Input, tasks: list[Task]) -> FileTold:
        done = [self.done[task.name] for task in tasks]
        findings: dict[str, int] = {}
        for one in done:
            for severity, count in one.severities.items():
                findings[severity] = findings.get(severity, 0) + count
        return FileTold(
            name=given.name,
            size=given.size,
            sha256=given.sha256,
            sets=sum(one.sets for one in done),
            claims=sum(one.claims for one in done),
            payments=sum(one.payments for one in done),
            findings=dict(sorted(findings.items())),
            parts=len(done),
            unreadable="".join(one.unreadable for one in done),
        )
