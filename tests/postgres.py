"""A real PostgreSQL for tests: Debian's binaries, a fresh cluster in a temporary folder, a spare port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass
class Cluster:
    """A cluster of our own in `folder`, which can be stopped and started again on its port."""

    binaries: Path
    folder: Path
    port: int
    connections: int

    @property
    def url(self) -> str:
        """The server's URL without a database name, ending in a slash."""
        return f"postgresql+psycopg://{ACCOUNT}@127.0.0.1:{self.port}/"

    def create(self) -> None:
        """Make the files of the cluster."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, ACCOUNT)
        kind = ("-A", "trust", "-U", ACCOUNT, "-E", "UTF8", "--locale=C")
        _run(self.binaries / "initdb", "-D", self.folder / "data", *kind)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = (
            f"unix_socket_directories={self.folder}",
            "listen_addresses=127.0.0.1",
            f"max_connections={self.connections}",
        )
        options = f"-p {self.port} " + " ".join(f"-c {setting}" for setting in settings)
        self._control("-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "immediate", *, check: bool = False) -> None:
        """End the server: `immediate` is a crash, `fast` an orderly end."""
        self._control("-m", mode, "-w", "stop", check=check)

    def _control(self, *options: str | Path, check: bool = True) -> None:
        _run(self.binaries / "pg_ctl", "-D", self.folder / "data", *options, check=check)


@contextmanager
def run_cluster(binaries: Path, *, connections: int = 60) -> Iterator[Cluster]:
    """A running server that may be stopped and started meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="claimwire-postgres-"))
    cluster = Cluster(binaries, folder, _find_port(), connections)
    try:
        cluster.create()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_server(binaries: Path) -> Iterator[str]:
    """A running server; its URL without a database name, ending in a slash."""
    with run_cluster(binaries) as cluster:
        yield cluster.url


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*command: str | Path, check: bool = True) -> None:
    """Run as the server's own account where we are root, whom PostgreSQL refuses."""
    prefix = ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=check, stdout=subprocess.DEVNULL, cwd="/")
