"""A real OpenSSH server for tests: Debian's sshd on a free loopback port, with keys made on the spot.

Runs in the foreground as the current user; needs no account, no PAM and no system configuration. The SFTP
subsystem serves the whole file system with the rights of the current user, so tests give absolute folders.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_STARTUP_SECONDS = 10.0


def find_sshd() -> str:
    """Return the path of sshd; skips the test where OpenSSH's server is not installed."""
    found = shutil.which("sshd", path=f"/usr/sbin:/usr/local/sbin:{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("OpenSSH's server is not installed (Debian: apt-get install openssh-server)")
    return found


def make_key(path: Path, kind: str = "ed25519") -> Path:
    """Make a key pair without passphrase at `path` and `path`.pub."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "made for a test", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def public_key(path: Path) -> str:
    """Return `type base64` of a key made by `make_key`."""
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Sshd:
    """One running server; `workplace` holds its configuration, keys and log."""

    workplace: Path
    port: int
    process: subprocess.Popen[bytes]
    username: str
    host = "127.0.0.1"

    @property
    def client_key(self) -> Path:
        """The private key that may log in."""
        return self.workplace / "client_key"

    @property
    def host_key(self) -> str:
        """The server's public host key as `type base64`."""
        return public_key(self.workplace / "host_key")

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        return (self.workplace / "log").read_text(errors="replace")

    def session_processes(self) -> list[int]:
        """Return the process ids that serve connections now (not the listener)."""
        return _descendants(self.process.pid)

    def signal_sessions(self, number: signal.Signals) -> int:
        """Send a signal to every process that serves a connection; returns how many there were."""
        reached = 0
        for process_id in self.session_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, number)
                reached += 1
        return reached

    def stop(self) -> None:
        """End the server and all its connections."""
        self.signal_sessions(signal.SIGCONT)
        self.signal_sessions(signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def _descendants(ancestor: int) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The command (2nd field) may hold spaces and ends with the last ")".
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: list[int] = []
    wanted = {ancestor}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found.extend(wanted)
    return found


def start_sshd(
    workplace: Path,
    *,
    options: tuple[str, ...] = (),
    sftp_options: str = "",
    port: int | None = None,
    largest_file: int | None = None,
) -> Sshd:
    """Start a server whose files are kept in `workplace`.

    `options` are further lines of sshd_config; `sftp_options` are those of internal-sftp (`-R`, `-P rename`);
    `largest_file` in bytes makes every longer write fail, as a full disk or a quota does.
    """
    sshd = find_sshd()
    workplace.mkdir(parents=True, exist_ok=True)
    for key in ("host_key", "client_key"):
        if not (workplace / key).exists():
            make_key(workplace / key)
    port = port or free_port()
    (workplace / "sshd_config").write_text(_configuration(workplace, port, options, sftp_options))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it when started by root
    command = [sshd, "-D", "-f", str(workplace / "sshd_config"), "-E", str(workplace / "log")]
    limit = (lambda: _limit_files(largest_file)) if largest_file is not None else None
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=limit)
    server = Sshd(workplace, port, process, getpass.getuser())
    _wait_until_listening(server)
    return server


def _configuration(workplace: Path, port: int, options: tuple[str, ...], sftp_options: str) -> str:
    shutil.copy(workplace / "client_key.pub", workplace / "authorized_keys")
    # sshd keeps the first value it meets, so the lines of the caller come first.
    return "\n".join(
        [
            *options,
            f"Port {port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {workplace / 'host_key'}",
            f"AuthorizedKeysFile {workplace / 'authorized_keys'}",
            f"PidFile {workplace / 'pid'}",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "MaxStartups 100",
            "LogLevel VERBOSE",
            f"Subsystem sftp internal-sftp {sftp_options}",
            "",
        ]
    )


def _limit_files(largest: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))


def _wait_until_listening(server: Sshd) -> None:
    give_up = time.monotonic() + _STARTUP_SECONDS
    while time.monotonic() < give_up:
        if server.process.poll() is not None:
            raise RuntimeError(f"sshd ended at once:\n{server.log}")
        with contextlib.suppress(OSError), socket.create_connection((server.host, server.port), 1):
            return
        time.sleep(0.02)
    server.stop()
    raise RuntimeError(f"sshd does not listen after {_STARTUP_SECONDS:g} seconds:\n{server.log}")


@contextlib.contextmanager
def running_sshd(workplace: Path, **choices: object) -> Iterator[Sshd]:
    """Run a server for the length of a `with` block (see `start_sshd` for the choices)."""
    server = start_sshd(workplace, **choices)  # type: ignore[arg-type]  # passed on as given
    try:
        yield server
    finally:
        server.stop()
