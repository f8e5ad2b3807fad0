"""What SQLite's planner is told of our tables: what a large tenant looks like.

Without statistics SQLite takes a tenant for ten rows and one fingerprint for nine, and so walks all claims of
the tenant in order of their ids rather than find the one that is equal and sort it: every claim that came in
read all those before it. Gathered statistics would be those of the day they were gathered on, an empty
database's first. These hold for every tenant that is large enough for a plan to matter.

Source: sqlite.org/fileformat2.html, "The sqlite_stat1 table".
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from gateway.store import tables

ROWS: Final = 100_000_000
FEW_ROWS: Final = 100_000  # of an index over the rows that wait for something
TENANTS: Final = 100
COARSE: Final = 10  # values of a column such as a state
FINE: Final = 4  # rows that share one value of a column such as a fingerprint
_COARSE_COLUMNS: Final = frozenset(
    {"direction", "endpoint", "kind", "partner", "payer_id", "sender", "state", "status", "route"}
)


def write_statistics(connection: Connection) -> None:
    """Put them in the place of what SQLite has; connections that are opened later plan by them."""
    connection.exec_driver_sql("ANALYZE tenant")  # makes the table of statistics
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for table in tables.metadata.tables:
        for _, index, unique, _, partial in connection.exec_driver_sql(f"PRAGMA index_list({table})").all():
            columns = [row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info({index})")]
            told = describe_index(columns, unique=bool(unique), partial=bool(partial))
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table, index, told))


def describe_index(columns: list[str], *, unique: bool, partial: bool = False) -> str:
    """How many rows an index has, and how many share the same first, first two ... columns."""
    rows = FEW_ROWS if partial else ROWS
    counts, sharing = [rows], rows
    for column in columns:
        if column == "tenant":
            sharing //= TENANTS
        elif column in _COARSE_COLUMNS:
            sharing = max(FINE, sharing // COARSE)
        else:
            sharing = min(FINE, sharing)
        counts.append(sharing)
    if unique:
        counts[-1] = 1
    return " ".join(map(str, counts))
