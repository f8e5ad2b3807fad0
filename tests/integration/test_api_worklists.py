"""Work lists and work by hand over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.remedies import list_remedies
from gateway.store import work_items
from tests.api_rig import Rig, make_claim, make_settings, run_gateway
from tests.conftest import ROOT


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def add_item(rig: Rig) -> str:
    body = msgspec.json.encode({"kind": "999", "code": "A", "meaning": "Accepted.", "file": ""})
    return await rig.gateway.services.store.write(
        lambda scope: (
            work_items.add(scope, kind="acknowledgment", reason="acknowledgment.unmatched", body=body).id
        ),
        tenant="riverbend",
    )


async def test_every_list_is_counted_by_age(rig: Rig) -> None:
    await rig.call("POST", "/v1/claims", make_claim("RFC-1", tradingPartnerServiceId="NOBODY"))
    await add_item(rig)
    lists = {it["name"]: it for it in (await rig.call("GET", "/v1/worklists")).json["worklists"]}
    assert set(lists) >= {"denials", "rejections", "unmatched", "overdue"}
    assert {name: it["total"] for name, it in lists.items() if it["total"]} == {
        "rejections": 1,
        "unmatched": 1,
    }
    assert lists["rejections"]["ages"]["day"] == 1
    assert lists["denials"]["ages"]["oldest"] is None


async def test_a_rejected_claim_is_listed_with_its_findings(rig: Rig) -> None:
    await rig.call("POST", "/v1/claims", make_claim("RFC-1", tradingPartnerServiceId="NOBODY"))
    page = (await rig.call("GET", "/v1/worklists/rejections")).json
    [entry] = page["claims"]
    assert entry["claim"]["state"] == "rejected"
    assert entry["event"]["data"]["findings"][0]["code"] == "payer.unknown"
    assert (page["items"], page["next"], page["total"]) == ([], None, 1)
    worked = await rig.call("POST", f"/v1/claims/{entry['claim']['id']}/worked", {"note": "sent by fax"})
    assert (worked.status, worked.json["marks"]) == (200, ["worked"])
    assert (await rig.call("GET", "/v1/worklists/rejections")).json["total"] == 0


async def test_an_unknown_list_is_answered_with_the_known_ones(rig: Rig) -> None:
    answer = await rig.call("GET", "/v1/worklists/dreams")
    assert answer.status == 404
    assert "denials" in answer.json["detail"]


async def test_a_work_item_is_resolved_with_a_note_and_shows_who_did_it(rig: Rig) -> None:
    item = await add_item(rig)
    counted = (await rig.call("GET", "/metrics")).body.decode()
    reason = (await rig.call("GET", f"/v1/work-items/{item}")).json["reason"]
    assert f'claimwire_work_items{{reason="{reason}"}} 1.0' in counted
    assert 'claimwire_overdue_claims{reason="no_remittance"} 0.0' in counted
    assert (await rig.call("POST", f"/v1/work-items/{item}/resolve", {"note": ""})).status == 422
    settled = await rig.call("POST", f"/v1/work-items/{item}/resolve", {"note": "not ours"})
    assert settled.status == 200, settled.body
    shown = (await rig.call("GET", f"/v1/work-items/{item}")).json
    assert shown == settled.json
    assert (shown["state"], shown["note"]) == ("resolved", "not ours")
    assert shown["resolvedBy"].startswith("key_")
    assert (await rig.call("GET", "/v1/worklists/unmatched")).json["total"] == 0


async def test_what_cannot_be_done_is_a_conflict_with_a_finding(rig: Rig) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    item = await add_item(rig)
    unsent = await rig.call("POST", f"/v1/work-items/{item}/attach", {"claim": claim})
    assert (unsent.status, unsent.codes) == (409, ["work_item.claim_not_sent"])
    unheld = await rig.call("POST", f"/v1/claims/{claim}/release", {})
    assert (unheld.status, unheld.codes) == (409, ["release.not_held"])


async def test_a_partner_is_released_by_name(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/partners/exchange/release", {})
    assert (answer.status, answer.json) == (200, {"claims": 0, "deliveries": 0})
    assert (await rig.call("POST", "/v1/partners/nobody/release", {})).status == 404


async def test_a_list_of_claims_is_narrowed_by_payer_charge_and_age(rig: Rig) -> None:
    await rig.call("POST", "/v1/claims", make_claim("RFC-1", tradingPartnerServiceId="NOBODY"))
    for query, total in (
        ("payer=NOBODY", 1),
        ("payer=60054", 0),
        ("min_charge=165", 1),
        ("min_charge=166", 0),
        ("days=1", 0),
    ):
        page = (await rig.call("GET", f"/v1/worklists/rejections?{query}")).json
        assert (page["total"], len(page["claims"])) == (total, total), query


def test_a_denial_s_codes_have_meaning_and_remedy() -> None:
    """The denial of samples/837P/denied_missing_information: CO-16 with N706 and MA130."""
    events = json.loads((ROOT / "samples/837P/denied_missing_information/events.json").read_bytes())
    [denied] = [event for event in events if event["type"] == "claim.denied"]
    denied["claim"] = "clm_1"
    denied["payment"]["remittance"] = "rem_1"
    told = {it.code: it for it in list_remedies(json.dumps(denied).encode())}
    assert set(told) == {"CO-16", "N706", "MA130"}
    assert "replacement" in told["CO-16"].remedy
    assert told["MA130"].meaning.startswith("the claim could not be processed")
    assert list_remedies(b"") == []
