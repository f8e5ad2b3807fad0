"""Lists are narrowed by what is asked, and a page stays the page while new rows come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.store import TenantScope, claims, remittances
from tests.api_rig import PAYER, Rig, make_claim, make_settings, run_gateway
from tests.contract.rows import make_interchange
from tests.integration.test_api_access import make_remittance

NUMBERS = ("ACCT-1", "ACCT-2", "ACCT-3", "ACCT-4")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def post_claims(rig: Rig) -> dict[str, str]:
    """A claim for each patient control number, by its id: each of its own day and charge."""
    found = {}
    for place, number in enumerate(NUMBERS, 1):
        claim = make_claim(number)
        (line,) = claim["claimInformation"]["serviceLines"]
        line["serviceDate"] = f"202611{place:02}"
        line["professionalService"]["lineItemChargeAmount"] = f"{100 * place}.00"
        claim["claimInformation"]["claimChargeAmount"] = f"{100 * place}.00"
        answer = await rig.call("POST", "/v1/claims", claim)
        assert answer.status == 202, answer.json
        found[answer.json["id"]] = number
    return found


async def test_claims_are_found_by_each_condition_and_by_all_together(rig: Rig) -> None:
    ids = await post_claims(rig)
    first, *_ = ids

    def place(scope: TenantScope) -> str:
        claim = claims.load(scope, first)
        assert claim is not None
        return make_interchange(scope, claim).id

    batch = await rig.gateway.services.store.write(place, tenant="riverbend")
    today = datetime.now(UTC).date()
    expected = {
        "": "1234",
        "state=accepted": "1234",
        "state=paid,denied": "",
        f"payer={PAYER}": "1234",
        "payer=other": "",
        "billingNpi=1999999984": "1234",
        "claimType=professional": "1234",
        "claimType=dental": "",
        "serviceFrom=2026-11-03": "34",
        "serviceTo=2026-11-02": "12",
        "serviceFrom=2026-11-02&serviceTo=2026-11-03": "23",
        f"receivedFrom={today - timedelta(days=1)}&receivedTo={today + timedelta(days=1)}": "1234",
        f"receivedTo={today - timedelta(days=2)}": "",
        f"receivedFrom={today + timedelta(days=2)}": "",
        "chargeFrom=200&chargeTo=300.00": "23",
        f"batch={batch}": "1",
        "batch=nothing": "",
        f"state=accepted&payer={PAYER}&serviceFrom=2026-11-02&chargeTo=300": "23",
    }
    for query, numbers in expected.items():
        listed = (await rig.call("GET", f"/v1/claims?{query}")).json["claims"]
        assert sorted(ids[it["id"]][-1] for it in listed) == list(numbers), query
        assert (await rig.call("GET", f"/v1/claims?{query}", tenant="lakeside")).json["claims"] == []


async def test_a_patient_control_number_is_searched_in_a_body_and_stands_in_no_address(rig: Rig) -> None:
    ids = await post_claims(rig)
    wish: dict[str, Any] = {"patientControlNumber": "ACCT-3", "serviceFrom": "2026-11-01"}
    found = await rig.call("POST", "/v1/claims/search", wish)
    assert [ids[it["id"]] for it in found.json["claims"]] == ["ACCT-3"]
    assert (await rig.call("POST", "/v1/claims/search", wish, tenant="lakeside")).json["claims"] == []
    missed = await rig.call("POST", "/v1/claims/search", wish | {"payer": "other"})
    assert missed.json == {"claims": [], "next": None}
    in_address = await rig.call("GET", "/v1/claims?patientControlNumber=ACCT-3")
    assert (in_address.status, in_address.codes) == (400, ["request.unknown_parameter"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("serviceFrom=20261101", "a day as CCYY-MM-DD"),
        ("serviceTo=soon", "a day as CCYY-MM-DD"),
        ("chargeFrom=much", "an amount"),
        ("claimType=vision", "one of professional, institutional, dental"),
        ("state=lost", "one of received"),
        ("limit=501", "a whole number <= 500"),
    ],
)
async def test_a_condition_that_cannot_be_read_is_told_with_what_is_expected(
    rig: Rig, query: str, expected: str
) -> None:
    answer = await rig.call("GET", f"/v1/claims?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["findings"][0]["message"]
    assert expected in answer.json["findings"][0]["message"]


async def test_pages_are_cut_alike_whatever_is_added_between_them(rig: Rig) -> None:
    ids = list(reversed(await post_claims(rig)))
    first = (await rig.call("GET", "/v1/claims?limit=2&state=accepted")).json
    await rig.call("POST", "/v1/claims", make_claim("ACCT-NEW"))
    second = (await rig.call("GET", f"/v1/claims?limit=2&state=accepted&cursor={first['next']}")).json
    assert [it["id"] for it in [*first["claims"], *second["claims"]]] == ids
    assert second["next"] is None


async def test_remittances_are_found_by_payer_trace_and_date(rig: Rig) -> None:
    file = (await rig.call("POST", "/v1/files", b"")).json["file"]

    def add(scope: TenantScope) -> dict[str, str]:
        news = {
            "a": {"payer_id": "P1", "trace_number": "T1", "date": date(2026, 11, 1)},
            "b": {"payer_id": "P1", "trace_number": "T2", "date": date(2026, 11, 2)},
            "c": {"payer_id": "P2", "trace_number": "T3", "date": None},
        }
        kept = {
            name: remittances.add(
                scope, msgspec.structs.replace(make_remittance(file), digest=name * 64, **changes)
            )
            for name, changes in news.items()
        }
        return {it.id: name for name, it in kept.items() if it is not None}

    ids = await rig.gateway.services.store.write(add, tenant="riverbend")
    expected = {
        "": "abc",
        "payer=P1": "ab",
        "trace=T3": "c",
        "dateFrom=2026-11-02": "b",
        "dateTo=2026-11-01": "a",
        "payer=P1&dateFrom=2026-11-01&dateTo=2026-11-02": "ab",
        "payer=P2&trace=T1": "",
    }
    for query, names in expected.items():
        listed = (await rig.call("GET", f"/v1/remittances?{query}")).json["remittances"]
        assert sorted(ids[it["id"]] for it in listed) == list(names), query
        assert (await rig.call("GET", f"/v1/remittances?{query}", tenant="lakeside")).json[
            "remittances"
        ] == []
