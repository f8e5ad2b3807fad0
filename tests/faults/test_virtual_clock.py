"""The pipeline under a seeded schedule of faults, on a virtual clock: a short part of `make faults`."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.mailbox import MailboxTransport
from tests.faults.seams import AFTER, BEFORE, DISK, MAIL, POINT, READ, WRITE, Schedule
from tests.faults.virtual import list_single_faults, run_schedule, run_seed, run_single_fault

SEEDS = (1, 2)
EVERY = 61
"""Of all the single calls that may fail, each 61st; `make faults` takes every one."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_random_faults_break_nothing_at_any_step_and_everything_finishes_after_them(seed: int) -> None:
    ran = run_seed(seed)
    assert ran.breaches == ()
    assert ran.struck > 0


@pytest.mark.slow
def test_any_single_call_that_fails_is_made_good() -> None:
    tried = list(list_single_faults(EVERY))
    assert {(seam, when) for seam, when, _ in tried} == {
        *((seam, when) for seam in (DISK, WRITE, MAIL) for when in (BEFORE, AFTER)),
        (READ, BEFORE),
        (POINT, AFTER),
    }
    broken = {single: ran.breaches for single in tried if (ran := run_single_fault(*single)).breaches}
    assert broken == {}


@pytest.mark.slow
def test_a_seed_gives_the_same_run_again() -> None:
    once, again = run_seed(7), run_seed(7)
    assert once.trace == again.trace
    assert (once.breaches, again.breaches) == ((), ())


@pytest.mark.slow
def test_a_gateway_that_sends_blindly_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(MailboxTransport, "resume", forget)
    calm = run_schedule(Schedule(lambda *_: None), count=2, steps=12)
    renamed = next(
        place
        for place, call in enumerate((it for it in calm.trace if it.startswith(POINT)), 1)
        if "dispatch.renamed" in call
    )
    breaches = run_single_fault(POINT, AFTER, renamed).breaches
    assert any(breach.startswith("I2 doubled") for breach in breaches), breaches
