"""`claimwire simulate`, `serve`, `keys`, `db` and `partner` as processes of their own: one claim, paid."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli import PAID, claimwire, read_line, running

PATIENCE = 60.0
SETTINGS = """\
[worker]
poll_seconds = 0.2

[tenants.clinic.partners.exchange]
payers = ["CWP01"]
poll_seconds = 0.3
batch = {{ max_age_seconds = 0.2 }}

[tenants.clinic.partners.exchange.transport]
kind = "sftp"
host = "127.0.0.1"
port = {port}
username = "claimwire"
key_file = "{key}"
{host_key}
outbox_folder = "inbound"
inbox_folder = "outbound"

[tenants.clinic.partners.exchange.envelope]
sender = "CLINIC"
receiver = "EXCHANGE"
group_sender = "CLINIC"
group_receiver = "EXCHANGE"
usage = "T"

[tenants.clinic.partners.exchange.real_time.route]
kind = "core"
url = "{inquiries}"
sender = "CLINIC"
receiver = "EXCHANGE"
username = "claimwire"
password = "file:{key}.password"
"""
ELIGIBILITY = Path(__file__).parents[2] / "samples" / "270" / "subscriber_general_benefits" / "document.json"


def call(port: int, key: str, path: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body)
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def wait_for_state(port: int, key: str, claim: str, state: str) -> None:
    ends, shown = time.monotonic() + PATIENCE, {}
    while time.monotonic() < ends:
        shown = call(port, key, f"/v1/claims/{claim}")
        if shown["state"] == state:
            return
        time.sleep(0.3)
    raise AssertionError(f"the claim is {shown.get('state')}, not {state}")


def test_a_claim_goes_from_serve_to_simulate_and_comes_back_paid(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    make_key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run(make_key, check=True)
    (tmp_path / "key.password").write_text("a password of the sender's own")
    payer = ["simulate", "--home", tmp_path / "payer", "--public-key", tmp_path / "key.pub", "--port", "0"]
    payer += ["--password-file", tmp_path / "key.password", "--http-port", "0", "--haste", "0.5"]
    with running(*payer, home=home) as simulator:
        port = int(read_line(simulator).split()[2].rpartition(":")[2])
        host_key = read_line(simulator).strip()
        inquiries = read_line(simulator).split()[4].rstrip(",")
        settings = SETTINGS.format(port=port, key=tmp_path / "key", host_key=host_key, inquiries=inquiries)
        (home / "claimwire.toml").write_text(settings)
        tried = claimwire("partner", "test", "exchange", CLAIMWIRE_HOME=str(home))
        assert (tried.status, tried.out) == (0, "exchange: connected; files waiting for us: 0\n"), tried.err
        key = claimwire("keys", "create", "front desk", CLAIMWIRE_HOME=str(home)).out.strip()
        with running("serve", "--port", "0", home=home) as gateway:
            started = json.loads(read_line(gateway, error=True))
            taken = call(started["port"], key, "/v1/claims", (PAID / "claim.json").read_bytes())
            asked = call(started["port"], key, "/v1/eligibility", ELIGIBILITY.read_bytes())
            assert asked["response"]["benefitsInformation"][0]["name"] == "Active Coverage"
            wait_for_state(started["port"], key, taken["id"], "paid")
            owned = claimwire("keys", "list", CLAIMWIRE_HOME=str(home))
            assert (owned.status, "another process has this database open" in owned.err) == (2, True)
    released = claimwire("partner", "release", "exchange", CLAIMWIRE_HOME=str(home))
    assert (released.status, released.out) == (0, "exchange: 0 claims and 0 deliveries go on\n"), released.err
    verified = claimwire("db", "verify", CLAIMWIRE_HOME=str(home))
    assert (verified.status, verified.out.endswith(", 0 faults\n")) == (0, True), verified.out
    assert not verified.out.startswith("0 events")
    damage_archive(home)
    damaged = claimwire("db", "verify", CLAIMWIRE_HOME=str(home))
    assert damaged.status == 1
    assert "does not open, or is not what was archived" in damaged.out


def damage_archive(home: Path) -> None:
    """Overwrite every archived file."""
    for place in (home / "archive").rglob("*.sealed"):
        place.write_bytes(b"not what was archived")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one tenant without partners."""
    (tmp_path / "claimwire.toml").write_text("[tenants.clinic]\n")
    return tmp_path


