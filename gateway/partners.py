"""Partners as they stand: reachable or not, told once when it changes."""

from __future__ import annotations

import logging

from gateway.events import PARTNER_DOWN, PARTNER_UP, Happening, publish
from gateway.logs import log_event
from gateway.store import Store
from gateway.store import events as kept
from gateway.store.scope import TenantScope
from gateway.story import PartnerStory, read_partner

PAGE = 1000


class PartnerWatch:
    """Tells `partner.down` when a partner stops answering and `partner.up` when it answers again.

    What was told last is read from the feed once, so that a restart tells nothing twice.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._down: dict[str, set[str]] = {}

    async def note_failure(
        self, tenant: str, partner: str, reason: str, interchange: str | None = None
    ) -> None:
        """The partner cannot be reached, or refuses; `reason` holds no value of a document."""
        await self._change(
            tenant, PartnerStory(partner=partner, reason=reason, interchange=interchange), down=True
        )

    async def note_success(self, tenant: str, partner: str) -> None:
        """The partner answered."""
        await self._change(tenant, PartnerStory(partner=partner), down=False)

    async def _change(self, tenant: str, story: PartnerStory, *, down: bool) -> None:
        known = self._down.get(tenant)
        if known is None:
            known = self._down[tenant] = await self._store.read(list_down, tenant=tenant)
        if (story.partner in known) == down:
            return
        happening = Happening(type=PARTNER_DOWN if down else PARTNER_UP, story=story)
        await self._store.write(lambda scope: publish(scope, happening), tenant=tenant)
        known ^= {story.partner}
        level = logging.WARNING if down else logging.INFO
        log_event(
            happening.type, level=level, tenant=tenant, partner=story.partner, reason=story.reason or None
        )


def list_down(scope: TenantScope) -> set[str]:
    """The partners whose last event says that they are down."""
    down: set[str] = set()
    cursor = 0
    while page := kept.list_after(scope, cursor, types=(PARTNER_DOWN, PARTNER_UP), limit=PAGE):
        for event in page:
            partner = read_partner(event.body)
            down = down | {partner} if event.type == PARTNER_DOWN else down - {partner}
        cursor = page[-1].sequence
    return down
