"""`claimwire audit`: the log of who saw or changed what. The work is in `gateway.cli.trails`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.administration import TenantName
from gateway.cli.servers import SettingsFile

audit = typer.Typer(help="The audit log: who saw or changed what.", no_args_is_help=True)


@audit.command("export")
def export_log(
    tenant: TenantName = "",
    installation: Annotated[
        bool, typer.Option("--installation", help="The installation's own log: strangers and operators.")
    ] = False,
    after: Annotated[int, typer.Option(min=0, help="Only entries with a higher number.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    settings: SettingsFile = None,
) -> None:
    """Write the log as JSON lines, oldest first. With SQLite, stop the gateway first."""
    from gateway.cli import trails  # late: check and json need none of the gateway

    trails.export_log(settings, tenant, after, output, installation=installation)


@audit.command("verify")
def verify_log(
    head: Annotated[
        list[str] | None,
        typer.Option(help="Where a log ended at an earlier verify; it must still pass there."),
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Prove every log: an entry that was altered, removed, inserted or moved is told."""
    from gateway.cli import trails  # late, as above

    raise typer.Exit(trails.verify_log(settings, head or ()))
