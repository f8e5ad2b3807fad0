"""The audit log: who saw or changed what, in a chain for each tenant; and data keys, wrapped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Instant, Words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BEFORE = ("principal_kind", "principal", "action", "route", "kind", "subject")
AFTER = ("outcome", "address", "request")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_entry",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in BEFORE),
        sa.Column("subjects", Words(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in AFTER),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("reason_digest", sa.String(), nullable=True),
        sa.Column("chain", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sequence", name="pk_audit_entry"),
    )
    for name in ("subject", "principal"):
        op.create_index(
            f"ix_audit_entry_tenant_{name}_sequence", "audit_entry", ["tenant", name, "sequence"]
        )
    only = sa.text("subjects <> ''")
    op.create_index(
        "ix_audit_entry_several",
        "audit_entry",
        ["tenant", "sequence"],
        sqlite_where=only,
        postgresql_where=only,
    )
    op.create_table(
        "audit_head",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("base_chain", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_audit_head"),
    )
    op.create_table(
        "data_key",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("kek", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("superseded_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_data_key"),
    )
