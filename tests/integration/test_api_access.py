"""Nobody gets in without a key, nobody sees another tenant's rows, and every route of the table is tried."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import product
from pathlib import Path

import pytest

from gateway.api.addresses import ALL_ROUTES
from gateway.api.routing import NATIVE, Route, Taken
from gateway.api.table import ROUTES
from gateway.clock import VirtualClock
from gateway.keys import Scope
from gateway.people.roles import list_scopes
from gateway.people.sessions import Step
from gateway.store import TenantScope, emergencies, inquiries, people, remittances, work_items
from gateway.store.errors import NoSuchRow
from gateway.store.payments import name_payment
from gateway.store.remittances import NewRemittance
from tests import canaries
from tests.api_rig import Rig, make_claim, make_settings, run_gateway
from tests.contract.rows import make_inquiry
from tests.people_rig import let_in, make_user

CLOSED = [route for route in ROUTES if not route.open]
WITH_ID = [route for route in ROUTES if "{id}" in route.path]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1)


@pytest.fixture
async def rig(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path), clock=clock) as running:
        yield running


def fill(route: Route, subject: str = "clm_01K00000000000000000000000") -> str:
    words = {"{id}": subject, "{name}": "denials", "{table}": "icd10cm", "{code}": "A000"}
    words |= {"{payer}": "60054", "{account}": "pat_01K00000000000000000000000"}
    return reduce(lambda path, word: path.replace(word, words[word]), words, route.path)


def body_of(route: Route) -> bytes | None:
    return (
        None
        if route.body is Taken.NOTHING
        else b'{"note": "n", "claim": "clm_01K00000000000000000000000", "after": 0, "roles": ["biller"],'
        b' "amount": "1.00", "date": "2026-11-24"}'
    )


def test_only_health_readiness_the_documentation_and_signing_in_are_open() -> None:
    open_routes = {"show_health", "show_readiness", "show_openapi", "show_documentation", "sign_in"}
    open_routes |= {"leave_for_provider", "return_from_provider"}
    assert {route.name for route in ROUTES if route.open} == open_routes


def test_every_closed_route_asks_for_a_scope_or_is_about_the_caller() -> None:
    own = {"session", "sessions", "emergency-access"}
    assert {route.path.split("/")[2] for route in CLOSED if route.scope is None} == own


async def test_open_routes_answer_anybody(rig: Rig) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        assert (await rig.call("GET", path, headers={"Authorization": ""})).status == 200


async def test_no_route_answers_without_a_valid_key(rig: Rig) -> None:
    good, keys = rig.keys["riverbend"], rig.gateway.services.keys
    past = datetime.now(UTC) - timedelta(seconds=1)
    expired = await keys.create("riverbend", "old", expires_at=past)
    revoked = await keys.create("riverbend", "leaver")
    await keys.verify(revoked.text)
    await keys.revoke("riverbend", revoked.key.id)
    wrong = [
        f"Bearer {expired.text}",
        f"Bearer {revoked.text}",
        "",
        "Bearer",
        "Bearer nonsense",
        f"Basic {good}",
        f"Bearer {good[:-1]}{'A' if good[-1] != 'A' else 'B'}",
        f"Bearer cw_aaaaaaaaaaaa_{good.split('_', 2)[2]}",
        f"Bearer {good}x",
    ]
    for route, text in product(CLOSED, wrong):
        answer = await rig.call(route.method, fill(route), body_of(route), headers={"Authorization": text})
        assert answer.status == 401, (route.name, text)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json["type"] == "urn:claimwire:problem:unauthenticated"


async def test_no_route_answers_a_key_without_its_scope(rig: Rig) -> None:
    for route in CLOSED:
        if route.scope is None:
            continue
        others = [scope.value for scope in Scope if scope is not route.scope]
        key = await rig.gateway.services.keys.create("riverbend", "narrow", others)
        headers = {"Authorization": f"Bearer {key.text}"}
        answer = await rig.call(route.method, fill(route), body_of(route), headers=headers)
        assert answer.status == 403, route.name
        assert route.scope.value in answer.json["detail"]


async def test_no_route_is_changed_through_a_session_by_a_page_of_another_site(
    rig: Rig, clock: VirtualClock
) -> None:
    browser = await let_in(rig, clock, "dana", "biller", "supervisor", "administrator")
    token = browser.csrf
    for route in (route for route in CLOSED if route.method not in ("GET", "HEAD")):
        wrong: dict[str, dict[str, str]] = {
            "without the token": {"X-CSRF-Token": ""},
            "another origin": {"X-CSRF-Token": token, "Origin": "https://evil.example"},
        }
        for what, headers in wrong.items():
            answer = await browser.call(route.method, fill(route), body_of(route), headers)
            assert answer.status == 403, (route.name, what)
            assert answer.json["type"] == "urn:claimwire:problem:other-site", (route.name, what)
    assert (await browser.call("GET", "/v1/claims")).status == 200


async def test_no_route_answers_a_session_that_waits_for_a_step_or_lacks_the_scope(
    rig: Rig, clock: VirtualClock
) -> None:
    browser = await let_in(rig, clock, "dana", "analyst")
    held = list_scopes(["analyst"])
    for route in CLOSED:
        if route.scope is not None and route.scope not in held:
            answer = await browser.call(route.method, fill(route), body_of(route))
            assert (answer.status, route.scope.value in answer.json["detail"]) == (403, True), route.name
    assert (await browser.sign_in("dana")).json["step"] == "code"
    for route in (route for route in CLOSED if route.manner is NATIVE):
        answer = await browser.call(route.method, fill(route), body_of(route))
        assert answer.status == 401, route.name


async def test_a_key_with_the_scope_alone_is_enough(rig: Rig) -> None:
    key = await rig.gateway.services.keys.create("riverbend", "reader", [Scope.CLAIMS_READ.value])
    headers = {"Authorization": f"Bearer {key.text}"}
    assert (await rig.call("GET", "/v1/claims", headers=headers)).status == 200


async def test_a_revoked_key_is_no_key_at_once(rig: Rig) -> None:
    keys = rig.gateway.services.keys
    made = await keys.create("riverbend", "leaver")
    headers = {"Authorization": f"Bearer {made.text}"}
    assert (await rig.call("GET", "/v1/claims", headers=headers)).status == 200
    assert not await keys.revoke("lakeside", made.key.id)
    assert await keys.revoke("riverbend", made.key.id)
    assert (await rig.call("GET", "/v1/claims", headers=headers)).status == 401


async def test_a_key_for_nobody_is_not_made(rig: Rig) -> None:
    with pytest.raises(NoSuchRow):
        await rig.gateway.services.keys.create("nobody", "tests")


async def test_the_last_use_of_a_key_is_remembered(rig: Rig) -> None:
    keys = rig.gateway.services.keys
    made = await keys.create("riverbend", "used")
    assert made.key.last_used_at is None
    await rig.call("GET", "/v1/claims", headers={"Authorization": f"Bearer {made.text}"})
    used = {key.id: key.last_used_at for key in await keys.list_all("riverbend")}
    assert used[made.key.id] is not None


async def test_an_expired_key_is_no_key(rig: Rig) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    made = await rig.gateway.services.keys.create("riverbend", "old", expires_at=past)
    headers = {"Authorization": f"Bearer {made.text}"}
    assert (await rig.call("GET", "/v1/claims", headers=headers)).status == 401


async def test_the_secret_of_a_key_rests_nowhere(rig: Rig) -> None:
    secret = rig.keys["riverbend"].split("_", 2)[2].encode()
    kept = [path for path in rig.home.rglob("*") if path.is_file()]
    assert len(kept) > 2
    assert [path for path in kept if secret in path.read_bytes()] == []


async def test_an_unknown_address_or_method_is_a_problem(rig: Rig) -> None:
    missing = await rig.call("GET", "/v1/nothing")
    assert (missing.status, missing.json["title"]) == (404, "There is no such thing")
    wrong = await rig.call("PUT", "/v1/claims")
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    nobody = await rig.call("GET", "/v1/nothing", headers={"Authorization": ""})
    assert nobody.status == 401


async def make_subjects(rig: Rig, tenant: str) -> dict[str, str]:
    """An id of each kind that belongs to `tenant`, by the first step of its route."""
    claim = await rig.call("POST", "/v1/claims", make_claim(), tenant=tenant)
    file = await rig.call("POST", "/v1/files", b"", tenant=tenant)
    hook = await rig.call("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/"}, tenant=tenant)

    def add(scope: TenantScope) -> str:
        kept = remittances.add(scope, make_remittance(file.json["file"]))
        assert kept is not None
        return kept.id

    item = await rig.gateway.services.store.write(
        lambda scope: work_items.add(scope, kind="file", reason="file.odd_name").id, tenant=tenant
    )

    def ask(scope: TenantScope, kind: str) -> str:
        return inquiries.add(scope, make_inquiry(scope.new_id("inq"), kind=kind)).id

    asked = [
        await rig.gateway.services.store.write(lambda scope, kind=kind: ask(scope, kind), tenant=tenant)
        for kind in ("eligibility", "claim_status")
    ]
    remittance = await rig.gateway.services.store.write(add, tenant=tenant)
    key = await rig.gateway.services.keys.create(tenant, "subject")
    user, _ = await make_user(rig, "subject", "biller", tenant=tenant)

    def begin(scope: TenantScope) -> tuple[str, str]:
        person = people.load(scope, user)
        assert person is not None
        room, until = rig.gateway.services.people.sessions, scope.now() + timedelta(hours=1)
        access = emergencies.add(
            scope, person=user, home=tenant, scopes=("phi:reveal",), reason=b"r", ends_at=until
        )
        return room.begin(scope, person, Step.WHOLE, "password", "203.0.113.9").session.id, access.id

    session, access = await rig.gateway.services.store.write(begin, tenant=tenant)
    return {
        "payments": name_payment(remittance),
        "keys": key.key.id,
        "users": user,
        "sessions": session,
        "emergency-access": access,
        "claims": claim.json["id"],
        "files": file.json["file"],
        "webhooks": hook.json["id"],
        "remittances": remittance,
        "work-items": item,
        "eligibility": asked[0],
        "claim-status": asked[1],
    }


def make_remittance(file: str) -> NewRemittance:
    return NewRemittance(
        file=file,
        payer_id="1999999999",
        payer_name="EXAMPLE HEALTH PLAN",
        payee_npi="1999999984",
        trace_number="EFT1",
        method="ACH",
        amount=Decimal("100.00"),
        date=None,
        digest="d" * 64,
        set_control_number="0001",
        state="posted",
        body=b"{}",
    )


async def test_every_route_with_an_id_hides_other_tenants_rows(rig: Rig) -> None:
    subjects = await make_subjects(rig, "riverbend")
    unknown = {"claims": "clm", "files": "fil", "webhooks": "whk", "remittances": "rem", "work-items": "wki"}
    unknown |= {"eligibility": "inq", "claim-status": "inq"}
    unknown |= {
        "payments": "pay",
        "keys": "key",
        "users": "usr",
        "sessions": "ses",
        "emergency-access": "brk",
    }
    for route in WITH_ID:
        kind = route.path.split("/")[2]
        body, nobodys = body_of(route), f"{unknown[kind]}_01K00000000000000000000000"
        foreign = await rig.call(route.method, fill(route, subjects[kind]), body, tenant="lakeside")
        missing = await rig.call(route.method, fill(route, nobodys), body, tenant="lakeside")
        assert foreign.status == missing.status == 404, route.name
        assert {k: v for k, v in foreign.json.items() if k != "request"} == {
            k: v for k, v in missing.json.items() if k != "request"
        }
    shown = [route for route in WITH_ID if route.method == "GET"]
    for route in (route for route in shown if route.answers[0].media == "application/json"):
        kind = route.path.split("/")[2]
        assert (await rig.call("GET", fill(route, subjects[kind]))).status == 200, route.name


async def test_lists_and_the_feed_hold_the_callers_rows_only(rig: Rig) -> None:
    await make_subjects(rig, "riverbend")
    for path, kind in (
        ("/v1/claims", "claims"),
        ("/v1/events", "events"),
        ("/v1/remittances", "remittances"),
        ("/v1/webhooks", "webhooks"),
    ):
        assert (await rig.call("GET", path, tenant="lakeside")).json[kind] == [], path
        assert (await rig.call("GET", path)).json[kind], path
    metrics = (await rig.call("GET", "/metrics", tenant="lakeside")).body.decode()
    assert 'claimwire_claims{state="accepted"}' not in metrics


async def test_metrics_count_by_kind_and_hold_no_id_and_no_value(rig: Rig) -> None:
    subjects = await make_subjects(rig, "riverbend")
    await rig.call("GET", f"/v1/claims/{subjects['claims']}?name={canaries.LAST_NAME}")
    await rig.call("GET", f"/v1/{canaries.LAST_NAME}")
    text = (await rig.call("GET", "/metrics")).body.decode()
    assert 'claimwire_claims{state="accepted"} 1.0' in text
    assert 'route="/v1/claims/{id}"' in text
    assert not any(subject in text for subject in subjects.values())
    assert canaries.find_canaries(text) == []


async def test_the_document_is_served_as_it_is_shipped(rig: Rig) -> None:
    answer = await rig.call("GET", "/openapi.json")
    assert (answer.status, answer.json["openapi"]) == (200, "3.1.0")


async def test_the_documentation_is_one_page_that_asks_for_nothing_else(rig: Rig) -> None:
    answer = await rig.call("GET", "/docs", headers={"Authorization": ""})
    page = answer.body.decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    assert all(f"<code>{route.path}</code>" in page for route in ALL_ROUTES)
    assert re.findall(r"(?:src|href)=[\"'](?!#|/openapi\.json)", page) == []
    assert "<script" not in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


async def test_a_wrong_secret_is_no_key_though_the_right_one_was_just_used(rig: Rig) -> None:
    keys = rig.gateway.services.keys
    made = await keys.create("riverbend", "front desk")
    assert await keys.verify(made.text) is not None
    wrong = made.text[:-2] + ("AA" if not made.text.endswith("AA") else "BB")
    assert await keys.verify(wrong) is None
    assert await keys.verify(made.text) is not None


async def test_a_key_revoked_while_it_is_looked_up_is_not_remembered(rig: Rig) -> None:
    keys = rig.gateway.services.keys
    made = await keys.create("riverbend", "leaver")
    await asyncio.gather(keys.verify(made.text), keys.revoke("riverbend", made.key.id))
    assert await keys.verify(made.text) is None
