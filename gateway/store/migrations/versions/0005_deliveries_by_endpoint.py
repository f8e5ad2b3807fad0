"""Webhook deliveries that are due or under way are found by their endpoint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


INDEXES = (
    ("ix_webhook_delivery_due", ["tenant", "endpoint", "due_at"], "state = 'waiting'"),
    ("ix_webhook_delivery_running", ["tenant", "endpoint"], "state = 'running'"),
)


def upgrade() -> None:
    """Add the indexes."""
    for name, columns, condition in INDEXES:
        only = sa.text(condition)
        op.create_index(name, "webhook_delivery", columns, sqlite_where=only, postgresql_where=only)