NUMBERED = """
[tenants.clinic.partners.exchange]
payers = ["60054"]
[tenants.clinic.partners.exchange.transport]
kind = "folder"
outbox_folder = "out"
inbox_folder = "in"
[tenants.clinic.partners.exchange.envelope]
sender = "CLINIC"
receiver = "EXCHANGE"
group_sender = "CLINIC"
group_receiver = "EXCHANGE"
[tenants.clinic.partners.exchange.envelope.control_numbers]
first = 1000
last = 8999
"""


def test_the_next_control_number_to_a_partner_is_set_within_its_range(tmp_path: Path) -> None:
    (tmp_path / "claimwire.toml").write_text(NUMBERED)
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    named = claimwire("partner", "number", "exchange", "4711", CLAIMWIRE_HOME=str(tmp_path))
    told = "exchange: the next interchange has control number 000004711\n"
    assert (named.status, named.out) == (0, told), named.err
    with sqlite3.connect(tmp_path / "claimwire.db") as database:
        held = dict(database.execute("SELECT kind, value FROM control_number"))
    assert held == {"interchange": 4710, "group": 4710}
    beyond = claimwire("partner", "number", "exchange", "9000", CLAIMWIRE_HOME=str(tmp_path))
    assert (beyond.status, "go from 1000 to 8999" in beyond.err) == (2, True)


def test_a_key_is_made_listed_and_revoked(home: Path) -> None:
    made = claimwire("keys", "create", "front desk", "--scope", "claims:write", CLAIMWIRE_HOME=str(home))
    assert (made.status, made.out.startswith("cw_")) == (0, True)
    listed = claimwire("keys", "list", CLAIMWIRE_HOME=str(home)).out
    (row,) = listed.splitlines()
    assert "front desk" in row
    assert "claims:write" in row
    assert made.out.strip() not in listed
    key_id = row.split("\t")[0]
    assert claimwire("keys", "revoke", key_id, CLAIMWIRE_HOME=str(home)).out == "revoked\n"
    assert "revoked" in claimwire("keys", "list", CLAIMWIRE_HOME=str(home)).out
    again = claimwire("keys", "revoke", key_id, CLAIMWIRE_HOME=str(home))
    assert (again.status, "no live key with this id" in again.err) == (2, True)


def test_an_unknown_tenant_partner_or_scope_is_told_in_one_line(home: Path) -> None:
    for arguments, reason in (
        (("keys", "list", "--tenant", "nobody"), "--tenant names one of the settings' tenants: clinic"),
        (("partner", "test", "exchange"), "the settings have no partner exchange for this tenant"),
        (("partner", "release", "exchange"), "the settings have no partner exchange for this tenant"),
        (("keys", "create", "x", "--scope", "everything"), "unknown or no scopes: everything"),
        (("simulate", "--home", home / "payer"), "the sender needs --public-key or --password-file"),
        (
            ("simulate", "--home", home / "payer", "--public-key", home, "--http-port", "0"),
            "inquiries in real time need the sender's --password-file",
        ),
    ):
        ran = claimwire(*arguments, CLAIMWIRE_HOME=str(home))
        assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1), ran.err
        assert reason in ran.err


def test_a_wrong_setting_is_told_with_its_place(home: Path) -> None:
    (home / "claimwire.toml").write_text("[server]\nport = 'high'\n")
    ran = claimwire("serve", CLAIMWIRE_HOME=str(home))
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "server.port" in ran.err
    assert "claimwire.toml" in ran.err


def test_a_port_in_use_is_told_without_a_traceback(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = claimwire("serve", "--port", str(taken.getsockname()[1]), CLAIMWIRE_HOME=str(home))
    assert ran.status == 2
    assert "Traceback" not in ran.err
    assert "in use" in ran.err


def test_the_schema_is_brought_up_to_date_by_hand(home: Path) -> None:
    ran = claimwire("db", "migrate", CLAIMWIRE_HOME=str(home))
    assert (ran.status, ran.out) == (0, "the schema is up to date\n")
    assert (home / "claimwire.db").is_file()
