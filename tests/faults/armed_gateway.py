"""`claimwire serve` with a fault hook built in: the entry point of the fault tests, run as a program.

    python -m tests.faults.armed_gateway ROLE PORT TRAP [ARGUMENT...]

The gateway itself knows no trap: this program wraps its composition (`reach`, a clock) or a library below it
and then serves as `claimwire serve` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import paramiko
from sqlalchemy import Engine, event

from gateway.app import Role, serve
from gateway.commitpoints import Reach, pass_by
from gateway.logs import start_logs
from gateway.settings import Settings


def die() -> None:
    """End this process as a power failure of its own would."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_point(point: str, nth: str) -> Reach:
    """Die the `nth` time that the path comes to this commit point."""
    reached: Counter[str] = Counter()

    def reach(name: str) -> None:
        reached[name] += 1
        if name == point and reached[name] == int(nth):
            die()

    return reach


def die_first(point: str, flag: str) -> Reach:
    """Die at this commit point, but only in the one process that makes the file `flag` first."""

    def reach(name: str) -> None:
        if name == point:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
                die()

    return reach


def pause_first(point: str, flag: str) -> Reach:
    """Stand still (SIGSTOP) at this commit point, in the one process that makes the file `flag` first."""

    def reach(name: str) -> None:
        if name == point:
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(flag, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                os.write(descriptor, str(os.getpid()).encode())
                os.close(descriptor)
                os.kill(os.getpid(), signal.SIGSTOP)

    return reach


def die_in_statement(start: str, nth: str) -> Reach:
    """Die within a transaction, right before its `nth` statement that begins so."""
    seen: Counter[str] = Counter()

    @event.listens_for(Engine, "before_cursor_execute")
    def look(_connection: Any, _cursor: Any, sql: str, _parameters: Any, _context: Any, _many: bool) -> None:
        if sql.startswith(start):
            seen[start] += 1
            if seen[start] == int(nth):
                die()

    return pass_by


def die_in_upload(nth: str) -> Reach:
    """Die between two packets of an upload: the other end has half a temporary file."""
    written: Counter[str] = Counter()
    write = paramiko.SFTPFile.write

    def write_and_die(file: Any, content: bytes) -> Any:
        half = len(content) // 2
        written["packets"] += 1
        if written["packets"] == int(nth):
            write(file, content[:half])
            file.flush()
            die()
        return write(file, content)

    paramiko.SFTPFile.write = write_and_die
    return pass_by


def die_reading(mark: str) -> Reach:
    """Die whenever a file that holds these bytes is read: a file that kills its reader."""
    from gateway import processing

    read = processing.read_content

    def read_or_die(content: bytes) -> Any:
        if mark.encode() in content:
            os.kill(os.getpid(), signal.SIGSEGV)
        return read(content)

    processing.read_content = read_or_die
    return pass_by


def lose_names(flag: str) -> Reach:
    """A name server that knows `partner.test`, and answers nothing while the file `flag` exists."""
    find = socket.getaddrinfo

    def find_or_fail(host: Any, *given: Any, **named: Any) -> Any:
        if Path(flag).exists() and host not in (None, "127.0.0.1"):
            raise socket.gaierror(socket.EAI_AGAIN, "no answer from the name servers")
        return find("127.0.0.1" if host == "partner.test" else host, *given, **named)

    socket.getaddrinfo = find_or_fail
    return pass_by


TRAPS: dict[str, Callable[..., Reach]] = {
    "point": die_at_point,
    "first": die_first,
    "pause": pause_first,
    "statement": die_in_statement,
    "upload": die_in_upload,
    "reading": die_reading,
    "names": lose_names,
}


def main(role: str, port: str, trap: str, *arguments: str) -> None:
    """Serve with the trap set."""
    settings = Settings.load()
    server = msgspec.structs.replace(settings.server, port=int(port))
    start_logs()
    reach = TRAPS[trap](*arguments)
    asyncio.run(serve(msgspec.structs.replace(settings, server=server), role=Role(role), reach=reach))


if __name__ == "__main__":
    main(*sys.argv[1:])
