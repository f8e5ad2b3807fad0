"""What a purge takes and what holds on to what, on both databases."""

from __future__ import annotations

from datetime import timedelta

from gateway.clock import VirtualClock
from gateway.events import KEPT_TYPES
from gateway.store import (
    Store,
    TenantScope,
    acknowledgments,
    claims,
    events,
    files,
    remittances,
    work_items,
)
from gateway.store.retention import Purged, count_orphans, list_digests, purge_claims, purge_rest
from tests.contract.rows import make_claim, make_file, make_interchange, make_payment, make_remittance

SEVEN_YEARS = timedelta(days=7 * 366)


def fill(scope: TenantScope) -> list[claims.Claim]:
    """Two claims in one interchange, paid by one remittance, with all that hangs on them."""
    pair = [make_claim(scope), make_claim(scope)]
    sent, ack, paid = make_interchange(scope, *pair), make_file(scope), make_file(scope, sha256="ef" * 32)
    for claim in pair:
        acknowledgments.add(
            scope,
            kind="277ca",
            file=ack.id,
            code="A2",
            applied=True,
            claim=claim.id,
            interchange=sent.id,
            body=b"{}",
        )
        events.append(scope, events.NewEvent(type="claim.received", claim=claim.id, body=b"{}"))
    remittances.add(scope, make_remittance(paid, payments=(make_payment(), make_payment())))
    [one, two] = remittances.list_unmatched(scope)
    remittances.match(scope, one.id, pair[0].id)
    remittances.match(scope, two.id, pair[1].id)
    work_items.add(scope, kind="file", reason="unreadable", file=paid.id)
    events.append(scope, events.NewEvent(type="file.received", file=paid.id, body=b"{}"))
    events.append(scope, events.NewEvent(type="partner.down", body=b'{"partner":"north"}'))
    return pair


async def test_what_holds_a_young_claim_stays_until_that_claim_goes(
    store: Store, tenant: str, foreigner: str, clock: VirtualClock
) -> None:
    _old, young = await store.write(fill, tenant=tenant)
    await store.write(fill, tenant=foreigner)
    clock.advance(SEVEN_YEARS)
    limit = clock.now() - timedelta(days=1)
    await store.write(lambda scope: claims.change(scope, young.id, state="paid"), tenant=tenant)

    def purge(scope: TenantScope) -> tuple[Purged, Purged, Purged]:
        first, none = purge_claims(scope, limit), purge_claims(scope, limit)
        return first, none, purge_rest(scope, limit, kept_types=KEPT_TYPES)

    first, none, rest = await store.write(purge, tenant=tenant)
    assert (first, none) == (Purged(claims=1, others=2, events=1), Purged())
    assert rest == Purged(others=1, events=1), "the work item, and the body of file.received"

    def look(scope: TenantScope) -> list[int]:
        payments = remittances.list_payments(scope, remittances.list_page(scope)[0].id)
        assert [payment.claim for payment in payments if payment.claim] == [young.id]
        shown = events.list_after(scope, 0)
        assert [it.body for it in shown if it.type == "partner.down"] == [b'{"partner":"north"}']
        assert count_orphans(scope) == 0
        return [len(it) for it in (claims.list_page(scope), files.list_page(scope))]

    assert await store.read(look, tenant=tenant) == [1, 2]

    later = clock.now() + timedelta(days=1)

    def purge_all(scope: TenantScope) -> Purged:
        return purge_claims(scope, later) + purge_rest(scope, later, kept_types=KEPT_TYPES)

    gone = await store.write(purge_all, tenant=tenant)
    assert (gone.claims, gone.remittances, gone.interchanges, gone.files, gone.events) == (1, 1, 1, 2, 1)
    assert await store.read(list_digests, tenant=tenant) == set()
    assert len(await store.read(claims.list_page, tenant=foreigner)) == 2
