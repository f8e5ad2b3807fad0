"""Keys and users over HTTP: nobody gives what they lack; rotation overlaps; emergency access; redaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.clock import VirtualClock
from gateway.people.redaction import redact_body
from gateway.store import audit
from gateway.store.audit import Entry, Sought
from tests import canaries
from tests.api_rig import Rig, make_claim, make_settings, run_gateway
from tests.people_rig import Browser, let_in, make_user

HOUR = timedelta(hours=1)
REASON = "the payer asks about this patient on the phone"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def rig(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Rig]:
    settings = make_settings(tmp_path)
    lakeside = msgspec.structs.replace(settings.tenants[1], support=("riverbend",))
    settings = msgspec.structs.replace(settings, tenants=(settings.tenants[0], lakeside))
    async with run_gateway(settings, clock=clock) as running:
        yield running


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def make_key(rig: Rig, *scopes: str, by: str = "", **more: object) -> Any:
    wish = {"label": "front desk", "scopes": list(scopes), **more}
    made = await rig.call("POST", "/v1/keys", wish, headers=bearer(by) if by else None)
    assert made.status == 201, made.body
    return made.json


async def test_a_key_made_over_http_works_at_once_and_its_text_is_shown_once(rig: Rig) -> None:
    made = await make_key(rig, "claims:read")
    assert (await rig.call("GET", "/v1/claims", headers=bearer(made["key"]))).status == 200
    assert (await rig.call("GET", "/v1/payers", headers=bearer(made["key"]))).status == 403
    for path in ("/v1/keys", f"/v1/keys/{made['id']}"):
        assert made["key"].encode() not in (await rig.call("GET", path)).body
    assert (await rig.call("DELETE", f"/v1/keys/{made['id']}")).status == 204
    assert (await rig.call("GET", "/v1/claims", headers=bearer(made["key"]))).status == 401
    assert (await rig.call("DELETE", f"/v1/keys/{made['id']}")).status == 404


async def test_a_key_gives_no_scope_that_it_lacks(rig: Rig) -> None:
    keeper = (await make_key(rig, "keys:admin", "claims:read"))["key"]
    for scopes in (["claims:write"], ["*"], ["claims:read", "phi:reveal"]):
        wish = {"label": "more", "scopes": scopes}
        refused = await rig.call("POST", "/v1/keys", wish, headers=bearer(keeper))
        assert (refused.status, refused.codes) == (403, ["key.beyond_own"]), scopes
    assert (await make_key(rig, "claims:read", by=keeper))["madeBy"]
    mighty = await rig.gateway.services.keys.create("riverbend", "operator's", ["claims:read"])
    path = f"/v1/keys/{mighty.key.id}/rotate"  # it shows patients, which the keeper may not see
    refused = await rig.call("POST", path, {}, headers=bearer(keeper))
    assert (refused.status, refused.codes) == (403, ["key.beyond_own"])


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"scopes": []}, "key.unknown_scope"),
        ({"scopes": ["claims:everything"]}, "key.unknown_scope"),
        ({"scopes": ["claims:read"], "expiresAt": "2020-01-01T00:00:00Z"}, "key.expired"),
        ({"scopes": ["claims:read"], "expiresAt": "2099-01-01T00:00:00"}, "request.bad_field"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(rig: Rig, wish: dict[str, Any], code: str) -> None:
    refused = await rig.call("POST", "/v1/keys", {"label": "odd", **wish})
    assert (refused.status, refused.codes) == (422, [code])


async def test_a_rotated_key_goes_on_for_the_stated_time(rig: Rig, clock: VirtualClock) -> None:
    old = await make_key(rig, "claims:read")
    assert (await rig.call("GET", "/v1/claims", headers=bearer(old["key"]))).status == 200
    rotated = await rig.call("POST", f"/v1/keys/{old['id']}/rotate", {"overlapHours": 2})
    new = rotated.json
    assert (rotated.status, new["replaces"], new["scopes"]) == (201, old["id"], ["claims:read"])
    clock.advance(2 * HOUR - timedelta(seconds=1))
    both = [await rig.call("GET", "/v1/claims", headers=bearer(it["key"])) for it in (old, new)]
    assert [answer.status for answer in both] == [200, 200]
    clock.advance(timedelta(seconds=1))
    both = [await rig.call("GET", "/v1/claims", headers=bearer(it["key"])) for it in (old, new)]
    assert [answer.status for answer in both] == [401, 200]
    assert (await rig.call("POST", f"/v1/keys/{old['id']}/rotate", {})).status == 404


async def test_a_token_ends_with_its_key_and_opens_no_more_than_it(rig: Rig, clock: VirtualClock) -> None:
    key = await make_key(rig, "claims:read", expiresAt=(clock.now() + HOUR / 2).isoformat())
    wish = {"client_id": key["id"], "client_secret": key["key"], "scope": "files:read"}
    token = (await rig.call("POST", "/apip/auth/v2/token", wish, headers={"Authorization": ""})).json
    assert token["expires_in"] <= 1800
    reports = "/medicalnetwork/reports/v2"
    assert (await rig.call("GET", reports, headers=bearer(token["access_token"]))).status == 403
    clock.advance(HOUR / 2)
    assert (await rig.call("GET", reports, headers=bearer(token["access_token"]))).status == 401
    assert (await rig.call("GET", "/v1/claims", headers=bearer(token["access_token"]))).status == 401


async def test_an_administrator_makes_users_and_no_mightier_ones(rig: Rig, clock: VirtualClock) -> None:
    admin = await let_in(rig, clock, "ada", "administrator")
    made = await admin.call("POST", "/v1/users", {"login": "ANA@x.example", "roles": ["analyst"]})
    assert (made.status, made.json["login"], made.json["mustChangePassword"]) == (201, "ana@x.example", True)
    again = await admin.call("POST", "/v1/users", {"login": "ana@x.example", "roles": ["analyst"]})
    assert (again.status, again.codes) == (409, ["user.login_taken"])
    biller = await admin.call("POST", "/v1/users", {"login": "bill", "roles": ["biller"]})
    assert (biller.status, biller.codes) == (403, ["key.beyond_own"])
    bad = await admin.call("POST", "/v1/users", {"login": "..", "roles": ["king"]})
    assert (bad.status, bad.codes) == (422, ["user.bad_login", "user.unknown_role"])
    mighty, _ = await make_user(rig, "sue", "supervisor")
    for verb in ("reset", "disable", "enable"):
        assert (await admin.call("POST", f"/v1/users/{mighty}/{verb}")).status == 403
    roles = await admin.call("PUT", f"/v1/users/{mighty}/roles", {"roles": ["analyst"]})
    assert roles.status == 403
    ana = Browser(rig, clock)
    temporary = made.json["temporaryPassword"]
    assert (await ana.sign_in("ana@x.example", temporary)).json["step"] == "password"
    reset = await admin.call("POST", f"/v1/users/{made.json['id']}/reset")
    assert (await ana.call("GET", "/v1/session")).status == 401
    assert (await ana.sign_in("ana@x.example", temporary)).status == 401
    assert (await ana.sign_in("ana@x.example", reset.json["temporaryPassword"])).status == 200


async def test_new_roles_hold_from_the_next_request(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "analyst")
    assert (await browser.call("GET", "/v1/webhooks")).status == 403
    users = rig.gateway.services.people.users
    person = await users.find("riverbend", "dana")
    assert person is not None
    await users.set_roles("riverbend", person.id, ["supervisor"])
    assert (await browser.call("GET", "/v1/webhooks")).status == 200


async def test_patients_are_shown_redacted_without_the_scope(rig: Rig, clock: VirtualClock) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    analyst = await let_in(rig, clock, "ana", "analyst")
    biller = await let_in(rig, clock, "bill", "biller")
    whole = await biller.call("GET", f"/v1/claims/{claim}")
    assert whole.json == (await rig.call("GET", f"/v1/claims/{claim}")).json
    narrow = (await make_key(rig, "claims:read"))["key"]
    revealing = (await make_key(rig, "claims:read", "phi:reveal"))["key"]
    operators = await rig.gateway.services.keys.create("riverbend", "old", ["claims:read"])
    for text in (revealing, operators.text):
        assert (await rig.call("GET", f"/v1/claims/{claim}", headers=bearer(text))).json == whole.json
    for answer in (
        await analyst.call("GET", f"/v1/claims/{claim}"),
        await rig.call("GET", f"/v1/claims/{claim}", headers=bearer(narrow)),
    ):
        text, subscriber = answer.body.decode(), answer.json["document"]["subscriber"]
        assert answer.json["amounts"] == whole.json["amounts"]
        assert subscriber["lastName"] == f"{canaries.LAST_NAME[0]}."
        assert subscriber["memberId"] == f"***{canaries.MEMBER_ID[-4:]}"
        assert subscriber["dateOfBirth"] == "1984"
        shown = [canaries.FIRST_NAME, canaries.LAST_NAME, canaries.MEMBER_ID, canaries.STREET, "19840517"]
        assert [value for value in shown if value in text] == []
    assert (await analyst.call("GET", f"/v1/claims/{claim}/x12")).status == 403
    assert (await biller.call("GET", f"/v1/claims/{claim}/x12")).status != 403


def test_redaction_leaves_money_as_it_is_written_and_finds_names_in_any_depth() -> None:
    body = b'{"a":[{"patient":{"lastName":"QUILL","ssn":"123456789","note":null}}],"charge":1234567890.10}'
    assert redact_body(body) == (
        b'{"a":[{"patient":{"lastName":"Q.","ssn":"***6789","note":null}}],"charge":1234567890.10}'
    )
    place = b'{"x12":{"loop":"2010BA","element":3},"value":"QUILL"}'
    assert redact_body(place) == b'{"x12":{"loop":"2010BA","element":3},"value":"***"}'
    assert redact_body(b'{"x12":"ISA*00","x12Extra":{"a":{"NM1":["QUILL"]}}}') == (
        b'{"x12":"***","x12Extra":{"a":{"NM1":["***"]}}}'
    )


async def list_entries(rig: Rig, tenant: str, action: str) -> list[Entry]:
    found = await rig.gateway.services.store.read(
        lambda scope: audit.list_after(scope, 0, limit=100, sought=Sought(action=action)), tenant=tenant
    )
    return [entry for entry in found if entry.outcome == "done"]


async def test_emergency_access_is_told_counted_and_ends_by_itself(rig: Rig, clock: VirtualClock) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    analyst = await let_in(rig, clock, "ana", "analyst")
    for wish in ({"reason": "short"}, {"reason": REASON, "minutes": 61}):
        assert (await analyst.call("POST", "/v1/emergency-access", wish)).status == 422
    beyond = {"reason": REASON, "scopes": ["users:admin"]}
    assert (await analyst.call("POST", "/v1/emergency-access", beyond)).status == 403
    begun = await analyst.call("POST", "/v1/emergency-access", {"reason": REASON})
    assert (begun.status, begun.json["scopes"]) == (201, ["phi:reveal"])
    [event] = (await rig.call("GET", "/v1/events?type=access.emergency")).json["events"]
    assert event["data"]["access"] == begun.json["id"]
    assert REASON not in str(event)
    [entry] = await list_entries(rig, "riverbend", "break_glass.opened")
    assert (entry.principal_kind, entry.subject) == ("user", begun.json["id"])
    assert canaries.LAST_NAME in (await analyst.call("GET", f"/v1/claims/{claim}")).body.decode()
    assert (await analyst.call("GET", f"/v1/claims/{claim}/x12")).status != 403
    listed = (await rig.call("GET", "/v1/emergency-access")).json["accesses"]
    assert [(it["uses"], it["reason"]) for it in listed] == [(2, REASON)]
    assert len(await list_entries(rig, "riverbend", "break_glass.used")) == 2
    for _ in range(6):
        clock.advance(timedelta(minutes=10))
        answer = await analyst.call("GET", f"/v1/claims/{claim}")
    assert canaries.LAST_NAME not in answer.body.decode()


async def test_emergency_access_ends_by_hand_and_is_for_people_only(rig: Rig, clock: VirtualClock) -> None:
    assert (await rig.call("POST", "/v1/emergency-access", {"reason": REASON})).status == 403
    analyst, other = await let_in(rig, clock, "ana", "analyst"), await let_in(rig, clock, "lee", "analyst")
    begun = await analyst.call("POST", "/v1/emergency-access", {"reason": REASON})
    path = f"/v1/emergency-access/{begun.json['id']}"
    assert (await other.call("DELETE", path)).status == 404
    assert (await other.call("GET", "/v1/emergency-access")).json["accesses"] == []
    assert (await analyst.call("DELETE", path)).status == 204
    assert (await analyst.call("GET", "/v1/session")).json["emergencies"] == []


async def test_support_enters_another_tenant_where_it_is_wanted(rig: Rig, clock: VirtualClock) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim(), tenant="lakeside")).json["id"]
    helper = await let_in(rig, clock, "sam", "support")
    there = {"Claimwire-Tenant": "lakeside"}
    assert (await helper.call("GET", f"/v1/claims/{claim}", headers=there)).status == 403
    wish = {"reason": REASON, "tenant": "lakeside"}
    begun = await helper.call("POST", "/v1/emergency-access", wish)
    assert begun.status == 201, begun.body
    assert (await helper.call("GET", f"/v1/claims/{claim}", headers=there)).status == 200
    assert (await helper.call("POST", "/v1/claims", make_claim(), headers=there)).status == 403
    assert (await helper.call("GET", f"/v1/claims/{claim}")).status == 403  # the own tenant, by the role
    [shown] = (await rig.call("GET", "/v1/emergency-access", tenant="lakeside")).json["accesses"]
    assert (shown["home"], shown["uses"]) == ("riverbend", 2)
    assert len(await list_entries(rig, "lakeside", "break_glass.opened")) == 1
    assert len(await list_entries(rig, "riverbend", "break_glass.opened")) == 1
    for _ in range(6):
        clock.advance(timedelta(minutes=10))
        last = await helper.call("GET", f"/v1/claims/{claim}", headers=there)
    assert last.status == 403


async def test_support_is_not_wanted_everywhere(rig: Rig, clock: VirtualClock) -> None:
    _, temporary = await make_user(rig, "lou", "support", tenant="lakeside")
    assert temporary
    stranger = await let_in(rig, clock, "kim", "support", tenant="lakeside")
    wish = {"reason": REASON, "tenant": "riverbend"}
    assert (await stranger.call("POST", "/v1/emergency-access", wish)).status == 403
    biller = await let_in(rig, clock, "bill", "biller")
    wish = {"reason": REASON, "tenant": "lakeside"}
    assert (await biller.call("POST", "/v1/emergency-access", wish)).status == 403


async def test_signing_in_stands_in_the_audit_log_of_the_tenant(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    await browser.sign_in("dana")
    opened = await list_entries(rig, "riverbend", "session.opened")
    assert {(entry.principal_kind, entry.kind) for entry in opened} == {("user", "session")}
    assert len(opened) == 2
