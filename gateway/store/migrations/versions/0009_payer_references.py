"""The numbers that payers know our claims by, and inquiries found by their trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "payer_reference",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_payer_reference_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant", "claim"], ["claim.tenant", "claim.id"], name="fk_payer_reference_tenant_claim"
        ),
        sa.PrimaryKeyConstraint("tenant", "partner", "fingerprint", "claim", name="pk_payer_reference"),
    )
    op.create_index("ix_payer_reference_tenant_claim", "payer_reference", ["tenant", "claim"])
    op.create_index("ix_inquiry_tenant_trace", "inquiry", ["tenant", "trace"])
