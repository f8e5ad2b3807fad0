"""The operator's commands for people. With SQLite, stop the gateway first, or use the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.administration import TenantName
from gateway.cli.servers import SettingsFile

users = typer.Typer(help="People who sign in.", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="The name that the person signs in by.", metavar="LOGIN")]
RoleNames = Annotated[
    list[str],
    typer.Option("--role", help="biller, supervisor, analyst, administrator or support; repeatable."),
]


@users.command("add")
def add_user(
    login: Login,
    role: RoleNames,
    label: Annotated[str, typer.Option(help="The person's name, for other people.")] = "",
    tenant: TenantName = "",
    settings: SettingsFile = None,
) -> None:
    """Let a person in. A temporary password is printed once; it must be changed at the first sign-in."""
    from gateway.cli import admitting  # late: check and json need none of the gateway

    admitting.add_user(settings, tenant, login, label, role)


@users.command("list")
def list_users(tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """The people of a tenant, with their roles."""
    from gateway.cli import admitting  # late, as above

    admitting.list_users(settings, tenant)


@users.command("roles")
def set_roles(login: Login, role: RoleNames, tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """Give a person these roles instead of those before."""
    from gateway.cli import admitting  # late, as above

    admitting.set_roles(settings, tenant, login, role)


@users.command("disable")
def disable_user(login: Login, tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """Let a person in no more; all sessions end."""
    from gateway.cli import admitting  # late, as above

    admitting.disable_user(settings, tenant, login)


@users.command("enable")
def enable_user(login: Login, tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """Let a person in again."""
    from gateway.cli import admitting  # late, as above

    admitting.enable_user(settings, tenant, login)


@users.command("reset")
def reset_user(login: Login, tenant: TenantName = "", settings: SettingsFile = None) -> None:
    """Print a new temporary password; authenticator, recovery codes and sessions are gone."""
    from gateway.cli import admitting  # late, as above

    admitting.reset_user(settings, tenant, login)
