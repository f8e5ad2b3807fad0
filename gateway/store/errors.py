"""What can go wrong with the store. Texts hold ids and causes, never a value of a document."""

from __future__ import annotations


class StoreError(Exception):
    """Base of all."""


class StoreUnavailable(StoreError):
    """Nothing was written; later it may work: disk full, database locked, down or overloaded."""


class StoreBroken(StoreError):
    """A flush to disk failed. What the disk holds is unknown: this process must end."""


class StoreOwned(StoreError):
    """Another process owns this SQLite file."""


class StoreNewer(StoreError):
    """The schema is one of a later version of the program."""


class Conflict(StoreError):
    """A row would break a constraint of the schema."""


class ValueRefused(StoreError):
    """The database cannot hold a value: too large, or a character that it does not take (PostgreSQL: NUL)."""


class UnscopedStatement(StoreError):
    """A statement touches a tenant's table without naming the tenant: a fault of the program, refused."""


class LostLease(StoreError):
    """The lease ended and another worker may hold the row: the operation is undone."""


class NoSuchRow(StoreError):
    """A row that the operation needs is not there for this tenant."""
