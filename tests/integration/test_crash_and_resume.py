"""kill -9 at every point of a delivery, then start again: the partner gets the file exactly once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.transport_contract import make_folders
from tests.integration.crashing_sender import CONTENT, KILL_POINTS, NAME, Journal, deliver, open_transport
from tests.sshd import Sshd, running_sshd

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as sshd:
        yield sshd


@pytest.fixture(params=["folder", "sftp"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    outbox, inbox, _ = make_folders(tmp_path)
    folders = {"outbox_folder": str(outbox), "inbox_folder": str(inbox)}
    if request.param == "folder":
        return folders
    server: Sshd = request.getfixturevalue("server")
    login = {"username": server.username, "key_file": str(server.client_key), "host_key": server.host_key}
    return {"host": server.host, "port": str(server.port), **login, **folders}


def take_finished(outbox: Path) -> list[tuple[str, bytes]]:
    """Do as a polling partner does: take every file with a final name away."""
    taken = []
    for file in sorted(outbox.iterdir()):
        if not file.name.startswith("."):
            taken.append((file.name, file.read_bytes()))
            file.unlink()
    return taken


def crash(point: str, journal: Path, settings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.integration.crashing_sender", point, str(journal)]
    ended = subprocess.run([*command, json.dumps(settings)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL, f"the sender was to die at {point} and did not"


def wait_until_forgotten(request: pytest.FixtureRequest) -> None:
    """Wait until the server has served what the dead sender had asked for and ended its connection."""
    server: Sshd = request.getfixturevalue("server")
    give_up = time.monotonic() + 30
    while server.session_processes() and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not server.session_processes(), "the server still serves a dead sender"


@pytest.mark.parametrize("taken_before_restart", [False, True], ids=["still there", "taken"])
@pytest.mark.parametrize("point", KILL_POINTS)
async def test_a_sender_killed_at_any_point_delivers_exactly_once(
    point: str,
    taken_before_restart: bool,
    settings: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    journal, outbox = tmp_path / "journal", Path(settings["outbox_folder"])
    crash(point, journal, settings)
    if "host" in settings:
        wait_until_forgotten(request)
    arrived = take_finished(outbox) if taken_before_restart else []

    await deliver(open_transport(settings), Journal(journal), lambda _: None)

    arrived += take_finished(outbox)
    assert arrived == [(NAME, CONTENT)]
    assert list(outbox.iterdir()) == []
    assert Journal(journal).steps()[-1] == "sent"
