"""A file's report can be taken out of the mailbox of its tenant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when it was taken; nothing was yet."""
    op.add_column("file", sa.Column("taken_at", Instant(), nullable=True))
