"""A real PostgreSQL for tests: Debian's binaries, a fresh cluster in a temporary folder, a spare port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"


def find_binaries() -> Path | None:
    """The folder with `initdb` of the newest PostgreSQL on this machine, or None."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


@contextmanager
def run_server(binaries: Path) -> Iterator[str]:
    """A running server; its URL without a database name, ending in a slash."""
    folder = Path(tempfile.mkdtemp(prefix="claimwire-postgres-"))
    port = _find_port()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT)
        _run(
            binaries / "initdb",
            "-D",
            folder / "data",
            "-A",
            "trust",
            "-U",
            ACCOUNT,
            "-E",
            "UTF8",
            "--locale=C",
        )
        settings = (f"unix_socket_directories={folder}", "listen_addresses=127.0.0.1", "max_connections=60")
        options = f"-p {port} " + " ".join(f"-c {setting}" for setting in settings)
        _run(binaries / "pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
        yield f"postgresql+psycopg://{ACCOUNT}@127.0.0.1:{port}/"
    finally:
        _run(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*command: str | Path, check: bool = True) -> None:
    """Run as the server's own account where we are root, whom PostgreSQL refuses."""
    prefix = ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=check, stdout=subprocess.DEVNULL, cwd="/")
