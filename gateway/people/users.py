"""The people of a tenant: made, listed, given roles, disabled, given a new temporary password."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from gateway.clock import Clock
from gateway.keys import OPERATOR, Giver
from gateway.people.passwords import PasswordRoom, write_temporary
from gateway.people.roles import check_roles, list_scopes
from gateway.store import Store, TenantScope, people, sessions, sign_ins, tenants
from gateway.store.errors import NoSuchRow
from gateway.store.people import Person

LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}")


class NewUser(msgspec.Struct, frozen=True):
    """A person with a temporary password, which is shown this once."""

    person: Person
    password: str

    def __repr__(self) -> str:
        return f"NewUser({self.person.id})"


def normalize_login(text: str) -> str:
    """A login as it is kept: small letters. Raises ValueError for what is none."""
    login = text.strip().lower()
    if LOGIN.fullmatch(login) is None:
        raise ValueError("a login has 2 to 100 of the characters a-z, 0-9 and . _ @ + -")
    return login


class UserRoom:
    """Keeps the people of each tenant. A giver changes nobody who may do more than itself."""

    def __init__(self, store: Store, clock: Clock, passwords: PasswordRoom, temporary: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._temporary = temporary

    async def add(
        self, tenant: str, login: str, label: str, roles: Iterable[str], giver: Giver = OPERATOR
    ) -> NewUser:
        """A new person with a temporary password.

        Raises ValueError for a bad login or role, ScopesLacking, Conflict where the login is taken, NoSuchRow
        without the tenant.
        """
        name, wanted = normalize_login(login), check_roles(roles)
        giver.check(list_scopes(wanted))
        password = write_temporary()
        digest = await self._passwords.hash(password)

        def write(scope: TenantScope) -> Person:
            if tenants.load(scope) is None:
                raise NoSuchRow(tenant)
            person = people.add(scope, login=name, label=label, roles=wanted)
            return self._give_temporary(scope, person, digest)

        return NewUser(await self._store.write(write, tenant=tenant), password)

    async def reset(self, tenant: str, person_id: str, giver: Giver = OPERATOR) -> NewUser:
        """A new temporary password; the second step and all sessions end. Raises NoSuchRow, ScopesLacking."""
        password = write_temporary()
        digest = await self._passwords.hash(password)

        def write(scope: TenantScope) -> Person:
            person = _load(scope, person_id, giver)
            people.set_totp(scope, person_id, "")
            people.set_codes(scope, person_id, ())
            sessions.end_all(scope, person_id)
            sign_ins.forget(scope, person.login)
            return self._give_temporary(scope, person, digest)

        return NewUser(await self._store.write(write, tenant=tenant), password)

    async def set_roles(
        self, tenant: str, person_id: str, roles: Iterable[str], giver: Giver = OPERATOR
    ) -> Person:
        """Give other roles. Raises ValueError, NoSuchRow, ScopesLacking."""
        wanted = check_roles(roles)
        giver.check(list_scopes(wanted))

        def write(scope: TenantScope) -> Person:
            _load(scope, person_id, giver)
            return people.change(scope, person_id, roles=wanted)

        return await self._store.write(write, tenant=tenant)

    async def disable(self, tenant: str, person_id: str, giver: Giver = OPERATOR) -> Person:
        """Let a person in no more; all sessions end at once. Raises NoSuchRow, ScopesLacking."""

        def write(scope: TenantScope) -> Person:
            _load(scope, person_id, giver)
            sessions.end_all(scope, person_id)
            return people.change(scope, person_id, state=people.DISABLED)

        return await self._store.write(write, tenant=tenant)

    async def enable(self, tenant: str, person_id: str, giver: Giver = OPERATOR) -> Person:
        """Let a person in again, by the proofs from before. Raises NoSuchRow, ScopesLacking."""

        def write(scope: TenantScope) -> Person:
            _load(scope, person_id, giver)
            return people.change(scope, person_id, state=people.ACTIVE)

        return await self._store.write(write, tenant=tenant)

    async def list_all(self, tenant: str) -> list[Person]:
        """The tenant's people, oldest first."""
        return await self._store.read(people.list_all, tenant=tenant)

    async def load(self, tenant: str, person_id: str) -> Person | None:
        """The person, or None."""
        return await self._store.read(lambda scope: people.load(scope, person_id), tenant=tenant)

    async def find(self, tenant: str, login: str) -> Person | None:
        """The person who signs in by this name, or None."""
        return await self._store.read(lambda scope: people.find_by_login(scope, login.lower()), tenant=tenant)

    def _give_temporary(self, scope: TenantScope, person: Person, digest: str) -> Person:
        until = scope.now() + self._temporary
        people.set_password(scope, person.id, digest, must_change=True, until=until)
        return people.load(scope, person.id) or person


def _load(scope: TenantScope, person_id: str, giver: Giver) -> Person:
    """The person, whom the giver may change. Raises NoSuchRow, ScopesLacking."""
    person = people.load(scope, person_id)
    if person is None:
        raise NoSuchRow(person_id)
    giver.check(list_scopes(person.roles))
    return person
