"""What the commands of `claimwire sealing` do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import typer

from gateway.cli.running import load_settings, with_services
from gateway.cli.trails import INSTALLATION, note_command
from gateway.data_keys import RingKeys
from gateway.resealing import (
    Keeper,
    count_needing,
    destroy_spent,
    list_headers,
    reseal_all,
    rotate_keys,
)
from gateway.sealing import KEY_FILE, RING, add_ring_key, remove_ring_keys, write_header
from gateway.services import Services
from gateway.settings import Settings
from gateway.store.audit import SYSTEM

CHANGED = "sealing.changed"


def _find_key_file(settings: Settings) -> Path | None:
    """The key ring's file in the home, or None where it comes from elsewhere."""
    return None if settings.sealing.keys is not None else settings.home / KEY_FILE


def show_status(settings: Path | None) -> None:
    """Say which keys there are and what needs the old ones. Raises Trouble."""

    async def look(services: Services) -> list[str]:
        keeper = services.keeper
        keys = await keeper.learn()
        lines = [f"wrapping key: {keeper.holder.wrapping.current}"]
        for owner in await keeper.list_owners():
            own = [key for key in keys if key.tenant == owner]
            old = [key for key in own if key.superseded_at is not None]
            needing = await count_needing(keeper, owner, list_headers(keeper.ring, old, owner))
            wrapped = sorted({key.kek for key in own})
            counted = f"{len(own)} data keys, {len(old)} of them superseded, wrapped by {', '.join(wrapped)}"
            lines.append(f"{owner or INSTALLATION}: {counted}; {needing.total()} values to be sealed anew")
        return lines

    for line in with_services(settings, look):
        typer.echo(line)


def rotate(settings: Path | None) -> None:
    """Make new keys and say what they are. Raises Trouble."""
    loaded = load_settings(settings)
    place = _find_key_file(loaded)

    async def count_old(services: Services) -> int:
        current = services.keeper.holder.wrapping.current
        return sum(key.kek != current for key in await services.keeper.learn())

    if place is not None and not loaded.sealing.kms_key and not with_services(settings, count_old):
        typer.echo(f"new wrapping key {add_ring_key(place)} in {place}: keep a copy of the file")

    async def change(services: Services) -> tuple[int, int]:
        await note_command(services, SYSTEM, CHANGED, "sealing rotate")
        return await rotate_keys(services.keeper)

    made, wrapped = with_services(settings, change)
    typer.echo(f"{made} new data keys, {wrapped} wrapped anew; next: claimwire sealing reseal")


def reseal(settings: Path | None) -> None:
    """Seal anew and say how much it was. Raises Trouble."""

    async def change(services: Services) -> int:
        await note_command(services, SYSTEM, CHANGED, "sealing reseal")
        return await reseal_all(services.keeper)

    typer.echo(f"{with_services(settings, change)} values and files were sealed anew")


def retire(settings: Path | None) -> int:
    """Destroy what nothing needs and say what stays; the exit status. Raises Trouble."""
    place = _find_key_file(load_settings(settings))

    async def change(services: Services) -> tuple[int, list[str], list[str]]:
        await note_command(services, SYSTEM, CHANGED, "sealing retire")
        count, faults = await destroy_spent(services.keeper)
        spent, needed = await judge_lines(services.keeper)
        return count, [*faults, *needed], spent

    count, faults, spent = with_services(settings, change)
    for fault in faults:
        typer.echo(fault)
    if spent and place is not None:
        remove_ring_keys(place, spent)
        typer.echo(f"removed from {place}: {', '.join(spent)}; destroy its old copies")
    elif spent:
        typer.echo(f"nothing needs these lines of the key ring any more: {', '.join(spent)}")
    typer.echo(f"{count} data keys were destroyed, {len(faults)} old keys stay")
    return 1 if faults else 0


async def judge_lines(keeper: Keeper) -> tuple[list[str], list[str]]:
    """The old lines of the key ring that nothing needs, and what is said of the others."""
    keys, spent, needed = await keeper.learn(), [], []
    for line in keeper.ring.keys:
        if line == keeper.ring.current:
            continue
        found: Counter[str] = Counter()
        for owner in await keeper.list_owners():
            found += await count_needing(keeper, owner, [write_header(RING, line)])
        if isinstance(keeper.holder.wrapping, RingKeys):
            found["data keys"] += sum(key.kek == line for key in keys)
        if +found:
            needed.append(f"{line} is needed by {found.total()} values: {', '.join(+found)}")
        else:
            spent.append(line)
    return spent, needed
