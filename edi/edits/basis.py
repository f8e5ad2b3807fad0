"""What edits go by, beside the claim: the code tables, and the day on which the claim came."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

from edi.edits.tables import CodeTables, load_shipped


class Basis(NamedTuple):
    """The tables to look codes up in, and the day of receipt, where it is known."""

    tables: CodeTables
    received: date | None = None


@cache
def default_basis() -> Basis:
    """The shipped tables, and no day of receipt."""
    return Basis(load_shipped())
