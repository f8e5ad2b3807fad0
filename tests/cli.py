"""Runs the real commands in a process of their own, and finds the samples."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples" / "837P"
PAID = SAMPLES / "paid_in_full"
REFUSED = SAMPLES / "refused_missing_and_wrong_parts"


class Ran(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote, as JSON."""
        return json.loads(self.out)


def run_module(
    module: str, *arguments: str | Path, stdin: bytes = b"", folder: Path = ROOT, **environment: str
) -> Ran:
    """`python -m MODULE ARGUMENTS`, in `folder`; no terminal."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMWIRE_")}
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), **environment},
        timeout=120,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def claimwire(*arguments: str | Path, stdin: bytes = b"", folder: Path = ROOT, **environment: str) -> Ran:
    """The command `claimwire`."""
    return run_module("gateway.cli", *arguments, stdin=stdin, folder=folder, **environment)


def body_of(x12: str) -> list[str]:
    """The segments of the transaction sets, without envelopes: what two translations must agree in."""
    lines = [line.strip() for line in x12.split("~") if line.strip()]
    return [line for line in lines if line.split("*")[0] not in ("ISA", "GS", "GE", "IEA")]


@contextlib.contextmanager
def running(*arguments: str | Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that stays up, ended by SIGTERM; it must end by itself and with status 0."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "gateway.cli", *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "CLAIMWIRE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, process.stderr.read() if process.stderr else ""
    finally:
        process.kill()
        process.communicate()


def read_line(process: subprocess.Popen[str], *, error: bool = False) -> str:
    """The next line of what it writes."""
    stream = process.stderr if error else process.stdout
    assert stream is not None
    return stream.readline()
