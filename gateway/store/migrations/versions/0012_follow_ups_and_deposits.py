"""Claims that follow another one are found by it; deposits of payments are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Cents, Instant

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index and the table."""
    follows = sa.text("original IS NOT NULL")
    op.create_index(
        "ix_claim_follows", "claim", ["tenant", "original"], sqlite_where=follows, postgresql_where=follows
    )
    op.create_table(
        "bank_deposit",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("payer_id", sa.String(), nullable=False),
        sa.Column("trace_number", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("amount", Cents(), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_bank_deposit_tenant"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_bank_deposit"),
    )
    op.create_index("ix_bank_deposit_tenant_payer_id_trace_number", "bank_deposit", ["tenant", "payer_id", "trace_number"])
