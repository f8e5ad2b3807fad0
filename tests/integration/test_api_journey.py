"""The gateway as one process: posted over HTTP, sent to the partner, fetched back as X12."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from edi.files import check_file
from gateway.app import Role
from gateway.settings import BatchSettings
from tests.api_rig import TENANTS, Rig, make_claim, make_settings, run_gateway
from tests.conftest import ROOT


async def wait_for_state(rig: Rig, claim: str, state: str) -> None:
    async with asyncio.timeout(15):
        while (await rig.call("GET", f"/v1/claims/{claim}")).json["state"] != state:
            await asyncio.sleep(0.05)


async def test_a_posted_claim_is_sent_and_its_x12_is_what_the_partner_got(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    tenant = settings.tenants[0]
    partner = msgspec.structs.replace(
        tenant.partners[0], batch=BatchSettings(max_age_seconds=0), poll_seconds=0.1
    )
    worker = msgspec.structs.replace(settings.worker, poll_seconds=0.1)
    eager = msgspec.structs.replace(tenant, partners=(partner,))
    settings = msgspec.structs.replace(settings, tenants=(eager, settings.tenants[1]), worker=worker)
    async with run_gateway(settings, Role.ALL) as rig:
        claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
        await wait_for_state(rig, claim, "sent")
        answer = await rig.call("GET", f"/v1/claims/{claim}/x12")
        foreign = await rig.call("GET", f"/v1/claims/{claim}/x12", tenant=TENANTS[1])
        types = [it["type"] for it in (await rig.call("GET", f"/v1/claims/{claim}/timeline")).json["events"]]
    (delivered,) = (tmp_path / TENANTS[0] / "outbox").iterdir()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/edi-x12")
    assert answer.body == delivered.read_bytes()
    assert foreign.status == 404
    assert types == ["claim.received", "claim.accepted", "claim.batched", "claim.sent"]
    report = check_file(answer.body)
    assert [found for found in report.all_findings if found.stops] == []
    assert report.sets[0].control_number == answer.headers["X-Transaction-Set"]


@pytest.mark.parametrize(
    ("sample", "guide"),
    [("837I/inpatient_stay", "005010X223A2"), ("837D/restoration", "005010X224A2")],
    ids=["institutional", "dental"],
)
async def test_a_claim_goes_out_by_the_guide_of_its_own_kind(tmp_path: Path, sample: str, guide: str) -> None:
    settings = make_settings(tmp_path)
    tenant = settings.tenants[0]
    partner = msgspec.structs.replace(
        tenant.partners[0], batch=BatchSettings(max_age_seconds=0), poll_seconds=0.1
    )
    worker = msgspec.structs.replace(settings.worker, poll_seconds=0.1)
    eager = msgspec.structs.replace(tenant, partners=(partner,))
    settings = msgspec.structs.replace(settings, tenants=(eager, settings.tenants[1]), worker=worker)
    posted = json.loads((ROOT / "samples" / sample / "claim.json").read_text(encoding="utf-8"))
    posted["tradingPartnerServiceId"] = partner.payers[0]
    async with run_gateway(settings, Role.ALL) as rig:
        answer = await rig.call("POST", "/v1/claims", json.dumps(posted).encode("utf-8"))
        assert (
            answer.status,
            [it for it in answer.json.get("findings", []) if it["severity"] != "info"],
        ) == (202, [])
        await wait_for_state(rig, answer.json["id"], "sent")
        shown = (await rig.call("GET", f"/v1/claims/{answer.json['id']}")).json
        x12 = await rig.call("GET", f"/v1/claims/{answer.json['id']}/x12")
    (report,) = check_file(x12.body).sets
    assert (shown["claimType"], report.guide) == (guide, guide)
