"""Eligibility and claim status over HTTP: asked of a scripted payer by every wire, answered, kept, told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from edi.files import check_file
from gateway.app import Role
from gateway.client.live import AsyncClaimwire, Claimwire
from gateway.inquiries.kinds import ELIGIBILITY
from gateway.store import events, inquiries, tables
from gateway.store.inquiries import Inquiry
from gateway.upkeep import verify_home
from tests import canaries
from tests.api_rig import Rig, make_claim
from tests.contract.rows import make_inquiry
from tests.real_time_rig import WIRES, make_claim_status, make_eligibility, run_asking


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_asking(tmp_path) as running:
        yield running


async def load(rig: Rig, inquiry_id: str) -> Inquiry:
    found = await rig.gateway.services.store.read(
        lambda scope: inquiries.load(scope, inquiry_id), tenant="riverbend"
    )
    assert found is not None
    return found


async def list_events(rig: Rig) -> list[dict[str, object]]:
    return (await rig.call("GET", "/v1/events")).json["events"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("wire", WIRES)
async def test_an_eligibility_inquiry_is_answered_in_the_standard_shape(tmp_path: Path, wire: str) -> None:
    async with run_asking(tmp_path, wire) as rig:
        answer = await rig.call("POST", "/v1/eligibility", make_eligibility())
        assert answer.status == 200, answer.body
        assert (answer.json["state"], answer.json["cached"], answer.json["findings"]) == (
            "answered",
            False,
            [],
        )
        response = answer.json["response"]
        assert response["subscriber"]["lastName"] == canaries.LAST_NAME
        plan = response["benefitsInformation"][0]
        assert (plan["code"], plan["name"], plan["serviceTypes"]) == (
            "1",
            "Active Coverage",
            ["Health Benefit Plan Coverage"],
        )
        shown = await rig.call("GET", answer.headers["Location"])
        assert shown.json == answer.json


@pytest.mark.parametrize("wire", WIRES)
async def test_a_claim_status_inquiry_is_answered_in_the_standard_shape(tmp_path: Path, wire: str) -> None:
    async with run_asking(tmp_path, wire) as rig:
        answer = await rig.call("POST", "/v1/claim-status", make_claim_status("A7-PAID"))
        assert answer.status == 200, answer.body
        [claim] = answer.json["response"]["claims"]
        status = claim["claimStatus"]
        assert (status["statusCategoryCode"], status["statusCode"], status["amountPaid"]) == (
            "F1",
            "65",
            "165.00",
        )
        assert status["statusCategoryCodeValue"] and status["statusCodeValue"]
        assert status["trackingNumber"] == answer.json["controlNumber"]
        assert (await rig.call("GET", answer.headers["Location"])).json == answer.json


async def test_coverage_that_has_ended_is_an_answer_like_any_other(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility("W7-INACTIVE"))
    assert (answer.status, answer.json["state"]) == (200, "answered")
    assert answer.json["response"]["benefitsInformation"][0]["code"] == "6"


@pytest.mark.parametrize(
    ("script", "pointer", "words"),
    [
        ("AAA72", "/subscriber/memberId", "member number is missing or wrong"),
        ("AAA75", "/subscriber", "subscriber was not found"),
        ("AAA42", "", "cannot answer at the moment"),
    ],
)
async def test_what_the_payer_rejects_becomes_a_finding_with_its_field_and_a_remedy(
    rig: Rig, script: str, pointer: str, words: str
) -> None:
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility(f"W7-{script}"))
    assert (answer.status, answer.json["state"]) == (200, "rejected")
    [finding] = answer.json["findings"]
    assert (finding["code"], finding["pointer"]) == ("inquiry.rejected", pointer)
    assert words in finding["message"]
    assert finding["remedy"] == ("Ask again." if script == "AAA42" else "Correct it and ask again.")
    assert answer.json["response"]["subscriber"]["aaaErrors"][0]["code"] == script[3:]


async def test_a_subscriber_not_found_is_rejected_at_the_subscriber_of_a_dependent_too(rig: Rig) -> None:
    child = {"firstName": "ZEPHYRINE", "lastName": canaries.LAST_NAME, "dateOfBirth": "20150101"}
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility("W7-AAA75", dependents=[child]))
    assert answer.json["findings"][0]["pointer"] == "/subscriber"
    assert answer.json["response"]["subscriber"]["aaaErrors"][0]["code"] == "75"


async def test_a_dependent_is_asked_about_and_its_benefits_come_back(rig: Rig) -> None:
    child = {"firstName": "ZEPHYRINE", "lastName": canaries.LAST_NAME, "dateOfBirth": "20150101"}
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility("W7-ACTIVE", dependents=[child]))
    assert (answer.status, answer.json["state"]) == (200, "answered")
    response = answer.json["response"]
    assert response["dependents"][0]["firstName"] == "ZEPHYRINE"
    assert response["benefitsInformation"][0]["code"] == "1"


async def test_a_claim_that_the_payer_does_not_have_is_told_as_a_warning(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/claim-status", make_claim_status("A7-LOST"))
    assert (answer.status, answer.json["state"]) == (200, "answered")
    assert [finding["code"] for finding in answer.json["findings"]] == ["inquiry.not_found"]


async def test_everything_wrong_with_an_inquiry_is_said_at_once_and_nothing_is_asked(rig: Rig) -> None:
    wrong = make_eligibility(tradingPartnerServiceId="99999")
    wrong["provider"]["npi"] = "1999999999"
    del wrong["subscriber"]["lastName"]
    wrong["encounter"]["serviceTypeCodes"] = ["XX"]
    answer = await rig.call("POST", "/v1/eligibility", wrong)
    assert answer.status == 422
    pointers = {finding.get("pointer") for finding in answer.json["findings"]}
    assert {"/tradingPartnerServiceId", "/provider/npi", "/encounter/serviceTypeCodes"} <= pointers
    assert "payer.unknown" in answer.codes
    count = await rig.gateway.services.store.read(
        lambda scope: inquiries.find_fresh(scope, "eligibility", "", scope.now()), tenant="riverbend"
    )
    assert count is None


async def test_a_payer_without_a_way_in_real_time_is_a_clear_problem(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility(), tenant="lakeside")
    assert (answer.status, answer.codes) == (422, ["payer.no_real_time"])
    assert answer.json["findings"][0]["pointer"] == "/tradingPartnerServiceId"
    assert "real_time" in answer.json["findings"][0]["remedy"]


async def test_a_partner_without_a_mailbox_is_asked_and_takes_no_claims(tmp_path: Path) -> None:
    async with run_asking(tmp_path, "rest", role=Role.ALL, asked_only=True) as rig:
        answer = await rig.call("POST", "/v1/eligibility", make_eligibility())
        assert (answer.status, answer.json["state"]) == (200, "answered")
        claim = await rig.call("POST", "/v1/claims", make_claim())
        assert (claim.status, claim.codes) == (422, ["payer.unknown"])


async def test_an_inquiry_of_one_tenant_is_no_inquiry_of_another(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility())
    place = answer.headers["Location"]
    assert (await rig.call("GET", place)).status == 200
    assert (await rig.call("GET", place, tenant="lakeside")).status == 404
    assert (await rig.call("GET", place.replace("eligibility", "claim-status"))).status == 404


async def test_a_key_without_the_scope_may_not_ask(rig: Rig) -> None:
    made = await rig.gateway.services.keys.create("riverbend", "reader", ["claims:read"])
    answer = await rig.call(
        "POST", "/v1/eligibility", make_eligibility(), headers={"Authorization": f"Bearer {made.text}"}
    )
    assert answer.status == 403


async def test_both_sides_are_kept_sealed_byte_for_byte(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility())
    inquiry = await load(rig, answer.json["id"])
    archive = rig.gateway.services.archive
    asked, answered = archive.get(inquiry.request_sha256), archive.get(inquiry.answer_sha256 or "")
    assert [each.guide for each in check_file(asked).sets] == ["005010X279A1-270"]
    assert [each.guide for each in check_file(answered).sets] == ["005010X279A1-271"]
    assert canaries.LAST_NAME.encode() in asked
    for place in rig.home.rglob("*"):
        if place.is_file():
            assert canaries.find_canaries(place.read_bytes()) == [], place.name


async def test_what_was_kept_of_inquiries_is_verified_with_the_rest(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/eligibility", make_eligibility())
    services = rig.gateway.services
    assert (await verify_home(services.store, services.archive)).faults == ()
    digest = (await load(rig, answer.json["id"])).answer_sha256 or ""
    [place] = rig.home.glob(f"archive/{digest[:2]}/{digest[2:]}*")
    place.write_bytes(b"not what was answered")
    [fault] = (await verify_home(services.store, services.archive)).faults
    assert answer.json["id"] in fault


async def test_a_worker_asks_again_what_a_process_left_without_an_answer(tmp_path: Path) -> None:
    async with run_asking(tmp_path, "rest", role=Role.ALL) as rig:
        answered = await load(rig, (await rig.call("POST", "/v1/eligibility", make_eligibility())).json["id"])
        left = make_inquiry(
            partner="exchange",
            payer_id="60054",
            trace=answered.trace,
            request_sha256=answered.request_sha256,
            wait=timedelta(0),
        )
        await rig.gateway.services.store.write(lambda scope: inquiries.add(scope, left), tenant="riverbend")
        for _ in range(200):
            if (await load(rig, left.id)).state != "asked":
                break
            await asyncio.sleep(0.05)
        [told] = [event["data"] for event in await list_events(rig)]
        assert isinstance(told, dict)
        assert (told["inquiry"], told["state"]) == (left.id, "answered")
        assert (await load(rig, left.id)).attempts == 2


async def test_control_numbers_and_traces_are_never_given_twice(rig: Rig) -> None:
    answers = await asyncio.gather(
        *(rig.call("POST", "/v1/eligibility", make_eligibility(f"W7-{number:03d}")) for number in range(40))
    )
    kept = [await load(rig, answer.json["id"]) for answer in answers]
    for field in ("control_number", "trace", "message_id"):
        assert len({getattr(inquiry, field) for inquiry in kept}) == 40
    texts = [rig.gateway.services.archive.get(inquiry.request_sha256) for inquiry in kept]
    groups = {check_file(text).interchanges[0].groups[0].header.control_number for text in texts}
    assert len(groups) == 40


async def test_a_reference_of_the_clients_own_comes_back(rig: Rig) -> None:
    asked = make_eligibility(submitterTransactionIdentifier="OURS-1")
    answer = await rig.call("POST", "/v1/eligibility", asked)
    assert answer.json["response"]["meta"]["outboundTraceId"] == "OURS-1"


async def test_a_client_hears_in_time_and_the_late_answer_is_kept_and_told(tmp_path: Path) -> None:
    async with run_asking(tmp_path, answer_seconds=0.2) as rig:
        answer = await rig.call("POST", "/v1/eligibility", make_eligibility("W7-SLOW"))
        assert (answer.status, answer.codes) == (504, ["inquiry.no_answer"])
        place = f"/v1/eligibility/{answer.json['id']}"
        waiting = await rig.call("GET", place)
        assert (waiting.json["state"], waiting.json["response"]) == ("asked", None)
        for _ in range(100):
            told = [event for event in await list_events(rig) if event["type"] == "eligibility.completed"]
            if told:
                break
            await asyncio.sleep(0.05)
        [event] = told
        story = event["data"]
        assert isinstance(story, dict)
        assert (story["inquiry"], story["state"]) == (answer.json["id"], "answered")
        assert canaries.find_canaries(json.dumps(story)) == []
        shown = await rig.call("GET", place)
        assert shown.json["response"]["benefitsInformation"][0]["code"] == "1"


async def test_an_answer_in_time_is_no_event(rig: Rig) -> None:
    await rig.call("POST", "/v1/eligibility", make_eligibility())
    assert await list_events(rig) == []


async def test_silence_is_asked_again_under_the_same_id_and_given_up_at_last(tmp_path: Path) -> None:
    """The worker's turn is taken by hand, with the rows' due time brought forward."""
    async with run_asking(tmp_path, "rest", answer_seconds=0.1, reply_seconds=0.2, resends=2) as rig:
        answer = await rig.call("POST", "/v1/eligibility", make_eligibility("W7-SILENT"))
        assert answer.status == 504
        await asyncio.sleep(0.3)
        first = await load(rig, answer.json["id"])
        assert first.due_at - first.created_at == timedelta(seconds=91)
        service = rig.gateway.services.inquiries
        assert await service.resend_due() == 0, "not before 90 seconds"
        for attempts in (2, 3, 4):
            await make_due(rig, first.id)
            assert await service.resend_due() == 1
            again = await load(rig, first.id)
            assert (again.attempts, again.message_id) == (attempts, first.message_id)
        assert again.state == "unanswered"
        [event] = await list_events(rig)
        assert (event["type"], event["data"]["state"]) == ("eligibility.completed", "unanswered")  # type: ignore[index]
        shown = await rig.call("GET", f"/v1/eligibility/{first.id}")
        assert shown.codes == ["inquiry.given_up"]


async def make_due(rig: Rig, inquiry_id: str) -> None:
    await rig.gateway.services.store.write(
        lambda scope: scope.run(
            scope.update(tables.inquiry).where(tables.inquiry.c.id == inquiry_id).values(due_at=scope.now())
        ),
        tenant="riverbend",
    )


async def test_a_payer_that_is_down_is_told_at_once_and_keeps_its_inquiry(tmp_path: Path) -> None:
    async with run_asking(tmp_path, port=1) as rig:
        answer = await rig.call("POST", "/v1/eligibility", make_eligibility())
        assert (answer.status, answer.codes) == (502, ["inquiry.not_taken"])
        assert "no connection" in answer.json["findings"][0]["message"]
        assert (await load(rig, answer.json["id"])).state == "failed"


async def test_a_young_answer_stands_for_a_new_one_where_the_payer_has_an_age(tmp_path: Path) -> None:
    async with run_asking(tmp_path, cache_seconds={"60054": 3600.0}) as rig:
        first = await rig.call("POST", "/v1/eligibility", make_eligibility())
        again = await rig.call(
            "POST", "/v1/eligibility", make_eligibility(submitterTransactionIdentifier="OTHER")
        )
        assert (again.json["id"], again.json["cached"]) == (first.json["id"], True)
        assert again.json["answeredAt"] == first.json["answeredAt"]
        other = await rig.call("POST", "/v1/eligibility", make_eligibility("W7-OTHER"))
        fresh = await rig.call(
            "POST", "/v1/eligibility", make_eligibility(), headers={"Cache-Control": "no-cache"}
        )
        assert not other.json["cached"] and not fresh.json["cached"]
        assert fresh.json["id"] != first.json["id"]


async def test_without_an_age_every_inquiry_is_asked(rig: Rig) -> None:
    answers = [await rig.call("POST", "/v1/eligibility", make_eligibility()) for _ in range(2)]
    assert answers[0].json["id"] != answers[1].json["id"]


async def test_many_inquiries_in_one_request_are_answered_line_by_line(rig: Rig) -> None:
    lines = [
        json.dumps(make_eligibility("W7-1")),
        "not JSON",
        json.dumps(make_eligibility("W7-AAA75")),
        json.dumps(make_eligibility(tradingPartnerServiceId="99999")),
        json.dumps(make_eligibility("W7-INACTIVE")),
    ]
    answer = await rig.call("POST", "/v1/eligibility/batch", "\n".join(lines).encode())
    assert answer.status == 200
    told = [json.loads(line) for line in answer.body.splitlines()]
    assert [(each["line"], each["state"]) for each in told] == [
        (1, "answered"),
        (2, "invalid"),
        (3, "rejected"),
        (4, "invalid"),
        (5, "answered"),
    ]
    assert told[3]["findings"][0]["code"] == "payer.unknown"
    assert told[4]["response"]["benefitsInformation"][0]["code"] == "6"


async def test_the_typed_client_asks_one_and_many(rig: Rig) -> None:
    url, key = f"http://127.0.0.1:{rig.port}", rig.keys["riverbend"]

    async def list_inquiries() -> AsyncIterator[dict[str, object]]:
        for script in ("1", "INACTIVE"):
            yield make_eligibility(f"W7-{script}")

    async with AsyncClaimwire(url, key) as client:
        one = await client.ask_eligibility(make_eligibility())
        assert (await client.show_eligibility(one.id)).response == one.response
        many = [line async for line in client.ask_eligibility_batch(list_inquiries())]
    assert [(line.line, line.state) for line in many] == [(1, "answered"), (2, "answered")]

    def ask_in_a_thread() -> list[str]:
        with Claimwire(url, key) as client:
            asked = client.ask_claim_status(make_claim_status("A7-PAID"))
            lines = client.ask_eligibility_batch(iter([make_eligibility("W7-AAA72")]))
            return [asked.state, *(line.state for line in lines)]

    assert await asyncio.to_thread(ask_in_a_thread) == ["answered", "rejected"]


async def test_no_value_of_an_inquiry_stands_in_a_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with run_asking(tmp_path, answer_seconds=0.2) as rig:
        for script in ("", "-AAA72", "-SLOW"):
            await rig.call("POST", "/v1/eligibility", make_eligibility(f"{canaries.MEMBER_ID}{script}"))
        await rig.call("POST", "/v1/claim-status", make_claim_status())
    said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "inquiry.settled" in said
    assert canaries.find_canaries(said) == []


async def test_the_events_of_inquiries_can_be_subscribed_to(rig: Rig) -> None:
    made = await rig.call(
        "POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/hook", "types": ["eligibility.completed"]}
    )
    assert made.status == 201
    assert ELIGIBILITY.event in made.json["types"]
    assert await rig.gateway.services.store.read(events.last_sequence, tenant="riverbend") == 0
