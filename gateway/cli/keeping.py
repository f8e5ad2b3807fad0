"""What the commands of `claimwire db` do: migrate, verify, back up and restore."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from gateway.app import open_sealer
from gateway.backup import BackupUnusable, check_backup, make_backup, restore_backup
from gateway.cli.running import load_settings, read_head, run_async, with_services
from gateway.cli.trails import note_command
from gateway.cli.trouble import Trouble
from gateway.clock import SystemClock
from gateway.retention import Outcome, purge_audit, purge_store, shred, sweep_archive
from gateway.services import Services
from gateway.settings import Settings
from gateway.upkeep import Verdict, check_head, verify_home

_WORDS = {"others": "rows of theirs", "events": "bodies of events"}


def _print(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


def migrate_database(settings: Path | None) -> None:
    """Open the store, which brings its schema up to date. Raises Trouble."""

    async def nothing_more(_: Services) -> None:
        return None

    with_services(settings, nothing_more)
    _print("the schema is up to date")


def verify_database(settings: Path | None, heads: Sequence[str] = ()) -> int:
    """Verify the home and print what is wrong; the exit status. `heads` were told before. Raises Trouble."""
    wanted = [read_head(head) for head in heads]

    async def verify(services: Services) -> tuple[Verdict, list[str]]:
        verdict = await verify_home(services.store, services.archive)
        moved = [await check_head(services.store, *head) for head in wanted]
        return verdict, [fault for fault in moved if fault]

    verdict, moved = with_services(settings, verify)
    faults = [*verdict.faults, *moved]
    for fault in faults:
        _print(fault)
    for tenant, chain in verdict.chains.items():
        if chain.events:
            _print(f"{tenant}: the chain ends in {tenant}:{chain.events}:{chain.head or '-'}")
    counted = f"{verdict.events} events, {verdict.claims} claims, {verdict.files} archived files"
    _print(f"{counted}, {len(faults)} faults")
    return 1 if faults else 0


def purge(settings: Path | None, *, rehearse: bool) -> None:
    """Purge by the settings' policy and say what went, or would go. Raises Trouble."""

    async def purge_all(services: Services) -> tuple[list[Outcome], tuple[int, int, int]]:
        now = services.clock.now()
        outcomes = await purge_store(services.store, services.settings, now, rehearse=rehearse)
        if rehearse:
            return outcomes, (0, 0, 0)
        for outcome in outcomes:
            await note_command(services, outcome.tenant, "retention.purged", "db purge")
        swept = await sweep_archive(services.store, services.archive, now)
        entries = await purge_audit(services.store, services.settings, now)
        return outcomes, (swept, entries, await shred(services.keeper, services.settings, now))

    outcomes, (swept, entries, keys) = with_services(settings, purge_all)
    for outcome in outcomes:
        _print(f"{outcome.tenant}: {_describe(outcome)}")
    gone = f"{swept} archived files that nothing names, {entries} entries of audit logs, {keys} data keys"
    _print("nothing was deleted" if rehearse else f"deleted: {gone}")


def _describe(outcome: Outcome) -> str:
    if outcome.before is None:
        return "everything is kept for good"
    gone = msgspec.structs.asdict(outcome.purged)
    counts = ", ".join(f"{count} {_WORDS.get(name, name)}" for name, count in gone.items())
    return f"before {outcome.before:%Y-%m-%d}: {counts}"


def back_up(settings: Path | None, folder: Path) -> None:
    """Make a backup and say what is in it. Raises Trouble."""
    loaded = load_settings(settings)

    async def copy() -> str:
        try:
            made = make_backup(loaded, open_sealer(loaded), folder, SystemClock().now())
        except BackupUnusable as problem:
            raise Trouble(str(problem)) from None
        kept = f"{folder}: the {made.kind} database and {made.files} files"
        return f"{kept}; the keys are not in it ({made.keys.reference})"

    _print(run_async(copy()))


def restore(settings: Path | None, folder: Path) -> int:
    """Restore a backup and verify what came of it; the exit status. Raises Trouble."""
    loaded = load_settings(settings)

    async def bring_back() -> str:
        return _bring_back(loaded, folder)

    _print(run_async(bring_back()))
    return verify_database(settings)


def _bring_back(settings: Settings, folder: Path) -> str:
    try:
        check_backup(settings, folder)  # before the sealer, which makes keys where there are none
        made = restore_backup(settings, open_sealer(settings), folder)
    except BackupUnusable as problem:
        raise Trouble(str(problem)) from None
    return f"restored what was backed up at {made.made_at:%Y-%m-%d %H:%M:%S} UTC"
