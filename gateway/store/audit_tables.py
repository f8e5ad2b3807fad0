"""The tables of the audit log. A tenant "" is the installation's own log: strangers, and its operator.

Nothing here names another table: claims go by their retention, and the entry that somebody saw one stays.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from gateway.store.columns import Instant, Words
from gateway.store.table_parts import columns as _columns
from gateway.store.table_parts import index as _index
from gateway.store.table_parts import key as _key
from gateway.store.table_parts import metadata

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("tenant", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    *_columns(String, "principal_kind", "principal", "action", "route", "kind", "subject"),
    Column("subjects", Words, nullable=False),
    Column("count", Integer, nullable=False),
    *_columns(String, "outcome", "address", "request"),
    Column("reason", LargeBinary),
    Column("reason_digest", String),
    Column("chain", String, nullable=False),
    _key("sequence"),
    Index(None, "tenant", "subject", "sequence"),
    Index(None, "tenant", "principal", "sequence"),
    _index("ix_audit_entry_several", "sequence", only="subjects <> ''"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("tenant", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("chain", String, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("base_chain", String, nullable=False),
    _key(),
)
