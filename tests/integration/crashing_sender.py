"""A sender that can be killed (SIGKILL to itself) at any point of a delivery; run as a program by tests.

Its journal is a file of one word per line, written through to the disk, where the gateway has its database.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paramiko.sftp import CMD_RENAME

from adapters.base import Transport
from adapters.folder import FolderSettings, FolderTransport, LocalFiles
from adapters.sftp import SftpServer, SftpSettings, SftpTransport

NAME = "837_000000001.x12"
CONTENT = b"ISA*00*000000001~" * 40_000

KILL_POINTS = (
    "intent_recorded",
    "upload_half_done",
    "upload_done",
    "temp_uploaded_recorded",
    "rename_asked",
    "rename_answered",
    "renamed_recorded",
    "sent_recorded",
)


class Journal:
    """The sender's memory over a crash."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def steps(self) -> list[str]:
        """Return the steps recorded so far."""
        return self._path.read_text().split() if self._path.exists() else []

    def record(self, step: str) -> None:
        """Add a step; it is on the disk when this returns."""
        with self._path.open("a") as file:
            file.write(f"{step}\n")
            file.flush()
            os.fsync(file.fileno())


async def deliver(transport: Transport, journal: Journal, reach: Callable[[str], None]) -> None:
    """Deliver NAME as the gateway does: resume what a recorded step says, else send."""
    if "sent" in journal.steps():
        return
    if not journal.steps():
        journal.record("intent")
    reach("intent_recorded")

    async def progress(step: str) -> None:
        if step == "temp_uploaded":
            reach("upload_done")
        journal.record(step)
        reach(f"{step}_recorded")

    uploaded = "temp_uploaded" in journal.steps()
    if await transport.resume(NAME, len(CONTENT), temp_uploaded=uploaded) is None:
        await transport.send(NAME, CONTENT, progress=progress)
    journal.record("sent")
    reach("sent_recorded")
    await transport.close()


def open_transport(settings: dict[str, str]) -> Transport:
    """Make the transport that a test described in JSON."""
    if "host" not in settings:
        return FolderTransport(FolderSettings(**{name: Path(value) for name, value in settings.items()}))
    key_file = Path(settings["key_file"])
    return SftpTransport(SftpSettings(**{**settings, "port": int(settings["port"]), "key_file": key_file}))  # type: ignore[arg-type]  # the names are right


def _inject(reach: Callable[[str], None]) -> None:
    """Put the kill points inside the adapters where no callback is."""
    for server in (LocalFiles, SftpServer):
        _interrupt_write(server, reach)
        _interrupt_rename(server, reach)


def _interrupt_write(server: Any, reach: Callable[[str], None]) -> None:
    write = server.write

    def write_in_halves(self: Any, path: str, content: bytes) -> None:
        write(self, path, content[: len(content) // 2])
        reach("upload_half_done")
        write(self, path, content)

    server.write = write_in_halves


def _interrupt_rename(server: Any, reach: Callable[[str], None]) -> None:
    rename = server.rename

    def rename_and_die(self: Any, old: str, new: str) -> None:
        if server is SftpServer and sys.argv[1:] and sys.argv[1] == "rename_asked":
            # The request is on its way when the process dies; whether it arrives is the kernel's affair.
            self._ready._async_request(type(None), CMD_RENAME, old.encode(), new.encode())
        reach("rename_asked")
        rename(self, old, new)
        reach("rename_answered")

    server.rename = rename_and_die


def main() -> None:
    """Deliver, dying at the point named by the first argument."""
    point, journal, settings = sys.argv[1:]

    def reach(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    _inject(reach)
    asyncio.run(deliver(open_transport(json.loads(settings)), Journal(Path(journal)), reach))


if __name__ == "__main__":
    main()
