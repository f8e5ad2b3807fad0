"""Eligibility and claim status as clients of two other APIs ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import inquiries, tables
from gateway.store.scope import TenantScope
from tests import canaries
from tests.api_rig import Rig
from tests.real_time_rig import make_claim_status, make_eligibility, run_asking

CHANGE = "/2024-04-01/change/medicalnetwork"
NETWORK = "/medicalnetwork"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_asking(tmp_path) as running:
        yield running


@pytest.mark.parametrize("path", [f"{CHANGE}/eligibility/v3", f"{NETWORK}/eligibility/v3/"])
async def test_eligibility_is_answered_at_the_top_of_the_body(rig: Rig, path: str) -> None:
    asked = make_eligibility(controlNumber="123456789", subscriberNote=None)
    answer = await rig.call("POST", path, asked)
    assert answer.status == 200, answer.body
    told = answer.json
    assert told["subscriber"]["lastName"] == canaries.LAST_NAME
    assert told["benefitsInformation"][0]["name"] == "Active Coverage"
    assert (told["controlNumber"], told["errors"]) == ("123456789", [])
    assert told["tradingPartnerServiceId"] == asked["tradingPartnerServiceId"]
    assert told["meta"]["applicationMode"] == "test"
    assert told["x12"].startswith("ISA*") and "ST*271*" in told["x12"]


@pytest.mark.parametrize(("path", "status"), [(CHANGE, 400), (NETWORK, 200)])
async def test_a_rejection_has_the_payers_own_code_in_errors(rig: Rig, path: str, status: int) -> None:
    answer = await rig.call("POST", f"{path}/eligibility/v3", make_eligibility("W7-AAA72"))
    assert answer.status == status
    assert [error["code"] for error in answer.json["errors"]] == ["72"]
    assert answer.json["subscriber"]["aaaErrors"] == answer.json["errors"]


@pytest.mark.parametrize("path", [f"{CHANGE}/claimstatus/v2", f"{NETWORK}/claimstatus/v2/"])
async def test_a_claims_status_is_answered_at_the_top_of_the_body(rig: Rig, path: str) -> None:
    answer = await rig.call("POST", path, make_claim_status("A7-PAID"))
    assert answer.status == 200, answer.body
    assert answer.json["claims"][0]["claimStatus"]["statusCategoryCode"] == "F1"


async def test_a_raw_inquiry_is_asked_and_one_that_is_none_is_refused(rig: Rig) -> None:
    first = await rig.call("POST", f"{CHANGE}/eligibility/v3", make_eligibility())
    sent = await rig.gateway.services.store.read(find_request, tenant="riverbend")
    x12 = rig.gateway.services.archive.get(sent).decode()
    answer = await rig.call("POST", f"{CHANGE}/eligibility/v3/raw-x12", {"x12": x12})
    assert answer.status == 200, answer.body
    assert answer.json["benefitsInformation"] == first.json["benefitsInformation"]
    for wrong in (first.json["x12"], x12.replace("DMG*D8*19840517", "DMG*D8*19841341"), "nothing"):
        refused = await rig.call("POST", f"{CHANGE}/eligibility/v3/raw-x12", {"x12": wrong})
        assert (refused.status, set(refused.json)) >= (400, {"code", "message"}), refused.body


def find_request(scope: TenantScope) -> str:
    """The digest of the inquiry that was sent."""
    [(identifier,)] = scope.tuples(scope.select(tables.inquiry, tables.inquiry.c.id))
    found = inquiries.load(scope, identifier)
    assert found is not None
    return found.request_sha256


async def test_a_payer_that_is_silent_is_told_within_the_clients_time(rig: Rig) -> None:
    answer = await rig.call("POST", f"{CHANGE}/eligibility/v3", make_eligibility("W7-SILENT"))
    assert answer.status == 504
    assert set(answer.json) == {"code", "message", "errors"}


async def test_everything_wrong_with_an_inquiry_is_said_at_once(rig: Rig) -> None:
    wrong = make_eligibility()
    wrong["provider"]["npi"] = "1999999999"
    wrong["subscriber"]["dateOfBirth"] = "19841341"
    answer = await rig.call("POST", f"{NETWORK}/eligibility/v3/", wrong)
    assert (answer.status, answer.json["httpStatusCode"]) == (400, "400 BAD_REQUEST")
    assert {"provider.npi", "subscriber.dateOfBirth"} <= {error["field"] for error in answer.json["errors"]}
