"""Signing in: a password, then a code; each step gives the session another text.

An attempt is counted before it is tried, and forgiven where it went well: many at once win nothing. An
unknown name takes the same steps and the same time as a wrong password (docs/why: people sign in).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from gateway.clock import Clock
from gateway.people import one_time
from gateway.people.lockout import ACCOUNT, CODES, FORGOTTEN, AddressBook, TooSoon
from gateway.people.passwords import PasswordRoom
from gateway.people.sessions import Member, NewSession, SessionRoom, Step
from gateway.people_settings import PeopleSettings
from gateway.store import Store, TenantScope, people, sessions, sign_ins
from gateway.store.people import Person

PASSWORD: Final = "password"  # noqa: S105  the name of a method
DEVICE: Final = "device"
DEVICE_BYTES: Final = 16


class Refused(Exception):
    """The sign-in, or a step of it, failed; why is told to nobody."""


class Visitor(msgspec.Struct, frozen=True):
    """From where somebody signs in: the address, the network that one subscriber has, and what their browser
    kept of an earlier sign-in.
    """

    address: str
    network: str
    device: str = ""


class Entered(msgspec.Struct, frozen=True):
    """A step went well: the session under its new text, and what the browser is to keep of it."""

    session: NewSession
    person: Person
    device: str = ""


class Enrolled(msgspec.Struct, frozen=True):
    """A second step was confirmed: the session, and the recovery codes, shown this once."""

    entered: Entered
    codes: tuple[str, ...]


class SignInRoom:
    """Lets people in."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: PeopleSettings,
        passwords: PasswordRoom,
        room: SessionRoom,
    ) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords
        self._sessions = room
        self._must_enrol = settings.require_totp
        self._addresses = AddressBook()

    async def by_password(self, tenant: str, login: str, password: str, visitor: Visitor) -> Entered:
        """Let in by a password. Raises Refused, TooSoon."""
        self._passwords.check_room()
        name = login.strip().lower()
        known = await self._store.read(lambda system: tenant in system.tenants())
        trusted = known and await self._knows(tenant, name, visitor.device)
        network = visitor.network
        if not trusted:
            self._addresses.count(network, self._clock.now())
        place = f"{DEVICE}:{visitor.device}" if trusted else network
        person, digest = await self._find(tenant, name, place) if known else (None, "")
        if not await self._passwords.verify(digest, password) or person is None:
            raise Refused
        if not trusted:
            self._addresses.take_back(network)
        if self._passwords.is_outdated(digest):
            await self._renew_hash(person, password)
        return await self._enter(person, place, visitor, trusted=trusted)

    async def by_code(self, member: Member, code: str) -> Entered:
        """Take the code of an authenticator, or a recovery code. Raises Refused, TooSoon."""
        if member.session.step != Step.CODE:
            raise Refused
        await self._count(member.person, CODES)
        return await self._advance(member, lambda scope: _use_code(scope, member.person, code))

    async def begin_enrolment(self, member: Member, password: str) -> str:
        """A new secret for an authenticator, not confirmed yet. Raises Refused, TooSoon.

        In a whole session the password is asked for again.
        """
        if member.session.step == Step.WHOLE:
            await self.prove(member, password)
        elif member.session.step != Step.ENROL:
            raise Refused
        secret = one_time.write_secret()
        await self._store.write(
            lambda scope: people.set_totp(scope, member.person.id, secret), tenant=member.person.tenant
        )
        return secret

    async def confirm_enrolment(self, member: Member, code: str) -> Enrolled:
        """From now on codes are asked for. Raises Refused where the code is wrong or nothing was begun."""
        person = member.person
        if member.session.step not in (Step.ENROL, Step.WHOLE) or person.totp_since is not None:
            raise Refused
        await self._count(person, CODES)
        codes = one_time.write_recovery_codes()

        def confirm(scope: TenantScope) -> bool:
            if not _use_totp(scope, person, code):
                return False
            people.confirm_totp(scope, person.id)
            people.set_codes(scope, person.id, [_fingerprint(scope, it) for it in codes])
            return True

        return Enrolled(await self._advance(member, confirm), tuple(codes))

    async def change_password(self, member: Member, current: str, password: str) -> Entered:
        """Another password instead of the current one; all other sessions end. Raises Refused, TooSoon."""
        if member.session.step not in (Step.PASSWORD, Step.WHOLE):
            raise Refused
        await self.prove(member, current)
        digest = await self._passwords.hash(password)

        def change(scope: TenantScope) -> bool:
            people.set_password(scope, member.person.id, digest, must_change=False, until=None)
            sessions.end_all(scope, member.person.id, but=member.session.id)
            return True

        return await self._advance(member, change)

    async def prove(self, member: Member, password: str) -> None:
        """Ask somebody who is signed in for the password again. Raises Refused, TooSoon."""
        person = member.person
        await self._count(person, CODES)
        digest = await self._store.read(
            lambda scope: people.read_proofs(scope, person.id).password, tenant=person.tenant
        )
        if not await self._passwords.verify(digest, password):
            raise Refused
        await self._store.write(
            lambda scope: sign_ins.forgive(scope, person.login, CODES), tenant=person.tenant
        )

    async def _find(self, tenant: str, login: str, place: str) -> tuple[Person | None, str]:
        """Count the attempt, then the person and the hash to compare with; "" where nothing opens."""

        def find(scope: TenantScope) -> tuple[Person | None, str]:
            _count(scope, login, place)
            person = people.find_by_login(scope, login)
            if person is None or person.state != people.ACTIVE:
                return None, ""
            expired = person.password_until is not None and person.password_until <= scope.now()
            return person, "" if expired else people.read_proofs(scope, person.id).password

        return await self._store.write(find, tenant=tenant)

    async def _enter(self, person: Person, place: str, visitor: Visitor, *, trusted: bool) -> Entered:
        """Begin the session; what failed at the place is forgiven."""

        def enter(scope: TenantScope) -> Entered:
            sign_ins.forgive(scope, person.login, place)
            step = self._find_step(person)
            begun = self._sessions.begin(scope, person, step, PASSWORD, visitor.address)
            if step is Step.WHOLE:
                people.record_sign_in(scope, person.id)
            device = visitor.device if trusted else write_device(scope, person.login)
            return Entered(begun, person, device if step is not Step.CODE else "")

        return await self._store.write(enter, tenant=person.tenant)

    async def _advance(self, member: Member, take: Callable[[TenantScope], bool]) -> Entered:
        """Where `take` is content, renew the session with its next step. Raises Refused."""

        def advance(scope: TenantScope) -> Entered | None:
            person = people.load(scope, member.person.id) if take(scope) else None
            if person is None:
                return None
            sign_ins.forgive(scope, person.login, CODES)
            step = self._find_step(person, proven=True)
            if step is Step.WHOLE and member.session.step != Step.WHOLE:
                people.record_sign_in(scope, person.id)
            renewed = self._sessions.renew(scope, member.session, step)
            return Entered(renewed, person, write_device(scope, person.login)) if renewed else None

        entered = await self._store.write(advance, tenant=member.person.tenant)
        if entered is None:
            raise Refused
        return entered

    async def _count(self, person: Person, place: str) -> None:
        """Count an attempt of somebody whose password was right. Raises TooSoon."""
        await self._store.write(lambda scope: _count(scope, person.login, place), tenant=person.tenant)

    async def _knows(self, tenant: str, login: str, device: str) -> bool:
        """True where `device` was given to a browser in which this login was signed in."""
        nonce, _, proof = device.partition(".")

        def prove(scope: TenantScope) -> bool:
            return hmac.compare_digest(_prove_device(scope, login, nonce).encode(), proof.encode())

        return bool(nonce) and await self._store.read(prove, tenant=tenant)

    async def _renew_hash(self, person: Person, password: str) -> None:
        """Hash with the parameters of today what was hashed with others."""
        digest = await self._passwords.hash(password)

        def keep(scope: TenantScope) -> None:
            people.set_password(
                scope, person.id, digest, must_change=person.must_change, until=person.password_until
            )

        await self._store.write(keep, tenant=person.tenant)

    def _find_step(self, person: Person, *, proven: bool = False) -> Step:
        """What is asked for next of somebody whose password was right; `proven`: the code was, too."""
        if person.totp_since is not None and not proven:
            return Step.CODE
        if person.must_change:
            return Step.PASSWORD
        return Step.ENROL if self._must_enrol and person.totp_since is None else Step.WHOLE


