"""What shows or changes something of a patient leaves an entry: who, what, from where, how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import reduce
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from gateway.api.routing import Route, Taken
from gateway.api.server import ALL_ROUTES
from gateway.api.table import ROUTES
from gateway.api.trail import name_action
from gateway.audit import load_catalogue, prove
from gateway.keys import Scope
from gateway.store import audit
from gateway.store.audit import SYSTEM, Entry
from gateway.store.errors import StoreUnavailable
from tests import canaries
from tests.api_rig import Rig, make_claim, make_settings, run_gateway

# What shows nothing of a patient: the product's own tables and health, and the door's description.
UNTOLD = {
    "leave_for_provider",
    "show_session",
    "list_sessions",
    "list_emergency_access",
    "core_wsdl",
    "list_code_tables",
    "list_partners",
    "list_payers",
    "show_code",
    "show_documentation",
    "show_health",
    "show_metrics",
    "show_openapi",
    "show_payer",
    "show_readiness",
    "show_rules",
}
TOLD = [route for route in ROUTES if name_action(route) and not route.open]
STREAMS = {"stream_events", "submit_batch", "ask_eligibility_batch"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def list_entries(rig: Rig, log: str = "riverbend", after: int = 0) -> list[Entry]:
    store = rig.gateway.services.store
    return await store.read(lambda scope: audit.list_after(scope, after, limit=1000), tenant=log)


async def wait_for_entries(rig: Rig, count: int) -> list[Entry]:
    """The entries once there are so many: a stream's last one follows its last byte."""
    async with asyncio.timeout(10):
        while len(entries := await list_entries(rig)) < count:
            await asyncio.sleep(0.05)
    return entries


async def submit(rig: Rig) -> str:
    answer = await rig.call("POST", "/v1/claims", make_claim())
    assert answer.status == 202
    claim: str = answer.json["id"]
    return claim


def fill(route: Route, claim: str) -> str:
    words = {"{id}": claim, "{name}": "denials", "{table}": "icd10cm", "{code}": "A000", "{payer}": "60054"}
    words["{account}"] = "pat_00000000000000000000000000"
    return reduce(lambda path, word: path.replace(word, words[word]), words, route.path)


def test_only_routes_without_a_patient_leave_no_entry_and_every_action_is_in_the_catalogue() -> None:
    silent = {route.name for route in ALL_ROUTES if not name_action(route)}
    assert {name for name in silent if not name.endswith("healthcheck")} == UNTOLD
    assert {name_action(route) for route in ALL_ROUTES} - {""} <= set(load_catalogue().action)


async def call(rig: Rig, route: Route, claim: str) -> str:
    """Call a route; the id of the request."""
    body = None if route.body is Taken.NOTHING else b'{"note": "n", "claim": "clm_0", "after": 0}'
    url = f"http://127.0.0.1:{rig.port}{fill(route, claim)}"
    async with rig.http.request(route.method, url, data=body, headers=rig.headers()) as response:
        if route.name != "stream_events":
            await response.read()
        request: str = response.headers["X-Request-Id"]
        return request


async def test_every_call_leaves_its_entry_whatever_comes_of_it(rig: Rig) -> None:
    claim = await submit(rig)
    for route in TOLD:
        request = await call(rig, route, claim)
        found = [it for it in await list_entries(rig) if it.request == request]
        assert found, route.name
        told = {(it.action, it.route, it.principal_kind, it.address) for it in found}
        assert told == {(name_action(route), route.name, "key", "127.0.0.1")}
        assert found[0].outcome == "begun" or route.name not in STREAMS
        assert claim in found[0].touched or "{id}" not in route.path


async def test_a_claim_s_entry_is_in_the_transaction_of_the_claim(rig: Rig) -> None:
    claim = await submit(rig)
    refused = await rig.call("POST", "/v1/claims", make_claim("OTHER", billing={}))
    entries = await list_entries(rig)
    assert [(it.action, it.touched, it.kind, it.outcome) for it in entries] == [
        ("claim.submitted", (claim,), "claim", "accepted"),
        ("claim.submitted", (refused.json["id"],), "claim", "rejected"),
    ]
    assert (await rig.gateway.services.store.read(prove, tenant="riverbend")).faults == ()


async def test_each_claim_of_a_batch_has_an_entry_and_so_has_the_batch(rig: Rig) -> None:
    body = b"\n".join(msgspec.json.encode(make_claim(f"B{number}")) for number in range(3))
    answer = await rig.call("POST", "/v1/claims/batch", body)
    ids = [msgspec.json.decode(line)["id"] for line in answer.body.splitlines()]
    entries = await wait_for_entries(rig, 5)
    assert [it.outcome for it in entries] == ["begun", "accepted", "accepted", "accepted", "done"]
    assert [it.subject for it in entries[1:4]] == ids


