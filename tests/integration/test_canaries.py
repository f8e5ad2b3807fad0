"""A marked patient goes through every door, and nothing that is kept or told shows the patient in clear."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from gateway.app import Role, open_sealer
from gateway.backup import make_backup
from gateway.clock import SystemClock
from gateway.logs import start_logs
from gateway.settings import Settings
from gateway.settings_parts import BatchSettings
from gateway.store import audit
from gateway.store.audit import SYSTEM
from tests import canaries
from tests.api_rig import PAYER, TENANTS, Rig, make_claim, make_settings, run_gateway
from tests.cli import ROOT

SAMPLES = (("837I", "inpatient_stay"), ("837D", "fillings_and_cleaning"))
DATED = "/2024-04-01/change/medicalnetwork"
ENDPOINT = "/v1/webhooks"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that we and any library have to say, at the level of debugging."""
    root, ours = logging.getLogger(), logging.getLogger("claimwire")
    before, levels, raising = list(root.handlers), (root.level, ours.level), logging.raiseExceptions
    stream = io.StringIO()
    start_logs(stream, logging.DEBUG)
    root.setLevel(logging.DEBUG)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.raiseExceptions = raising


def mark(claim: dict[str, Any]) -> dict[str, Any]:
    """A sample whose subscriber is the marked patient."""
    person = {
        "firstName": canaries.FIRST_NAME,
        "lastName": canaries.LAST_NAME,
        "memberId": canaries.MEMBER_ID,
    }
    subscriber = claim["subscriber"] | person | {"ssn": canaries.SOCIAL_SECURITY_NUMBER}
    return claim | {"subscriber": subscriber, "tradingPartnerServiceId": PAYER}


def read_claims() -> list[dict[str, Any]]:
    """Claims of all three kinds, one of them with a birth date that never was."""
    samples = [ROOT / "samples" / guide / case / "claim.json" for guide, case in SAMPLES]
    wrong = mark(make_claim("WRONG"))
    wrong["subscriber"]["dateOfBirth"] = canaries.BIRTH_DATE
    return [mark(make_claim()), *(mark(json.loads(path.read_text())) for path in samples), wrong]


def make_quick(home: Path) -> Settings:
    """Claims leave at once, and what payers put down is fetched at once."""
    settings = make_settings(home)
    quick = [
        msgspec.structs.replace(
            tenant,
            partners=tuple(
                msgspec.structs.replace(it, batch=BatchSettings(max_age_seconds=0.1), poll_seconds=0.2)
                for it in tenant.partners
            ),
        )
        for tenant in settings.tenants
    ]
    return msgspec.structs.replace(settings, tenants=tuple(quick))


@asynccontextmanager
async def receiving(heard: list[bytes]):  # type: ignore[no-untyped-def]  # yields the receiver's port
    """A receiver of webhooks that keeps their headers and bodies."""

    async def take(request: web.Request) -> web.Response:
        heard.append(repr(request.headers).encode() + request.path_qs.encode() + await request.read())
        return web.Response(status=500)

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def knock_everywhere(rig: Rig) -> list[Mapping[str, str]]:
    """The marked patient through every door, rightly and wrongly; the headers of all answers."""
    bodies = [msgspec.json.encode(claim) for claim in read_claims()]
    name, member = canaries.LAST_NAME, canaries.MEMBER_ID
    inquiry = {"tradingPartnerServiceId": PAYER, "subscriber": {"memberId": member, "lastName": name}}
    bad = f'{{"lastName": "{name}"'.encode()
    envelope = f"<Envelope><UserName>{name}</UserName></Envelope>".encode()
    calls: list[tuple[str, str, bytes | object]] = [
        *(("POST", "/v1/claims", body) for body in bodies),
        ("POST", "/v1/claims/validate", bodies[0]),
        ("POST", "/v1/claims/batch", b"\n".join([*bodies, bad])),
        ("POST", "/v1/claims", bad),
        ("POST", "/v1/files", f"ISA*{name}".encode()),
        ("POST", "/v1/eligibility", inquiry),
        ("POST", "/v1/claim-status", inquiry),
        ("POST", f"{DATED}/professionalclaims/v3/submission", bodies[3]),
        ("POST", f"{DATED}/professionalclaims/v3/raw-x12-submission", {"x12": f"ISA*{name}"}),
        ("POST", "/medicalnetwork/professionalclaims/v3/validation", bad),
        ("POST", "/medicalnetwork/eligibility/v3", inquiry),
        ("POST", "/core/soap", envelope),
        ("POST", "/core/mime", envelope),
        ("POST", "/apip/auth/v2/token", {"client_id": name, "client_secret": canaries.API_SECRET}),
        ("GET", f"/v1/claims/{member}", None),
        ("GET", f"/v1/claims?payer={name}", None),
        ("GET", f"/medicalnetwork/reports/v2/{name}", None),
        ("GET", f"/{name}?q={member}", None),
        ("GET", "/v1/claims", None),
        ("GET", "/v1/audit", None),
    ]
    answers = [await rig.call(method, path, body) for method, path, body in calls]
    stranger = {"Authorization": f"Bearer {canaries.API_SECRET}", "User-Agent": name}
    answers.append(await rig.call("GET", f"/v1/claims/{member}", headers=stranger))
    await rig.send_raw(f"{name} / HTTP/1.1\r\nX-Patient: {member}\r\n\r\n".encode())
    await rig.send_raw(f"GET /{name} HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n{member}".encode())
    return [answer.headers for answer in answers]