def write_device(scope: TenantScope, login: str) -> str:
    """What a browser keeps of a sign-in: it opens nothing, but guesses made elsewhere do not count there."""
    nonce = secrets.token_hex(DEVICE_BYTES)
    return f"{nonce}.{_prove_device(scope, login, nonce)}"


def _prove_device(scope: TenantScope, login: str, nonce: str) -> str:
    return scope.fingerprint(f"{nonce}|{login}", DEVICE)


def _count(scope: TenantScope, login: str, place: str) -> None:
    """Count an attempt. Raises TooSoon, and counts nothing, while the login must wait at the place."""
    wait = ACCOUNT.find_wait(sign_ins.read(scope, login, place), scope.now())
    if wait > timedelta():
        raise TooSoon(wait)
    sign_ins.count(scope, login, place, forget_before=scope.now() - FORGOTTEN)


def _use_code(scope: TenantScope, person: Person, code: str) -> bool:
    """Use up a code of the authenticator or a recovery code; False where it is none, or used."""
    if _use_totp(scope, person, code):
        return True
    return people.use_code(scope, person.id, _fingerprint(scope, code))


def _use_totp(scope: TenantScope, person: Person, code: str) -> bool:
    step = one_time.find_step(people.read_proofs(scope, person.id).totp, code, scope.now())
    return step is not None and people.use_step(scope, person.id, step)


def _fingerprint(scope: TenantScope, code: str) -> str:
    return scope.fingerprint(one_time.normalize_recovery_code(code), one_time.RECOVERY)
