"""Roles of people as data (`schemas/roles.toml`): each is a set of scopes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from gateway.keys import check_scopes


class Role(msgspec.Struct, frozen=True):
    """What a role is for, and what it may do."""

    meaning: str
    scopes: frozenset[str]


class EmergencyScopes(msgspec.Struct, frozen=True):
    """What emergency access may open in one's own tenant, and in a tenant that one supports."""

    own: frozenset[str]
    support: frozenset[str]


class Roles(msgspec.Struct, frozen=True):
    """The roles by name."""

    role: dict[str, Role]
    emergency: EmergencyScopes


@cache
def load_roles() -> Roles:
    """The roles. Raises ValueError where a scope is unknown: a broken promise of ours."""
    text = (files("schemas") / "roles.toml").read_text(encoding="utf-8")
    roles = msgspec.convert(tomllib.loads(text), Roles)
    for named in (*(role.scopes for role in roles.role.values()), *msgspec.structs.astuple(roles.emergency)):
        check_scopes(named)
    return roles


def check_roles(names: Iterable[str]) -> tuple[str, ...]:
    """The roles in order, each once. Raises ValueError for one that there is not, and for none at all."""
    wanted, known = tuple(sorted(set(names))), load_roles().role
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise ValueError(
            f"unknown or no roles: {', '.join(unknown) or 'none given'}; known are {', '.join(known)}"
        )
    return wanted


def list_scopes(roles: Iterable[str]) -> frozenset[str]:
    """All scopes of the roles; a role that is no more gives none."""
    known = load_roles().role
    return frozenset().union(*(known[name].scopes for name in roles if name in known))
