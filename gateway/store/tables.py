"""The tables, as SQLAlchemy Core sees them. `migrations/` makes them; a test proves that the two agree.

Every table of a tenant has the column `tenant` first in its key; foreign keys carry the tenant along, so that
no row can name a row of another tenant. `sealed_columns` lists the columns that are sealed.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.audit_tables import audit_entry as audit_entry
from gateway.store.audit_tables import audit_head as audit_head
from gateway.store.client_tables import webhook_delivery as webhook_delivery
from gateway.store.client_tables import webhook_endpoint as webhook_endpoint
from gateway.store.columns import Cents, Instant, Words
from gateway.store.data_key_table import data_key as data_key
from gateway.store.people_tables import api_key as api_key
from gateway.store.people_tables import emergency_access as emergency_access
from gateway.store.people_tables import person as person
from gateway.store.people_tables import recovery_code as recovery_code
from gateway.store.people_tables import session as session
from gateway.store.people_tables import sign_in_attempt as sign_in_attempt
from gateway.store.table_parts import columns as _columns
from gateway.store.table_parts import id_column as _id
from gateway.store.table_parts import index as _index
from gateway.store.table_parts import key as _key
from gateway.store.table_parts import metadata as metadata
from gateway.store.table_parts import names as _names
from gateway.store.table_parts import tenant_column as _tenant

tenant = Table(
    "tenant",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("event_sequence", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
)

claim = Table(
    "claim",
    metadata,
    _tenant(),
    _id(),
    *_columns(
        String,
        "claim_type",
        "control_fingerprint",
        "duplicate_fingerprint",
        "payer_id",
        "billing_npi",
        "frequency",
        "usage",
    ),
    *_columns(Cents, "charge", "paid", "adjusted", "patient", "open"),
    Column("service_from", Date),
    Column("service_to", Date),
    Column("state", String, nullable=False),
    Column("marks", Words, nullable=False),
    Column("original", String),
    Column("body", LargeBinary, nullable=False),
    *_columns(Instant, "created_at", "updated_at"),
    _key("id"),
    Index(None, "tenant", "control_fingerprint"),
    Index(None, "tenant", "duplicate_fingerprint"),
    Index(None, "tenant", "state", "payer_id", "id"),
    _index("ix_claim_marked", "id", only="marks <> ''"),
    _index("ix_claim_follows", "original", only="original IS NOT NULL"),
)

event = Table(
    "event",
    metadata,
    _tenant(),
    Column("sequence", BigInteger, nullable=False),
    _id(),
    Column("type", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("claim", String),
    Column("file", String),
    Column("interchange", String),
    Column("remittance", String),
    Column("body", LargeBinary, nullable=False),
    Column("body_digest", String),
    Column("chain", String),
    _key("sequence"),
    UniqueConstraint("tenant", "id"),
    Index(None, "tenant", "claim", "sequence"),
)

interchange = Table(
    "interchange",
    metadata,
    _tenant(),
    _id(),
    Column("partner", String, nullable=False),
    Column("payer_id", String),
    Column("control_number", Integer, nullable=False),
    Column("group_control_number", Integer, nullable=False),
    *_columns(String, "usage", "state", "name", "sha256"),
    Column("size", BigInteger, nullable=False),
    Column("claim_count", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("receipt", String),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Column("watched_at", Instant),
    _key("id"),
    _index("ix_interchange_unwatched", "partner", "id", only="watched_at IS NULL AND sent_at IS NOT NULL"),
    Index(None, "tenant", "partner", "control_number"),
    Index(None, "tenant", "partner", "group_control_number"),
    Index(None, "tenant", "state"),
)

interchange_claim = Table(
    "interchange_claim",
    metadata,
    _tenant(),
    *_columns(String, "interchange", "claim"),
    Column("group_control_number", Integer, nullable=False),
    Column("set_control_number", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("trace", String, nullable=False),
    _key("interchange", "claim"),
    _names("interchange", "interchange"),
    _names("claim", "claim"),
    Index(None, "tenant", "claim"),
    Index(None, "tenant", "trace"),
)

file = Table(
    "file",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "direction", "partner"),
    Column("name", LargeBinary, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sender", String),
    Column("control_number", String),
    Column("kinds", Words, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("original", String),
    Column("created_at", Instant, nullable=False),
    Column("processed_at", Instant),
    Column("taken_at", Instant),
    _key("id"),
    _names("original", "file"),
    _index(
        "uq_file_received_once",
        "direction",
        "partner",
        "sha256",
        unique=True,
        only="state <> 'duplicate' AND direction = 'in'",
    ),
    Index(None, "tenant", "sender", "control_number"),
    Index(None, "tenant", "state", "id"),
    Index(None, "tenant", "original"),
)

file_claim = Table(
    "file_claim",
    metadata,
    _tenant(),
    Column("file", String, nullable=False),
    Column("place", Integer, nullable=False),
    Column("claim", String, nullable=False),
    _key("file", "place"),
    _names("file", "file"),
    _names("claim", "claim"),
    Index(None, "tenant", "claim"),
)

control_number = Table(
    "control_number",
    metadata,
    _tenant(),
    *_columns(String, "partner", "kind"),
    Column("value", Integer, nullable=False),
    _key("partner", "kind"),
)

job = Table(
    "job",
    metadata,
    _tenant(),
    _id(),
    Column("kind", String, nullable=False),
    Column("lane", String),
    Column("subject", String, nullable=False),
    Column("once_key", String),
    Column("state", String, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempt_limit", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("last_error", String),
    *_columns(Instant, "created_at", "updated_at"),
    _key("id"),
    UniqueConstraint("tenant", "kind", "once_key"),
    _index("uq_job_lane_runs_one", "lane", only="state = 'running' AND lane IS NOT NULL", unique=True),
    _index("ix_job_ready", "due_at", only="state = 'ready'"),
    _index("ix_job_running", "lease_until", only="state = 'running'"),
    Index(None, "tenant", "kind", "subject"),
)

acknowledgment = Table(
    "acknowledgment",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "kind", "file"),
    Column("claim", String),
    Column("interchange", String),
    Column("code", String, nullable=False),
    Column("applied", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    _key("id"),
    _names("file", "file"),
    _names("claim", "claim"),
    _names("interchange", "interchange"),
    Index(None, "tenant", "claim"),
    Index(None, "tenant", "interchange"),
)

remittance = Table(
    "remittance",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "file", "payer_id", "payer_name", "payee_npi", "trace_number", "method"),
    Column("amount", Cents, nullable=False),
    Column("payment_amount", Cents),
    Column("date", Date),
    *_columns(String, "identity", "set_control_number", "state"),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    _key("id"),
    _names("file", "file"),
    UniqueConstraint("tenant", "identity"),
    Index(None, "tenant", "payer_id", "trace_number"),
)

remittance_claim = Table(
    "remittance_claim",
    metadata,
    _tenant(),
    _id(),
    Column("remittance", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("claim", String),
    Column("control_fingerprint", String, nullable=False),
    Column("payer_control_fingerprint", String),
    *_columns(String, "status", "kind"),
    *_columns(Cents, "charge", "paid", "adjusted", "patient_responsibility"),
    Column("body", LargeBinary, nullable=False),
    _key("id"),
    _names("remittance", "remittance"),
    _names("claim", "claim"),
    Index(None, "tenant", "remittance", "position"),
    Index(None, "tenant", "claim"),
    Index(None, "tenant", "control_fingerprint"),
    Index(None, "tenant", "payer_control_fingerprint"),
)

bank_deposit = Table(
    "bank_deposit",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "payer_id", "trace_number"),
    Column("paid_on", Date),
    Column("amount", Cents, nullable=False),
    Column("deposited_on", Date, nullable=False),
    *_columns(String, "source", "by"),
    Column("created_at", Instant, nullable=False),
    _key("id"),
    Index(None, "tenant", "payer_id", "trace_number"),
)

payer_reference = Table(
    "payer_reference",
    metadata,
    _tenant(),
    *_columns(String, "partner", "fingerprint", "claim"),
    _key("partner", "fingerprint", "claim"),
    _names("claim", "claim"),
    Index(None, "tenant", "claim"),
)

provider_adjustment = Table(
    "provider_adjustment",
    metadata,
    _tenant(),
    _id(),
    Column("remittance", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("provider", String, nullable=False),
    Column("fiscal_period", Date),
    Column("reason", String, nullable=False),
    Column("amount", Cents, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _key("id"),
    _names("remittance", "remittance"),
    Index(None, "tenant", "remittance", "position"),
)

partner_state = Table(
    "partner_state",
    metadata,
    _tenant(),
    *_columns(String, "partner", "way"),
    Column("refused", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Column("wire", String, nullable=False),
    Column("work_item", String),
    _key("partner"),
)

inquiry = Table(
    "inquiry",
    metadata,
    _tenant(),
    _id(),
    *_columns(
        String, "kind", "partner", "payer_id", "message_id", "trace", "fingerprint", "state", "request_sha256"
    ),
    *_columns(Integer, "control_number", "attempts"),
    Column("reason", String),
    Column("answer_sha256", String),
    Column("answered_at", Instant),
    *_columns(Instant, "due_at", "created_at", "updated_at"),
    _key("id"),
    Index(None, "tenant", "fingerprint", "id"),
    Index(None, "tenant", "trace"),
    _index("ix_inquiry_due", "due_at", only="state = 'asked'"),
)

idempotency = Table(
    "idempotency",
    metadata,
    _tenant(),
    *_columns(String, "route", "key_fingerprint", "digest"),
    Column("status", Integer),
    Column("response", LargeBinary),
    Column("created_at", Instant, nullable=False),
    _key("route", "key_fingerprint"),
    Index(None, "tenant", "created_at"),
)

work_item = Table(
    "work_item",
    metadata,
    _tenant(),
    _id(),
    *_columns(String, "kind", "state"),
    Column("file", String),
    Column("reason", String, nullable=False),
    Column("candidates", Words, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("subject", String),
    Column("claim", String),
    Column("resolved_by", String),
    Column("note", LargeBinary),
    _key("id"),
    _names("file", "file"),
    Index(None, "tenant", "state", "id"),
)

TENANT_TABLES = frozenset(table for table in metadata.tables.values() if "tenant" in table.c)
