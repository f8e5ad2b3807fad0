"""Our CORE client keeps the contract of real time by SOAP and by MIME; its peer is zeep on a TLS server."""

from __future__ import annotations

import re
from functools import partial

import pytest
from aiohttp import web

from adapters.core_connectivity import mime, soap
from adapters.core_connectivity.client import CoreClient, CoreSettings
from adapters.core_connectivity.envelopes import digest
from adapters.errors import Ambiguous, Permanent, Transient
from adapters.https import HttpsSettings
from tests.contract.real_time_contract import (
    ANSWER,
    MOMENT,
    QUESTION,
    SECONDS,
    Peer,
    RealTimeContract,
    Seen,
    Wire,
    fail,
    make_inquiry,
)
from tests.zeep_peer import read_body, write_body

SOAP_MEDIA = "application/soap+xml"
BATCH = b"ISA*00*CLAIMS OF SYNTHETIC PEOPLE~\r\n" * 3000


def open_core(https: HttpsSettings, **settings: object) -> CoreClient:
    given = {"sender": "CLINIC01", "receiver": "PAYER01", "username": "clinic", "password": "p&<w"}
    return CoreClient(CoreSettings(https=https, **{**given, **settings}))  # type: ignore[arg-type]


def name_parties(asked: object) -> dict[str, object]:
    """The fields of an answer that turn a request's parties round."""
    return {
        "ProcessingMode": asked.ProcessingMode,  # type: ignore[attr-defined]
        "PayloadID": asked.PayloadID,  # type: ignore[attr-defined]
        "TimeStamp": "2026-11-24T13:00:06Z",
        "SenderID": asked.ReceiverID,  # type: ignore[attr-defined]
        "ReceiverID": asked.SenderID,  # type: ignore[attr-defined]
        "CORERuleVersion": "2.2.0",
    }


def answer_soap(content: bytes, seen: Seen, code: str = "Success") -> web.Response:
    asked = read_body(seen.body, "COREEnvelopeRealTimeRequest")
    answer = write_body(
        "COREEnvelopeRealTimeResponse",
        PayloadType="X12_271_Response_005010X279A1",
        **name_parties(asked),
        Payload=content.decode(),
        ErrorCode=code,
        ErrorMessage="",
    )
    return web.Response(body=answer, content_type=SOAP_MEDIA)


