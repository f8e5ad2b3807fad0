"""The commit points of the path: named moments right after each durable step.

A service calls `reach(name)` there. In production nothing happens; the kill tests inject a process death,
restart, and prove that nothing is lost or doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Reach = Callable[[str], None]

COMMIT_POINTS: Final = (
    "intake.stored",
    "batching.archived",
    "batching.committed",
    "dispatch.started",
    "dispatch.temp_uploaded",
    "dispatch.temp_recorded",
    "dispatch.renamed",
    "dispatch.delivered",
    "dispatch.recorded",
    "inbound.fetched",
    "inbound.archived",
    "inbound.committed",
    "inbound.acknowledged",
    "process.read",
    "process.committed",
)


def pass_by(name: str) -> None:
    """What production injects: nothing happens at a commit point."""