async def test_a_page_names_every_claim_that_it_showed(rig: Rig) -> None:
    ids = [(await rig.call("POST", "/v1/claims", make_claim(f"P{it}"))).json["id"] for it in range(3)]
    await rig.call("GET", "/v1/claims")
    page = (await list_entries(rig))[-1]
    assert (page.action, page.count, set(page.touched)) == ("claim.seen", 3, set(ids))
    found = await rig.call("GET", f"/v1/audit?subject={ids[1]}")
    assert [it["action"] for it in found.json["entries"]] == ["claim.submitted", "claim.seen"]


async def test_an_empty_page_of_the_feed_shows_nothing_and_leaves_nothing(rig: Rig) -> None:
    await rig.call("GET", "/v1/events")
    assert await list_entries(rig) == []
    claim = await submit(rig)
    await rig.call("GET", "/v1/events")
    assert [(it.action, it.touched) for it in await list_entries(rig)][1:] == [("event.seen", (claim,))]


async def test_a_key_without_the_scope_and_a_foreign_id_leave_their_refusals(rig: Rig) -> None:
    claim = await submit(rig)
    made = await rig.gateway.services.keys.create("riverbend", "narrow", [Scope.CODES_READ])
    narrow = {"Authorization": f"Bearer {made.text}"}
    assert (await rig.call("GET", f"/v1/claims/{claim}", headers=narrow)).status == 403
    assert (await rig.call("GET", f"/v1/claims/{claim}", tenant="lakeside")).status == 404
    own, foreign = (await list_entries(rig))[-1], (await list_entries(rig, "lakeside"))[-1]
    assert (own.outcome, own.principal, own.touched) == ("forbidden", made.key.id, (claim,))
    assert (foreign.outcome, foreign.touched) == ("missing", (claim,))


async def test_strangers_are_counted_in_the_installation_s_log_without_what_they_asked_for(
    rig: Rig,
) -> None:
    for _ in range(3):
        for path in (f"/v1/claims/{canaries.LAST_NAME}", "/medicalnetwork/reports/v2"):
            answer = await rig.call("GET", path, headers={"Authorization": "Bearer nonsense"})
            assert answer.status == 401
    await rig.gateway.services.audit.close()
    entries = await list_entries(rig, SYSTEM)
    assert {(it.outcome, it.count, it.principal_kind, it.touched) for it in entries} == {
        ("stranger", 3, "nobody", ())
    }
    assert {it.route for it in entries} == {"show_claim", "get_medicalnetwork_reports_v2"}
    assert await list_entries(rig) == []


async def test_a_claim_is_not_shown_where_its_entry_cannot_be_written(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = await submit(rig)

    async def fail(*_: object) -> None:
        raise StoreUnavailable("the disk takes no more")

    monkeypatch.setattr(rig.gateway.services.audit, "record", fail)
    answer = await rig.call("GET", f"/v1/claims/{claim}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert canaries.LAST_NAME.encode() not in answer.body


async def test_the_log_is_listed_by_its_own_scope_in_pages_and_reading_it_leaves_an_entry(rig: Rig) -> None:
    claim = await submit(rig)
    await rig.call("GET", f"/v1/claims/{claim}")
    made = await rig.gateway.services.keys.create("riverbend", "auditor", [Scope.AUDIT_READ])
    auditor = {"Authorization": f"Bearer {made.text}"}
    assert (await rig.call("GET", f"/v1/claims/{claim}", headers=auditor)).status == 403
    told: list[dict[str, Any]] = []
    after = 0
    for _ in range(2):
        answer = await rig.call("GET", f"/v1/audit?after={after}&limit=2", headers=auditor)
        told, after = told + answer.json["entries"], answer.json["next"]
    assert [it["sequence"] for it in told[:4]] == [1, 2, 3, 4]
    assert [it["action"] for it in told[:4]] == ["claim.submitted", "claim.seen", "claim.seen", "audit.seen"]
    assert canaries.find_canaries(repr(told)) == []


async def test_no_entry_holds_anything_of_a_patient(rig: Rig) -> None:
    await submit(rig)
    await rig.call("GET", f"/v1/claims/{canaries.MEMBER_ID}")
    await rig.call("GET", f"/v1/claims?payer={canaries.LAST_NAME}")
    await rig.call("POST", "/v1/claims", canaries.LAST_NAME.encode())
    told = repr(await list_entries(rig))
    assert canaries.find_canaries(told) == []


async def test_a_stream_leaves_an_entry_before_its_first_byte_and_one_at_its_end(rig: Rig) -> None:
    url = f"http://127.0.0.1:{rig.port}/v1/events/stream"
    async with aiohttp.ClientSession() as http, http.get(url, headers=rig.headers()) as response:
        assert await response.content.readline()
        assert [it.outcome for it in await list_entries(rig)] == ["begun"]
    rig.gateway.services.draining.set()
    assert [it.outcome for it in await wait_for_entries(rig, 2)] == ["begun", "done"]
