"""Claims over HTTP, on a real server with a real database."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import files
from tests import canaries
from tests.api_rig import Rig, make_claim, make_settings, run_gateway


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def nothing_moved(rig: Rig) -> bool:
    """True where no claim was made."""
    return (await rig.call("GET", "/v1/claims")).json["claims"] == []


async def test_a_clean_claim_is_accepted_and_can_be_looked_up(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    assert answer.status == 202, answer.body
    assert (answer.json["state"], answer.json["patientControlNumber"]) == ("accepted", "RFC-1")
    shown = await rig.call("GET", answer.headers["Location"])
    assert shown.status == 200
    assert shown.json["id"] == answer.json["id"]
    assert shown.json["document"]["subscriber"]["lastName"] == canaries.LAST_NAME
    assert shown.json["amounts"] == {
        "billed": "165.00", "paid": "0.00", "adjusted": "0.00", "patient": "0.00", "open": "165.00"
    }  # fmt: skip


async def test_the_timeline_of_an_accepted_claim_tells_both_steps(rig: Rig) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    timeline = (await rig.call("GET", f"/v1/claims/{claim}/timeline")).json
    assert [event["type"] for event in timeline["events"]] == ["claim.received", "claim.accepted"]
    assert [event["sequence"] for event in timeline["events"]] == [1, 2]


async def test_a_claim_without_charge_is_rejected_with_its_pointer_and_stays_to_be_seen(rig: Rig) -> None:
    claim = make_claim()
    del claim["claimInformation"]["claimChargeAmount"]
    answer = await rig.call("POST", "/v1/claims", claim)
    assert answer.status == 422
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert {"type", "title", "status", "detail", "id", "request", "findings"} <= set(answer.json)
    pointers = [finding.get("pointer") for finding in answer.json["findings"]]
    assert "/claimInformation/claimChargeAmount" in pointers
    found = await rig.call("GET", f"/v1/claims/{answer.json['id']}/findings")
    assert found.json["findings"] == answer.json["findings"]
    shown = await rig.call("GET", f"/v1/claims/{answer.json['id']}")
    assert shown.json["state"] == "rejected"


async def test_a_claim_for_an_unknown_payer_is_rejected_by_name(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/claims", make_claim(tradingPartnerServiceId="99999"))
    assert answer.status == 422
    finding = next(it for it in answer.json["findings"] if it["code"] == "payer.unknown")
    assert finding["pointer"] == "/tradingPartnerServiceId"


async def test_the_same_claim_again_is_a_duplicate(rig: Rig) -> None:
    first = await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    again = await rig.call("POST", "/v1/claims", make_claim("RFC-1"))
    assert again.status == 422
    finding = next(it for it in again.json["findings"] if it["code"] == "claim.duplicate")
    assert first.json["id"] in finding["message"]


async def test_a_check_alone_stores_nothing(rig: Rig) -> None:
    clean = await rig.call("POST", "/v1/claims/validate", make_claim())
    assert (clean.status, clean.json["clean"]) == (200, True)
    wrong = await rig.call("POST", "/v1/claims/validate", make_claim(tradingPartnerServiceId="99999"))
    assert (wrong.status, wrong.codes) == (422, ["payer.unknown"])
    assert await nothing_moved(rig)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json.empty"),
        (b"patient is fine", "json.unreadable"),
        (b'{"claimInformation": {', "json.unreadable"),
        (b"[1, 2]", "json.not_an_object"),
        (b'{"claimInformation": {"claimChargeAmount": NaN}}', "json.bad_number"),
        (b'{"billing": 1, "billing": 2}', "json.duplicate_key"),
        (b'{"a": "\xff"}', "json.not_utf8"),
        (b'{"a": "\\ud800"}', "json.bad_character"),
        (b'{"a":' * 2_000_000, "json.too_deep"),
        (b"ISA*00*          *00*          *ZZ*RIVERBEND", "json.is_x12"),
    ],
    ids=["empty", "text", "half", "array", "nan", "twice", "latin1", "surrogate", "10-mb-of-nesting", "837"],
)
async def test_a_body_that_cannot_be_read_is_refused_kept_and_moves_nothing(
    rig: Rig, body: bytes, code: str
) -> None:
    answer = await rig.call("POST", "/v1/claims", body)
    assert (answer.status, answer.codes) == (400, [code])
    file = await rig.gateway.services.store.read(
        lambda scope: files.load(scope, answer.json["file"]), tenant="riverbend"
    )
    assert file is not None
    assert rig.gateway.services.archive.get(file.sha256) == body
    assert await nothing_moved(rig)


async def test_an_837_in_place_of_json_is_shown_the_way(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/claims", b"ISA*00*")
    assert "POST /v1/files" in answer.json["findings"][0]["remedy"]


async def test_wrong_types_are_findings_and_no_failure(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/claims", make_claim(subscriber=["a"], billing=7, receiver=None))
    assert answer.status == 422
    assert any(finding.get("pointer", "").startswith("/subscriber") for finding in answer.json["findings"])


async def test_a_body_beyond_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, body_limit=1000)) as rig:
        announced = await rig.call("POST", "/v1/claims", b"x" * 1001)
        assert (announced.status, announced.codes) == (413, ["request.body_too_large"])
        packed = gzip.compress(b" " * 50_000_000)
        bomb = await rig.call("POST", "/v1/claims", packed, headers={"Content-Encoding": "gzip"})
        assert bomb.status == 413
        assert await nothing_moved(rig)


async def test_a_packed_body_is_read(rig: Rig) -> None:
    packed = gzip.compress(json.dumps(make_claim()).encode())
    answer = await rig.call("POST", "/v1/claims", packed, headers={"Content-Encoding": "gzip"})
    assert answer.status == 202, answer.body


async def test_a_body_that_is_not_packed_as_it_says_is_refused(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/claims", b"{}", headers={"Content-Encoding": "gzip"})
    assert answer.status == 400


async def test_claims_are_listed_newest_first_by_page_state_and_payer(rig: Rig) -> None:
    made = [(await rig.call("POST", "/v1/claims", make_claim(f"RFC-{n}"))).json["id"] for n in range(5)]
    first = (await rig.call("GET", "/v1/claims?limit=2")).json
    assert [claim["id"] for claim in first["claims"]] == [made[4], made[3]]
    second = (await rig.call("GET", f"/v1/claims?limit=2&cursor={first['next']}")).json
    third = (await rig.call("GET", f"/v1/claims?limit=2&cursor={second['next']}")).json
    assert [claim["id"] for claim in second["claims"] + third["claims"]] == [made[2], made[1], made[0]]
    assert third["next"] is None
    for query, count in (("state=accepted", 5), ("state=sent,paid", 0), ("payer=60054", 5), ("payer=1", 0)):
        assert len((await rig.call("GET", f"/v1/claims?{query}")).json["claims"]) == count, query
    assert "document" not in first["claims"][0]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", "The parameter limit is not a whole number >= 1."),
        ("limit=many", "The parameter limit is not a whole number."),
        ("state=lost", "The parameter state is not one of "),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_is_expected(rig: Rig, query: str, told: str) -> None:
    answer = await rig.call("GET", f"/v1/claims?{query}")
    assert (answer.status, answer.codes) == (400, ["request.bad_parameter"])
    assert answer.json["findings"][0]["message"].startswith(told)


async def test_a_claim_that_was_not_written_yet_has_no_x12(rig: Rig) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim())).json["id"]
    answer = await rig.call("GET", f"/v1/claims/{claim}/x12")
    assert (answer.status, answer.json["detail"]) == (404, "The claim was not written as X12 yet.")


class TestIdempotency:
    """Idempotency-Key."""

    KEY = {"Idempotency-Key": "9c1c2a6e-retry"}

    async def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(self, rig: Rig) -> None:
        first = await rig.call("POST", "/v1/claims", make_claim(), headers=self.KEY)
        again = await rig.call("POST", "/v1/claims", make_claim(), headers=self.KEY)
        assert (first.status, first.body) == (again.status, again.body) == (202, first.body)
        assert first.headers["Location"] == again.headers["Location"]
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len((await rig.call("GET", "/v1/claims")).json["claims"]) == 1

    async def test_a_rejection_is_repeated_too(self, rig: Rig) -> None:
        claim = make_claim(tradingPartnerServiceId="99999")
        answers = [await rig.call("POST", "/v1/claims", claim, headers=self.KEY) for _ in range(2)]
        assert [answer.status for answer in answers] == [422, 422]
        assert answers[0].body == answers[1].body
        assert len((await rig.call("GET", "/v1/claims")).json["claims"]) == 1

    async def test_another_body_under_the_same_key_is_refused(self, rig: Rig) -> None:
        await rig.call("POST", "/v1/claims", make_claim("RFC-1"), headers=self.KEY)
        other = await rig.call("POST", "/v1/claims", make_claim("RFC-2"), headers=self.KEY)
        assert (other.status, other.codes) == (422, ["idempotency.other_body"])
        assert len((await rig.call("GET", "/v1/claims")).json["claims"]) == 1

    async def test_the_same_key_of_another_tenant_is_another_key(self, rig: Rig) -> None:
        ours = await rig.call("POST", "/v1/claims", make_claim(), headers=self.KEY)
        theirs = await rig.call("POST", "/v1/claims", make_claim(), tenant="lakeside", headers=self.KEY)
        assert (ours.status, theirs.status) == (202, 202)
        assert ours.json["id"] != theirs.json["id"]

    async def test_a_request_under_way_is_waited_for(self, rig: Rig) -> None:
        rig.gateway.services.in_flight.add(("riverbend", "/v1/claims", self.KEY["Idempotency-Key"]))
        answer = await rig.call("POST", "/v1/claims", make_claim(), headers=self.KEY)
        assert (answer.status, answer.codes) == (409, ["idempotency.in_flight"])
        assert answer.headers["Retry-After"] == "1"

    async def test_many_at_once_make_one_claim(self, rig: Rig) -> None:
        calls = [rig.call("POST", "/v1/claims", make_claim(), headers=self.KEY) for _ in range(8)]
        answers = await asyncio.gather(*calls)
        assert {answer.status for answer in answers} <= {202, 409}
        assert len({answer.json["id"] for answer in answers if answer.status == 202}) == 1

    async def test_where_another_process_was_faster_its_answer_counts(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def find_nothing(*_: object) -> None:
            """What a process sees that looked before the other one committed."""

        monkeypatch.setattr("gateway.api.handlers.claims.find_answer", find_nothing)
        first = await rig.call("POST", "/v1/claims", make_claim("RFC-1"), headers=self.KEY)
        again = await rig.call("POST", "/v1/claims", make_claim("RFC-1"), headers=self.KEY)
        other = await rig.call("POST", "/v1/claims", make_claim("RFC-2"), headers=self.KEY)
        assert (first.status, again.status, other.status) == (202, 202, 422)
        assert first.body == again.body
        assert other.codes == ["idempotency.other_body"]
        assert len((await rig.call("GET", "/v1/claims")).json["claims"]) == 1
        assert len((await rig.call("GET", "/v1/events")).json["events"]) == 2

    @pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
    async def test_what_is_no_key_is_refused(self, rig: Rig, key: str) -> None:
        answer = await rig.call("POST", "/v1/claims", make_claim(), headers={"Idempotency-Key": key})
        assert (answer.status, answer.codes) == (422, ["idempotency.key_bad"])
        assert await nothing_moved(rig)
