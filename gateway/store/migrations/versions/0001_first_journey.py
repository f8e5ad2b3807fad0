"""The tables of the first journey."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Cents, Instant, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "tenant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
    )
    op.create_table(
        "api_key",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("scopes", Words(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_api_key_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_api_key"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
    )
    op.create_table(
        "claim",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("claim_type", sa.String(), nullable=False),
        sa.Column("control_fingerprint", sa.String(), nullable=False),
        sa.Column("duplicate_fingerprint", sa.String(), nullable=False),
        sa.Column("payer_id", sa.String(), nullable=False),
        sa.Column("billing_npi", sa.String(), nullable=False),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.Column("charge", Cents(), nullable=False),
        sa.Column("paid", Cents(), nullable=False),
        sa.Column("adjusted", Cents(), nullable=False),
        sa.Column("patient", Cents(), nullable=False),
        sa.Column("open", Cents(), nullable=False),
        sa.Column("service_from", sa.Date(), nullable=True),
        sa.Column("service_to", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("marks", Words(), nullable=False),
        sa.Column("original", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_claim_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_claim"),
    )
    op.create_index(
        "ix_claim_tenant_control_fingerprint", "claim", ["tenant", "control_fingerprint"], unique=False
    )
    op.create_index(
        "ix_claim_tenant_duplicate_fingerprint", "claim", ["tenant", "duplicate_fingerprint"], unique=False
    )
    op.create_index(
        "ix_claim_tenant_state_payer_id_id", "claim", ["tenant", "state", "payer_id", "id"], unique=False
    )
    op.create_table(
        "control_number",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_control_number_tenant"),
        sa.PrimaryKeyConstraint("tenant", "partner", "kind", name="pk_control_number"),
    )
    op.create_table(
        "event",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("interchange", sa.String(), nullable=True),
        sa.Column("remittance", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_event_tenant"),
        sa.PrimaryKeyConstraint("tenant", "sequence", name="pk_event"),
        sa.UniqueConstraint("tenant", "id", name="uq_event_tenant_id"),
    )
    op.create_index("ix_event_tenant_claim_sequence", "event", ["tenant", "claim", "sequence"], unique=False)
    op.create_table(
        "file",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(), nullable=True),
        sa.Column("control_number", sa.String(), nullable=True),
        sa.Column("kinds", Words(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("original", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("processed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "original"], ["file.tenant", "file.id"], name="fk_file_tenant_original"
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_file_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_file"),
    )
    op.create_index(
        "ix_file_tenant_sender_control_number", "file", ["tenant", "sender", "control_number"], unique=False
    )
    op.create_index("ix_file_tenant_state_id", "file", ["tenant", "state", "id"], unique=False)
    op.create_index(
        "uq_file_received_once",
        "file",
        ["tenant", "direction", "partner", "sha256"],
        unique=True,
        sqlite_where=sa.text("state <> 'duplicate' AND direction = 'in'"),
        postgresql_where=sa.text("state <> 'duplicate' AND direction = 'in'"),
    )
    op.create_table(
        "idempotency",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("key_fingerprint", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_idempotency_tenant"),
        sa.PrimaryKeyConstraint("tenant", "route", "key_fingerprint", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_tenant_created_at", "idempotency", ["tenant", "created_at"], unique=False)
    op.create_table(
        "interchange",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("payer_id", sa.String(), nullable=True),
        sa.Column("control_number", sa.Integer(), nullable=False),
        sa.Column("group_control_number", sa.Integer(), nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("claim_count", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_interchange_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_interchange"),
    )
    op.create_index(
        "ix_interchange_tenant_partner_control_number",
        "interchange",
        ["tenant", "partner", "control_number"],
        unique=False,
    )
    op.create_index(
        "ix_interchange_tenant_partner_group_control_number",
        "interchange",
        ["tenant", "partner", "group_control_number"],
        unique=False,
    )
    op.create_index("ix_interchange_tenant_state", "interchange", ["tenant", "state"], unique=False)
    op.create_table(
        "job",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("once_key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempt_limit", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_job_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_job"),
        sa.UniqueConstraint("tenant", "kind", "once_key", name="uq_job_tenant_kind_once_key"),
    )
    op.create_index(
        "ix_job_ready",
        "job",
        ["tenant", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "ix_job_running",
        "job",
        ["tenant", "lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("ix_job_tenant_kind_subject", "job", ["tenant", "kind", "subject"], unique=False)
    op.create_index(
        "uq_job_lane_runs_one",
        "job",
        ["tenant", "lane"],
        unique=True,
        sqlite_where=sa.text("state = 'running' AND lane IS NOT NULL"),
        postgresql_where=sa.text("state = 'running' AND lane IS NOT NULL"),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("types", Words(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", Instant(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_webhook_endpoint_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_webhook_endpoint"),
    )
    op.create_table(
        "acknowledgment",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("interchange", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "claim"], ["claim.tenant", "claim.id"], name="fk_acknowledgment_tenant_claim"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "file"], ["file.tenant", "file.id"], name="fk_acknowledgment_tenant_file"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "interchange"],
            ["interchange.tenant", "interchange.id"],
            name="fk_acknowledgment_tenant_interchange",
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_acknowledgment_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_acknowledgment"),
    )
    op.create_index("ix_acknowledgment_tenant_claim", "acknowledgment", ["tenant", "claim"], unique=False)
    op.create_index(
        "ix_acknowledgment_tenant_interchange", "acknowledgment", ["tenant", "interchange"], unique=False
    )
    op.create_table(
        "interchange_claim",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("interchange", sa.String(), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.Column("group_control_number", sa.Integer(), nullable=False),
        sa.Column("set_control_number", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("trace", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "claim"], ["claim.tenant", "claim.id"], name="fk_interchange_claim_tenant_claim"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "interchange"],
            ["interchange.tenant", "interchange.id"],
            name="fk_interchange_claim_tenant_interchange",
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_interchange_claim_tenant"),
        sa.PrimaryKeyConstraint("tenant", "interchange", "claim", name="pk_interchange_claim"),
    )
    op.create_index(
        "ix_interchange_claim_tenant_claim", "interchange_claim", ["tenant", "claim"], unique=False
    )
    op.create_index(
        "ix_interchange_claim_tenant_trace", "interchange_claim", ["tenant", "trace"], unique=False
    )
    op.create_table(
        "remittance",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("payer_id", sa.String(), nullable=False),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payee_npi", sa.String(), nullable=False),
        sa.Column("trace_number", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("amount", Cents(), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("set_control_number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "file"], ["file.tenant", "file.id"], name="fk_remittance_tenant_file"
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_remittance_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_remittance"),
        sa.UniqueConstraint("tenant", "identity", name="uq_remittance_tenant_identity"),
    )
    op.create_index(
        "ix_remittance_tenant_payer_id_trace_number",
        "remittance",
        ["tenant", "payer_id", "trace_number"],
        unique=False,
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "endpoint"],
            ["webhook_endpoint.tenant", "webhook_endpoint.id"],
            name="fk_webhook_delivery_tenant_endpoint",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "sequence"],
            ["event.tenant", "event.sequence"],
            name="fk_webhook_delivery_tenant_sequence",
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_webhook_delivery_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_webhook_delivery"),
    )
    op.create_index(
        "ix_webhook_delivery_order",
        "webhook_delivery",
        ["tenant", "endpoint", "claim", "sequence"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        "ix_webhook_delivery_tenant_endpoint_id",
        "webhook_delivery",
        ["tenant", "endpoint", "id"],
        unique=False,
    )
    op.create_index(
        "ix_webhook_delivery_waiting",
        "webhook_delivery",
        ["tenant", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "work_item",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("candidates", Words(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "file"], ["file.tenant", "file.id"], name="fk_work_item_tenant_file"
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_work_item_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_work_item"),
    )
    op.create_index("ix_work_item_tenant_state_id", "work_item", ["tenant", "state", "id"], unique=False)
    op.create_table(
        "provider_adjustment",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("remittance", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("fiscal_period", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount", Cents(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "remittance"],
            ["remittance.tenant", "remittance.id"],
            name="fk_provider_adjustment_tenant_remittance",
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_provider_adjustment_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_provider_adjustment"),
    )
    op.create_index(
        "ix_provider_adjustment_tenant_remittance_position",
        "provider_adjustment",
        ["tenant", "remittance", "position"],
        unique=False,
    )
    op.create_table(
        "remittance_claim",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("remittance", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(), nullable=True),
        sa.Column("control_fingerprint", sa.String(), nullable=False),
        sa.Column("payer_control_fingerprint", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("charge", Cents(), nullable=False),
        sa.Column("paid", Cents(), nullable=False),
        sa.Column("adjusted", Cents(), nullable=False),
        sa.Column("patient_responsibility", Cents(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "claim"], ["claim.tenant", "claim.id"], name="fk_remittance_claim_tenant_claim"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "remittance"],
            ["remittance.tenant", "remittance.id"],
            name="fk_remittance_claim_tenant_remittance",
        ),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_remittance_claim_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_remittance_claim"),
    )
    op.create_index("ix_remittance_claim_tenant_claim", "remittance_claim", ["tenant", "claim"], unique=False)
    op.create_index(
        "ix_remittance_claim_tenant_control_fingerprint",
        "remittance_claim",
        ["tenant", "control_fingerprint"],
        unique=False,
    )
    op.create_index(
        "ix_remittance_claim_tenant_payer_control_fingerprint",
        "remittance_claim",
        ["tenant", "payer_control_fingerprint"],
        unique=False,
    )
    op.create_index(
        "ix_remittance_claim_tenant_remittance_position",
        "remittance_claim",
        ["tenant", "remittance", "position"],
        unique=False,
    )


def downgrade() -> None:
    """Drop every table."""
    op.drop_table("remittance_claim")
    op.drop_table("provider_adjustment")
    op.drop_table("work_item")
    op.drop_table("webhook_delivery")
    op.drop_table("remittance")
    op.drop_table("interchange_claim")
    op.drop_table("acknowledgment")
    op.drop_table("webhook_endpoint")
    op.drop_table("job")
    op.drop_table("interchange")
    op.drop_table("idempotency")
    op.drop_table("file")
    op.drop_table("event")
    op.drop_table("control_number")
    op.drop_table("claim")
    op.drop_table("api_key")
    op.drop_table("tenant")
