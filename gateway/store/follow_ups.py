"""Claims that follow another one: its replacements and voids, and the claims to its next payers."""

from __future__ import annotations

from typing import Final

from gateway.store import tables
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope
from gateway.store.statements import columns_of

_COLUMNS = columns_of(tables.claim, Claim)
AFTER_HEX: Final = "g"


def list_of(scope: TenantScope, claim_id: str, *, lock: bool = False) -> list[Claim]:
    """The claims whose original this one is, oldest first. With `lock`, held until the transaction ends."""
    statement = scope.select(tables.claim, *_COLUMNS).where(tables.claim.c.original == claim_id)
    ordered = statement.order_by(tables.claim.c.id)
    return scope.rows(Claim, ordered.with_for_update() if lock else ordered)


def list_of_account(scope: TenantScope, begins: str, *, limit: int = 500) -> list[Claim]:
    """The claims whose patient control number has a fingerprint that begins so, oldest first."""
    column = tables.claim.c.control_fingerprint
    statement = scope.select(tables.claim, *_COLUMNS).where(column >= begins, column < begins + AFTER_HEX)
    return scope.rows(Claim, statement.order_by(tables.claim.c.id).limit(limit))
