"""Payments that come in several remittances: what is told where parts of one stay away for too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from gateway.events import REMITTANCE_UNBALANCED, Happening, publish
from gateway.hands import Hand, settle_item
from gateway.settings import Partner
from gateway.store import files, remittances, work_items
from gateway.store.remittances import Remittance
from gateway.store.scope import TenantScope
from gateway.story import RemittanceStory, write_dollars

MISSING: Final = "remittance.parts_missing"
ITSELF: Final = Hand("watchdog")


def note_missing_parts(scope: TenantScope, partner: Partner) -> int:
    """Tell each payment of the partner whose last part is late, once; how many.

    What told of a payment that is whole by now is settled.
    """
    late, told = scope.now() - timedelta(days=partner.watch.payment_parts_days), 0
    for parts in list_late(scope, partner.name, late):
        if not work_items.find_about(scope, "remittance", MISSING, parts[0].id):
            tell_missing_parts(scope, parts)
            told += 1
    for item in work_items.list_unmatched(scope, (MISSING,), datetime.min.replace(tzinfo=UTC)):
        first = remittances.load(scope, item.subject or "")
        if first is not None and first.state == remittances.POSTED:
            settle_item(scope, item, ITSELF)
    return told


def list_late(scope: TenantScope, partner: str, late: datetime) -> list[list[Remittance]]:
    """The parts of each payment of the partner that began before then and is not whole."""
    found: dict[str, list[Remittance]] = {}
    for part in remittances.list_incomplete(scope, late):
        file = files.load(scope, part.file)
        if file is not None and file.partner == partner:
            parts = remittances.list_parts(scope, part)
            found.setdefault(parts[0].id, parts)
    return list(found.values())


def tell_missing_parts(scope: TenantScope, parts: Sequence[Remittance]) -> None:
    """Have a person look at a payment that is not whole, and say what is missing."""
    first, whole = parts[0], parts[0].payment_amount or Decimal(0)
    paid = sum((part.amount for part in parts), Decimal(0))
    body = msgspec.json.encode({"remittance": first.id})
    item = work_items.add(
        scope, kind="remittance", reason=MISSING, file=first.file, subject=first.id, body=body
    )
    story = RemittanceStory(
        remittance=first.id,
        file=first.file,
        payer_id=first.payer_id,
        trace_number=first.trace_number,
        method=first.method,
        amount=write_dollars(paid),
        payment_amount=write_dollars(whole),
        missing=write_dollars(whole - paid),
        date=first.date.isoformat() if first.date else None,
        work_item=item.id,
        reason=MISSING,
    )
    happening = Happening(type=REMITTANCE_UNBALANCED, story=story, file=first.file, remittance=first.id)
    publish(scope, happening)
