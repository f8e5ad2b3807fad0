"""An 837 from practice software: its claims are taken in, and it is answered by 999 and 277CA."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edi.acks import read_277ca, read_999
from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.files import check_file
from tests.api_rig import PAYER, Rig, make_claim, make_settings, run_gateway

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path, file_claims=20)) as running:
        yield running


def write_837(*documents: dict[str, Any], number: int = 77) -> bytes:
    """An 837 as practice software sends it to us."""
    envelope = EnvelopeSettings(
        sender_qualifier="ZZ",
        sender="PRACTICE",
        receiver_qualifier="ZZ",
        receiver="CLAIMWIRE",
        group_sender="PRACTICE",
        group_receiver="CLAIMWIRE",
        usage="T",
        control_number=number,
        group_control_number=number,
        created=datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
    )
    return write_claims(documents, envelope).text


async def post(rig: Rig, content: bytes) -> dict[str, Any]:
    answer = await rig.call("POST", "/v1/files", content)
    assert answer.status == 201, answer.body
    taken: dict[str, Any] = answer.json
    return taken


async def read_answers(rig: Rig, file: str) -> dict[str, bytes]:
    shown = (await rig.call("GET", f"/v1/files/{file}/acknowledgments")).json
    return {it["kind"]: it["x12"].encode() for it in shown["acknowledgments"]}


def read_statuses(text: bytes) -> dict[str, tuple[bool, str]]:
    """Accepted or not, and the first status, by patient control number."""
    report = check_file(text)
    assert not [finding.code for finding in report.all_findings if finding.stops]
    told = [read_277ca(document) for each in report.sets for document in each.documents]
    return {
        status.patient_control_number: (status.accepted, status.statuses[0].category)
        for each in told
        for status in each.claims
    }


async def test_each_claim_of_an_837_becomes_a_claim_that_is_sent_like_any_other(rig: Rig) -> None:
    taken = await post(rig, write_837(make_claim("PS-1"), make_claim("PS-2")))
    assert [(it["state"], it["patientControlNumber"]) for it in taken["claims"]] == [
        ("accepted", "PS-1"),
        ("accepted", "PS-2"),
    ]
    assert (taken["file"]["state"], taken["file"]["kinds"]) == ("processed", ["837"])
    claim = (await rig.call("GET", f"/v1/claims/{taken['claims'][0]['id']}")).json
    assert (claim["payerId"], claim["amounts"]["billed"], claim["usage"]) == ("60054", "165.00", "T")
    events = [it["type"] for it in (await rig.call("GET", "/v1/events")).json["events"]]
    assert events == ["file.received", *["claim.received", "claim.accepted"] * 2]


async def test_it_is_answered_by_a_999_and_a_277ca_back_to_its_sender(rig: Rig) -> None:
    unknown = make_claim("PS-2", tradingPartnerServiceId="NOBODY")
    taken = await post(rig, write_837(make_claim("PS-1"), unknown))
    assert [it["state"] for it in taken["claims"]] == ["accepted", "rejected"]
    answers = await read_answers(rig, taken["file"]["id"])
    assert set(answers) == {"999", "277CA"}
    for text in answers.values():
        [header] = [interchange.header for interchange in check_file(text).interchanges]
        assert (header.sender, header.receiver, header.usage) == ("CLAIMWIRE", "PRACTICE", "T")
    [functional] = [
        read_999(document) for each in check_file(answers["999"]).sets for document in each.documents
    ]
    assert (functional.code, functional.group_control_number) == ("A", "77")
    assert read_statuses(answers["277CA"]) == {"PS-1": (True, "A2"), "PS-2": (False, "A7")}


async def test_the_answers_are_made_once_and_stay_the_same(rig: Rig) -> None:
    taken = await post(rig, write_837(make_claim("PS-1")))
    first = await read_answers(rig, taken["file"]["id"])
    assert await read_answers(rig, taken["file"]["id"]) == first
    other = await rig.call("GET", f"/v1/files/{taken['file']['id']}/acknowledgments", tenant="lakeside")
    assert other.status == 404


async def test_the_same_file_again_is_refused_claim_by_claim_and_says_which_one_is_there(rig: Rig) -> None:
    first, again = [await post(rig, write_837(make_claim("PS-1"))) for _ in range(2)]
    [refused] = again["claims"]
    assert refused["state"] == "rejected"
    assert first["claims"][0]["id"] in refused["findings"][-1]["message"]
    told = read_statuses((await read_answers(rig, again["file"]["id"]))["277CA"])
    assert told == {"PS-1": (False, "A7")}


async def test_a_set_that_the_999_rejects_is_not_taken_in_and_the_others_are(rig: Rig) -> None:
    sound, faulty = write_837(make_claim("PS-1")), write_837(make_claim("PS-2"), number=78)
    broken = faulty.replace(b"CLM*PS-2*165*", b"CLM*PS-2*1X5*").replace(b"CLM*PS-2*165.00*", b"CLM*PS-2*1X5*")
    assert broken != faulty
    taken = await post(rig, sound + broken)
    assert [it["patientControlNumber"] for it in taken["claims"]] == ["PS-1"]
    assert taken["findings"]
    answers = await read_answers(rig, taken["file"]["id"])
    told = [read_999(document) for each in check_file(answers["999"]).sets for document in each.documents]
    assert [(it.group_control_number, it.code) for it in told] == [("77", "A"), ("78", "R")]
    assert set(read_statuses(answers["277CA"])) == {"PS-1"}


async def test_a_file_with_nothing_to_take_in_is_refused_and_answered_by_its_999(rig: Rig) -> None:
    content = write_837(make_claim("PS-1"))
    broken = content.replace(b"CLM*PS-1*165*", b"CLM*PS-1*1X5*").replace(
        b"CLM*PS-1*165.00*", b"CLM*PS-1*1X5*"
    )
    answer = await rig.call("POST", "/v1/files", broken)
    assert answer.status == 422
    answers = await read_answers(rig, answer.json["file"])
    assert set(answers) == {"999"}
    assert (await rig.call("GET", "/v1/claims")).json["claims"] == []


async def test_half_an_837_takes_nothing_in(rig: Rig) -> None:
    content = write_837(make_claim("PS-1"), make_claim("PS-2"))
    answer = await rig.call("POST", "/v1/files", content[: len(content) * 2 // 3])
    assert answer.status == 422
    assert (await rig.call("GET", "/v1/claims")).json["claims"] == []


async def test_too_many_claims_in_one_file_are_a_finding_and_none_is_taken_in(rig: Rig) -> None:
    content = write_837(*(make_claim(f"PS-{number}") for number in range(21)))
    answer = await rig.call("POST", "/v1/files", content)
    assert (answer.status, answer.codes) == (422, ["file.too_many_claims"])
    assert (await rig.call("GET", "/v1/claims")).json["claims"] == []


@pytest.mark.parametrize(("kind", "sample"), [("837I", "inpatient_stay"), ("837D", "restoration")])
async def test_institutional_and_dental_claims_are_taken_in_and_answered_alike(
    rig: Rig, kind: str, sample: str
) -> None:
    text = (SAMPLES / kind / sample / "claim.x12").read_bytes()
    [document] = [document for each in check_file(text).sets for document in each.documents]
    payer, number = document["tradingPartnerServiceId"], document["claimInformation"]["patientControlNumber"]
    known, unknown = text.replace(f"*PI*{payer}~".encode(), f"*PI*{PAYER}~".encode()), text
    for content, state, status in ((known, "accepted", (True, "A2")), (unknown, "rejected", (False, "A7"))):
        taken = await post(rig, content)
        [claim] = taken["claims"]
        assert (claim["state"], claim["patientControlNumber"]) == (state, number), claim["findings"]
        answers = await read_answers(rig, taken["file"]["id"])
        assert set(answers) == {"999", "277CA"}
        assert read_statuses(answers["277CA"]) == {number: status}
        shown = (await rig.call("GET", f"/v1/claims/{claim['id']}")).json
        assert (shown["claimType"], shown["payerId"]) == (
            check_file(text).sets[0].guide,
            PAYER if state == "accepted" else payer,
        )


async def test_claims_of_all_three_kinds_may_come_in_one_file(rig: Rig) -> None:
    samples = ("837P/paid_in_full", "837I/inpatient_stay", "837D/restoration")
    texts = [(SAMPLES / sample / "claim.x12").read_bytes() for sample in samples]
    texts[2] = texts[2].replace(b"*000000001", b"*000000002")  # each interchange has its own number
    taken = await post(rig, b"".join(texts))
    kinds = [(await rig.call("GET", f"/v1/claims/{it['id']}")).json["claimType"] for it in taken["claims"]]
    assert kinds == ["005010X222A1", "005010X223A2", "005010X224A2"]
    told = check_file((await read_answers(rig, taken["file"]["id"]))["277CA"])
    assert [len(each.documents) for each in told.sets] == [1, 1, 1]


async def test_a_file_without_claims_is_not_answered(rig: Rig) -> None:
    answer = await rig.call("POST", "/v1/files", b"")
    assert await read_answers(rig, answer.json["file"]) == {}
