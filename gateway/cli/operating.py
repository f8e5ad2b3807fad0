"""What the operator's commands do: keys made and revoked, the home verified, a partner tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from adapters.errors import DeliveryError
from gateway import release
from gateway.batching import NUMBER_COLUMNS, find_span
from gateway.cli.rendering import show_rows
from gateway.cli.running import choose_tenant, load_settings, run_async, with_services
from gateway.cli.trails import note_command
from gateway.cli.trouble import Trouble
from gateway.hands import Hand
from gateway.services import Services
from gateway.settings import Partner, Settings
from gateway.store import TenantScope, control_numbers
from gateway.store.keys import ApiKey
from gateway.wiring import make_transport

COMMAND_LINE = "command-line"


def _print(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


def create_key(
    settings: Path | None, tenant: str, label: str, scopes: Sequence[str], days: float = 0
) -> None:
    """Make a key and print its text. Raises Trouble."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def create(services: Services) -> str:
        try:
            end = services.clock.now() + timedelta(days=days) if days else None
            made = await services.keys.create(chosen, label, scopes, end)
        except ValueError as problem:
            raise Trouble(str(problem)) from None
        await note_command(services, chosen, "key.made", "keys create", made.key.id, kind="key")
        return made.text

    _print(with_services(settings, create))


def list_keys(settings: Path | None, tenant: str) -> None:
    """Print the tenant's keys. Raises Trouble."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def list_all(services: Services) -> list[ApiKey]:
        return await services.keys.list_all(chosen)

    show_rows(
        Console(highlight=False),
        ("id", "label", "scopes", "state", "made", "ends", "last used"),
        [
            (
                key.id,
                key.label,
                " ".join(key.scopes),
                key.state,
                *(_write_moment(it) for it in (key.created_at, key.expires_at, key.last_used_at)),
            )
            for key in with_services(settings, list_all)
        ],
    )


def _write_moment(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment is not None else "-"


def revoke_key(settings: Path | None, tenant: str, key: str) -> None:
    """Revoke a key. Raises Trouble."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def revoke(services: Services) -> bool:
        revoked = await services.keys.revoke(chosen, key)
        await note_command(services, chosen, "key.revoked", "keys revoke", key, kind="key")
        return revoked

    if not with_services(settings, revoke):
        raise Trouble(f"{chosen} has no live key with this id; see claimwire keys list")
    _print("revoked")


def try_partner(settings: Path | None, tenant: str, name: str) -> None:
    """Connect to a partner and count what waits. Raises Trouble."""
    found = _find_partner(load_settings(settings), tenant, name)
    try:
        count = run_async(_count_waiting(found))
    except DeliveryError as problem:
        raise Trouble(str(problem)) from None
    _print(f"{name}: connected; files waiting for us: {count}")


def _find_partner(settings: Settings, tenant: str, name: str) -> Partner:
    try:
        return settings.find_partner(choose_tenant(settings, tenant), name)
    except KeyError:
        raise Trouble(f"the settings have no partner {name} for this tenant") from None


def release_partner(settings: Path | None, tenant: str, name: str, note: str) -> None:
    """Release everything held on its way to a partner and say how much it was. Raises Trouble."""
    loaded = load_settings(settings)
    chosen, found = choose_tenant(loaded, tenant), _find_partner(loaded, tenant, name)

    async def let_go(services: Services) -> release.Released:
        hand = Hand(COMMAND_LINE, note)
        await note_command(services, chosen, "worklist.changed", "partner release")
        return await services.store.write(
            lambda scope: release.release_partner(scope, found, hand), tenant=chosen
        )

    freed = with_services(settings, let_go)
    _print(f"{name}: {freed.claims} claims and {freed.deliveries} deliveries go on")


def set_number(settings: Path | None, tenant: str, name: str, number: int) -> None:
    """Let the next interchange to a partner (ISA13) and its group (GS06) be `number`. Raises Trouble."""
    loaded = load_settings(settings)
    chosen, found = choose_tenant(loaded, tenant), _find_partner(loaded, tenant, name)
    span = find_span(found)
    if not span.first <= number <= span.last:
        raise Trouble(f"the numbers to {name} go from {span.first} to {span.last}")

    async def count_on(services: Services) -> None:
        def write(scope: TenantScope) -> None:
            for kind in NUMBER_COLUMNS:
                control_numbers.set_last(scope, name, kind, span.follow(number, -1))

        await services.store.write(write, tenant=chosen)

    with_services(settings, count_on)
    _print(f"{name}: the next interchange has control number {number:09d}")


async def _count_waiting(found: Partner) -> int:
    transport = make_transport(found)
    try:
        return len(await transport.list())
    finally:
        await transport.close()
