"""The operator's commands: API keys, the database, partners. The work is in `gateway.cli.operating`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.servers import SettingsFile

keys = typer.Typer(help="API keys.", no_args_is_help=True)
database = typer.Typer(help="Database and archive.", no_args_is_help=True)
partner = typer.Typer(help="Trading partners.", no_args_is_help=True)
TenantName = Annotated[
    str, typer.Option("--tenant", help="The tenant; not needed where there is only one.", metavar="NAME")
]

BackupFolder = Annotated[Path, typer.Argument(help="The folder of the backup.", metavar="FOLDER")]


@keys.command("create")
def create_key(
    label: Annotated[str, typer.Argument(help="What the key is for.")],
    tenant: TenantName = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do, such as claims:write; all where left out.")
    ] = None,
    days: Annotated[float, typer.Option(min=0, help="For how many days it is good; 0 is for good.")] = 0,
    settings: SettingsFile = None,
) -> None:
    """Make a key. Its text is printed once and kept nowhere."""
    from gateway.cli import operating  # late: check and json need none of the gateway

    operating.create_key(settings, tenant, label, scope or ["*"], days)


@keys.command("list")
def list_keys(tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """The keys of a tenant, without their texts."""
    from gateway.cli import operating  # late, as above

    operating.list_keys(settings, tenant)


@keys.command("rotate")
def rotate_key(
    key: Annotated[str, typer.Argument(help="The key's id, key_...")],
    overlap: Annotated[float, typer.Option(min=0, help="For how many hours the key before goes on.")] = 24,
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Make a key that takes over from another, with its scopes. Its text is printed once."""
    from gateway.cli import admitting  # late, as above

    admitting.rotate_key(settings, tenant, key, overlap)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key's id, key_...")],
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Make a key useless at once."""
    from gateway.cli import operating  # late, as above

    operating.revoke_key(settings, tenant, key)


@database.command("migrate")
def migrate_database(settings: SettingsFile = None) -> None:
    """Bring the database's schema up to date."""
    from gateway.cli import keeping  # late, as above

    keeping.migrate_database(settings)


@database.command("verify")
def verify_database(
    head: Annotated[
        list[str] | None,
        typer.Option(help="Where a chain ended at an earlier verify; it must still pass there."),
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Read all that is kept: the chain of events, claims against their events, every archived file."""
    from gateway.cli import keeping  # late, as above

    raise typer.Exit(keeping.verify_database(settings, head or ()))


@database.command("purge")
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Delete what is older than [retention] says, with an event that tells of it."""
    from gateway.cli import keeping  # late, as above

    keeping.purge(settings, rehearse=dry_run)


@database.command("backup")
def back_up(folder: BackupFolder, settings: SettingsFile = None) -> None:
    """Copy database and archive into a new folder. The gateway may run. The keys stay out of it."""
    from gateway.cli import keeping  # late, as above

    keeping.back_up(settings, folder)


@database.command("restore")
def restore(folder: BackupFolder, settings: SettingsFile = None) -> None:
    """Bring a backup into a home that has the keys and no database, and verify it."""
    from gateway.cli import keeping  # late, as above

    raise typer.Exit(keeping.restore(settings, folder))


@partner.command("release")
def release_partner(
    name: Annotated[str, typer.Argument(help="The partner, as the settings name it.")],
    note: Annotated[str, typer.Option(help="Why; kept with the work.")] = "",
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Let held claims and dead deliveries of a partner go on. With SQLite, stop the gateway first."""
    from gateway.cli import operating  # late, as above

    operating.release_partner(settings, tenant, name, note)


@partner.command("number")
def set_number(
    name: Annotated[str, typer.Argument(help="The partner, as the settings name it.")],
    number: Annotated[int, typer.Argument(help="The control number of the next interchange.")],
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Set the next control number (ISA13, GS06), after a restore or a move. With SQLite, stop the gateway."""
    from gateway.cli import operating  # late, as above

    operating.set_number(settings, tenant, name, number)


@partner.command("test")
def try_partner(
    name: Annotated[str, typer.Argument(help="The partner, as the settings name it.")],
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Connect to a partner and list what waits there. Nothing is sent, fetched or removed."""
    from gateway.cli import operating  # late, as above

    operating.try_partner(settings, tenant, name)
