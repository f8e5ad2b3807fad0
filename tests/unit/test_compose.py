"""compose.yaml, parsed: no Docker runs where the tests do, so its promises are read from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from gateway.cli.commands import app
from gateway.settings import Settings, SftpTransport

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def read_options(service: str) -> dict[str, Any]:
    """The command of a service as the real command line understands it."""
    name, *arguments = SERVICES[service]["command"]
    group: Any = typer.main.get_command(app)  # a group of typer's own click, which it does not export
    options: dict[str, Any] = group.commands[name].make_context(name, list(arguments)).params
    return options


def load_settings(folder: Path) -> Settings:
    """The settings that the gateway's processes are given."""
    place = folder / "claimwire.toml"
    place.write_text(COMPOSE["configs"]["settings"]["content"], encoding="utf-8")
    environment = {key: str(value) for key, value in SERVICES["api"]["environment"].items()}
    return Settings.load(place, environment | {"CLAIMWIRE_HOME": str(folder)})


def test_two_answer_three_work_on_one_database_with_a_payer_at_the_other_end() -> None:
    counts = {name: service.get("deploy", {}).get("replicas", 1) for name, service in SERVICES.items()}
    assert counts == {"api": 2, "worker": 3, "postgres": 1, "simulator": 1}
    assert [read_options(name)["role"] for name in ("api", "worker")] == ["api", "worker"]


def test_the_processes_share_settings_home_and_environment_and_wait_for_what_they_need() -> None:
    api, worker = SERVICES["api"], SERVICES["worker"]
    for part in ("image", "environment", "configs", "volumes", "depends_on"):
        assert api[part] == worker[part]
    assert {name: it["condition"] for name, it in api["depends_on"].items()} == {
        "postgres": "service_healthy",
        "simulator": "service_healthy",
    }
    assert all("healthcheck" in SERVICES[name] for name in api["depends_on"])
    [volume] = api["volumes"]
    home = re.search(r"CLAIMWIRE_HOME=(\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert home is not None
    assert volume == f"home:{home[1]}"


def test_the_settings_load_and_lead_to_the_database_and_the_payer(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.database_url == "postgresql+psycopg://claimwire@postgres/claimwire"
    partner = settings.find_partner("clinic", "exchange")
    assert isinstance(partner.transport, SftpTransport)
    payer = read_options("simulator")
    assert (partner.transport.host, partner.transport.port) == ("simulator", payer["port"])
    assert (partner.transport.username, payer["host"]) == (payer["sender"], "0.0.0.0")
    assert str(payer["password_file"]) == "/run/secrets/partner_password"
    assert partner.transport.password is not None
    assert partner.transport.password.target in SERVICES["api"]["environment"]


def test_no_secret_stands_in_the_file_and_every_volume_is_declared() -> None:
    environment = SERVICES["api"]["environment"] | SERVICES["postgres"]["environment"]
    secrets = {name: value for name, value in environment.items() if "PASSWORD" in name}
    assert len(secrets) == 3
    assert all(re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", value) for value in secrets.values())
    named = {volume.partition(":")[0] for it in SERVICES.values() for volume in it.get("volumes", ())}
    assert named == set(COMPOSE["volumes"])


def test_only_http_is_published_and_only_to_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:8437-8438:8437"]


@pytest.mark.parametrize("service", ["api", "worker"])
def test_the_image_holds_the_driver_of_the_database(service: str) -> None:
    assert SERVICES[service]["build"] == "."
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "-r requirements-postgres.lock" in dockerfile
    assert re.search(r"^psycopg-binary==", (ROOT / "requirements-postgres.lock").read_text(), re.M)
