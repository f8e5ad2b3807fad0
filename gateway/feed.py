"""An event as others see it: in the feed, in a timeline, and as the body of a webhook."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.store.events import Event


class EventShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One event. `sequence` counts without gaps within the tenant; `data` tells the story."""

    id: str
    type: str
    timestamp: datetime
    tenant: str
    sequence: int
    data: msgspec.Raw


def show_event(tenant: str, event: Event) -> EventShown:
    """The event of `tenant` as it is shown."""
    return EventShown(
        id=event.id,
        type=event.type,
        timestamp=event.at,
        tenant=tenant,
        sequence=event.sequence,
        data=msgspec.Raw(event.body),
    )
