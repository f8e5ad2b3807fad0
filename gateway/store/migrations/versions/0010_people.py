"""People with roles, their sign-ins and sessions, access in an emergency; keys that replace others."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Instant, Words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def moments(*names: str, nullable: bool = False) -> list[sa.Column[datetime]]:
    return [sa.Column(name, Instant(), nullable=nullable) for name in names]


def owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name=f"fk_{table}_tenant")


def of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant", "person"], ["person.tenant", "person.id"], name=f"fk_{table}_tenant_person"
    )


def upgrade() -> None:
    """Make the tables and the columns."""
    op.add_column("api_key", sa.Column("replaces", sa.String(), nullable=True))
    op.add_column("api_key", sa.Column("made_by", sa.String(), nullable=True))
    op.create_table(
        "person",
        *text("tenant", "id", "login", "label"),
        sa.Column("roles", Words(), nullable=False),
        *text("state"),
        sa.Column("password", sa.LargeBinary(), nullable=True),
        *moments("password_until", nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        *moments("totp_since", nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        *moments("created_at", "updated_at"),
        *moments("signed_in_at", nullable=True),
        owner("person"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_person"),
        sa.UniqueConstraint("tenant", "login", name="uq_person_tenant_login"),
        sa.UniqueConstraint("tenant", "subject", name="uq_person_tenant_subject"),
    )
    op.create_table(
        "recovery_code",
        *text("tenant", "person", "digest"),
        *moments("created_at"),
        owner("recovery_code"),
        of_person("recovery_code"),
        sa.PrimaryKeyConstraint("tenant", "person", "digest", name="pk_recovery_code"),
    )
    op.create_table(
        "session",
        *text("tenant", "id", "digest", "person", "step", "method", "address"),
        *moments("created_at", "seen_at", "ends_at"),
        *moments("ended_at", nullable=True),
        owner("session"),
        of_person("session"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_session"),
        sa.UniqueConstraint("digest", name="uq_session_digest"),
    )
    op.create_index("ix_session_tenant_person", "session", ["tenant", "person"])
    op.create_index("ix_session_tenant_ends_at", "session", ["tenant", "ends_at"])
    op.create_table(
        "sign_in_attempt",
        *text("tenant", "account", "place"),
        sa.Column("failures", sa.Integer(), nullable=False),
        *moments("last_at"),
        owner("sign_in_attempt"),
        sa.PrimaryKeyConstraint("tenant", "account", "place", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_tenant_last_at", "sign_in_attempt", ["tenant", "last_at"])
    op.create_table(
        "emergency_access",
        *text("tenant", "id", "person", "home"),
        sa.Column("scopes", Words(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        *moments("created_at", "ends_at"),
        *moments("ended_at", nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        *moments("last_used_at", nullable=True),
        owner("emergency_access"),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_emergency_access"),
    )
    op.create_index(
        "ix_emergency_access_tenant_person_ends_at", "emergency_access", ["tenant", "person", "ends_at"]
    )
