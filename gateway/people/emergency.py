"""Access in an emergency: more than the role allows, for a stated reason and a short time, told at once.

In the own tenant it shows patients to one whose role does not. In another tenant it lets somebody in who may
support it, where that tenant's settings name theirs. Source: 45 CFR 164.312(a)(2)(ii).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from gateway.events import EMERGENCY_BEGUN, Happening, publish
from gateway.keys import Scope
from gateway.people.roles import list_scopes, load_roles
from gateway.people.sessions import Member
from gateway.settings import Settings
from gateway.store import Store, TenantScope, audit, emergencies
from gateway.store.audit import NewEntry
from gateway.store.emergencies import Emergency
from gateway.store.people import Person
from gateway.story import EmergencyStory

KIND: Final = "emergency_access"


class Beyond(Exception):
    """Scopes that access in an emergency does not open there; `known` are those that it does."""

    def __init__(self, scopes: Iterable[str], known: Iterable[str]) -> None:
        super().__init__("beyond")
        self.scopes, self.known = tuple(sorted(scopes)), tuple(sorted(known))


class Wish(msgspec.Struct, frozen=True):
    """What somebody asks for: which scopes (none: all that there are), in which tenant ("": the own), why."""

    reason: str
    scopes: tuple[str, ...] = ()
    tenant: str = ""
    minutes: float | None = None


class EmergencyRoom:
    """Begins, finds, lists and ends access in an emergency."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def begin(self, person: Person, wish: Wish, entry: NewEntry) -> Emergency:
        """Let a person do more; `entry` goes into the audit log of the tenant that is opened.

        Raises Beyond; also where the other tenant does not want them there.
        """
        target = wish.tenant or person.tenant
        allowed = self._allow(person, target)
        wanted = tuple(sorted(set(wish.scopes) or allowed))
        if not allowed or not set(wanted) <= allowed:
            raise Beyond(set(wanted) - allowed, allowed)
        longest = self._settings.people.emergency_minutes
        minutes = min(wish.minutes or longest, longest)

        def write(scope: TenantScope) -> Emergency:
            access = emergencies.add(
                scope,
                person=person.id,
                home=person.tenant,
                scopes=wanted,
                reason=wish.reason.encode("utf-8"),
                ends_at=scope.now() + timedelta(minutes=minutes),
            )
            publish(scope, Happening(type=EMERGENCY_BEGUN, story=tell(access)))
            kept = {"subjects": (access.id,), "kind": KIND, "reason": wish.reason}
            audit.append(scope, [msgspec.structs.replace(entry, **kept)])
            return access

        return await self._store.write(write, tenant=target)

    async def enter(self, member: Member, tenant: str) -> Emergency | None:
        """The open access by which a person may enter another tenant, or None."""

        def find(scope: TenantScope) -> list[Emergency]:
            return emergencies.list_live(scope, member.person.id)

        if not self._allow(member.person, tenant):
            return None
        found = await self._store.read(find, tenant=tenant)
        return next((access for access in found if access.home == member.person.tenant), None)

    async def record_use(self, access: Emergency, entry: NewEntry) -> None:
        """Count a use of the access, with an entry of the audit log; both are durable once awaited."""

        def record(scope: TenantScope) -> None:
            emergencies.record_use(scope, access.id)
            audit.append(scope, [msgspec.structs.replace(entry, subjects=(access.id,), kind=KIND)])

        await self._store.write(record, tenant=access.tenant)

    async def list_page(self, tenant: str, person: str, before: str, limit: int) -> list[Emergency]:
        """The accesses to a tenant, newest first; of one person where named."""
        return await self._store.read(
            lambda scope: emergencies.list_page(scope, person=person, before=before, limit=limit),
            tenant=tenant,
        )

    async def end(self, tenant: str, access_id: str, person: str = "") -> bool:
        """End an access before its time, of that person only where named; False where there is none."""

        def end(scope: TenantScope) -> bool:
            access = emergencies.load(scope, access_id)
            if access is None or (person and access.person != person):
                return False
            return emergencies.end(scope, access_id)

        return await self._store.write(end, tenant=tenant)

    def _allow(self, person: Person, tenant: str) -> frozenset[str]:
        """What access in an emergency may open to a person in a tenant; nothing where it may not be."""
        opened = load_roles().emergency
        if tenant == person.tenant:
            return opened.own
        found = self._settings.tenant(tenant)
        wanted = found is not None and person.tenant in found.support
        return (
            opened.support if wanted and Scope.TENANTS_SUPPORT in list_scopes(person.roles) else frozenset()
        )


def tell(access: Emergency) -> EmergencyStory:
    """What the event tells: who, which scopes, until when; the reason stays sealed beside it."""
    return EmergencyStory(
        access=access.id,
        person=access.person,
        home=access.home,
        scopes=access.scopes,
        ends_at=access.ends_at.isoformat().replace("+00:00", "Z"),
    )
