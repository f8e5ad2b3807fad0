"""Payer rules of a tenant at work: they stop its claims, are listed, and stop nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edi.payer_rules.book import RuleBook
from edi.payer_rules.pack import load_pack
from gateway.app import open_gateway
from gateway.cli.replaying import Page, PageRead
from gateway.directory import read_payers
from gateway.settings_source import SettingsError
from tests.api_rig import PAYER, TENANTS, make_claim, make_settings, run_gateway

OWN = """
pack: own
title: Our own rules
rules:
  - id: own.no_office_visits
    version: 2
    each: claimInformation.serviceLines
    when: line.professionalService.procedureCode == "99213"
    message: This payer wants 99213 billed elsewhere.
    remedy: Bill the visit to the other plan.
    pointer: line/professionalService/procedureCode
    x12: 2400 SV101-2
    examples:
      failing: [{}]
      passing: [{claimInformation: {serviceLines: []}}]
"""


def settings_with(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]  # Settings, made below
    rules = tmp_path / "own.yaml"
    rules.write_text(text, encoding="utf-8")
    settings = make_settings(tmp_path / "home")
    first, *others = settings.tenants
    first = msgspec.structs.replace(first, rules=("medicare",), rule_files=(rules,))
    return msgspec.structs.replace(settings, tenants=(first, *others))


async def test_a_tenants_rules_stop_its_claims_and_nobody_elses(tmp_path: Path) -> None:
    async with run_gateway(settings_with(tmp_path, OWN)) as rig:
        refused = await rig.call("POST", "/v1/claims", make_claim())
        assert refused.status == 422
        (finding,) = refused.json["findings"]
        assert finding["code"] == "payer.own.no_office_visits"
        assert finding["pointer"] == "/claimInformation/serviceLines/0/professionalService/procedureCode"
        assert finding["remedy"] == "Bill the visit to the other plan."
        assert finding["rule"] == "own.no_office_visits v2"
        assert (await rig.call("POST", "/v1/claims", make_claim(), tenant=TENANTS[1])).status == 202


async def test_the_rules_are_listed_and_searched(tmp_path: Path) -> None:
    async with run_gateway(settings_with(tmp_path, OWN)) as rig:
        every = (await rig.call("GET", "/v1/rules")).json["items"]
        named = {one["name"]: one for one in every}
        assert {"own.no_office_visits", "medicare.member_id_form", "claim_total_is_sum_of_lines"} <= set(
            named
        )
        assert named["own.no_office_visits"]["x12"] == "2400 SV101-2"
        found = (await rig.call("GET", "/v1/rules?search=diagnosis+pointer")).json["items"]
        assert 0 < len(found) < len(every)
        other = (await rig.call("GET", "/v1/rules", tenant=TENANTS[1])).json["items"]
        assert not any(one["kind"] == "payer" for one in other)


async def test_a_replay_finds_the_stored_claims_that_a_rule_would_have_stopped(tmp_path: Path) -> None:
    book = RuleBook([load_pack("own.yaml", OWN)])
    async with run_gateway(make_settings(tmp_path)) as rig:
        taken = [(await rig.call("POST", "/v1/claims", make_claim(str(n)))).json["id"] for n in range(3)]
        services = rig.gateway.services
        page = Page(book, services.intake.basis(), datetime(2020, 1, 1, tzinfo=UTC), None)
        read = await services.store.read(page, tenant=TENANTS[0])
        assert read == PageRead([(claim, True) for claim in reversed(taken)], None)
        later = Page(book, services.intake.basis(), datetime(2999, 1, 1, tzinfo=UTC), None)
        assert (await services.store.read(later, tenant=TENANTS[0])).judged == []


async def test_rules_that_are_wrong_stop_the_start_and_all_is_told(tmp_path: Path) -> None:
    wrong = OWN.replace('99213"', "99213").replace("2400 SV101-2", "SV1")
    with pytest.raises(SettingsError) as caught:
        await open_gateway(settings_with(tmp_path, wrong))
    assert "own.yaml: line 8" in str(caught.value)
    assert "own.yaml: line 12" in str(caught.value)


async def test_a_payer_named_by_an_alias_is_brought_to_its_own_id_and_found(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path)) as rig:
        refused = await rig.call("POST", "/v1/claims", make_claim(tradingPartnerServiceId="AETNA-X"))
        assert "payer.unknown" in refused.codes
        rows = f"payer_id,name,clearinghouse,alias\n{PAYER},EXAMPLE HEALTH PLAN,exchange,AETNA-X\n"
        rows += "ZZ9,FAR PLAN,,\n"
        rig.gateway.services.directory.replace(read_payers(rows.encode()))
        taken = await rig.call("POST", "/v1/claims", make_claim(tradingPartnerServiceId="AETNA-X"))
        assert taken.status == 202
        assert taken.codes == ["payer.alias_resolved"]
        assert (await rig.call("GET", f"/v1/claims/{taken.json['id']}")).json["payerId"] == PAYER
        page = (await rig.call("GET", "/v1/payers?search=plan&limit=1")).json
        assert (page["items"][0]["id"], page["items"][0]["partner"], page["next"]) == (
            PAYER,
            "exchange",
            PAYER,
        )
        rest = (await rig.call("GET", f"/v1/payers?search=plan&after={PAYER}")).json
        assert [(one["id"], one["partner"]) for one in rest["items"]] == [("ZZ9", None)]
        assert (await rig.call("GET", "/v1/payers/AETNA-X")).json["id"] == PAYER
        assert (await rig.call("GET", "/v1/payers/nobody")).status == 404
