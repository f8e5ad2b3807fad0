"""How a partner is asked in real time: read from TOML, made into adapters, wrong ones named at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.core_connectivity.client import CoreClient
from adapters.rest import RestTransport
from gateway.settings import Settings
from gateway.settings_source import SettingsError
from gateway.wiring import RealTimeAdapters

HEAD = """
[tenants.clinic.partners.payer]
payers = ["60054"]
transport = { kind = "folder", outbox_folder = "out", inbox_folder = "in" }
envelope = { sender = "CLINIC", receiver = "PAYER", group_sender = "CLINIC", group_receiver = "PAYER" }
[tenants.clinic.partners.payer.real_time]
cache_seconds = { "60054" = 600 }
[tenants.clinic.partners.payer.real_time.route]
"""
CORE = """
kind = "core"
url = "https://payer.example/core"
sender = "CLINIC01"
receiver = "PAYER01"
username = "clinic"
password = "env:PAYER_PASSWORD"
"""
REST = """
kind = "rest"
url = "https://payer.example/x12"
form = "json"
token_url = "https://login.payer.example/token"
client_id = "clinic"
client_secret = "file:secret"
"""


def load(folder: Path, text: str) -> Settings:
    place = folder / "claimwire.toml"
    place.write_text(text, encoding="utf-8")
    return Settings.load(place, {"CLAIMWIRE_HOME": str(folder)})


def test_a_core_route_becomes_a_core_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYER_PASSWORD", "s3cret")
    settings = load(tmp_path, HEAD + CORE)
    real_time = settings.find_partner("clinic", "payer").real_time
    assert real_time is not None
    assert (real_time.answer_seconds, real_time.reply_seconds, real_time.resends) == (20.0, 60.0, 5)
    assert real_time.cache_seconds == {"60054": 600.0}
    adapters = RealTimeAdapters(settings)
    assert isinstance(adapters.find("clinic", "payer"), CoreClient)
    assert adapters.find("clinic", "payer") is adapters.find("clinic", "payer")
    assert "s3cret" not in repr(settings)


def test_a_rest_route_becomes_a_rest_transport(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    adapters = RealTimeAdapters(load(tmp_path, HEAD + REST))
    adapters.make_all()
    assert isinstance(adapters.find("clinic", "payer"), RestTransport)


def test_a_payer_may_be_asked_through_another_partner_than_its_claims_go(tmp_path: Path) -> None:
    claims = HEAD.partition("[tenants.clinic.partners.payer.real_time]")[0]
    asked = HEAD.replace("partners.payer", "partners.asked").replace(
        'receiver = "PAYER"', 'receiver = "OTHER"'
    )
    asked = asked.replace('payers = ["60054"]', 'inquiry_payers = ["60054", "87726"]')
    asked = "".join(line + "\n" for line in asked.splitlines() if not line.startswith("transport"))
    tenant = load(tmp_path, claims + asked + CORE).tenant("clinic")
    assert tenant is not None

    def names(payer: str) -> tuple[str | None, str | None]:
        found = (tenant.partner_for(payer), tenant.inquiry_partner_for(payer))
        return tuple(partner.name if partner else None for partner in found)  # type: ignore[return-value]

    assert names("60054") == ("payer", "asked")
    assert names("87726") == (None, "asked")
    assert names("00000") == (None, None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("payers", "inquiry_payers"), ""),
        (('payers = ["60054"]', ""), "payers or inquiry_payers is required"),
        (
            ('transport = { kind = "folder", outbox_folder = "out", inbox_folder = "in" }', ""),
            "need a transport",
        ),
    ],
    ids=["only-asked", "nobody", "no-mailbox"],
)
def test_a_partner_has_payers_and_a_way_to_them(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    text = HEAD.replace(*change, 1) + CORE
    if not told:
        assert load(tmp_path, text).find_partner("clinic", "payer").payers == ()
        return
    with pytest.raises(SettingsError, match=told):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CORE, "env:PAYER_PASSWORD"),
        (REST, "secret"),
        (
            CORE.replace("https://", "http://").replace("env:PAYER_PASSWORD", "file:claimwire.toml"),
            "no https URL",
        ),
        (
            CORE.replace("env:PAYER_PASSWORD", "file:claimwire.toml") + 'certificate = "absent.pem"\n',
            "certificate files cannot be used",
        ),
    ],
    ids=["no-environment", "no-file", "plain-http", "no-certificate"],
)
def test_what_is_absent_or_unsafe_stops_the_start_and_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        RealTimeAdapters(load(tmp_path, HEAD + text)).make_all()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + CORE.replace('password = "env:PAYER_PASSWORD"', ""), "username and password go together"),
        (HEAD + CORE.partition("username")[0], "certificate is required"),
        (HEAD + REST.replace('client_id = "clinic"', ""), "token_url needs client_id"),
        (HEAD + CORE.replace("env:PAYER_PASSWORD", "s3cret"), "by reference"),
        (HEAD + CORE.replace('kind = "core"', 'kind = "carrier pigeon"'), "kind"),
        (HEAD.replace("cache_seconds", "resend_seconds = 60\ncache_seconds") + CORE, "resend_seconds"),
        (HEAD.replace("cache_seconds", "reply_seconds = 90\ncache_seconds") + CORE, "reply_seconds"),
    ],
    ids=["no-password", "nobody", "no-client", "secret-in-clear", "no-kind", "too-early", "two-under-way"],
)
def test_a_route_that_cannot_be_meant_is_refused_by_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)
    assert "real_time" in caught.value.key
    assert "s3cret" not in str(caught.value)
