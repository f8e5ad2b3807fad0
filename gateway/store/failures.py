"""Driver errors as errors of the store. A driver's own text may hold values: it goes no further."""

from __future__ import annotations

import re
import sqlite3
from types import ModuleType
from typing import Final

from sqlalchemy.exc import DBAPIError, PendingRollbackError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from gateway.store.errors import Conflict, StoreBroken, StoreError, StoreUnavailable, ValueRefused

_SQLITE_IOERR: Final = 10
_SQLITE_CORRUPT: Final = 11
_SQLITE_NOTADB: Final = 26
_FATAL: Final = frozenset({_SQLITE_IOERR, _SQLITE_CORRUPT, _SQLITE_NOTADB})
_SQLITE_COLUMNS: Final = re.compile(r"[a-z_]+\.[a-z_]+")
_TRANSIENT_STATES: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock detected


def _list_drivers() -> tuple[ModuleType, ...]:
    """The drivers that are installed; PostgreSQL's is optional."""
    try:
        import psycopg
    except ImportError:
        return (sqlite3,)
    return (sqlite3, psycopg)


_DRIVERS: Final = _list_drivers()
DRIVER_ERRORS: Final[tuple[type[Exception], ...]] = tuple(driver.Error for driver in _DRIVERS)
_INTEGRITY_ERRORS: Final = tuple(driver.IntegrityError for driver in _DRIVERS)
_VALUE_ERRORS: Final = tuple(driver.DataError for driver in _DRIVERS)
CONNECTION_LOST: Final = (PoolExhausted, PendingRollbackError, ResourceClosedError)
"""What SQLAlchemy says of its own where none is free, or where one died under a transaction: a statement that
follows, be it a ROLLBACK, hides what the driver said.
"""


def is_fatal(error: BaseException) -> bool:
    """True for SQLite's I/O errors and corruption: after a failed flush nobody knows what the disk holds."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _FATAL


def is_transient(error: BaseException) -> bool:
    """True where PostgreSQL chose this transaction to give way: the same operation may run again at once."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) in _TRANSIENT_STATES


def name_failure(error: BaseException) -> BaseException:
    """The error for the caller: a driver's error becomes ours, any other stays."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, _INTEGRITY_ERRORS):
        return Conflict(f"a row breaks {_name_constraint(error)}")
    if isinstance(error, _VALUE_ERRORS):
        return ValueRefused(_describe(error))
    if isinstance(error, (DBAPIError, *DRIVER_ERRORS)):
        return _name_driver_error(error)
    if isinstance(error, CONNECTION_LOST):
        return StoreUnavailable(f"{type(error).__name__} (no connection)")
    return error


def _name_driver_error(error: BaseException) -> StoreError:
    if is_fatal(error):
        return StoreBroken(_describe(error))
    return StoreUnavailable(_describe(error))


def _describe(error: BaseException) -> str:
    """The kind of error and its code; never its text."""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "no code"
    return f"{type(error).__name__} ({code})"


def _name_constraint(error: BaseException | None) -> str:
    """The constraint's name (PostgreSQL), or its columns (SQLite says no more)."""
    name = getattr(getattr(error, "diag", None), "constraint_name", None)
    return name or ", ".join(_SQLITE_COLUMNS.findall(str(error))) or "a constraint"
