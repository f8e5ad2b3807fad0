"""The table of data keys. The tenant "" owns those of the archive."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from gateway.store.columns import Instant
from gateway.store.table_parts import columns as _columns
from gateway.store.table_parts import id_column as _id
from gateway.store.table_parts import key as _key
from gateway.store.table_parts import metadata

data_key = Table(
    "data_key",
    metadata,
    Column("tenant", String, nullable=False),
    _id(),
    *_columns(String, "period", "kek"),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("superseded_at", Instant),
    _key("id"),
)
