"""Inquiries in both databases: settled once, due again in their order, found while they are fresh."""

from __future__ import annotations

from datetime import timedelta

from gateway.clock import VirtualClock
from gateway.events import KEPT_TYPES
from gateway.store import Store, TenantScope, inquiries
from gateway.store.retention import list_digests, purge_rest
from tests.contract.rows import make_inquiry

LATER = timedelta(seconds=91)


async def test_an_inquiry_is_settled_once(store: Store, tenant: str) -> None:
    def settle_twice(scope: TenantScope) -> tuple[bool, bool, inquiries.Inquiry | None]:
        inquiries.add(scope, make_inquiry())
        first = inquiries.settle(scope, "inq_1", inquiries.ANSWERED, answer_sha256="34" * 32)
        again = inquiries.settle(scope, "inq_1", inquiries.FAILED, reason="late")
        return first, again, inquiries.load(scope, "inq_1", lock=True)

    first, again, kept = await store.write(settle_twice, tenant=tenant)
    assert (first, again) == (True, False)
    assert kept is not None
    assert (kept.state, kept.reason, kept.answer_sha256) == ("answered", None, "34" * 32)
    assert kept.answered_at is not None


async def test_what_is_due_again_is_taken_once_and_counted(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    def add(scope: TenantScope) -> None:
        for number, seconds in enumerate((300, 91, 90), 1):
            inquiries.add(scope, make_inquiry(f"inq_{number}", wait=timedelta(seconds=seconds)))

    await store.write(add, tenant=tenant)
    assert await store.read(inquiries.tenants_due) == []
    clock.advance(LATER)
    assert await store.read(inquiries.tenants_due) == [tenant]

    def take(scope: TenantScope) -> list[inquiries.Inquiry]:
        return inquiries.take_due(scope, scope.now() + LATER, limit=9)

    taken = await store.write(take, tenant=tenant)
    assert [(it.id, it.attempts) for it in taken] == [("inq_2", 2), ("inq_3", 2)]
    assert await store.write(take, tenant=tenant) == []


async def test_only_an_answer_of_the_same_content_that_is_young_enough_is_fresh(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    def add(scope: TenantScope) -> None:
        inquiries.add(scope, make_inquiry("inq_1"))
        inquiries.settle(scope, "inq_1", inquiries.ANSWERED, answer_sha256="34" * 32)
        inquiries.add(scope, make_inquiry("inq_2"))
        inquiries.settle(scope, "inq_2", inquiries.REJECTED, answer_sha256="56" * 32)

    begun = clock.now()
    await store.write(add, tenant=tenant)

    def find(scope: TenantScope) -> list[str | None]:
        tries = (
            ("eligibility", "print-1", begun),
            ("eligibility", "print-1", begun + LATER),
            ("eligibility", "print-2", begun),
            ("claim_status", "print-1", begun),
        )
        found = [inquiries.find_fresh(scope, *each) for each in tries]
        return [it.id if it else None for it in found]

    assert await store.read(find, tenant=tenant) == ["inq_1", None, None, None]


async def test_a_purge_takes_old_inquiries_and_the_archive_keeps_what_the_young_name(
    store: Store, tenant: str, clock: VirtualClock
) -> None:
    await store.write(lambda scope: inquiries.add(scope, make_inquiry("inq_1")), tenant=tenant)
    clock.advance(timedelta(days=3000))

    def add_young(scope: TenantScope) -> None:
        inquiries.add(scope, make_inquiry("inq_2", request_sha256="78" * 32))
        inquiries.settle(scope, "inq_2", inquiries.ANSWERED, answer_sha256="9a" * 32)

    await store.write(add_young, tenant=tenant)
    limit = clock.now() - timedelta(days=1)
    purged = await store.write(lambda scope: purge_rest(scope, limit, kept_types=KEPT_TYPES), tenant=tenant)
    assert purged.others == 1
    assert await store.read(list_digests, tenant=tenant) == {"78" * 32, "9a" * 32}
