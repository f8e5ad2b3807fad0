"""The tables of who may do what: people, their sign-ins and sessions, and access in an emergency."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.columns import Instant, Words
from gateway.store.table_parts import columns as _columns
from gateway.store.table_parts import id_column as _id
from gateway.store.table_parts import key as _key
from gateway.store.table_parts import metadata
from gateway.store.table_parts import names as _names
from gateway.store.table_parts import tenant_column as _tenant

api_key = Table(
    "api_key",
    metadata,
    _tenant(),
    _id(),
    Column("prefix", String, nullable=False, unique=True),
    *_columns(String, "digest", "label"),
    Column("scopes", Words, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    Column("replaces", String),
    Column("made_by", String),
    _key("id"),
)

person = Table(
    "person",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "login", "label"),
    Column("roles", Words, nullable=False),
    Column("state", String, nullable=False),
    Column("password", LargeBinary),
    Column("password_until", Instant),
    Column("must_change", Boolean, nullable=False),
    Column("totp", LargeBinary),
    Column("totp_since", Instant),
    Column("totp_step", BigInteger, nullable=False),
    Column("subject", String),
    *_columns(Instant, "created_at", "updated_at"),
    Column("signed_in_at", Instant),
    _key("id"),
    UniqueConstraint("tenant", "login"),
    UniqueConstraint("tenant", "subject"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    _tenant(),
    *_columns(String, "person", "digest"),
    Column("created_at", Instant, nullable=False),
    _key("person", "digest"),
    _names("person", "person"),
)

session = Table(
    "session",
    metadata,
    _tenant(),
    _id(),
    Column("digest", String, nullable=False, unique=True),
    *_columns(String, "person", "step", "method", "address"),
    *_columns(Instant, "created_at", "seen_at", "ends_at"),
    Column("ended_at", Instant),
    _key("id"),
    _names("person", "person"),
    Index(None, "tenant", "person"),
    Index(None, "tenant", "ends_at"),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    _tenant(),
    *_columns(String, "account", "place"),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    _key("account", "place"),
    Index(None, "tenant", "last_at"),
)

emergency_access = Table(
    "emergency_access",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "person", "home"),
    Column("scopes", Words, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    *_columns(Instant, "created_at", "ends_at"),
    Column("ended_at", Instant),
    Column("uses", Integer, nullable=False),
    Column("last_used_at", Instant),
    _key("id"),
    Index(None, "tenant", "person", "ends_at"),
)
