"""Surrender: a job that failed at every attempt is given up, and in that transaction a person hears of it.

Its last attempt may have failed in words or taken its whole process along: a file that kills its reader is
quarantined all the same, and the claims of an interchange that kills its sender are held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.batching import SEND
from gateway.dispatch import hold_claims
from gateway.processing import set_apart
from gateway.reception import PROCESS
from gateway.store import jobs
from gateway.store.scope import TenantScope

CONSEQUENCES: Final[Mapping[str, Callable[[TenantScope, str], None]]] = {
    PROCESS: set_apart,
    SEND: hold_claims,
}
"""What becomes of the subject of a job of this kind that is given up; others have only themselves."""


def surrender(scope: TenantScope, job: jobs.Job, error: str) -> None:
    """Give the job up that this worker holds. Raises LostLease."""
    jobs.bury(scope, job, error)
    _draw_consequences(scope, job)


def reap(scope: TenantScope) -> int:
    """Give back what workers held whose lease has ended, or give it up at its attempt limit; how much."""
    spent = jobs.bury_spent(scope)
    for job in spent:
        _draw_consequences(scope, job)
    return len(spent) + jobs.reap(scope)


def _draw_consequences(scope: TenantScope, job: jobs.Job) -> None:
    if job.kind in CONSEQUENCES:
        CONSEQUENCES[job.kind](scope, job.subject)
