"""Waiting for whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def wait_for_first(*waits: Coroutine[Any, Any, object] | asyncio.Future[Any]) -> None:
    """Until one of `waits` has ended; coroutines that have not are cancelled, tasks and futures go on."""
    ours = [asyncio.ensure_future(it) for it in waits if not isinstance(it, asyncio.Future)]
    try:
        others = [it for it in waits if isinstance(it, asyncio.Future)]
        await asyncio.wait([*ours, *others], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in ours:
            wait.cancel()
