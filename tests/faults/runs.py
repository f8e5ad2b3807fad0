"""One fault from beginning to end: a world under load, the strike, the heal, the judgement."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.invariants import check_world
from tests.faults.shapes import Shape
from tests.faults.world import World, open_world

Strike = Callable[[World], Awaitable[None]]
POSTING_SECONDS = 120.0
SETTLE_SECONDS = 180.0


class CannotStrike(Exception):
    """This machine lacks what the fault needs; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one fault went. `verdict` is held, broken or skipped."""

    number: int
    verdict: str
    claims: int = 0
    lost: int = 0
    doubled: int = 0
    seconds: float = 0.0
    healed: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False where an invariant broke."""
        return self.verdict != "broken"


async def run_fault(number: int, strike: Strike, shape: Shape, claims: int, *, keep: bool = False) -> Result:
    """Strike a world of its own and judge it."""
    root = Path(tempfile.mkdtemp(prefix=f"claimwire-fault-{number:02d}-"))
    began = time.monotonic()
    try:
        async with open_world(root, shape, f"F{number:02d}X", claims) as world:
            return await strike_and_judge(number, strike, world, began)
    except CannotStrike as reason:
        return Result(number=number, verdict="skipped", notes=(str(reason),))
    except Exception as failure:
        told = (
            "".join(traceback.format_exception(failure)[-2:])
            if keep
            else f"{type(failure).__name__}: {failure}"
        )
        return Result(number=number, verdict="broken", seconds=time.monotonic() - began, notes=(told,))
    finally:
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


async def strike_and_judge(number: int, strike: Strike, world: World, began: float) -> Result:
    """Load, strike, load, settle, stop, look."""
    loading = asyncio.create_task(world.load.run(POSTING_SECONDS))
    try:
        await strike(world)
        struck = time.monotonic()
        await loading
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
    rest = await world.settle(SETTLE_SECONDS)
    healed = time.monotonic() - struck
    for server in world.servers:
        if server.alive:
            await world.stop(server)
    finding = await check_world(world)
    breaches = [*finding.breaches, *world.load.refusals[:3]]
    breaches += [f"I9 not finished: {rest}"] if rest else []
    return Result(
        number=number,
        verdict="broken" if breaches else "held",
        claims=finding.promised,
        lost=finding.lost,
        doubled=finding.doubled,
        seconds=time.monotonic() - began,
        healed=healed,
        notes=(*breaches, *world.notes),
    )
