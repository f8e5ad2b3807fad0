"""Sessions: a random text in a cookie, of which only the digest is kept; they end idle, by age, by hand."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from gateway.clock import Clock
from gateway.people.roles import list_scopes
from gateway.people_settings import PeopleSettings
from gateway.store import Store, SystemScope, TenantScope, emergencies, people, sessions
from gateway.store.emergencies import Emergency
from gateway.store.errors import StoreUnavailable
from gateway.store.people import Person
from gateway.store.sessions import Session

TEXT_BYTES: Final = 32
USE_STEP: Final = timedelta(minutes=1)
CSRF: Final = b"claimwire csrf"


class Step(StrEnum):
    """How far a sign-in has come: what is asked for next, or `whole`."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105  the name of a step
    ENROL = "enrol"
    WHOLE = "whole"


class Member(msgspec.Struct, frozen=True):
    """Who stands behind a session: the person, and access in an emergency that is open for them now."""

    session: Session
    person: Person
    emergencies: tuple[Emergency, ...] = ()

    @property
    def scopes(self) -> frozenset[str]:
        """What the roles and open accesses to the own tenant allow."""
        opened = (scope for access in self.emergencies for scope in access.scopes)
        return list_scopes(self.person.roles) | frozenset(opened)


class NewSession(msgspec.Struct, frozen=True):
    """A session with its text, which only the browser keeps."""

    session: Session
    text: str

    def __repr__(self) -> str:
        return f"NewSession({self.session.id})"


def write_csrf(text: str) -> str:
    """What a page sends along with what it changes: only who has the session's text can make it."""
    return hmac.digest(text.encode("utf-8", "replace"), CSRF, hashlib.sha256).hex()


def digest_text(text: str) -> str:
    """The digest by which a session is found; its text has 256 random bits."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class SessionRoom:
    """Begins, finds, renews, lists and ends sessions."""

    def __init__(self, store: Store, clock: Clock, settings: PeopleSettings) -> None:
        self._store = store
        self._clock = clock
        self._idle = timedelta(minutes=settings.idle_minutes)
        self._life = timedelta(hours=settings.session_hours)
        self._seen: dict[str, datetime] = {}

    def begin(self, scope: TenantScope, person: Person, step: Step, method: str, address: str) -> NewSession:
        """A new session, within the caller's transaction."""
        text = secrets.token_urlsafe(TEXT_BYTES)
        session = sessions.add(
            scope,
            digest=digest_text(text),
            person=person.id,
            step=step.value,
            method=method,
            address=address,
            ends_at=scope.now() + self._life,
        )
        return NewSession(session, text)

    def renew(self, scope: TenantScope, session: Session, step: Step) -> NewSession | None:
        """The session under another text and with another step; None where it has ended meanwhile."""
        text = secrets.token_urlsafe(TEXT_BYTES)
        renewed = sessions.renew(scope, session.id, digest=digest_text(text), step=step.value)
        return NewSession(msgspec.structs.replace(session, step=step.value), text) if renewed else None

    async def verify(self, text: str) -> Member | None:
        """Who stands behind the session of this text, or None. It counts as a use."""
        member = await self._store.read(lambda system: self._find(system, digest_text(text)))
        if member is not None:
            await self._note_use(member.session)
        return member

    async def list_open(self, tenant: str, person: str = "") -> list[Session]:
        """The sessions that may still be used, oldest first; of one person where named."""
        since = self._clock.now() - self._idle
        return await self._store.read(
            lambda scope: sessions.list_open(scope, seen_after=since, person=person), tenant=tenant
        )

    async def load(self, tenant: str, session_id: str) -> Session | None:
        """The session, ended or not; or None."""
        return await self._store.read(lambda scope: sessions.load(scope, session_id), tenant=tenant)

    async def end(self, tenant: str, session_id: str) -> bool:
        """End a session; False where no open one has this id."""
        self._seen.pop(session_id, None)
        return await self._store.write(lambda scope: sessions.end(scope, session_id), tenant=tenant)

    def _find(self, system: SystemScope, digest: str) -> Member | None:
        session = sessions.find(system, digest)
        if session is None or not self._is_live(session):
            return None
        scope = system.of(session.tenant)
        person = people.load(scope, session.person)
        if person is None or person.state != people.ACTIVE:
            return None
        return Member(session, person, tuple(emergencies.list_live(scope, person.id)))

    def _is_live(self, session: Session) -> bool:
        now = self._clock.now()
        seen = max(session.seen_at, self._seen.get(session.id, session.seen_at))
        return session.ended_at is None and now < session.ends_at and now - seen < self._idle

    async def _note_use(self, session: Session) -> None:
        """Remember the use, in the database to within `USE_STEP`; one that cannot write stops no reading."""
        now = self._clock.now()
        self._seen[session.id] = now
        if now - session.seen_at < USE_STEP:
            return
        self._forget_old(now)
        with contextlib.suppress(StoreUnavailable):
            await self._store.write(
                lambda scope: sessions.record_use(scope, session.id), tenant=session.tenant
            )

    def _forget_old(self, now: datetime) -> None:
        for session_id in [it for it, seen in self._seen.items() if now - seen >= self._idle]:
            del self._seen[session_id]
