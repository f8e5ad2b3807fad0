"""Column types: money as whole cents, moments as UTC, short sets of words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_CENT: Final = Decimal("0.01")


@lru_cache(maxsize=64)
def _write_instant(moment: datetime) -> str:
    """The moment as text that sorts; the rows of one transaction share a few."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Cents(TypeDecorator[Decimal]):
    """Money: a Decimal with two places outside, whole cents in the database. No float comes near it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Whole cents. Raises TypeError for what is no Decimal, ValueError for a part of a cent."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError("money must be a Decimal")
        cents = value * 100
        if cents != cents.to_integral_value():
            raise ValueError("money must not have a part of a cent")
        return int(cents)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) * _CENT


class Instant(TypeDecorator[datetime]):
    """A moment: an aware datetime in UTC. PostgreSQL keeps it as timestamptz, SQLite as text that sorts."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Raises ValueError for a datetime without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must know its zone")
        return _write_instant(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


class Words(TypeDecorator[tuple[str, ...]]):
    """A short tuple of words without spaces (marks, scopes, ids), kept as one text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        """Raises ValueError for an empty word or one with white space."""
        if value is None:
            return None
        if any(not word or word.split() != [word] for word in value):
            raise ValueError("a word must not be empty or hold white space")
        return " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())
