"""Partners as they stand: reachable or not, told once when it changes; and when the next try may be.

A partner that does not answer is tried again soon, then more rarely, by one worker at a time. One that turns
us away (login refused, another host key) is tried again every half hour only: servers lock accounts. What
waits for it goes on by itself once a try succeeds. Changed settings or secrets, or an operator's release, let
the next try be now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

import msgspec

from adapters.errors import DeliveryError, Refused
from gateway.batching import SEND, name_lane
from gateway.events import PARTNER_DOWN, PARTNER_UP, WORK_ITEM_RESOLVED, Happening, publish
from gateway.logs import log_event
from gateway.store import Store, jobs, partner_states, work_items
from gateway.store.partner_states import PartnerState
from gateway.store.scope import TenantScope
from gateway.story import HandTold, PartnerStory, WorkItemStory

REFUSED_WAIT: Final = timedelta(minutes=30)
"""Between two tries at a server that turns us away: with what is under way at once, three tries an hour."""

SHORTEST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(seconds=30)
REFUSAL: Final = "partner.refused"
KEY: Final = "watchdog"

Way = Literal["poll", "send"]
Wires = Callable[[str, str], str]
"""How a tenant's partner is reached, secrets and all, as text: where it changes, the old trouble is over."""


def forget_wires(_tenant: str, _partner: str) -> str:
    """Every way to a partner is the same one."""
    return ""


class PartnerWatch:
    """Tells `partner.down` when a partner stops answering and `partner.up` when it answers again.

    What is known stands in the store: any number of workers tell once, and one of them tries.
    """

    def __init__(self, store: Store, wires: Wires = forget_wires) -> None:
        self._store = store
        self._wires = wires

    async def may_poll(self, tenant: str, partner: str) -> bool:
        """True where the mailbox may be looked at now; of several workers one is let through."""
        state = await self._load(tenant, partner)
        return state is None or await self._take_try(tenant, state)

    async def find_pause(self, tenant: str, partner: str) -> timedelta | None:
        """How long nothing may be sent, None where it may: only a partner that turns us away is spared."""
        state = await self._load(tenant, partner)
        if state is None or not state.refused or await self._take_try(tenant, state):
            return None
        now = await self._store.read(lambda scope: scope.lease_now(), tenant=tenant)
        return max(SHORTEST_WAIT, state.next_try_at - now)

    async def note_failure(
        self, tenant: str, partner: str, failure: DeliveryError, *, way: Way, interchange: str | None = None
    ) -> None:
        """The partner cannot be reached, or refuses; the failure's text holds no value of a document."""
        wire, refused = self._wires(tenant, partner), isinstance(failure, Refused)
        story = PartnerStory(partner=partner, reason=str(failure), interchange=interchange)

        def note(scope: TenantScope) -> bool:
            return note_trouble(scope, story, way=way, refused=refused, wire=wire)

        if await self._store.write(note, tenant=tenant):
            level = logging.WARNING
            log_event(PARTNER_DOWN, level=level, tenant=tenant, partner=partner, reason=story.reason)

    async def note_success(self, tenant: str, partner: str, *, way: Way) -> None:
        """The partner answered. That its mailbox can be read does not say that it takes files again."""
        state = await self._store.read(lambda scope: partner_states.load(scope, partner), tenant=tenant)
        if state is None or (way == "poll" and state.way == "send" and not state.refused):
            return
        if await self._store.write(lambda scope: note_recovery(scope, partner), tenant=tenant):
            log_event(PARTNER_UP, tenant=tenant, partner=partner)

    async def _load(self, tenant: str, partner: str) -> PartnerState | None:
        """How the partner stands, None where nothing is known against the way that it is reached by now."""
        state = await self._store.read(lambda scope: partner_states.load(scope, partner), tenant=tenant)
        if state is None or not state.failures:
            return None
        wire = self._wires(tenant, partner)

        def is_same(scope: TenantScope) -> bool:
            return state.wire == partner_states.fingerprint_wire(scope, wire)

        return state if await self._store.read(is_same, tenant=tenant) else None

    async def _take_try(self, tenant: str, state: PartnerState) -> bool:
        def take(scope: TenantScope) -> bool:
            return partner_states.take_try(scope, state.partner, scope.lease_now() + find_wait(state))

        return await self._store.write(take, tenant=tenant)


def find_wait(state: PartnerState) -> timedelta:
    """How long nobody tries after so many failures: not at all after a first one, which may be chance."""
    if state.refused:
        return REFUSED_WAIT
    doubled = SHORTEST_WAIT * float(1 << min(max(0, state.failures - 2), 16))
    return min(LONGEST_WAIT, doubled) if state.failures > 1 else timedelta()


def note_trouble(scope: TenantScope, story: PartnerStory, *, way: Way, refused: bool, wire: str) -> bool:
    """Keep that the partner failed us; True where it is told now: it answered before."""
    scope.lock(f"partner {story.partner}")
    before = partner_states.load(scope, story.partner)
    failures = before.failures + 1 if before is not None else 1
    item = before.work_item if before is not None else None
    if refused and item is None:
        item = work_items.add(scope, kind="partner", reason=REFUSAL, subject=story.partner).id
    state = PartnerState(
        partner=story.partner,
        way=way,
        refused=refused,
        failures=failures,
        next_try_at=scope.lease_now(),
        wire=partner_states.fingerprint_wire(scope, wire),
        work_item=item,
    )
    due = state.next_try_at + find_wait(state)
    partner_states.save(scope, msgspec.structs.replace(state, next_try_at=due))
    if before is None:
        publish(scope, Happening(type=PARTNER_DOWN, story=story))
    return before is None


def note_recovery(scope: TenantScope, partner: str) -> bool:
    """The partner answers again: told once, and what waited for it is due now."""
    scope.lock(f"partner {partner}")
    state = partner_states.load(scope, partner)
    if state is None or not partner_states.remove(scope, partner):
        return False
    jobs.hasten(scope, SEND, name_lane(partner))
    publish(scope, Happening(type=PARTNER_UP, story=PartnerStory(partner=partner)))
    if state.work_item is not None and work_items.resolve(scope, state.work_item, by=KEY):
        told = WorkItemStory(
            work_item=state.work_item, kind="partner", reason=REFUSAL, hand=HandTold(key=KEY)
        )
        publish(scope, Happening(type=WORK_ITEM_RESOLVED, story=told))
    return True


def allow_try(scope: TenantScope, partner: str) -> None:
    """A person says that the partner is mended: the next try is now, and what waited is due."""
    if partner_states.allow_try(scope, partner):
        jobs.hasten(scope, SEND, name_lane(partner))
