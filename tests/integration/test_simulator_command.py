"""The simulator as a process of its own: starts, says where it is, ends on SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.simulator.command import read_sender
from gateway.simulator.keys import load_or_create_key, public_line

SCRIPT = """
import asyncio, sys
from pathlib import Path
from gateway.simulator.command import read_sender, simulate
from gateway.simulator.service import SimulatorSettings
settings = SimulatorSettings(Path(sys.argv[1]), [read_sender(sys.argv[2])])
asyncio.run(simulate(settings, lambda line: print(line, flush=True)))
"""


def write_keys(place: Path) -> Path:
    place.write_text("# the clinic\n\n" + public_line(load_or_create_key(place.with_suffix(".key"))) + "\n")
    return place


def test_a_simulator_process_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    keys = write_keys(tmp_path / "clinic")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), f"clinic={keys}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(4)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert told[0].startswith("scripted payer on sftp://127.0.0.1:")
    assert told[1].startswith("host key ssh-ed25519 ")
    assert "senders clinic" in told[2]
    assert (tmp_path / "home" / "senders" / "clinic" / "inbound").is_dir()


def test_a_sender_is_a_name_and_its_public_keys(tmp_path: Path) -> None:
    account = read_sender(f"clinic={write_keys(tmp_path / 'clinic')}")
    assert account.name == "clinic"
    assert len(account.public_keys) == 1


@pytest.mark.parametrize("text", ["clinic", "=x", "Clinic=x", "../up=x", "a b=x"])
def test_a_sender_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=FILE"):
        read_sender(text)


def test_a_sender_without_keys_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("# none yet\n")
    with pytest.raises(ValueError, match="holds no key"):
        read_sender(f"clinic={tmp_path / 'keys'}")
