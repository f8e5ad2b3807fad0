"""A gateway in a thread of its own, for clients that block; and what a client needs to call it well."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gateway.app import Role
from gateway.settings import Settings
from tests.api_rig import Rig, make_settings, run_gateway

T = TypeVar("T")
PATIENCE = 60.0


class LiveGateway:
    """A running gateway; `run` does something on its loop and waits for it."""

    def __init__(self, rig: Rig, loop: asyncio.AbstractEventLoop) -> None:
        self.rig, self._loop = rig, loop
        self.url = f"http://127.0.0.1:{rig.port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, done on the gateway's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


@contextmanager
def run_live(
    home: Path, role: Role = Role.API, make: Callable[[Path], Settings] = make_settings
) -> Iterator[LiveGateway]:
    """The gateway of `make(home)` until the block ends. Raises what stops it from starting."""
    started, found, failed = threading.Event(), list[LiveGateway](), list[BaseException]()
    ends: list[Callable[[], None]] = []

    async def serve() -> None:
        end = asyncio.Event()
        async with run_gateway(make(home), role) as rig:
            loop = asyncio.get_running_loop()
            ends.append(lambda: loop.call_soon_threadsafe(end.set))
            found.append(LiveGateway(rig, loop))
            started.set()
            await end.wait()

    def live() -> None:
        try:
            asyncio.run(serve())
        except BaseException as failure:
            failed.append(failure)
            started.set()

    thread = threading.Thread(target=live, name="gateway", daemon=True)
    thread.start()
    started.wait(PATIENCE)
    if failed:
        raise failed[0]
    try:
        yield found[0]
    finally:
        for end in ends:
            end()
        thread.join(PATIENCE)
