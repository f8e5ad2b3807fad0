"""Cut-off times on the calendar: summer time, weekends, holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.cutoffs import find_last_cut_off
from gateway.settings_parts import BatchSettings, check_file_name

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def make_limits(**changes: Any) -> BatchSettings:
    """Cut-offs at 11:00 and 16:30 in Chicago on workdays, but for Thanksgiving."""
    usual: dict[str, Any] = {
        "cut_offs": ("16:30", "11:00"),
        "time_zone": "America/Chicago",
        "days": WORKDAYS,
        "holidays": (date(2026, 11, 26),),
    }
    return BatchSettings(**(usual | changes))


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-11-24T17:00", "2026-11-24T17:00"),  # a Tuesday, to the minute
        ("2026-11-24T16:59", "2026-11-23T22:30"),
        ("2026-11-24T23:00", "2026-11-24T22:30"),
        ("2026-07-14T16:00", "2026-07-14T16:00"),  # an hour earlier in UTC under summer time
        ("2026-11-27T16:00", "2026-11-25T22:30"),  # the morning after the holiday
        ("2026-11-30T02:00", "2026-11-27T22:30"),  # Sunday evening in Chicago
        ("2026-11-25T03:00", "2026-11-24T22:30"),  # Tuesday there, Wednesday in UTC
    ],
)
def test_the_last_cut_off_is_found_on_the_partner_s_calendar(now: str, last: str) -> None:
    found = find_last_cut_off(make_limits(), datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(last).replace(tzinfo=UTC)


def test_a_time_that_the_clocks_skip_or_repeat_is_one_cut_off() -> None:
    limits = make_limits(cut_offs=("02:30", "01:30"), days=("sun",))
    spring = datetime(2026, 3, 8, 8, 30, tzinfo=UTC)  # 02:30 does not come; 03:30 summer time
    assert find_last_cut_off(limits, spring) == spring
    autumn = datetime(2026, 11, 1, 7, 45, tzinfo=UTC)  # 01:45 for the second time
    assert find_last_cut_off(limits, autumn) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_a_calendar_of_holidays_alone_has_no_cut_off() -> None:
    sundays = tuple(date.fromordinal(it) for it in range(date(2025, 1, 5).toordinal(), 739999, 7))
    limits = make_limits(days=("sun",), holidays=sundays)
    assert find_last_cut_off(limits, datetime(2026, 11, 24, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("claims.x12", "holds {id} or {control_number}"),
        ("{id}{patient}.x12", "nothing else in braces"),
        ("{id:>80}.x12", "nothing else in braces"),
        ("{id!r}.x12", "nothing else in braces"),
        ("{id.x12", "nothing else in braces"),
        ("out/{id}.x12", "letters, digits, dot, dash and underscore"),
        (".{id}", "letters, digits, dot, dash and underscore"),
        ("{id}.TMP", "letters, digits, dot, dash and underscore"),
    ],
)
def test_a_pattern_that_names_files_wrongly_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_file_name(pattern)
