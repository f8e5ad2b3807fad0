"""A gateway that asks a scripted payer in real time, both on this machine, and inquiries about nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from gateway.app import Role
from gateway.clock import SystemClock
from gateway.real_time_settings import CoreRoute, RealTimeSettings, RestRoute
from gateway.settings import SecretReference, Settings
from gateway.simulator.doors import RealTimeDoors
from gateway.simulator.server import SenderAccount
from tests import canaries
from tests.api_rig import PAYER, Rig, make_settings, run_gateway

PASSWORD = "scripted-payer-password"
WIRES = ("soap", "mime", "rest", "json")


def make_eligibility(member: str = canaries.MEMBER_ID, **changes: object) -> dict[str, Any]:
    """An inquiry about nobody; what follows the last hyphen of the member id scripts the answer."""
    return {
        "tradingPartnerServiceId": PAYER,
        "tradingPartnerName": "EXAMPLE HEALTH PLAN",
        "provider": {"organizationName": "RIVERBEND FAMILY CLINIC", "npi": "1999999984"},
        "subscriber": {
            "memberId": member,
            "firstName": canaries.FIRST_NAME,
            "lastName": canaries.LAST_NAME,
            "dateOfBirth": "19840517",
            "gender": "F",
        },
        "encounter": {"serviceTypeCodes": ["30"], "dateOfService": "20261124"},
    } | changes


def make_claim_status(account: str = canaries.PATIENT_CONTROL_NUMBER, **changes: object) -> dict[str, Any]:
    """An inquiry about a claim; what follows the last hyphen of the account scripts the answer."""
    clinic = {"organizationName": "RIVERBEND FAMILY CLINIC", "npi": "1999999984"}
    return {
        "tradingPartnerServiceId": PAYER,
        "tradingPartnerName": "EXAMPLE HEALTH PLAN",
        "providers": [{"providerType": "BillingProvider", **clinic, "taxId": "931234567"}],
        "subscriber": {
            "memberId": canaries.MEMBER_ID,
            "firstName": canaries.FIRST_NAME,
            "lastName": canaries.LAST_NAME,
            "dateOfBirth": "19840517",
        },
        "encounter": {
            "patientAccountNumber": account,
            "submittedAmount": "165.00",
            "beginningDateOfService": "20261102",
        },
    } | changes


def make_route(wire: str, port: int, secret: SecretReference) -> CoreRoute | RestRoute:
    """The way to a scripted payer on this machine."""
    place = f"http://127.0.0.1:{port}"
    if wire in ("soap", "mime"):
        return CoreRoute(
            url=f"{place}/core/{wire}",
            binding=wire,  # type: ignore[arg-type]
            sender="RIVERBEND",
            receiver="EXCHANGE",
            username="riverbend",
            password=secret,
        )
    form = "json" if wire == "json" else "x12"
    return RestRoute(url=f"{place}/rest", form=form, key=secret, key_header="X-Api-Key")  # type: ignore[arg-type]


def add_real_time(settings: Settings, *, asked_only: bool = False, **real_time: Any) -> Settings:
    """The settings with every partner asked in real time, but for the last tenant's.

    With `asked_only` they have no mailbox.
    """
    changes: dict[str, Any] = {"real_time": RealTimeSettings(**real_time)}
    if asked_only:
        changes |= {"payers": (), "inquiry_payers": (PAYER,), "transport": None}
    *asked, rest = settings.tenants
    changed = [
        msgspec.structs.replace(
            tenant,
            partners=tuple(msgspec.structs.replace(partner, **changes) for partner in tenant.partners),
        )
        for tenant in asked
    ]
    return msgspec.structs.replace(settings, tenants=(*changed, rest))


@asynccontextmanager
async def run_payer(slow_seconds: float = 0.6) -> AsyncIterator[RealTimeDoors]:
    """The scripted payer in real time."""
    account = SenderAccount("riverbend", password=PASSWORD)
    doors = RealTimeDoors([account], SystemClock(), slow_seconds=slow_seconds)
    await doors.start()
    try:
        yield doors
    finally:
        await doors.stop()


@asynccontextmanager
async def run_asking(
    home: Path, wire: str = "soap", role: Role = Role.API, port: int | None = None, **real_time: Any
) -> AsyncIterator[Rig]:
    """A gateway that asks a scripted payer; with `port` whoever listens there."""
    secret = home / "payer-password"
    secret.write_text(PASSWORD, encoding="utf-8")
    async with run_payer() as doors:
        route = make_route(wire, port or doors.port, SecretReference(f"file:{secret}"))
        settings = add_real_time(make_settings(home), route=route, **real_time)
        async with run_gateway(settings, role) as rig:
            yield rig
