"""TLS at our own server: only 1.2 or newer, and callers known by their certificates at the CORE door."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.base import Inquiry
from adapters.core_connectivity.client import CoreClient, CoreSettings
from adapters.errors import DeliveryError, Permanent
from adapters.https import HttpsSettings
from gateway.app import Role, open_gateway
from gateway.settings import Settings
from gateway.settings_source import SettingsError
from gateway.tls_settings import ClientCertificate, ServerTls
from tests.api_rig import make_settings
from tests.integration.test_core_door import CLAIMS_TYPE, write_claims_file

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


class World:
    """An authority for servers and senders, and the certificates of a gateway and of two senders."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.folder = trustme.CA(), folder
        self.authority.cert_pem.write_to_path(folder / "ca.pem")
        for name in ("localhost", "hospital.example", "unlisted.example"):
            leaf = self.authority.issue_cert(name)
            leaf.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
        stranger = trustme.CA().issue_cert("hospital.example")
        stranger.private_key_and_cert_chain_pem.write_to_path(folder / "stranger.pem")

    def measure(self, name: str) -> str:
        """The SHA-256 of a certificate."""
        certificate = x509.load_pem_x509_certificate((self.folder / f"{name}.pem").read_bytes())
        return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()

    def settings(self, *scopes: str) -> Settings:
        tls = ServerTls(certificate=self.folder / "localhost.pem", client_ca=self.folder / "ca.pem")
        listed = ClientCertificate(name="hospital", sha256=self.measure("hospital.example"), scopes=scopes)
        made = make_settings(self.folder / "home")
        first, *rest = made.tenants
        first = msgspec.structs.replace(first, certificates=(listed,))
        server = msgspec.structs.replace(made.server, host="localhost", tls=tls)
        return msgspec.structs.replace(made, server=server, tenants=(first, *rest))

    def connect(self, port: int, certificate: str | None) -> CoreClient:
        shown = self.folder / f"{certificate}.pem" if certificate else None
        https = HttpsSettings(
            url=f"https://localhost:{port}/core/soap", ca_file=self.folder / "ca.pem", certificate=shown
        )
        return CoreClient(CoreSettings(https=https, sender="HOSPITAL", receiver="CLAIMWIRE"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "home").mkdir()
    return World(tmp_path)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[int]:
    gateway = await open_gateway(settings, role=Role.API)
    port = await gateway.start()
    assert port is not None
    yield port
    await gateway.stop()


async def test_a_listed_certificate_sends_and_fetches_without_a_password(world: World) -> None:
    async with serving(world.settings("files:write", "files:read")) as port:
        client = world.connect(port, "hospital.example")
        batch = Inquiry(
            id=str(uuid.uuid4()), kind=CLAIMS_TYPE, content=write_claims_file("TLS-1"), moment=NOW
        )
        await client.submit(batch, seconds=20)
        acknowledgments = await client.fetch_acknowledgments(NOW, seconds=20)
        assert acknowledgments is not None and b"999" in acknowledgments
        with pytest.raises(Permanent, match="UnAuthorized"):
            await client.fetch_results(NOW, seconds=20)
        await client.close()


@pytest.mark.parametrize(
    ("certificate", "told"),
    [(None, "UnAuthorized"), ("unlisted.example", "UnAuthorized"), ("stranger", "TLS|connection")],
)
async def test_any_other_certificate_is_no_sender(world: World, certificate: str | None, told: str) -> None:
    async with serving(world.settings("*")) as port:
        client = world.connect(port, certificate)
        with pytest.raises(DeliveryError, match=told):
            await client.fetch_acknowledgments(NOW, seconds=20)
        await client.close()


async def test_the_api_answers_over_tls_and_older_tls_and_plain_text_get_nothing(world: World) -> None:
    def make_client(change: Callable[[ssl.SSLContext], object]) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(world.folder / "ca.pem"))
        change(context)
        return context

    def age(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1

    async with serving(world.settings("*")) as port, aiohttp.ClientSession() as http:
        url = f"https://localhost:{port}/healthz"
        async with http.get(url, ssl=make_client(lambda context: None)) as answer:
            assert answer.status == 200
        with pytest.warns(DeprecationWarning):
            old = make_client(age)
        with pytest.raises(aiohttp.ClientError):
            await http.get(url, ssl=old)
        with pytest.raises((aiohttp.ClientError, asyncio.TimeoutError)):
            await http.get(url.replace("https", "http"), timeout=aiohttp.ClientTimeout(total=5))


async def test_wrong_files_and_scopes_stop_the_start_and_are_named(world: World) -> None:
    settings = world.settings("*")
    absent = msgspec.structs.replace(settings.server, tls=ServerTls(certificate=world.folder / "no.pem"))
    for wrong, told in (
        (msgspec.structs.replace(settings, server=absent), "server.tls"),
        (world.settings("everything"), "certificates.hospital.scopes"),
    ):
        gateway = await open_gateway(wrong, role=Role.API)
        with pytest.raises(SettingsError, match=told):
            await gateway.start()
        await gateway.stop()
