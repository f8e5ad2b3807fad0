"""`claimwire sealing`: the keys that seal what is kept. The work is in `gateway.cli.rotation`."""

from __future__ import annotations

import typer

from gateway.cli.servers import SettingsFile

sealing = typer.Typer(help="The keys that seal what is kept, which are no API keys.", no_args_is_help=True)


@sealing.command("status")
def show_status(settings: SettingsFile = None) -> None:
    """The wrapping key, every owner's data keys, and what still needs an old key."""
    from gateway.cli import rotation  # late: check and json need none of the gateway

    rotation.show_status(settings)


@sealing.command("rotate")
def rotate(settings: SettingsFile = None) -> None:
    """A new wrapping key where the ring is a file of the home, and new data keys. Old values open still."""
    from gateway.cli import rotation  # late, as above

    rotation.rotate(settings)


@sealing.command("reseal")
def reseal(settings: SettingsFile = None) -> None:
    """Seal anew whatever an old key sealed, rows and archive. It may be cut off and run again."""
    from gateway.cli import rotation  # late, as above

    rotation.reseal(settings)


@sealing.command("retire")
def retire(settings: SettingsFile = None) -> None:
    """Destroy the old keys that nothing needs. Backups from before they were replaced open no more."""
    from gateway.cli import rotation  # late, as above

    raise typer.Exit(rotation.retire(settings))
