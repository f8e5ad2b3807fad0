"""Hints from other processes on one PostgreSQL: a connection that listens, and what is told at a commit.

A hint only shortens the wait for the next look; leases and due times by the database's clock decide. While
the connection is gone nothing is heard, and the looks go on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterable, Set
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gateway.logs import log_event
from gateway.store.failures import DRIVER_ERRORS

HEARD_SECONDS: Final = 1.0
LOST_SECONDS: Final = 1.0
_TELL: Final = "SELECT pg_notify('claimwire', topic) FROM unnest(%s::text[]) AS topic"
_LISTEN: Final = "LISTEN claimwire"
_FAILURES: Final[tuple[type[Exception], ...]] = (DBAPIError, *DRIVER_ERRORS)

Connect = Callable[[], Connection]
Announce = Callable[[Iterable[str]], None]


def tell(connection: Connection, topics: Set[str]) -> None:
    """Let the others hear of `topics` once this transaction commits."""
    if topics:
        connection.exec_driver_sql(_TELL, (sorted(topics),))


class Listener:
    """Announces, on the event loop that it was started on, what others told. `ours` are our own backends."""

    def __init__(self, connect: Connect, announce: Announce, ours: Collection[int]) -> None:
        self._connect = connect
        self._announce = announce
        self._ours = ours
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="claimwire-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._closing.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                with self._connect() as connection:
                    self._listen(connection.connection.driver_connection)
                    connection.invalidate()
            except _FAILURES as failure:
                log_event("listener.lost", level=logging.WARNING, error=failure)
                self._closing.wait(LOST_SECONDS)

    def _listen(self, driver: Any) -> None:
        """Until closed. Raises what the driver raises where the connection is lost."""
        driver.execute(_LISTEN)
        while not self._closing.is_set():
            told = driver.notifies(timeout=HEARD_SECONDS, stop_after=1)
            heard = {it.payload for it in told if it.pid not in self._ours}
            if heard and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._announce, heard)
