"""A real gateway for tests: SQLite in a temporary home, a free port, two tenants with a key each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from gateway.app import Gateway, Role, open_gateway
from gateway.clock import Clock
from gateway.settings import (
    EnvelopeIds,
    FolderTransport,
    Partner,
    ServerSettings,
    Settings,
    Tenant,
    WebhookSettings,
)
from tests import canaries

PAYER = "60054"
TENANTS = ("riverbend", "lakeside")

CLAIM: dict[str, Any] = {
    "tradingPartnerServiceId": PAYER,
    "tradingPartnerName": "EXAMPLE HEALTH PLAN",
    "usageIndicator": "T",
    "submitter": {
        "organizationName": "RIVERBEND BILLING",
        "submitterIdentification": "RBB01",
        "contactInformation": {"name": "PAT QUILL", "phoneNumber": "5035550142"},
    },
    "receiver": {"organizationName": "EXAMPLE HEALTH PLAN"},
    "subscriber": {
        "memberId": canaries.MEMBER_ID,
        "paymentResponsibilityLevelCode": "P",
        "firstName": canaries.FIRST_NAME,
        "lastName": canaries.LAST_NAME,
        "gender": "F",
        "dateOfBirth": "19840517",
        "address": {
            "address1": canaries.STREET,
            "city": "PORTLAND",
            "state": "OR",
            "postalCode": "972051234",
        },
    },
    "billing": {
        "npi": "1999999984",
        "employerId": "931234567",
        "taxonomyCode": "207Q00000X",
        "organizationName": "RIVERBEND FAMILY CLINIC",
        "address": {
            "address1": "400 OAK AVE",
            "city": "PORTLAND",
            "state": "OR",
            "postalCode": "972051111",
        },
        "contactInformation": {"name": "FRONT DESK", "phoneNumber": "5035550100"},
    },
    "claimInformation": {
        "claimFilingCode": "CI",
        "patientControlNumber": canaries.PATIENT_CONTROL_NUMBER,
        "claimChargeAmount": "165.00",
        "placeOfServiceCode": "11",
        "claimFrequencyCode": "1",
        "signatureIndicator": "Y",
        "planParticipationCode": "A",
        "benefitsAssignmentCertificationIndicator": "Y",
        "releaseInformationCode": "Y",
        "healthCareCodeInformation": [{"diagnosisTypeCode": "ABK", "diagnosisCode": "E119"}],
        "serviceLines": [
            {
                "serviceDate": "20261102",
                "providerControlNumber": "L1",
                "professionalService": {
                    "procedureIdentifier": "HC",
                    "procedureCode": "99213",
                    "lineItemChargeAmount": "165.00",
                    "measurementUnit": "UN",
                    "serviceUnitCount": "1",
                    "compositeDiagnosisCodePointers": {"diagnosisCodePointers": ["1"]},
                },
            }
        ],
    },
}


def make_claim(number: str = canaries.PATIENT_CONTROL_NUMBER, **changes: object) -> dict[str, Any]:
    """A clean claim of a synthetic person, with another patient control number or other top-level values."""
    claim = deepcopy(CLAIM) | changes
    claim["claimInformation"]["patientControlNumber"] = number
    return claim


class Rig:
    """A running gateway and how to call it."""

    def __init__(
        self, gateway: Gateway, port: int, keys: Mapping[str, str], http: aiohttp.ClientSession
    ) -> None:
        self.gateway, self.port, self.keys, self.http = gateway, port, keys, http
        self.home = gateway.services.settings.home

    def headers(self, tenant: str = TENANTS[0]) -> dict[str, str]:
        """The headers of a tenant's call."""
        return {"Authorization": f"Bearer {self.keys[tenant]}"}

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | object = None,
        *,
        tenant: str = TENANTS[0],
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call; `body` is bytes as they are, anything else JSON."""
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        given = {**self.headers(tenant), **(headers or {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.http.request(method, url, data=content, headers=given) as response:
            return Reply(response.status, response.headers.copy(), await response.read())

    async def send_raw(self, content: bytes, *, seconds: float = 5.0) -> bytes:
        """Bytes straight to the port; what came back until the end, or until `seconds` passed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(content)
        await writer.drain()
        try:
            return await asyncio.wait_for(reader.read(), seconds)
        finally:
            writer.close()


class Reply(msgspec.Struct, frozen=True):
    """An answer, whole."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of the findings in it."""
        return [finding["code"] for finding in self.json["findings"]]


def make_settings(home: Path, **server: Any) -> Settings:
    """Two tenants that reach the same payer through folders; receivers of webhooks may stand on loopback."""
    return Settings(
        home=home,
        server=ServerSettings(port=0, drain_seconds=2.0, **server),
        webhooks=WebhookSettings(allow_private=True, timeout_seconds=5.0, poll_seconds=0.05),
        tenants=tuple(Tenant(name=name, partners=(make_partner(home / name),)) for name in TENANTS),
    )


def make_partner(mailbox: Path) -> Partner:
    """A partner reached through two folders."""
    outbox, inbox = mailbox / "outbox", mailbox / "inbox"
    for folder in (outbox, inbox):
        folder.mkdir(parents=True, exist_ok=True)
    sender = mailbox.name.upper()
    return Partner(
        name="exchange",
        payers=(PAYER,),
        transport=FolderTransport(outbox_folder=outbox, inbox_folder=inbox),
        envelope=EnvelopeIds(
            sender=sender,
            receiver="EXCHANGE",
            group_sender=sender,
            group_receiver="EXCHANGE",
            usage="T",
        ),
    )


@asynccontextmanager
async def run_gateway(
    settings: Settings, role: Role = Role.API, clock: Clock | None = None
) -> AsyncIterator[Rig]:
    """The gateway of `settings`, with a key for each tenant."""
    gateway = await open_gateway(settings, role=role, clock=clock)
    made = {name: await gateway.services.keys.create(name, "tests") for name in TENANTS}
    port = await gateway.start()
    assert port is not None
    async with aiohttp.ClientSession() as http:
        yield Rig(gateway, port, {name: key.text for name, key in made.items()}, http)
        await gateway.stop()
