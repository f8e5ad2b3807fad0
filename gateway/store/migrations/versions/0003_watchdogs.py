"""Interchanges whose answers are waited for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when the timers of an interchange were set; those sent before get theirs at the next look."""
    op.add_column("interchange", sa.Column("watched_at", Instant(), nullable=True))
    unwatched = sa.text("watched_at IS NULL AND sent_at IS NOT NULL")
    op.create_index(
        "ix_interchange_unwatched",
        "interchange",
        ["tenant", "partner", "id"],
        sqlite_where=unwatched,
        postgresql_where=unwatched,
    )
