"""The CORE door: an independent SOAP client (zeep) and our own send and fetch X12 through it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zeep
from zeep.wsse.username import UsernameToken

from adapters.base import Inquiry
from adapters.core_connectivity import soap
from adapters.core_connectivity.client import CoreClient, CoreSettings
from adapters.core_connectivity.envelopes import digest
from adapters.errors import Permanent
from adapters.https import HttpsSettings
from edi.files import check_file
from edi.translation import make_envelope
from edi.writer import write_documents
from gateway.store import claims, files
from tests import canaries
from tests.api_rig import Rig, make_claim
from tests.real_time_rig import make_claim_status, make_eligibility, run_asking

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
PROFESSIONAL = "005010X222A1"
CLAIMS_TYPE = "X12_837_Request_005010X222A1"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_asking(tmp_path, "rest", answer_seconds=3.0) as running:
        yield running


def halve(key: str) -> tuple[str, str]:
    """UserName and Password of an API key."""
    return key[:15], key[16:]


def write_inquiry(guide: str, document: dict[str, Any]) -> bytes:
    return write_documents(guide, [document], make_envelope("PRACTICE", "CLAIMWIRE", 77, NOW, usage="T"))


def write_claims_file(*numbers: str) -> bytes:
    documents = [make_claim(number) for number in numbers]
    return write_documents(
        PROFESSIONAL, documents, make_envelope("PRACTICE", "CLAIMWIRE", 78, NOW, usage="T")
    )


class Zeep:
    """A zeep client of the door, in threads."""

    def __init__(self, rig: Rig, key: str = "") -> None:
        user, password = halve(key or rig.keys["riverbend"])
        address = f"http://127.0.0.1:{rig.port}/core/soap"
        self._client = zeep.Client(f"{address}?wsdl", wsse=UsernameToken(user, password))

    @classmethod
    async def open(cls, rig: Rig, key: str = "") -> Zeep:
        return await asyncio.to_thread(cls, rig, key)

    async def call(self, operation: str, kind: str, payload: object = None, **fields: object) -> Any:
        """One operation with sound fields, but for `fields`."""
        real_time = operation == "RealTimeTransaction"
        given: dict[str, object] = {
            "PayloadType": kind,
            "ProcessingMode": "RealTime" if real_time else "Batch",
            "PayloadID": str(uuid.uuid4()),
            "TimeStamp": "2026-11-24T14:00:00Z",
            "SenderID": "PRACTICE",
            "ReceiverID": "CLAIMWIRE",
            "CORERuleVersion": "2.2.0",
        }
        if payload is not None:
            given["Payload"] = payload
        if isinstance(payload, bytes):
            given |= {"PayloadLength": len(payload), "CheckSum": digest(payload)}
        return await asyncio.to_thread(getattr(self._client.service, operation), **{**given, **fields})


def open_core(rig: Rig, binding: str, **changes: object) -> CoreClient:
    user, password = halve(rig.keys["riverbend"])
    given = {"sender": "PRACTICE", "receiver": "CLAIMWIRE", "username": user, "password": password}
    https = HttpsSettings(url=f"http://127.0.0.1:{rig.port}/core/{binding}")
    return CoreClient(CoreSettings(https=https, binding=binding, **{**given, **changes}))  # type: ignore[arg-type]


async def test_zeep_asks_about_eligibility_and_hears_the_payers_271(rig: Rig) -> None:
    peer = await Zeep.open(rig)
    asked = write_inquiry("005010X279A1-270", make_eligibility())
    answer = await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", asked.decode())
    assert (answer.ErrorCode, answer.PayloadType) == ("Success", "X12_271_Response_005010X279A1")
    assert (answer.SenderID, answer.ReceiverID) == ("CLAIMWIRE", "PRACTICE")
    report = check_file(answer.Payload.encode())
    assert [each.guide for each in report.sets] == ["005010X279A1-271"]
    assert not any(finding.stops for finding in report.all_findings)
    header = report.interchanges[0].header
    assert (header.sender, header.receiver) == ("CLAIMWIRE", "PRACTICE")
    assert report.sets[0].documents[0]["benefitsInformation"][0]["code"] == "1"


async def test_zeep_asks_how_a_claim_stands_and_hears_the_payers_277(rig: Rig) -> None:
    peer = await Zeep.open(rig)
    asked = write_inquiry("005010X212-276", make_claim_status("A7-PAID"))
    answer = await peer.call("RealTimeTransaction", "X12_276_Request_005010X212", asked.decode())
    assert (answer.ErrorCode, answer.PayloadType) == ("Success", "X12_277_Response_005010X212")
    [document] = check_file(answer.Payload.encode()).sets[0].documents
    assert document["claims"][0]["claimStatus"]["statusCode"] == "65"


async def test_our_own_client_by_mime_hears_the_same(rig: Rig) -> None:
    client = open_core(rig, "mime")
    asked = write_inquiry("005010X279A1-270", make_eligibility("W7-INACTIVE"))
    inquiry = Inquiry(id=str(uuid.uuid4()), kind="X12_270_Request_005010X279A1", content=asked, moment=NOW)
    answer = await client.ask(inquiry, seconds=10)
    await client.close()
    assert check_file(answer).sets[0].documents[0]["benefitsInformation"][0]["code"] == "6"


async def test_what_cannot_be_read_is_answered_by_a_999_in_an_envelope_of_success(rig: Rig) -> None:
    peer = await Zeep.open(rig)
    wrong = write_inquiry("005010X279A1-270", make_eligibility(subscriber={}, encounter={}))
    answer = await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", wrong.decode())
    assert (answer.ErrorCode, answer.PayloadType) == ("Success", "X12_999_Response_005010X231A1")
    assert "IK5*R" in answer.Payload


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"tradingPartnerServiceId": "99999"}, "79"), ({"member": "W7-SILENT"}, "42")],
    ids=["unknown-payer", "silent-payer"],
)
async def test_a_payer_that_cannot_be_asked_is_told_in_a_271(
    rig: Rig, changes: dict[str, str], reason: str
) -> None:
    peer = await Zeep.open(rig)
    asked = write_inquiry("005010X279A1-270", make_eligibility(**changes))  # type: ignore[arg-type]
    answer = await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", asked.decode())
    assert answer.ErrorCode == "Success"
    report = check_file(answer.Payload.encode())
    assert not any(finding.stops for finding in report.all_findings)
    assert report.sets[0].documents[0]["errors"][0]["code"] == reason


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"PayloadID": "7"}, "PayloadIDIllegal"),
        ({"ProcessingMode": "Batch"}, "ProcessingModeIllegal"),
        ({"CORERuleVersion": "4.0.0"}, "VersionMismatch"),
        ({"SenderID": " "}, "SenderIDRequired"),
        ({"PayloadType": "X12_276_Request_005010X212"}, "PayloadTypeIllegal"),
        ({"Payload": "not X12"}, "Sender"),
    ],
)
async def test_what_is_wrong_with_the_envelope_is_told_by_its_code(
    rig: Rig, fields: dict[str, str], code: str
) -> None:
    peer = await Zeep.open(rig)
    asked = write_inquiry("005010X279A1-270", make_eligibility()).decode()
    answer = await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", asked, **fields)
    assert (answer.ErrorCode, answer.PayloadType) == (code, "CoreEnvelopeError")


async def test_a_batch_is_submitted_acknowledged_and_its_results_picked_up_once(rig: Rig) -> None:
    peer, content = await Zeep.open(rig), write_claims_file("CD-1", "CD-2")
    sent = await peer.call(
        "BatchSubmitTransaction", CLAIMS_TYPE, content, PayloadID=(one := str(uuid.uuid4()))
    )
    assert (sent.ErrorCode, sent.PayloadType, sent.Payload) == (
        "Success",
        "X12_BatchReceiptConfirmation",
        None,
    )
    again = await peer.call("BatchSubmitTransaction", CLAIMS_TYPE, content, PayloadID=one)
    assert again.ErrorCode == "Success"
    other = await peer.call("BatchSubmitTransaction", CLAIMS_TYPE, write_claims_file("CD-3"), PayloadID=one)
    assert other.ErrorCode == "PayloadIDIllegal"
    taken = await rig.gateway.services.store.read(claims.list_page, tenant="riverbend")
    assert len(taken) == 2, "what is sent again is taken in once"

    wanted = "X12_005010_Request_Acks"
    acks = await peer.call("BatchSubmitAckRetrievalTransaction", wanted, PayloadID=(two := str(uuid.uuid4())))
    assert acks.PayloadType == "X12_005010_Response_Acks"
    assert digest(acks.Payload) == acks.CheckSum
    assert {each.set_id for each in check_file(acks.Payload).sets} == {"999", "277"}
    same = await peer.call("BatchSubmitAckRetrievalTransaction", wanted, PayloadID=two)
    assert same.Payload == acks.Payload, "the same PayloadID gets the same again"
    by_submission = await peer.call("BatchSubmitAckRetrievalTransaction", wanted, PayloadID=one)
    assert by_submission.Payload == acks.Payload
    none = await peer.call("BatchSubmitAckRetrievalTransaction", wanted)
    assert (none.PayloadType, none.Payload, none.ErrorCode) == ("X12_NoBatchAckFile", None, "Success")


async def test_what_payers_sent_is_picked_up_by_kind_and_acknowledged(rig: Rig) -> None:
    remit = (Path(__file__).parents[2] / "samples/835/denied_with_remark_codes/document.x12").read_bytes()
    digest_of = rig.gateway.services.archive.put(remit)

    def add(scope: Any) -> str:
        new = files.NewFile(partner="exchange", name="r", sha256=digest_of, size=len(remit), kinds=("835",))
        file = files.add(scope, new)
        files.settle(scope, file.id, files.PROCESSED)
        return file.id

    await rig.gateway.services.store.write(add, tenant="riverbend")
    peer, operation = await Zeep.open(rig), "BatchResultsRetrievalTransaction"
    reports = await peer.call(operation, "X12_277CA_Request_005010X214")
    assert reports.PayloadType == "X12_NoBatchResultsFile"
    stranger = await Zeep.open(rig, rig.keys["lakeside"])
    theirs = await stranger.call(operation, "X12_005010_Request_BatchResultsMixed")
    assert theirs.PayloadType == "X12_NoBatchResultsFile", "another tenant's results are nobody's"
    results = await peer.call(operation, "X12_005010_Request_BatchResultsMixed")
    assert (results.PayloadType, results.Payload) == ("X12_005010_Response_BatchResultsMixed", remit)
    ours = b"ISA*00*not even X12, but kept"
    done = await peer.call("BatchResultsAckSubmitTransaction", "X12_999_SubmissionRequest_005010X231A1", ours)
    assert done.ErrorCode == "Success"
    nothing = await peer.call(operation, "X12_005010_Request_BatchResultsMixed")
    assert nothing.PayloadType == "X12_NoBatchResultsFile"


@pytest.mark.parametrize("binding", ["soap", "mime"])
async def test_our_own_client_sends_and_fetches_batches(rig: Rig, binding: str) -> None:
    client = open_core(rig, binding)
    batch = Inquiry(
        id=str(uuid.uuid4()), kind=CLAIMS_TYPE, content=write_claims_file(f"OC-{binding}"), moment=NOW
    )
    assert (await client.submit(batch, seconds=10)).size == len(batch.content)
    acks = await client.fetch_acknowledgments(NOW, seconds=10)
    assert acks is not None and check_file(acks).sets[0].set_id == "999"
    assert await client.fetch_results(NOW, seconds=10) is None
    await client.close()


@pytest.mark.parametrize(
    ("user", "password"), [("cw_aaaaaaaaaaaa", "x" * 43), ("", ""), ("riverbend", "cw_x"), ("a\r\nb", "c")]
)
async def test_a_stranger_is_unauthorized_alike_for_every_reason(rig: Rig, user: str, password: str) -> None:
    for binding in ("soap", "mime"):
        client = open_core(rig, binding, username=user, password=password)
        with pytest.raises(Permanent, match="UnAuthorized"):
            await client.fetch_results(NOW, seconds=10)
        await client.close()


async def test_a_key_without_the_scope_is_unauthorized(rig: Rig) -> None:
    made = await rig.gateway.services.keys.create("riverbend", "reader", ["claims:read"])
    peer = await Zeep.open(rig, made.text)
    asked = write_inquiry("005010X279A1-270", make_eligibility()).decode()
    for operation, kind, payload in (
        ("RealTimeTransaction", "X12_270_Request_005010X279A1", asked),
        ("BatchSubmitTransaction", CLAIMS_TYPE, write_claims_file("N-1")),
        ("BatchResultsRetrievalTransaction", "X12_005010_Request_BatchResultsMixed", None),
    ):
        answer = await peer.call(operation, kind, payload)
        assert answer.ErrorCode == "UnAuthorized", operation


HOSTILE = {
    "xxe": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "external-dtd": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
    "laughs": b"<!DOCTYPE l [" + b'<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">' * 20 + b"]><l>&b;</l>",
    "deep": b"<a>" * 100_000,
    "wide": b"<a>" + b"<b/>" * 100_000 + b"</a>",
    "soap-1.1": b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
    "json": b'{"x": 1}',
    "empty": b"",
    "zip": b"PK\x03\x04" + b"\0" * 100,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_hostile_bodies_are_refused_by_a_fault_and_nothing_else_happens(
    rig: Rig, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    answer = await rig.call(
        "POST", "/core/soap", HOSTILE[name], headers={"Content-Type": "application/soap+xml"}
    )
    assert answer.status in (400, 500)
    assert b"Fault" in answer.body and b"root:" not in answer.body
    by_form = await rig.call(
        "POST", "/core/mime", HOSTILE[name], headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert by_form.status == 200 and b"Sender" in by_form.body
    assert "request.failed" not in caplog.text
    assert (await rig.call("GET", "/healthz")).status == 200


async def test_a_body_over_the_limit_is_not_parsed(rig: Rig) -> None:
    body = b"<a>" + b"x" * (17 * 1024 * 1024)
    answer = await rig.call("POST", "/core/soap", body, headers={"Content-Type": soap.MEDIA})
    assert answer.status == 413


async def test_strangers_hold_few_large_bodies_and_small_envelopes_pass(rig: Rig) -> None:
    head = (
        f"POST /core/soap HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\nContent-Type: {soap.MEDIA}\r\n"
        "Content-Length: 2000000\r\n\r\n<a>"
    )
    held = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(8)]
    for _, writer in held:
        writer.write(head.encode())
        await writer.drain()
    while rig.gateway.services.strangers["core"] < 8:
        await asyncio.sleep(0.01)
    large = await rig.call("POST", "/core/soap", b"<a>" * 200_000, headers={"Content-Type": soap.MEDIA})
    assert (large.status, large.headers["Retry-After"]) == (429, "5")
    peer = await Zeep.open(rig)
    asked = write_inquiry("005010X279A1-270", make_eligibility()).decode()
    answer = await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", asked)
    assert answer.ErrorCode == "Success"
    for _, writer in held:
        writer.close()
    while rig.gateway.services.strangers["core"]:
        await asyncio.sleep(0.01)


async def test_no_value_stands_in_the_log_of_the_door(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="claimwire")
    peer = await Zeep.open(rig)
    asked = write_inquiry("005010X279A1-270", make_eligibility()).decode()
    await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", asked)
    await peer.call("RealTimeTransaction", "X12_270_Request_005010X279A1", asked, PayloadID="7")
    said = json.dumps(
        [record.__dict__ for record in caplog.records if record.name == "claimwire"], default=str
    )
    assert "/core/soap" in said and "riverbend" in said
    assert canaries.find_canaries(said) == []
    assert halve(rig.keys["riverbend"])[1] not in said
