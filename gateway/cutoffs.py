"""Cut-off times: which of the waiting claims leave now, by a partner's clock and calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from gateway.settings_parts import WEEK, BatchSettings, find_zone
from gateway.store.claims import Claim

LOOKED_BACK = 370
"""Days; a calendar without a working day in them has no cut-off."""


def select_due(rows: Sequence[Claim], limits: BatchSettings, now: datetime) -> list[Claim]:
    """Those of the waiting claims that leave now: all where there are enough, else by cut-off or by age."""
    if len(rows) >= limits.max_claims:
        return list(rows)
    if limits.cut_offs:
        last = find_last_cut_off(limits, now)
        return [row for row in rows if last is not None and row.created_at <= last]
    oldest = min((row.created_at for row in rows), default=now)
    return list(rows) if now - oldest >= timedelta(seconds=limits.max_age_seconds) else []


def find_last_cut_off(limits: BatchSettings, now: datetime) -> datetime | None:
    """The newest cut-off that is not after `now`, in UTC; or None.

    A local time that the clocks skip counts as many minutes after the skip began; of one that comes twice
    the first counts.
    """
    return next((moment for moment in _walk_back(limits, now) if moment <= now), None)


def find_next_cut_off(limits: BatchSettings, now: datetime) -> datetime | None:
    """The first cut-off after `now`, in UTC; None for a calendar without any."""
    zone = find_zone(limits.time_zone)
    today = now.astimezone(zone).date()
    times = sorted(map(time.fromisoformat, limits.cut_offs))
    coming = (
        datetime.combine(today + timedelta(days=ahead), at, zone).astimezone(UTC)
        for ahead in range(LOOKED_BACK)
        if is_working(limits, today + timedelta(days=ahead))
        for at in times
    )
    return next((moment for moment in coming if moment > now), None)


def _walk_back(limits: BatchSettings, now: datetime) -> Iterator[datetime]:
    """The cut-offs from today's last one back, newest first."""
    zone = find_zone(limits.time_zone)
    today = now.astimezone(zone).date()
    times = sorted(map(time.fromisoformat, limits.cut_offs), reverse=True)
    for back in range(LOOKED_BACK):
        day = today - timedelta(days=back)
        if is_working(limits, day):
            yield from (datetime.combine(day, at, zone).astimezone(UTC) for at in times)


def is_working(limits: BatchSettings, day: date) -> bool:
    """True on a weekday of the settings that is no holiday."""
    return WEEK[day.weekday()] in limits.days and day not in limits.holidays
