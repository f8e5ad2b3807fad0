"""What the operator's commands for people and the newer ones for keys do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from gateway.cli.rendering import show_rows
from gateway.cli.running import choose_tenant, load_settings, with_services
from gateway.cli.trails import note_command
from gateway.cli.trouble import Trouble
from gateway.services import Services
from gateway.store.errors import Conflict, NoSuchRow
from gateway.store.people import Person

T = TypeVar("T")
USER_CHANGED = "user.changed"
Act = Callable[[Services, str], Awaitable[T]]


def _print(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


def _run(settings: Path | None, tenant: str, act: Act[T]) -> T:
    """Act on the chosen tenant. Raises Trouble."""
    chosen = choose_tenant(load_settings(settings), tenant)

    async def work(services: Services) -> T:
        try:
            return await act(services, chosen)
        except ValueError as problem:
            raise Trouble(str(problem)) from None

    return with_services(settings, work)


async def _find(services: Services, tenant: str, login: str) -> Person:
    person = await services.people.users.find(tenant, login)
    if person is None:
        raise Trouble(f"{tenant} has no user of this login; see claimwire user list")
    return person


def add_user(settings: Path | None, tenant: str, login: str, label: str, roles: Sequence[str]) -> None:
    """Make a person and print the temporary password. Raises Trouble."""

    async def add(services: Services, chosen: str) -> str:
        try:
            made = await services.people.users.add(chosen, login, label, roles)
        except Conflict:
            raise Trouble(f"{chosen} has a user of this login already") from None
        await note_command(services, chosen, USER_CHANGED, "user add", made.person.id, kind="user")
        return made.password

    _print(_run(settings, tenant, add))


def list_users(settings: Path | None, tenant: str) -> None:
    """Print the tenant's people. Raises Trouble."""

    async def list_all(services: Services, chosen: str) -> list[Person]:
        return await services.people.users.list_all(chosen)

    show_rows(
        Console(highlight=False),
        ("login", "id", "roles", "state", "authenticator", "signed in"),
        [
            (
                person.login,
                person.id,
                " ".join(person.roles),
                person.state,
                "yes" if person.totp_since else "no",
                person.signed_in_at.strftime("%Y-%m-%d %H:%M") if person.signed_in_at else "never",
            )
            for person in _run(settings, tenant, list_all)
        ],
    )


def set_roles(settings: Path | None, tenant: str, login: str, roles: Sequence[str]) -> None:
    """Give other roles. Raises Trouble."""

    async def act(services: Services, chosen: str) -> Person:
        person = await _find(services, chosen, login)
        changed = await services.people.users.set_roles(chosen, person.id, roles)
        await note_command(services, chosen, USER_CHANGED, "user roles", person.id, kind="user")
        return changed

    _print(" ".join(_run(settings, tenant, act).roles))


def disable_user(settings: Path | None, tenant: str, login: str) -> None:
    """Disable a person. Raises Trouble."""

    async def act(services: Services, chosen: str) -> Person:
        person = await _find(services, chosen, login)
        changed = await services.people.users.disable(chosen, person.id)
        await note_command(services, chosen, USER_CHANGED, "user disable", person.id, kind="user")
        return changed

    _print(_run(settings, tenant, act).state)


def enable_user(settings: Path | None, tenant: str, login: str) -> None:
    """Enable a person. Raises Trouble."""

    async def act(services: Services, chosen: str) -> Person:
        person = await _find(services, chosen, login)
        changed = await services.people.users.enable(chosen, person.id)
        await note_command(services, chosen, USER_CHANGED, "user enable", person.id, kind="user")
        return changed

    _print(_run(settings, tenant, act).state)


def reset_user(settings: Path | None, tenant: str, login: str) -> None:
    """Print a new temporary password. Raises Trouble."""

    async def act(services: Services, chosen: str) -> str:
        person = await _find(services, chosen, login)
        made = await services.people.users.reset(chosen, person.id)
        await note_command(services, chosen, USER_CHANGED, "user reset", person.id, kind="user")
        return made.password

    _print(_run(settings, tenant, act))


def rotate_key(settings: Path | None, tenant: str, key: str, overlap_hours: float) -> None:
    """Print the text of a key that takes over from another. Raises Trouble."""

    async def act(services: Services, chosen: str) -> str:
        try:
            made, _until = await services.keys.rotate(chosen, key, timedelta(hours=overlap_hours))
        except NoSuchRow:
            raise Trouble(f"{chosen} has no live key with this id; see claimwire keys list") from None
        await note_command(services, chosen, "key.changed", "keys rotate", made.key.id, kind="key")
        return made.text

    _print(_run(settings, tenant, act))
