"""How long rows have been waiting, counted by the database."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Column, ColumnElement, Table, case, func

from gateway.store.scope import TenantScope

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


class Ages(msgspec.Struct, frozen=True, rename="camel"):
    """How many rows wait: less than a day, a week, thirty days, and longer; and since when the oldest."""

    day: int
    week: int
    month: int
    older: int
    oldest: datetime | None

    @property
    def total(self) -> int:
        """All of them."""
        return self.day + self.week + self.month + self.older


def count_ages(
    scope: TenantScope, table: Table, since: Column[datetime], *criteria: ColumnElement[bool]
) -> Ages:
    """The rows of `table` that meet the criteria, by how long ago `since` was."""
    now = scope.now()
    bucket = case(
        (since > now - DAY, "day"),
        (since > now - WEEK, "week"),
        (since > now - MONTH, "month"),
        else_="older",
    )
    statement = scope.select(table, bucket, func.count(), func.min(since, type_=since.type)).where(*criteria)
    counted = {name: (count, oldest) for name, count, oldest in scope.tuples(statement.group_by(bucket))}
    oldest = min((moment for _, moment in counted.values()), default=None)
    day, week, month, older = (counted.get(name, (0,))[0] for name in ("day", "week", "month", "older"))
    return Ages(day, week, month, older, oldest)
