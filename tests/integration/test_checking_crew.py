"""Claims are checked by processes of their own, which may die."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.checking.checker import Opinion, make_checker
from gateway.checking.crew import AT_HAND, TOGETHER, CheckFailed, Crew
from gateway.clock import SystemClock
from tests.api_rig import make_claim, make_settings, run_gateway
from tests.integration import deadly_member

TENANT = "riverbend"


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    hired = Crew(make_settings(tmp_path), SystemClock(), 1)
    await hired.start()
    yield hired
    await hired.close()


def write_bodies() -> list[bytes]:
    """A clean claim, one with findings, one of an unknown payer, and what is no claim."""
    broken = make_claim("B-2")
    del broken["billing"]
    unknown = make_claim("B-3", tradingPartnerServiceId="NOBODY")
    documents = [make_claim("B-1"), broken, unknown, [1, 2]]
    return [*(json.dumps(document).encode() for document in documents), b'{"a": 1', b"\xff\xfe"]


async def test_a_crew_says_what_this_process_would_say(crew: Crew, tmp_path: Path) -> None:
    here = make_checker(make_settings(tmp_path), SystemClock())
    bodies = write_bodies()
    said = await asyncio.gather(*(crew.judge(TENANT, body) for body in bodies * 10))
    assert said == [here.judge(TENANT, body) for body in bodies * 10]
    assert [bool(opinion.unreadable) for opinion in said[:6]] == [False, False, False, True, True, True]


async def test_what_a_killed_member_had_is_answered_by_the_one_that_takes_its_place(crew: Crew) -> None:
    [first] = crew.processes
    os.kill(first.pid or 0, signal.SIGSTOP)
    bodies = [json.dumps(make_claim(f"B-{number}")).encode() for number in range(12)]
    asked = [asyncio.create_task(crew.judge(TENANT, body)) for body in bodies]
    await asyncio.sleep(0.1)
    os.kill(first.pid or 0, signal.SIGKILL)
    said = await asyncio.gather(*asked)
    assert all(opinion.judged is not None and not opinion.judged.findings for opinion in said)
    assert [process.pid for process in crew.processes] != [first.pid]


async def test_a_claim_that_kills_whoever_checks_it_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    crew = Crew(make_settings(tmp_path), SystemClock(), 1, deadly_member.serve_questions)
    await crew.start()
    bodies = [json.dumps(make_claim(f"B-{number}")).encode() for number in range(6)]
    bodies[3] += deadly_member.DEADLY
    said = await asyncio.gather(*(crew.judge(TENANT, body) for body in bodies), return_exceptions=True)
    await crew.close()
    assert [type(it) for it in said] == [Opinion] * 3 + [CheckFailed] + [Opinion] * 2


async def test_a_gateway_with_checkers_takes_claims_and_leaves_no_process_behind(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, checkers=1)) as rig:
        taken = await rig.call("POST", "/v1/claims", make_claim("C-1"))
        refused = await rig.call("POST", "/v1/claims", make_claim("C-1"))
        checked = await rig.call("POST", "/v1/claims/validate", make_claim("C-2", billing={}))
        unread = await rig.call("POST", "/v1/claims", b"{")
        assert rig.gateway._crew is not None
        processes = rig.gateway._crew.processes
    assert (taken.status, refused.status, checked.status, unread.status) == (202, 422, 422, 400)
    assert refused.codes == ["claim.duplicate"]
    assert unread.json["file"].startswith("fil_")
    assert [process.is_alive() for process in processes] == [False]


async def test_a_quiet_tenant_s_claim_is_answered_before_the_many_of_a_noisy_one(crew: Crew) -> None:
    [member] = crew.processes
    os.kill(member.pid or 0, signal.SIGSTOP)
    answered: list[str] = []

    async def ask(tenant: str, number: int) -> None:
        await crew.judge(tenant, json.dumps(make_claim(f"B-{number}")).encode())
        answered.append(tenant)

    noisy = [asyncio.create_task(ask(TENANT, number)) for number in range(200)]
    await asyncio.sleep(0.1)
    quiet = asyncio.create_task(ask("lakeside", 1))
    await asyncio.sleep(0.1)
    os.kill(member.pid or 0, signal.SIGCONT)
    await asyncio.gather(quiet, *noisy)
    assert answered.index("lakeside") <= (AT_HAND + 1) * TOGETHER
