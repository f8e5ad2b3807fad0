"""What the running gateway checks claims by: the tables that count, read again after an import."""

from __future__ import annotations

from datetime import date

from edi.edits.basis import Basis
from edi.edits.packing import TableUnreadable
from edi.edits.tables import CodeTables
from gateway.clock import Clock
from gateway.codes.library import Library


class Shelf:
    """The tables of a library as they are now. Raises TableUnreadable at first where one is damaged."""

    def __init__(self, library: Library, clock: Clock) -> None:
        self._library = library
        self._clock = clock
        self._stamp = library.stamp()
        self._tables = library.tables()

    def tables(self) -> CodeTables:
        """The tables that count. While an import cannot be read, those before it do."""
        stamp = self._library.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._tables = self._library.tables()
            except (OSError, TableUnreadable):
                return self._tables
        return self._tables

    def imported(self) -> set[str]:
        """The names of the tables that were imported."""
        return self._library.imported()

    def today(self) -> date:
        """The day that the clock shows."""
        return self._clock.now().date()

    def basis(self) -> Basis:
        """The tables, and today as the day of receipt."""
        return Basis(self.tables(), self.today())
