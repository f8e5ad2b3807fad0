"""The commands that stay up: serve, simulate, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.trouble import Trouble

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings", help="The settings file; without it CLAIMWIRE_SETTINGS or the home's.", metavar="FILE"
    ),
]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any free one.")]


def serve(
    role: Annotated[
        Literal["all", "api", "worker"], typer.Option(help="Answer HTTP, do the background work, or both.")
    ] = "all",
    host: Annotated[str | None, typer.Option(help="Instead of server.host of the settings.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Instead of server.port of the settings.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """The gateway, until it is interrupted. Its log is JSON lines on standard error."""
    from gateway.cli.running import serve_until_stopped  # late: check and json need none of the gateway

    serve_until_stopped(settings, role, host, port)


def simulate(
    home: Annotated[
        Path,
        typer.Option(help="Where mailboxes, host key and the payer's memory are kept.", metavar="FOLDER"),
    ],
    sender: Annotated[str, typer.Option(help="Who may sign in.")] = "claimwire",
    public_key: Annotated[
        Path | None, typer.Option(help="The sender's public key, one line of OpenSSH.", metavar="FILE")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="A file with the sender's password.", metavar="FILE")
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8422,
    http_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Answer inquiries in real time on this port; 0 is any free one."),
    ] = None,
    haste: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="The share of each wait that the payer's clock skips ten times a second."
        ),
    ] = 0.0,
) -> None:
    """The scripted payer and clearinghouse over SFTP, and in real time over HTTP, until it is interrupted."""
    if http_port is not None and password_file is None:
        raise Trouble("inquiries in real time need the sender's --password-file")
    if public_key is None and password_file is None:
        raise Trouble("the sender needs --public-key or --password-file")
    from gateway.cli.simulating import simulate_until_stopped  # late: check and json need none of it

    simulate_until_stopped(
        home, sender, public_key, password_file, host=host, port=port, http_port=http_port, haste=haste
    )


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up at the end.")] = False,
) -> None:
    """The whole journey on this machine: gateway, scripted payer, sample claims, live timeline."""
    from gateway.demo.journey import run_demo  # late: check and json need none of it

    raise typer.Exit(run_demo(keep=keep))
