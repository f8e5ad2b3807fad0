"""The operator's commands: API keys, the database, partners."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from adapters.errors import DeliveryError
from gateway.app import make_transport
from gateway.cli.running import SettingsFile, choose_tenant, load_settings, run_async, with_services
from gateway.cli.trouble import Trouble
from gateway.services import Services
from gateway.settings import Partner, Settings
from gateway.store.keys import ApiKey
from gateway.upkeep import Verdict, verify_home

keys = typer.Typer(help="API keys.", no_args_is_help=True)
database = typer.Typer(help="Database and archive.", no_args_is_help=True)
partner = typer.Typer(help="Trading partners.", no_args_is_help=True)
TenantName = Annotated[
    str, typer.Option("--tenant", help="The tenant; not needed where there is only one.", metavar="NAME")
]


def _print(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


@keys.command("create")
def create_key(
    label: Annotated[str, typer.Argument(help="What the key is for.")],
    tenant: TenantName = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do, such as claims:write; all where left out.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Make a key. Its text is printed once and kept nowhere."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def create(services: Services) -> str:
        try:
            made = await services.keys.create(chosen, label, scope or ("*",))
        except ValueError as problem:
            raise Trouble(str(problem)) from None
        return made.text

    _print(with_services(settings, create))


@keys.command("list")
def list_keys(tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """The keys of a tenant, without their texts."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def list_all(services: Services) -> list[ApiKey]:
        return await services.keys.list_all(chosen)

    table = Table("id", "label", "scopes", "state", "made", box=None, pad_edge=False)
    for key in with_services(settings, list_all):
        made = key.created_at.strftime("%Y-%m-%d %H:%M")
        table.add_row(key.id, key.label, " ".join(key.scopes), key.state, made)
    Console(highlight=False).print(table)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's id, key_...")],
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Make a key useless at once."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def revoke(services: Services) -> bool:
        return await services.keys.revoke(chosen, key)

    if not with_services(settings, revoke):
        raise Trouble(f"{chosen} has no live key with this id; see claimwire keys list")
    _print("revoked")


@database.command("migrate")
def migrate_database(settings: SettingsFile = None) -> None:
    """Bring the database's schema up to date."""

    async def nothing_more(_: Services) -> None:
        return None

    with_services(settings, nothing_more)  # opening brings the schema up to date
    _print("the schema is up to date")


@database.command("verify")
def verify_database(settings: SettingsFile = None) -> None:
    """Read everything that is kept: events without a gap, every archived file whole."""

    async def verify(services: Services) -> Verdict:
        return await verify_home(services.store, services.archive)

    verdict = with_services(settings, verify)
    for fault in verdict.faults:
        _print(fault)
    _print(f"{verdict.events} events, {verdict.files} archived files, {len(verdict.faults)} faults")
    raise typer.Exit(1 if verdict.faults else 0)


@partner.command("test")
def try_partner(
    name: Annotated[str, typer.Argument(help="The partner, as the settings name it.")],
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Connect to a partner and list what waits there. Nothing is sent, fetched or removed."""
    found = _find_partner(load_settings(settings), tenant, name)
    try:
        count = run_async(_count_waiting(found))
    except DeliveryError as problem:
        raise Trouble(str(problem)) from None
    _print(f"{name}: connected, {count} files wait for us")


def _find_partner(settings: Settings, tenant: str, name: str) -> Partner:
    try:
        return settings.find_partner(choose_tenant(settings, tenant), name)
    except KeyError:
        raise Trouble(f"the settings have no partner {name} for this tenant") from None


async def _count_waiting(found: Partner) -> int:
    transport = make_transport(found)
    try:
        return len(await transport.list())
    finally:
        await transport.close()
