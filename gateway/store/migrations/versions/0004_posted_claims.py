"""Claims that came in a posted file, and the files that answer another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of the claims in a file."""
    op.create_table(
        "file_claim",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_file_claim_tenant"),
        sa.ForeignKeyConstraint(
            ["tenant", "file"], ["file.tenant", "file.id"], name="fk_file_claim_tenant_file"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "claim"], ["claim.tenant", "claim.id"], name="fk_file_claim_tenant_claim"
        ),
        sa.PrimaryKeyConstraint("tenant", "file", "place", name="pk_file_claim"),
    )
    op.create_index("ix_file_claim_tenant_claim", "file_claim", ["tenant", "claim"])
    op.create_index("ix_file_tenant_original", "file", ["tenant", "original"])
