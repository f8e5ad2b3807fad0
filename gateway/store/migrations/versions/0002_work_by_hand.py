"""Work items remember who settled them and how; marked claims are found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a person's hand leaves behind."""
    for name in ("subject", "claim", "resolved_by"):
        op.add_column("work_item", sa.Column(name, sa.String(), nullable=True))
    op.add_column("work_item", sa.Column("note", sa.LargeBinary(), nullable=True))
    marked = sa.text("marks <> ''")
    op.create_index(
        "ix_claim_marked", "claim", ["tenant", "id"], sqlite_where=marked, postgresql_where=marked
    )
