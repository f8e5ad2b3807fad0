"""People sign in: password, authenticator, recovery codes, sessions and their ends, lock-out, other sites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import VirtualClock
from tests.api_rig import Rig, make_settings, run_gateway
from tests.people_rig import OTHER_PASSWORD, PASSWORD, Browser, let_in, make_user

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def rig(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path), clock=clock) as running:
        yield running


async def test_a_new_person_changes_the_password_and_enrols_before_anything_opens(
    rig: Rig, clock: VirtualClock
) -> None:
    _, temporary = await make_user(rig, "dana@riverbend.example", "biller")
    browser = Browser(rig, clock)
    first = await browser.sign_in("Dana@Riverbend.example", temporary)
    assert (first.status, first.json["step"], first.json["scopes"]) == (200, "password", [])
    assert (await browser.call("GET", "/v1/claims")).status == 401
    for weak in ("short", "passwordpassword1", "dana-dana-dana", "123456789012", "P@ssw0rdP@ssw0rd!"):
        wish = {"current": temporary, "password": weak}
        refused = await browser.call("POST", "/v1/session/password", wish)
        assert refused.status == 422, weak
    wish = {"current": temporary, "password": PASSWORD}
    assert (await browser.call("POST", "/v1/session/password", wish)).json["step"] == "enrol"
    assert (await browser.call("GET", "/v1/claims")).status == 401
    done = await browser.enrol()
    assert done.json["step"] == "whole"
    assert len(set(done.json["recoveryCodes"])) == 10
    assert (await browser.call("GET", "/v1/claims")).status == 200
    again = Browser(rig, clock)
    assert (await again.sign_in("dana@riverbend.example", temporary)).status == 401


async def test_each_step_gives_the_session_another_text(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    assert (await browser.sign_in("dana")).json["step"] == "code"
    half = dict(browser.cookies)
    assert (await browser.give_code()).json["step"] == "whole"
    assert half["claimwire"] != browser.cookies["claimwire"]
    assert (await browser.call("GET", "/v1/session")).json["login"] == "dana"
    browser.cookies = half
    assert (await browser.call("GET", "/v1/session")).status == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_its_text_rests_nowhere(
    rig: Rig, clock: VirtualClock
) -> None:
    await make_user(rig, "dana", "biller")
    browser = await let_in(rig, clock, "lee", "biller")
    answer = await browser.sign_in("lee")
    [cookie] = [it for it in answer.headers.getall("Set-Cookie") if it.startswith("claimwire=")]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie and "Max-Age" not in cookie
    secrets = [browser.cookies["claimwire"], browser.authenticator, PASSWORD, *browser.recovery]
    kept = [path.read_bytes() for path in rig.home.rglob("*") if path.is_file()]
    assert [secret for secret in secrets for content in kept if secret.encode() in content] == []
    assert [content for content in kept if b"$argon2" in content] == []


async def test_a_code_is_taken_once_and_none_before_it(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    earlier, now = browser.show_code(-timedelta(seconds=30)), browser.show_code()
    await browser.sign_in("dana")
    assert (await browser.give_code(now)).status == 200
    thief = Browser(rig, clock)
    await thief.sign_in("dana")
    assert (await thief.give_code(now)).status == 401
    assert (await thief.give_code(earlier)).status == 401
    assert (await thief.call("GET", "/v1/claims")).status == 401
    clock.advance(timedelta(seconds=30))
    assert (await thief.give_code(browser.show_code())).status == 200


async def test_one_code_sent_at_once_many_times_lets_one_in(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    browsers = [Browser(rig, clock) for _ in range(4)]
    for each in browsers:
        assert (await each.sign_in("dana")).status == 200
    answers = await asyncio.gather(*(each.give_code(browser.show_code()) for each in browsers))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]


async def test_a_recovery_code_stands_in_once_however_it_is_typed(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    typed = browser.recovery[3].lower().replace("-", " ")
    await browser.sign_in("dana")
    assert (await browser.give_code(typed)).json["step"] == "whole"
    await browser.sign_in("dana")
    assert (await browser.give_code(browser.recovery[3])).status == 401
    assert (await browser.give_code(browser.recovery[4])).status == 200


async def test_a_session_ends_idle_and_by_age(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    for _ in range(3):
        clock.advance(13 * MINUTE)
        assert (await browser.call("GET", "/v1/claims")).status == 200
    clock.advance(15 * MINUTE)
    assert (await browser.call("GET", "/v1/claims")).status == 401
    await browser.sign_in("dana")
    assert (await browser.give_code()).status == 200
    for _ in range(71):
        clock.advance(10 * MINUTE)
        assert (await browser.call("GET", "/v1/session")).status == 200
    clock.advance(10 * MINUTE)
    assert (await browser.call("GET", "/v1/session")).status == 401


async def test_sign_out_ends_the_session_for_whoever_has_its_text(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    kept = dict(browser.cookies)
    assert (await browser.call("DELETE", "/v1/session")).status == 204
    assert "claimwire" not in browser.cookies
    browser.cookies = kept
    assert (await browser.call("GET", "/v1/session")).status == 401


async def test_sessions_are_listed_and_ended_by_their_person(rig: Rig, clock: VirtualClock) -> None:
    here = await let_in(rig, clock, "dana", "biller")
    there = Browser(rig, clock)
    await there.sign_in("dana")
    await there.give_code(here.show_code())
    listed = (await here.call("GET", "/v1/sessions")).json["sessions"]
    assert [session["current"] for session in listed] == [True, False]
    other = await let_in(rig, clock, "lee", "biller")
    assert (await other.call("DELETE", f"/v1/sessions/{listed[1]['id']}")).status == 403
    assert (await other.call("GET", "/v1/sessions?user=all")).status == 403
    assert (await here.call("DELETE", f"/v1/sessions/{listed[1]['id']}")).status == 204
    assert (await there.call("GET", "/v1/session")).status == 401


async def test_a_password_change_asks_for_the_old_one_and_ends_other_sessions(
    rig: Rig, clock: VirtualClock
) -> None:
    here = await let_in(rig, clock, "dana", "biller")
    there = Browser(rig, clock)
    await there.sign_in("dana")
    await there.give_code(here.show_code())
    wish = {"current": "not-the-password", "password": OTHER_PASSWORD}
    assert (await here.call("POST", "/v1/session/password", wish)).status == 401
    wish["current"] = PASSWORD
    assert (await here.call("POST", "/v1/session/password", wish)).json["step"] == "whole"
    assert (await there.call("GET", "/v1/session")).status == 401
    assert (await here.call("GET", "/v1/session")).status == 200
    assert (await there.sign_in("dana", PASSWORD)).status == 401
    assert (await there.sign_in("dana", OTHER_PASSWORD)).status == 200


async def test_a_disabled_person_is_out_at_once(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    users = rig.gateway.services.people.users
    person = await users.find("riverbend", "dana")
    assert person is not None
    await users.disable("riverbend", person.id)
    assert (await browser.call("GET", "/v1/session")).status == 401
    assert (await browser.sign_in("dana")).status == 401
    await users.enable("riverbend", person.id)
    assert (await browser.sign_in("dana")).status == 200


async def test_a_temporary_password_has_its_day(rig: Rig, clock: VirtualClock) -> None:
    _, temporary = await make_user(rig, "dana", "biller")
    clock.advance(timedelta(hours=72))
    assert (await Browser(rig, clock).sign_in("dana", temporary)).status == 401


async def test_wrong_passwords_are_answered_alike_and_the_wait_rises(rig: Rig, clock: VirtualClock) -> None:
    await make_user(rig, "dana", "biller")
    answers = {}
    for login in ("dana", "nobody"):
        browser, told = Browser(rig, clock), []
        for _ in range(5):
            told.append(await browser.sign_in(login, "wrong-wrong-wrong"))
        assert {answer.status for answer in told} == {401}
        soon = await browser.sign_in(login, "wrong-wrong-wrong")
        answers[login] = (told[0].json["detail"], soon.status, soon.headers["Retry-After"])
        waits = []
        for _ in range(4):
            refused = await browser.sign_in(login, "wrong-wrong-wrong")
            waits.append(int(refused.headers["Retry-After"]))
            clock.advance(timedelta(seconds=waits[-1]))
            assert (await browser.sign_in(login, "wrong-wrong-wrong")).status == 401
        assert waits == [2, 4, 8, 16]
    assert answers["dana"] == answers["nobody"]


async def test_guesses_by_a_stranger_do_not_keep_a_person_out(rig: Rig, clock: VirtualClock) -> None:
    person, lee = await let_in(rig, clock, "dana", "biller"), await let_in(rig, clock, "lee", "biller")
    stranger = Browser(rig, clock)
    for _ in range(6):
        last = await stranger.sign_in("dana", "wrong-wrong-wrong")
    assert last.status == 429
    assert (await person.sign_in("dana")).status == 200
    stranger.cookies = {name: value for name, value in lee.cookies.items() if "device" in name}
    assert (await stranger.sign_in("dana")).status == 429  # another's device is none of dana's


async def test_codes_are_counted_wherever_they_come_from(rig: Rig, clock: VirtualClock) -> None:
    person = await let_in(rig, clock, "dana", "biller")
    thieves = [Browser(rig, clock) for _ in range(2)]
    for thief in thieves:
        await thief.sign_in("dana")
    for place in range(5):
        assert (await thieves[place % 2].give_code("000000")).status == 401
    refused = await thieves[1].give_code(person.show_code())
    assert refused.status == 429
    clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert (await thieves[1].give_code(person.show_code())).status == 200


async def test_many_guesses_at_once_win_nothing(rig: Rig, clock: VirtualClock) -> None:
    await make_user(rig, "dana", "biller")
    browsers = [Browser(rig, clock) for _ in range(12)]
    answers = await asyncio.gather(*(each.sign_in("dana", "wrong-wrong-wrong") for each in browsers))
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 7


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_what_another_site_sends_with_the_cookie_changes_nothing(
    rig: Rig, clock: VirtualClock, headers: dict[str, str]
) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    answer = await browser.call("DELETE", "/v1/session", headers=headers)
    assert (answer.status, answer.json["type"]) == (403, "urn:claimwire:problem:other-site")
    assert (await browser.call("GET", "/v1/session")).status == 200


async def test_the_csrf_token_of_one_session_is_none_of_another(rig: Rig, clock: VirtualClock) -> None:
    dana, lee = await let_in(rig, clock, "dana", "biller"), await let_in(rig, clock, "lee", "biller")
    headers = {"X-CSRF-Token": lee.csrf}
    assert (await dana.call("DELETE", "/v1/session", headers=headers)).status == 403


async def test_another_site_cannot_sign_anybody_in(rig: Rig, clock: VirtualClock) -> None:
    _, temporary = await make_user(rig, "dana", "biller")
    wish = {"tenant": "riverbend", "login": "dana", "password": temporary}
    browser = Browser(rig, clock)
    foreign = await browser.call("POST", "/v1/session", wish, {"Origin": "https://evil.example"})
    assert foreign.status == 403
    form = await browser.call("POST", "/v1/session", wish, {"Content-Type": "text/plain"})
    assert form.status == 400
    assert browser.cookies == {}


async def test_a_name_that_points_here_is_not_this_machine(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    headers = {"Host": "rebound.example", "Origin": "http://rebound.example"}
    assert (await browser.call("GET", "/v1/session", headers=headers)).status == 401
    wish = {"tenant": "riverbend", "login": "dana", "password": PASSWORD}
    assert (await browser.call("POST", "/v1/session", wish, headers)).status == 403


async def test_a_new_authenticator_asks_for_the_password(rig: Rig, clock: VirtualClock) -> None:
    browser = await let_in(rig, clock, "dana", "biller")
    wish = {"password": "not-the-password"}
    assert (await browser.call("POST", "/v1/session/authenticator", wish)).status == 401
    before = browser.authenticator
    await browser.enrol()
    assert browser.authenticator != before
    clock.advance(MINUTE)
    await browser.sign_in("dana")
    assert (await browser.give_code()).status == 200
