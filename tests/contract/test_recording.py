"""Claims of one tenant are recorded together, and each is answered as if it had come alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edi.edits.basis import default_basis
from gateway.checking.checker import Checker, Judged, write_judgement
from gateway.desk import Desk
from gateway.dossier import read_dossier
from gateway.recording import LeftOut, Parcel, Submission, record_claims
from gateway.store import Store, TenantScope, claims, events
from gateway.store.errors import StoreUnavailable
from tests.exchange import make_claim, make_settings

DUPLICATE = "claim.duplicate"


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    return Checker(make_settings(tmp_path_factory.mktemp("home")), basis=default_basis)


def judge(checker: Checker, number: str, **changes: Any) -> Judged:
    return write_judgement(*checker.check("clinic", make_claim(number, **changes)))


async def test_equal_claims_of_one_group_are_told_apart_by_their_order(
    store: Store, tenant: str, checker: Checker
) -> None:
    parcels = [Parcel(judge(checker, number)) for number in ("RB-1", "RB-2", "RB-1")]
    first, other, again = await store.write(lambda scope: record_claims(scope, parcels), tenant=tenant)
    assert isinstance(again, Submission)
    assert [first.state, other.state, again.state] == ["accepted", "accepted", "rejected"]
    [told] = [finding for finding in again.findings if finding.code == DUPLICATE]
    assert first.claim in told.message
    body = await store.read(lambda scope: claims.read_body(scope, again.claim), tenant=tenant)
    assert read_dossier(body).findings == again.findings
    assert read_dossier(body).document == make_claim("RB-1") | read_dossier(body).document
    story = await store.read(lambda scope: events.list_after(scope, 0), tenant=tenant)
    assert [event.type for event in story] == [
        *("claim.received", "claim.accepted") * 2,
        *("claim.received", "claim.rejected"),
    ]


async def test_a_claim_that_is_left_out_leaves_no_row_and_no_equal(
    store: Store, tenant: str, checker: Checker
) -> None:
    def refuse(scope: TenantScope, submission: Submission) -> None:
        raise LeftOut("answered before")

    parcels = [Parcel(judge(checker, "RB-1"), refuse), Parcel(judge(checker, "RB-1"))]
    left, taken = await store.write(lambda scope: record_claims(scope, parcels), tenant=tenant)
    assert isinstance(left, LeftOut)
    assert isinstance(taken, Submission)
    assert taken.accepted
    listed = await store.read(lambda scope: claims.list_page(scope), tenant=tenant)
    assert [claim.id for claim in listed] == [taken.claim]


async def test_a_claim_that_the_database_refuses_does_not_hurt_those_beside_it(
    store: Store, tenant: str, checker: Checker
) -> None:
    def break_constraint(scope: TenantScope, submission: Submission) -> None:
        raise ZeroDivisionError

    desk = Desk(store)
    parcels = [Parcel(judge(checker, f"RB-{number}")) for number in range(5)]
    parcels[2] = Parcel(parcels[2].judged, break_constraint)
    outcomes = await asyncio.gather(*(desk.record(tenant, it) for it in parcels), return_exceptions=True)
    assert [type(it) for it in outcomes] == [
        Submission,
        Submission,
        ZeroDivisionError,
        Submission,
        Submission,
    ]
    told = await store.read(lambda scope: events.list_after(scope, 0), tenant=tenant)
    assert [event.sequence for event in told] == list(range(1, 9))


async def test_a_lone_claim_of_a_closed_store_is_told_that_nothing_was_written(
    store: Store, tenant: str, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(store, "write", fail)
    desk = Desk(store)
    waits = [desk.record(tenant, Parcel(judge(checker, f"RB-{number}"))) for number in range(3)]
    outcomes = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(it) for it in outcomes] == [StoreUnavailable] * 3


async def test_a_judged_claim_waits_for_those_still_being_checked_and_goes_to_the_disk_with_them(
    store: Store, tenant: str, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.desk.LONGEST_WAIT", 3600.0)
    groups: list[int] = []
    desk = Desk(store, reach=lambda _point: groups.append(1))
    first, second = (Parcel(judge(checker, number)) for number in ("RB-1", "RB-2"))
    with desk.expect(tenant), desk.expect(tenant):
        alone = asyncio.create_task(desk.record(tenant, first))
        await asyncio.sleep(0.05)
        assert not alone.done()
        together = await asyncio.gather(alone, desk.record(tenant, second))
    assert [it.state for it in together] == ["accepted", "accepted"]
    assert len(groups) == 1
    assert (await desk.record(tenant, Parcel(judge(checker, "RB-3")))).accepted
