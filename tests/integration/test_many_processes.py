"""The topology of compose.yaml as real processes: 2 api, 3 workers, PostgreSQL, the payer behind OpenSSH.

Claims go in through both apis; a worker dies (SIGKILL) in the middle of a delivery and nobody starts it
again. The others take over what it held.
"""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.invariants import Evidence, gather, judge
from tests.faults.shapes import CLINIC, Shape
from tests.faults.world import World, open_world, wait_until
from tests.postgres import find_binaries

ROLES = ("api", "api", "worker", "worker", "worker")
CLAIMS = 52
PATIENCE = 90.0
INTERRUPTED = "SELECT count(*) FROM interchange WHERE attempts > 0 AND state IN ('stored', 'temp_uploaded')"


@pytest.mark.slow
@pytest.mark.xdist_group("many processes")
async def test_claims_posted_to_two_apis_are_paid_once_though_one_of_three_workers_dies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (make setup installs it)")
    shape = Shape(
        postgres=True, roles=ROLES, max_claims=5, trap=("first", "dispatch.temp_uploaded", "{root}/died")
    )
    async with open_world(tmp_path / "world", shape, "TOPO", CLAIMS) as world:
        loading = asyncio.create_task(world.load.run(PATIENCE))
        seconds = await survive_a_death(world)
        await loading
        rest = await world.settle(PATIENCE)
        posted = [world.read_log(server).count('"status": 202') for server in world.servers[:2]]
        for server in world.servers:
            if server.alive:
                await world.stop(server)
        evidence = await gather(world)
    finding = judge(evidence)
    assert (rest, world.load.refusals, finding.breaches) == ("", [], ())
    assert finding.promised == CLAIMS
    assert all(posted), f"each api was to take some: {posted}"
    prove_the_checker_sees(evidence)
    with capsys.disabled():
        print(f"\n  recovered {seconds:.1f} s after kill -9 of one of three workers, lease {shape.lease:g} s")


async def survive_a_death(world: World) -> float:
    """Wait for the worker that dies; seconds from then until its delivery was finished by another."""
    workers = world.servers[2:]
    await wait_until(lambda: not all(it.alive for it in workers), PATIENCE, "no worker came to the point")
    began = time.monotonic()
    [dead] = [worker for worker in workers if not worker.alive]
    assert await world.wait_for_death(dead) == -signal.SIGKILL
    while world.peek(INTERRUPTED)[0][0]:
        assert time.monotonic() - began < PATIENCE, "nobody finished the delivery of the dead worker"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def prove_the_checker_sees(evidence: Evidence) -> None:
    """Each thing that may never happen, done to what was gathered, is found by the invariant meant for it."""
    held, promises = evidence.held[CLINIC], evidence.promises[CLINIC]
    rows = evidence.rows[CLINIC]
    paid = next(it for it in promises if rows.claims[it.claim].paid)
    story = rows.stories[paid.claim]
    other = paid._replace(claim="clm_another", number="ANOTHER")
    late = [*story, next(event for event in story if event.type == "claim.accepted")]
    tampered = {
        "I1 lost": {"held": {**evidence.held, CLINIC: held[1:]}},
        "I2 doubled": {"held": {**evidence.held, CLINIC: [*held, held[0]]}},
        "I2 placed": {"held": {**evidence.held, CLINIC: [*held, held[0].replace(b"CLM*", b"CLM*9")]}},
        "I3 control numbers": {"interchanges": [*evidence.interchanges, evidence.interchanges[0]]},
        "I4 files": {"written": {**evidence.written, CLINIC: [*evidence.written[CLINIC], held[0]]}},
        "I5 events": {"promises": {**evidence.promises, CLINIC: [*promises, other]}},
        "I6 money": {
            "written": {
                **evidence.written,
                CLINIC: [it for it in evidence.written[CLINIC] if b"*835*" not in it],
            }
        },
        "I7 logs": {"logs": f"... {evidence.secrets[0]} ..."},
        "I8 states": {"rows": {**evidence.rows, CLINIC: replace(rows, stories={paid.claim: late})}},
    }
    for name, change in tampered.items():
        found = [breach.partition(":")[0] for breach in judge(replace(evidence, **change)).breaches]
        assert name in found, f"{name} was not seen: {found}"
