"""The journal of a run: which inputs, and what came of each finished piece of work, so that a run resumes.

While a run is under way the folder `.progress` holds `inputs.json` and one file for each finished task,
written after the tables of the task are in place. At the end `manifest.json` takes their place.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from gateway.bulk.tables import Form, close_durably, temporary
from gateway.bulk.work import TaskDone

FORMAT = 1


class Input(msgspec.Struct, frozen=True):
    """A file that was read, by its name as given; files are numbered in this order."""

    name: str
    size: int
    sha256: str


class Request(msgspec.Struct, frozen=True):
    """What a folder was asked to hold: another request needs another folder."""

    inputs: tuple[Input, ...]
    form: str
    strict: bool
    values: bool
    target: int
    format: int = FORMAT
    character_set: str = ""


class FileTold(msgspec.Struct, frozen=True):
    """What came of one input. `unreadable` is the code of a finding, or ""."""

    name: str
    size: int
    sha256: str
    sets: int
    claims: int
    payments: int
    findings: dict[str, int]
    parts: int
    unreadable: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """What a finished folder holds."""

    request: Request
    files: tuple[FileTold, ...]


class FolderInUse(Exception):
    """The folder holds something else than this request; the text says what."""


class Journal:
    """The journal in one output folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.progress = folder / ".progress"
        self.manifest = folder / "manifest.json"

    def open(self, request: Request) -> dict[str, TaskDone]:
        """Begin or resume a request; what is finished, by task. Raises FolderInUse."""
        if self.manifest.exists():
            raise FolderInUse("holds a finished run")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self.progress / "inputs.json"
        if place.exists():
            if msgspec.json.decode(place.read_bytes(), type=Request) != request:
                raise FolderInUse("holds an unfinished run of other files or options")
        elif any(self.folder.iterdir()):
            raise FolderInUse("is not empty")
        self.progress.mkdir(mode=0o700, exist_ok=True)
        write_durably(place, msgspec.json.encode(request))
        found = (entry for entry in self.progress.glob("*-*.json"))
        done = (msgspec.json.decode(entry.read_bytes(), type=TaskDone) for entry in found)
        return {task.name: task for task in done}

    def finished(self, request: Request) -> Manifest | None:
        """The manifest where this very request is finished."""
        if not self.manifest.exists():
            return None
        found = msgspec.json.decode(self.manifest.read_bytes(), type=Manifest)
        return found if found.request == request else None

    def note(self, done: TaskDone) -> None:
        """A task is finished."""
        write_durably(self.progress / f"{done.name}.json", msgspec.json.encode(done))

    def close(self, manifest: Manifest, names: set[str]) -> None:
        """The run is over: keep the tables of the tasks `names`, and tell of them."""
        for form in Form:
            for place in (self.folder / form).glob("*/*"):
                if place.name.partition(".")[0] not in names:
                    place.unlink()
        write_durably(self.manifest, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        shutil.rmtree(self.progress)


def write_durably(place: Path, content: bytes) -> None:
    """A whole file or none, also after a loss of power."""
    with temporary(place).open("wb") as stream:
        temporary(place).chmod(0o600)
        stream.write(content)
        close_durably(stream)
    temporary(place).replace(place)
