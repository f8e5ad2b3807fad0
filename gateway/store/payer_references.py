"""The numbers that payers know our claims by (REF 1K of a 277CA or 277), as fingerprints: no other is kept.

Those of remittances (CLP07) stand with the payments themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from gateway.store import remittances, tables
from gateway.store.claims import LOOKED_UP_AT_ONCE
from gateway.store.scope import TenantScope

CONTEXT = "payer_control_number"

_reference = tables.payer_reference


def note_all(scope: TenantScope, partner: str, named: Iterable[tuple[str, str]]) -> None:
    """Remember what the partner calls our claims: numbers with claims' ids; to say it twice is fine."""
    wanted = {(scope.fingerprint(number, CONTEXT), claim) for number, claim in named if number}
    known = _list_known(scope, partner, {fingerprint for fingerprint, _ in wanted})
    rows = [
        {"partner": partner, "fingerprint": fingerprint, "claim": claim}
        for fingerprint, claim in sorted(wanted - known)
    ]
    scope.insert(_reference, *rows)


def _list_known(scope: TenantScope, partner: str, fingerprints: Collection[str]) -> set[tuple[str, str]]:
    """Those that are kept already, with their claims."""
    found: set[tuple[str, str]] = set()
    for chunk in batched(sorted(fingerprints)):
        statement = scope.select(_reference, _reference.c.fingerprint, _reference.c.claim).where(
            _reference.c.partner == partner, _reference.c.fingerprint.in_(chunk)
        )
        found |= {(row[0], row[1]) for row in scope.tuples(statement)}
    return found


def batched(fingerprints: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at once as a statement may name."""
    for start in range(0, len(fingerprints), LOOKED_UP_AT_ONCE):
        yield fingerprints[start : start + LOOKED_UP_AT_ONCE]


def find(scope: TenantScope, partner: str, number: str) -> list[str]:
    """The claims that a report of the partner, or an earlier payment, named by this number (ids)."""
    if not number:
        return []
    statement = scope.select(_reference, _reference.c.claim).where(
        _reference.c.partner == partner, _reference.c.fingerprint == scope.fingerprint(number, CONTEXT)
    )
    told = [row[0] for row in scope.tuples(statement.order_by(_reference.c.claim))]
    paid = [it.claim for it in remittances.find_payments(scope, number) if it.claim is not None]
    return list(dict.fromkeys([*told, *paid]))