async def exchange_files(rig: Rig) -> None:
    """A claim leaves for its payer, and the payer puts down two files that break the rules."""
    mailbox = rig.home / TENANTS[0]
    (mailbox / "inbox" / "broken.835").write_bytes(f"ISA*00*{canaries.LAST_NAME}~".encode())
    (mailbox / "inbox" / f"{canaries.MEMBER_ID}.277").write_bytes(canaries.STREET.encode())
    async with asyncio.timeout(60):
        while not list((mailbox / "outbox").glob("*")) or len(await list_files(rig)) < 3:
            await asyncio.sleep(0.1)


async def list_files(rig: Rig) -> list[Any]:
    found: list[Any] = (await rig.call("GET", "/v1/worklists/files")).json["items"]
    kept = (await rig.call("GET", "/v1/events?type=file.received")).json["events"]
    return found + kept


async def read_log(rig: Rig) -> str:
    """The audit log of the tenant and the installation, as it is kept."""
    await rig.gateway.services.audit.close()
    store = rig.gateway.services.store
    logs = [
        await store.read(lambda scope: audit.list_after(scope, 0, limit=10_000), tenant=name)
        for name in (SYSTEM, *TENANTS)
    ]
    assert all(logs[:2])
    return repr(logs)


def find_in_files(folder: Path, *besides: str) -> dict[str, list[str]]:
    """The files below a folder that show the patient, in their bytes or in their names."""
    places = [
        it for it in folder.rglob("*") if it.is_file() and it.relative_to(folder).parts[0] not in besides
    ]
    assert places, folder
    shown = {
        str(it.relative_to(folder)): canaries.find_canaries(
            it.read_bytes() + it.relative_to(folder).as_posix().encode()
        )
        for it in places
    }
    return {place: found for place, found in shown.items() if found}


async def test_a_marked_patient_is_in_no_log_file_database_archive_or_backup(
    tmp_path: Path, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, scratch, heard = tmp_path / "home", tmp_path / "scratch", list[bytes]()
    scratch.mkdir()
    (scratch / "first").write_text("so that there is a file")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    async with receiving(heard) as port, run_gateway(make_quick(home), Role.ALL) as rig:
        made = await rig.call("POST", ENDPOINT, {"url": f"http://127.0.0.1:{port}/hook", "types": []})
        headers = await knock_everywhere(rig)
        await exchange_files(rig)
        async with asyncio.timeout(30):
            while not heard:
                await asyncio.sleep(0.1)
        deliveries = await rig.call("GET", f"{ENDPOINT}/{made.json['id']}/deliveries")
        metrics = await rig.call("GET", "/metrics")
        settings = rig.gateway.services.settings
        make_backup(settings, open_sealer(settings), tmp_path / "backup", SystemClock().now())
        assert (
            find_in_files(home, *TENANTS) == {}
        )  # with the log of the database; the folders are the payer's
        told = await read_log(rig)
    assert canaries.find_canaries(log.getvalue()) == []
    assert len(log.getvalue().splitlines()) > 30
    assert canaries.find_canaries(metrics.body + deliveries.body) == []
    assert canaries.find_canaries(repr([dict(it) for it in headers])) == []
    assert canaries.find_canaries(told) == []
    assert find_in_files(home, *TENANTS) == {}
    assert find_in_files(tmp_path / "backup") == {}
    assert find_in_files(scratch) == {}
    names = [canaries.LAST_NAME, canaries.MEMBER_ID, canaries.STREET, canaries.SOCIAL_SECURITY_NUMBER]
    assert not any(name.encode() in told for told in heard for name in names)
    assert canaries.LAST_NAME.encode() in b"".join(
        it.read_bytes() for it in (home / TENANTS[0] / "outbox").glob("*")
    )
