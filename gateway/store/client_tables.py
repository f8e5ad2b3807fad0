"""The tables of webhooks: who is told, and what of it is still to be delivered."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from gateway.store.columns import Instant, Words
from gateway.store.table_parts import columns as _columns
from gateway.store.table_parts import id_column as _id
from gateway.store.table_parts import index as _index
from gateway.store.table_parts import key as _key
from gateway.store.table_parts import metadata
from gateway.store.table_parts import names as _names
from gateway.store.table_parts import tenant_column as _tenant

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    _tenant(),
    _id(),
    Column("url", String, nullable=False),
    Column("types", Words, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", Instant),
    Column("state", String, nullable=False),
    Column("failing_since", Instant),
    *_columns(Instant, "created_at", "updated_at"),
    _key("id"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    _tenant(),
    _id(),
    Column("endpoint", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("claim", String),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("last_status", Integer),
    *_columns(Instant, "created_at", "updated_at"),
    _key("id"),
    _names("endpoint", "webhook_endpoint"),
    ForeignKeyConstraint(["tenant", "sequence"], ["event.tenant", "event.sequence"]),
    _index("ix_webhook_delivery_waiting", "due_at", only="state = 'waiting'"),
    _index("ix_webhook_delivery_due", "endpoint", "due_at", only="state = 'waiting'"),
    _index("ix_webhook_delivery_running", "endpoint", only="state = 'running'"),
    _index(
        "ix_webhook_delivery_order", "endpoint", "claim", "sequence", only="state IN ('waiting', 'running')"
    ),
    Index(None, "tenant", "endpoint", "id"),
)
