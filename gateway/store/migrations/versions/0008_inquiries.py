"""Inquiries in real time: what was asked, under which numbers, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WORDS = ("kind", "partner", "payer_id", "message_id", "trace", "fingerprint", "state", "request_sha256")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "inquiry",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in WORDS),
        sa.Column("control_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("answer_sha256", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_inquiry_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_inquiry"),
    )
    op.create_index("ix_inquiry_tenant_fingerprint_id", "inquiry", ["tenant", "fingerprint", "id"])
    only = sa.text("state = 'asked'")
    op.create_index(
        "ix_inquiry_due", "inquiry", ["tenant", "due_at"], sqlite_where=only, postgresql_where=only
    )
