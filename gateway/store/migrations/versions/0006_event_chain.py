"""Every event carries the digest of its body and its link in the tenant's chain; older ones have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what they hold needs the keys, which a migration has not."""
    for name in ("body_digest", "chain"):
        op.add_column("event", sa.Column(name, sa.String(), nullable=True))
