"""A gateway of its own for the benchmark: real processes on a fresh home, SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.bench.people import load_words

ROOT = Path(__file__).resolve().parents[2]
TENANT = "bench"
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0
SETTINGS = """
[server]
port = {port}
connections_per_address = 1024

[store]
url = "{url}"

[tenants.bench.partners.exchange]
payers = [{payers}]
poll_seconds = 1

[tenants.bench.partners.exchange.batch]
max_claims = 1000
max_age_seconds = 2

[tenants.bench.partners.exchange.transport]
{transport}

[tenants.bench.partners.exchange.envelope]
sender = "BENCH"
receiver = "PAYER"
group_sender = "BENCH"
group_receiver = "PAYER"
usage = "T"
"""
FOLDERS = """kind = "folder"
outbox_folder = "{home}/outbox"
inbox_folder = "{home}/inbox"
"""


def with_path() -> dict[str, str]:
    """The environment of processes that import this checkout, without settings of anybody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMWIRE_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


class Home:
    """A settings file, its folders, and a key for the tenant of the benchmark."""

    def __init__(self, folder: Path, url: str = "", port: int = 0, transport: str = "") -> None:
        self.folder, self.url = folder, url or f"sqlite:///{folder}/claimwire.db"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("inbox", "outbox"):
            (folder / name).mkdir(exist_ok=True)
        self.settings = folder / "claimwire.toml"
        self.settings.write_text(write_settings(folder, self.url, port, transport))
        self.key = self._make_key()

    def command(self, *arguments: str) -> list[str]:
        """The command `claimwire` on this home."""
        return [sys.executable, "-m", "gateway.cli", *arguments, "--settings", str(self.settings)]

    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        return {**with_path(), "CLAIMWIRE_HOME": str(self.folder)}

    def _make_key(self) -> str:
        made = subprocess.run(
            self.command("keys", "create", "bench"),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"cw_[a-z2-7]{12}_[A-Za-z0-9_-]{43}", made.stdout)
        assert found is not None, made.stdout
        return found[0]


def write_settings(folder: Path, url: str, port: int, transport: str = "") -> str:
    """One tenant, whose one partner reaches every payer of the made claims; behind folders unless told."""
    payers = ", ".join(f'"BP{place:03d}"' for place in range(len(load_words("payers"))))
    wire = transport or FOLDERS.format(home=folder)
    return SETTINGS.format(port=port, url=url, payers=payers, transport=wire)


class Served:
    """A running `claimwire serve`; `port` is None for a worker."""

    def __init__(self, process: subprocess.Popen[bytes], port: int | None) -> None:
        self.process, self.port = process, port

    def processes(self) -> list[int]:
        """It and the processes that it has started."""
        return list_family(self.process.pid)


@contextlib.contextmanager
def serve(home: Home, role: str = "api") -> Iterator[Served]:
    """The gateway of `home` in a process of its own, ready; terminated at the end."""
    log = home.folder / f"{role}-{time.monotonic_ns()}.log"
    with log.open("wb") as stream:
        command = home.command("serve", "--role", role)
        process = subprocess.Popen(command, env=home.environment(), stderr=stream, cwd=ROOT)
    try:
        yield Served(process, wait_for_port(log, process) if role != "worker" else None)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def wait_for_port(log: Path, process: subprocess.Popen[bytes]) -> int:
    """The port that a gateway's log tells. Raises RuntimeError where it ended instead."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(rb'"server.started".*?"port": (\d+)', log.read_bytes())
        if found:
            return int(found[1])
        time.sleep(0.1)
    raise RuntimeError(f"the gateway did not start: {log.read_text()[-2000:]}")


def list_family(root: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = place.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(place.parent.name))
    found, left = [], [root]
    while left:
        found.append(left.pop())
        left += parents.get(found[-1], [])
    return found


def read_processor(processes: Iterable[int]) -> float:
    """Processor seconds that these processes have taken so far, with their children that have ended."""
    spent = 0
    for number in processes:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            spent += sum(map(int, fields[11:15]))
    return spent / TICK


def read_peak(processes: Sequence[int]) -> float:
    """The largest peak of memory among these processes, in megabytes."""
    peaks = [0.0]
    for number in processes:
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{number}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+)", status)
            peaks.append(int(found[1]) / 1024 if found else 0.0)
    return max(peaks)


def call(port: int, path: str, key: str = "") -> bytes:
    """The body of a GET."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        body: bytes = answer.read()
    return body
