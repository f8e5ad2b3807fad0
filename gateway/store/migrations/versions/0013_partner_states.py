"""Partners in trouble, shared by all workers; payments whose parts come in several remittances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Cents, Instant

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "partner_state",
        sa.Column("tenant", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("partner", "way")),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.Column("wire", sa.String(), nullable=False),
        sa.Column("work_item", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_partner_state_tenant"),
        sa.PrimaryKeyConstraint("tenant", "partner", name="pk_partner_state"),
    )
    op.add_column("remittance", sa.Column("payment_amount", Cents(), nullable=True))