def answer_mime(content: bytes, seen: Seen) -> web.Response:
    boundary, fields = "----Peer7", {"ProcessingMode": "RealTime", "CORERuleVersion": "2.2.0"}
    fields |= {
        "PayloadType": "X12_271_Response_005010X279A1",
        "SenderID": "PAYER01",
        "ReceiverID": "CLINIC01",
    }
    fields |= {"PayloadID": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "TimeStamp": "2026-11-24T13:00:06Z"}
    fields |= {"Payload": content.decode(), "ErrorCode": "Success", "ErrorMessage": ""}
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    body = "".join(lines) + f"--{boundary}--"
    return web.Response(
        body=body.encode(), headers={"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
    )


class TestSoap(RealTimeContract):
    """SOAP 1.2 by the WSDL."""

    @pytest.fixture
    def wire(self) -> Wire:
        return Wire(open_core, answer_soap)

    async def test_zeep_reads_every_field_of_our_request(self, peer: Peer, transport: CoreClient) -> None:
        inquiry = make_inquiry()
        await transport.ask(inquiry, seconds=SECONDS)
        asked = read_body(peer.seen[0].body, "COREEnvelopeRealTimeRequest")
        assert {name: getattr(asked, name) for name in dir(asked)} == {
            "PayloadType": "X12_270_Request_005010X279A1",
            "ProcessingMode": "RealTime",
            "PayloadID": inquiry.id,
            "TimeStamp": "2026-11-24T13:00:05Z",
            "SenderID": "CLINIC01",
            "ReceiverID": "PAYER01",
            "CORERuleVersion": "2.2.0",
            "Payload": QUESTION.decode(),
        }
        assert 'action="RealTimeTransaction"' in peer.seen[0].headers["Content-Type"]

    async def test_fields_are_unqualified_and_the_token_stands_in_the_header(
        self, peer: Peer, transport: CoreClient
    ) -> None:
        await transport.ask(make_inquiry(), seconds=SECONDS)
        body = peer.seen[0].body
        assert b"<PayloadType>" in body
        assert b"<![CDATA[ISA" in body
        assert b"p&amp;&lt;w" in body
        assert soap.read_message(SOAP_MEDIA, body).token == soap.Token("clinic", "p&<w")

    async def test_a_certificate_alone_sends_no_token(self, peer: Peer) -> None:
        client = open_core(peer.settings(), username=None, password=None)
        await client.ask(make_inquiry(), seconds=SECONDS)
        await client.close()
        assert b"Header" not in peer.seen[0].body

    async def test_an_answer_as_attachments_and_without_a_code_is_read(
        self, peer: Peer, transport: CoreClient
    ) -> None:
        """So live payers answer: multipart/related around an inline payload, and an empty ErrorCode."""

        async def attach(request: web.Request, body: bytes) -> web.StreamResponse:
            inner = answer_soap(ANSWER, peer.seen[-1], code="").body
            assert isinstance(inner, bytes)
            head = b"\r\n--uuid:1+id=1\r\nContent-ID: <http://peer.example/0>\r\n"
            media = b'Content-Type: application/xop+xml;charset=utf-8;type="application/soap+xml"\r\n\r\n'
            kind = 'multipart/related; type="application/xop+xml";start="<http://peer.example/0>";'
            kind += 'boundary="uuid:1+id=1";start-info="application/soap+xml"'
            parts = head + media + inner + b"\r\n--uuid:1+id=1--\r\n"
            return web.Response(body=parts, headers={"Content-Type": kind})

        peer.answering = attach
        assert await transport.ask(make_inquiry(), seconds=SECONDS) == ANSWER

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("Sender", Permanent),
            ("Receiver", Transient),
            ("VersionMismatch", Permanent),
            ("UnAuthorized", Permanent),
            ("PayloadIDIllegal", Permanent),
        ],
    )
    async def test_a_code_in_the_envelope_says_whether_to_ask_again(
        self, peer: Peer, transport: CoreClient, code: str, kind: type
    ) -> None:
        async def refuse(request: web.Request, body: bytes) -> web.StreamResponse:
            return answer_soap(b"", peer.seen[-1], code=code)

        peer.answering = refuse
        failure = await fail(transport)
        assert type(failure) is kind
        assert kind is Transient or code in failure.problem

    @pytest.mark.parametrize(
        ("code", "kind"), [("Sender", Permanent), ("Receiver", Transient), ("VersionMismatch", Permanent)]
    )
    async def test_a_fault_says_whether_to_ask_again_and_is_not_quoted(
        self, peer: Peer, transport: CoreClient, code: str, kind: type
    ) -> None:
        async def refuse(request: web.Request, body: bytes) -> web.StreamResponse:
            fault = soap.write_fault(soap.SoapFault(code, "SYNTHETIC PERSON is unknown"))
            return web.Response(status=500, body=fault, content_type=SOAP_MEDIA)

        peer.answering = refuse
        assert type(await fail(transport)) is kind

    async def test_the_same_inquiry_is_not_sent_again_within_90_seconds(self, peer: Peer) -> None:
        now = [0.0]
        client = CoreClient(
            CoreSettings(https=peer.settings(), sender="CLINIC01", receiver="PAYER01"), now=lambda: now[0]
        )

        async def keep_silent(request: web.Request, body: bytes) -> web.StreamResponse:
            await peer.stopping.wait()
            return web.Response()

        inquiry, peer.answering = make_inquiry(), keep_silent
        with pytest.raises(Ambiguous):
            await client.ask(inquiry, seconds=0.3)
        now[0], peer.answering = 89.0, None
        with pytest.raises(Transient, match="90 seconds") as early:
            await client.ask(inquiry, seconds=SECONDS)
        assert early.value.after == 1.0
        assert len(peer.seen) == 1
        now[0] = 90.0
        assert await client.ask(inquiry, seconds=SECONDS) == ANSWER
        await client.close()
        ids = [re.search(rb"<PayloadID>(.*?)</PayloadID>", seen.body) for seen in peer.seen]
        assert [found and found[1].decode() for found in ids] == [inquiry.id] * 2

    async def test_a_payload_that_xml_cannot_hold_is_not_sent(
        self, peer: Peer, transport: CoreClient
    ) -> None:
        with pytest.raises(Permanent, match="other delimiters"):
            await transport.ask(make_inquiry(b"ISA\x1d00"), seconds=SECONDS)
        assert peer.seen == []

    @pytest.mark.parametrize("content", [b"a]]>b", b"line\r\nline", "Jos\u00e9 <&>".encode()])
    async def test_every_text_comes_through_both_ways(
        self, peer: Peer, transport: CoreClient, content: bytes
    ) -> None:
        async def echo(request: web.Request, body: bytes) -> web.StreamResponse:
            asked = read_body(body, "COREEnvelopeRealTimeRequest")
            return answer_soap(asked.Payload.encode(), peer.seen[-1])

        peer.answering = echo
        assert await transport.ask(make_inquiry(content), seconds=SECONDS) == content

    @pytest.mark.parametrize("attach", [True, False], ids=["attached", "inline"])
    async def test_a_batch_is_submitted_with_length_and_checksum(self, peer: Peer, attach: bool) -> None:
        async def take(request: web.Request, body: bytes) -> web.StreamResponse:
            message = soap.read_message(request.headers["Content-Type"], body)
            message.judge()
            assert message.envelope.payload == BATCH
            assert (message.envelope.length, message.envelope.checksum) == (str(len(BATCH)), digest(BATCH))
            assert message.attached is attach
            return answer_batch("COREEnvelopeBatchSubmissionResponse", "X12_BatchReceiptConfirmation")

        peer.answering = take
        client = open_core(peer.settings(answer_limit=1 << 20), attach=attach)
        receipt = await client.submit(make_inquiry(BATCH), seconds=SECONDS)
        await client.close()
        assert receipt.size == len(BATCH)

    async def test_results_are_picked_up_and_acknowledged(self, peer: Peer, transport: CoreClient) -> None:
        async def give(request: web.Request, body: bytes) -> web.StreamResponse:
            message = soap.read_message(request.headers["Content-Type"], body)
            message.judge()
            name = message.envelope.form.answer
            if name == "COREEnvelopeBatchResultsRetrievalResponse":
                return answer_batch(name, "X12_005010_Response_BatchResultsMixed", ANSWER)
            return answer_batch(name, "X12_NoBatchAckFile")

        peer.answering = give
        assert await transport.fetch_results(MOMENT, seconds=SECONDS) == ANSWER
        assert await transport.fetch_acknowledgments(MOMENT, seconds=SECONDS) is None
        await transport.acknowledge_results(make_inquiry(b"ISA*999~"), seconds=SECONDS)
        assert len(peer.seen) == 3

    async def test_a_payload_that_was_damaged_on_its_way_is_fetched_again(
        self, peer: Peer, transport: CoreClient
    ) -> None:
        async def damage(request: web.Request, body: bytes) -> web.StreamResponse:
            return answer_batch("COREEnvelopeBatchResultsRetrievalResponse", "X12", ANSWER, digest(b"other"))

        peer.answering = damage
        with pytest.raises(Transient, match="checksum"):
            await transport.fetch_results(MOMENT, seconds=SECONDS)


