"""Running the gateway's parts for one command: settings read, services opened, troubles told in one line."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from edi.edits.packing import TableUnreadable
from gateway.app import Role, open_gateway, serve
from gateway.cli.trouble import Trouble
from gateway.logs import start_logs
from gateway.sealing import KeyRingInvalid
from gateway.services import Services
from gateway.settings import Settings
from gateway.settings_source import SettingsError
from gateway.store.errors import StoreError, StoreOwned

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]
HEAD = re.compile(r"(.+):([1-9][0-9]{0,17}):([0-9a-f]{64})")
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter. The writer of the database asks for it back after each
statement; with Python's own five milliseconds for each, a commit would wait longer than it works."""


def load_settings(path: Path | None) -> Settings:
    """The settings. Raises Trouble."""
    try:
        return Settings.load(path)
    except SettingsError as problem:
        raise Trouble(str(problem)) from None


def run_async(work: Coroutine[Any, Any, T], *, loop_factory: LoopFactory | None = None) -> T:
    """Run to the end; the known ways to fail become Trouble."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(work)
    except StoreOwned as problem:
        raise Trouble(f"{problem}: stop the gateway that runs on this home, or use PostgreSQL") from None
    except (SettingsError, KeyRingInvalid, StoreError, TableUnreadable) as problem:
        raise Trouble(str(problem)) from None
    except OSError as problem:
        place = f"{problem.filename}: " if problem.filename else ""
        raise Trouble(f"{place}{problem.strerror or type(problem).__name__}") from None


def with_services(path: Path | None, work: Callable[[Services], Awaitable[T]]) -> T:
    """Open store and archive, do `work`, close. Raises Trouble."""
    settings = load_settings(path)

    async def open_and_work() -> T:
        gateway = await open_gateway(settings)
        try:
            return await work(gateway.services)
        finally:
            await gateway.services.store.close()

    return run_async(open_and_work())


def choose_tenant(settings: Settings, name: str) -> str:
    """The tenant of that name, or the only one there is. Raises Trouble."""
    names = [tenant.name for tenant in settings.tenants]
    if name in names:
        return name
    if not name and len(names) == 1:
        return names[0]
    known = ", ".join(names) or "none; add [tenants.NAME] to the settings"
    raise Trouble(f"--tenant names one of the settings' tenants: {known}")


def read_head(text: str) -> tuple[str, int, str]:
    """Where a chain ended, as an earlier verify printed it. Raises Trouble."""
    match = HEAD.fullmatch(text)
    if match is None:
        raise Trouble("--head is what an earlier verify printed: TENANT:NUMBER:LINK")
    return match[1], int(match[2]), match[3]


def serve_until_stopped(path: Path | None, role: str, host: str | None, port: int | None) -> None:
    """Run the gateway of the settings until it is interrupted; its log goes to standard error."""
    settings = load_settings(path)
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    server = msgspec.structs.replace(settings.server, **changes)
    start_logs()
    sys.setswitchinterval(SWITCH_SECONDS)
    work = serve(msgspec.structs.replace(settings, server=server), role=Role(role))
    run_async(work, loop_factory=find_loop())


def find_loop() -> LoopFactory | None:
    """uvloop's event loop where it is installed, else None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
