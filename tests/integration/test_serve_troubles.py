"""What an operator sees of `claimwire serve` when something is wrong, and how it ends when told to."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.app import serve
from gateway.settings import Settings
from gateway.store.errors import StoreBroken
from gateway.worker import Worker
from tests.cli import PAID, claimwire
from tests.integration.test_cli_servers import SETTINGS, read_line, running

HOST_KEY = 'host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtUdKWIJYrOINyVt0T5YpbvNAb5pkq0Q6KolGWgHymc"'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def write_settings(home: Path, *, port: int = 9, login: str = 'password = "env:EXCHANGE_PASSWORD"') -> None:
    mailbox, _, _ = SETTINGS.partition("[tenants.clinic.partners.exchange.real_time")
    text = mailbox.format(port=port, key="", host_key=HOST_KEY)
    (home / "claimwire.toml").write_text(text.replace('key_file = ""', login))


def read_event(process: Any, name: str) -> dict[str, Any]:
    """The next line of the log with this event."""
    for line in iter(lambda: read_line(process, error=True), ""):
        event: dict[str, Any] = json.loads(line)
        if event["event"] == name:
            return event
    raise AssertionError(f"the log has no {name}")


def test_a_partners_absent_secret_stops_the_start_and_is_named(home: Path) -> None:
    write_settings(home)
    ran = claimwire("serve", "--port", "0", CLAIMWIRE_HOME=str(home))
    assert ran.status == 2
    assert "set the environment variable EXCHANGE_PASSWORD" in ran.err
    assert "Traceback" not in ran.err


def test_a_port_in_use_leaves_no_work_behind(home: Path) -> None:
    (home / "claimwire.toml").write_text("[tenants.clinic]\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = claimwire("serve", "--port", str(taken.getsockname()[1]), CLAIMWIRE_HOME=str(home))
    events = [json.loads(line)["event"] for line in ran.err.splitlines() if line.startswith("{")]
    assert "library.message" not in events
    assert events[-1] == "gateway.stopped"


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    ran = claimwire("serve", "--port", "0", CLAIMWIRE_HOME=str(place))
    assert (ran.status, ran.err) == (2, f"claimwire: {place}: File exists\n")


def test_a_partner_that_is_away_is_told_once_with_the_reason_and_the_gateway_serves_on(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        write_settings(home, port=free.getsockname()[1], login='password = "file:secret"')
        (home / "secret").write_text("made up")
        with running("serve", "--port", "0", home=home) as gateway:
            event = read_event(gateway, "partner.down")
    assert event["level"] == "warning"
    assert (event["tenant"], event["partner"]) == ("clinic", "exchange")
    assert "no connection" in event["reason"]


def test_only_the_owner_may_read_what_the_gateway_keeps(home: Path) -> None:
    (home / "claimwire.toml").write_text("[tenants.clinic]\n")
    assert claimwire("keys", "create", "front desk", CLAIMWIRE_HOME=str(home)).status == 0
    kept = [place for place in home.iterdir() if place.name != "claimwire.toml"]
    assert {"claimwire.db", "keys"} <= {place.name for place in kept}
    assert [place.name for place in kept if stat.S_IMODE(place.stat().st_mode) & 0o077] == []


def test_a_request_under_way_is_answered_before_the_gateway_ends(home: Path) -> None:
    (home / "claimwire.toml").write_text("[tenants.clinic]\n")
    key = claimwire("keys", "create", "front desk", CLAIMWIRE_HOME=str(home)).out.strip()
    body = (PAID / "claim.json").read_bytes()
    head = (
        f"POST /v1/claims/validate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with running("serve", "--port", "0", home=home) as gateway:
        port = read_event(gateway, "server.started")["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(head.encode() + body[:100])
            probe = socket.create_connection(("127.0.0.1", port), timeout=20)  # in the queue behind the first
            probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in probe.recv(4096)
            time.sleep(0.5)  # on a busy machine the probe may be answered before the handler begins
            gateway.send_signal(signal.SIGTERM)
            client.sendall(body[100:])
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        probe.close()
    assert answer.startswith(b"HTTP/1.1 422"), answer[:200]
    assert b"payer.unknown" in answer


async def test_background_work_that_dies_ends_the_gateway(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "claimwire.toml").write_text("[server]\nport = 0\n[tenants.clinic]\n")

    async def die(worker: Worker) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Worker, "run", die)
    settings = Settings.load(home / "claimwire.toml", {"CLAIMWIRE_HOME": str(home)})
    with pytest.raises(StoreBroken, match="its log says why"):
        await asyncio.wait_for(serve(settings), 30)
