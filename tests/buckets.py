"""A bucket of a real S3-style server for tests: moto's, as a process of its own on a free loopback port.

moto is no object store for production; it speaks the protocol over HTTP, which is what the archive's contract
needs.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_STARTUP_SECONDS = 30.0


@dataclass
class BucketServer:
    """One running server; it forgets everything when it stops."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def make_bucket(self, name: str) -> None:
        """Make a bucket; one that is there already stays."""
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        urllib.request.urlopen(request, timeout=10).close()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running_bucket_server() -> Iterator[BucketServer]:
    """Run a server for the length of a `with` block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = BucketServer(port, process)
    try:
        _wait_until_answering(server)
        yield server
    finally:
        server.stop()


def _wait_until_answering(server: BucketServer) -> None:
    give_up = time.monotonic() + _STARTUP_SECONDS
    while time.monotonic() < give_up:
        if server.process.poll() is not None:
            raise RuntimeError("the bucket server ended at once")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{server.endpoint}/moto-api/", timeout=5).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the bucket server does not answer")