def answer_batch(name: str, kind: str, payload: bytes | None = None, checksum: str = "") -> web.Response:
    """What zeep writes as a batch answer."""
    fields = {"ProcessingMode": "Batch", "CORERuleVersion": "2.2.0", "SenderID": "PAYER01"}
    fields |= {"PayloadID": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "TimeStamp": "2026-11-24T13:00:06Z"}
    fields |= {"ReceiverID": "CLINIC01", "ErrorCode": "Success", "ErrorMessage": ""}
    given: dict[str, object] = dict(fields)
    if payload is not None:
        given |= {"Payload": payload, "CheckSum": checksum or digest(payload), "PayloadLength": len(payload)}
    return web.Response(body=write_body(name, PayloadType=kind, **given), content_type=SOAP_MEDIA)


class TestMime(RealTimeContract):
    """HTTP MIME multipart/form-data."""

    @pytest.fixture
    def wire(self) -> Wire:
        return Wire(partial(open_core, binding="mime"), answer_mime)

    async def test_each_field_is_a_part_with_user_and_password(
        self, peer: Peer, transport: CoreClient
    ) -> None:
        inquiry = make_inquiry()
        await transport.ask(inquiry, seconds=SECONDS)
        message = mime.read_request(peer.seen[0].headers["Content-Type"], peer.seen[0].body)
        mime.judge(message)
        assert message.token == soap.Token("clinic", "p&<w")
        assert (message.envelope.payload, message.envelope.payload_id) == (QUESTION, inquiry.id)

    async def test_bytes_that_xml_cannot_hold_go_through(self, peer: Peer, transport: CoreClient) -> None:
        every = bytes(range(256)) + b"\r\n--"
        await transport.ask(make_inquiry(every), seconds=SECONDS)
        message = mime.read_request(peer.seen[0].headers["Content-Type"], peer.seen[0].body)
        assert message.envelope.payload == every
