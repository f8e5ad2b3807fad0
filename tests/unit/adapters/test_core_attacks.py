"""Hostile XML and MIME at the CORE envelopes: nothing is fetched, expanded or guessed."""

from __future__ import annotations

import base64
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.core_connectivity import mime, multipart, soap
from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault
from adapters.core_connectivity.markup import XmlFault, parse_xml
from adapters.core_connectivity.multipart import MultipartFault, read_form, read_parts

MEDIA = "application/soap+xml"
NAMES = ("PayloadType", "Payload")


def write_request(**changes: str) -> bytes:
    """A sound real-time request as text, with fields replaced; None of the values leave their element."""
    fields = {
        "PayloadType": "X12_270_Request_005010X279A1",
        "ProcessingMode": "RealTime",
        "PayloadID": str(uuid.UUID(int=7)),
        "TimeStamp": "2026-11-24T13:00:05Z",
        "SenderID": "CLINIC01",
        "ReceiverID": "PAYER01",
        "CORERuleVersion": "2.2.0",
        "Payload": "ISA*00*",
    } | changes
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value != "absent")
    return (
        f'<s:Envelope xmlns:s="{soap.SOAP}"><s:Body><c:COREEnvelopeRealTimeRequest '
        f'xmlns:c="http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd">{inner}'
        "</c:COREEnvelopeRealTimeRequest></s:Body></s:Envelope>"
    ).encode()


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port, and what comes to it: nothing may."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)

        def accept() -> None:
            try:
                heard.append(listener.accept()[0].recv(100))
            except TimeoutError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join()


def test_a_sound_request_is_taken() -> None:
    message = soap.read_message(MEDIA, write_request())
    message.judge()
    assert message.envelope.payload == b"ISA*00*"


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:{port}/x.dtd"> %e;]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd">',
        '<!DOCTYPE x PUBLIC "-//X//Y" "http://127.0.0.1:{port}/x.dtd">',
        f"{LAUGHS}]>",
        "<!doctype x []>",
    ],
    ids=["xxe", "parameter-entity", "external-dtd", "public-dtd", "billion-laughs", "small-letters"],
)
def test_a_document_type_is_refused_and_nothing_is_fetched(head: str) -> None:
    body = write_request(Payload="&e;&j;")
    with listening() as (port, heard):
        began = time.process_time()
        with pytest.raises(soap.SoapFault, match="document type"):
            soap.read_message(MEDIA, head.replace("{port}", str(port)).encode() + body)
        assert time.process_time() - began < 5, "nothing was expanded"
    assert heard == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7"])
def test_a_document_type_in_another_character_set_is_refused_too(encoding: str) -> None:
    text = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    for hostile in (declared.encode(encoding) + text.encode(encoding), (declared + text).encode(encoding)):
        with pytest.raises(XmlFault):
            parse_xml(hostile)
    smuggled = declared.encode() + b"+ADwAIQ-DOCTYPE x+AD4<x/>"
    with pytest.raises(XmlFault):
        parse_xml(smuggled)


def test_xinclude_is_text_like_any_other() -> None:
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    )
    message = soap.read_message(MEDIA, write_request(Payload=include))
    assert message.envelope.payload == b""
    assert not message.sound


@pytest.mark.parametrize("depth", [65, 255, 3000, 200_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(XmlFault):
        parse_xml(b"<a>" * depth + b"</a>" * depth)


def test_many_elements_are_refused() -> None:
    with pytest.raises(XmlFault, match="elements"):
        parse_xml(b"<a>" + b"<b/>" * 2001 + b"</a>")


def test_a_batch_larger_than_the_parsers_own_limit_of_texts_comes_through() -> None:
    payload = b"ISA*00*" + b"x" * 12_000_000
    envelope = Envelope(
        name="COREEnvelopeBatchSubmission",
        payload_type="X12_837_Request_005010X222A1",
        mode="Batch",
        payload_id=str(uuid.uuid4()),
        timestamp="2026-11-24T13:00:05Z",
        sender="A",
        receiver="B",
        payload=payload,
    )
    for attach in (False, True):
        message = soap.read_message(*soap.write_message(envelope, attach=attach))
        message.judge()
        assert message.envelope.payload == payload


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "Sender"),
        (b"<a/>", "Sender"),
        (write_request().replace(soap.SOAP.encode(), soap.SOAP_1_1.encode()), "VersionMismatch"),
        (write_request().replace(b"CORERule2.2.0.xsd", b"CORERule4.0.0.xsd"), "Sender"),
        (write_request().replace(b"<s:Body>", b"<s:Body><s:Body/>"), "Sender"),
        (
            write_request().replace(
                b"<s:Body>", b'<s:Header><x:T xmlns:x="urn:x" s:mustUnderstand="true"/></s:Header><s:Body>'
            ),
            "MustUnderstand",
        ),
    ],
    ids=["empty", "other", "soap-1.1", "rule-4", "two-in-body", "must-understand"],
)
def test_what_is_no_message_is_a_fault(body: bytes, code: str) -> None:
    with pytest.raises(soap.SoapFault) as caught:
        soap.read_message(MEDIA, body)
    assert caught.value.code == code
    fault = soap.write_fault(caught.value)
    with pytest.raises(soap.SoapFault) as told:
        soap.read_message(MEDIA, fault)
    assert (told.value.code, told.value.detail) == (code, caught.value.detail)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("PayloadType", "absent", "PayloadTypeRequired"),
        ("PayloadType", "../../etc/passwd", "PayloadTypeIllegal"),
        ("ProcessingMode", "Batch", "ProcessingModeIllegal"),
        ("PayloadID", "", "PayloadIDRequired"),
        ("PayloadID", "7", "PayloadIDIllegal"),
        ("PayloadID", "{00000000-0000-0000-0000-000000000007}", "PayloadIDIllegal"),
        ("TimeStamp", "absent", "TimeStampRequired"),
        ("TimeStamp", "yesterday", "TimeStampIllegal"),
        ("SenderID", "A" * 51, "SenderIDIllegal"),
        ("SenderID", "A&#10;Log: forged", "SenderIDIllegal"),
        ("ReceiverID", "absent", "ReceiverIDRequired"),
        ("CORERuleVersion", "absent", "CORERuleVersionRequired"),
        ("CORERuleVersion", "4.0.0", "VersionMismatch"),
        ("Payload", "absent", "PayloadRequired"),
        ("Payload", "<b/>", "PayloadRequired"),
    ],
)
def test_each_field_that_is_missing_or_wrong_has_its_code(field: str, value: str, code: str) -> None:
    with pytest.raises(EnvelopeFault) as caught:
        soap.read_message(MEDIA, write_request(**{field: value})).judge()
    assert caught.value.code == code
    assert value not in caught.value.message or not value


@pytest.mark.parametrize(
    "stamp", ["2016-10-28T05:36:123Z", "2026-11-24T01:00:05", "2026-11-24T13:00:05.1+00:00"]
)
def test_the_moments_that_live_clients_write_are_taken(stamp: str) -> None:
    soap.read_message(MEDIA, write_request(TimeStamp=stamp)).judge()


def test_a_field_twice_or_out_of_order_has_not_the_form_of_the_schema() -> None:
    twice = write_request().replace(b"<SenderID>", b"<SenderID>EVIL</SenderID><SenderID>")
    swapped = write_request().replace(b"<PayloadType>", b"<SenderID>A</SenderID><PayloadType>")
    more = write_request().replace(b"<PayloadType>", b"<Extra/><PayloadType>")
    for body in (twice, swapped, more):
        with pytest.raises(EnvelopeFault) as caught:
            soap.read_message(MEDIA, body).judge()
        assert caught.value.code == "Sender"


def test_fields_in_the_rules_namespace_are_taken_only_where_that_is_the_policy() -> None:
    body = write_request().replace(b"<PayloadType>", b"<c:PayloadType>").replace(b"</Payl", b"</c:Payl", 1)
    soap.read_message(MEDIA, body).judge()
    with pytest.raises(EnvelopeFault, match="PayloadType"):
        soap.read_message(MEDIA, body, tolerant=False).judge()


@pytest.mark.parametrize(
    "security",
    [
        "<w:UsernameToken><w:Username>a</w:Username></w:UsernameToken>",
        "<w:UsernameToken><w:Username>a</w:Username><w:Username>b</w:Username>"
        "<w:Password>p</w:Password></w:UsernameToken>",
        "<w:UsernameToken><w:Username>a</w:Username><w:Password Type='#PasswordDigest'>p</w:Password>"
        "</w:UsernameToken>",
        "<w:UsernameToken><w:Username>a</w:Username><w:Password>p</w:Password></w:UsernameToken>" * 2,
    ],
    ids=["no-password", "two-names", "digest", "two-tokens"],
)
def test_a_header_that_two_readers_would_read_differently_is_a_fault(security: str) -> None:
    header = f'<s:Header><w:Security xmlns:w="{soap.WSSE}">{security}</w:Security></s:Header>'
    with pytest.raises(soap.SoapFault):
        soap.read_message(MEDIA, write_request().replace(b"<s:Body>", header.encode() + b"<s:Body>"))


def form(*parts: str, end: str = "--B--\r\n") -> bytes:
    return "".join(f"--B\r\n{part}\r\n" for part in parts).encode() + end.encode()


PART = 'Content-Disposition: form-data; name="Payload"\r\n\r\nx'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        form(PART, end=""),
        form(PART, end="--B\r\n"),
        form(PART, PART),
        form(PART.replace("Payload", "../../etc/passwd")),
        form(PART.replace('name="Payload"', 'name="Payload"; name="PayloadType"')),
        form(PART.replace("form-data", "attachment")),
        form("Content-Disposition: form-data; name=Payload; x\r\n\r\nx"),
        form("Content-Disposition : form-data; name=\"Payload\"\r\n\r\nx"),
        form("Content-Disposition: form-data;\r\n name=\"Payload\"\r\n\r\nx"),
        form("Content-Disposition: form-data; name=Payload\r\n" + PART),
        form(f"Content-Transfer-Encoding: base64\r\n{PART}"),
        form("A: " + "b" * 9000 + f"\r\n{PART}"),
        form("".join(f"H{n}: x\r\n" for n in range(20)) + PART),
        form("\0: x\r\n" + PART),
        form(*[PART.replace("Payload", f"F{n}") for n in range(40)]),
        b"--Bx\r\n" + PART.encode() + b"\r\n--B--",
    ],
    ids=[
        "empty", "unclosed", "open-end", "twice", "unknown", "two-names", "attachment", "loose",
        "blank-before-colon", "folded", "header-twice", "base64", "long-header", "many-headers", "nul",
        "many-parts", "longer-boundary",
    ],
)  # fmt: skip
def test_a_form_that_two_readers_would_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(MultipartFault):
        read_form("multipart/form-data; boundary=B", body, NAMES)


@pytest.mark.parametrize(
    "media",
    [
        "multipart/form-data",
        'multipart/form-data; boundary=""',
        f"multipart/form-data; boundary={'B' * 71}",
        'multipart/form-data; boundary="B\r\nX: y"',
        "multipart/form-data; boundary=B; boundary=C",
        "text/plain; boundary=B",
    ],
)
def test_a_content_type_without_one_boundary_is_refused(media: str) -> None:
    with pytest.raises(MultipartFault):
        read_form(media, form(PART), NAMES)


def test_file_names_of_parts_are_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = PART.replace('name="Payload"', 'name="Payload"; filename="../../../../tmp/evil.sh"')
    assert read_form("multipart/form-data; boundary=B", form(named), NAMES) == {"Payload": b"x"}
    assert list(tmp_path.iterdir()) == []


def test_a_boundary_inside_the_payload_does_not_end_it() -> None:
    payload = b"ISA--B\r\n--b--\r\n --B--\r\n"
    body = b"--B\r\n" + PART.encode()[:-1] + payload + b"\r\n--B--"
    assert read_form("multipart/form-data; boundary=B", body, NAMES) == {"Payload": payload}


@pytest.mark.parametrize("href", ["cid:other", "file:///etc/passwd", "http://127.0.0.1/", "../payload", ""])
def test_an_attachment_is_found_among_the_parts_or_nowhere(href: str) -> None:
    envelope = Envelope(
        name="COREEnvelopeBatchSubmission", payload_type="X12", mode="Batch", payload_id="1", timestamp="",
        sender="A", receiver="B", payload=b"ISA",
    )  # fmt: skip
    media, body = soap.write_message(envelope, attach=True)
    with pytest.raises(EnvelopeFault, match="attachment"):
        soap.read_message(media, body.replace(b"cid:payload@claimwire", href.encode()))


def test_two_parts_of_one_content_id_are_a_fault() -> None:
    root = write_request()
    body = b"".join(b"--B\r\nContent-ID: <a>\r\n\r\n" + root + b"\r\n" for _ in range(2)) + b"--B--"
    with pytest.raises(soap.SoapFault):
        soap.read_message("multipart/related; boundary=B", body)


def test_a_payload_that_is_not_base64_is_named() -> None:
    body = write_request(ProcessingMode="Batch", Payload=base64.b64encode(b"ISA").decode() + "*").replace(
        b"RealTimeRequest", b"BatchSubmission"
    )
    with pytest.raises(EnvelopeFault, match="base64"):
        soap.read_message(MEDIA, body)


def test_checksum_and_length_are_compared_with_the_payload() -> None:
    given = {"CORERuleVersion": "2.2.0", "Payload": base64.b64encode(b"ISA").decode()}
    for field, code in (("CheckSum", "ChecksumMismatched"), ("PayloadLength", "PayloadLengthIllegal")):
        body = write_request(ProcessingMode="Batch", **given).replace(b"RealTimeRequest", b"BatchSubmission")
        before = b"<Payload>" if field == "CheckSum" else b"<TimeStamp>"
        added = f"<{field}>{'0' * 40 if field == 'CheckSum' else '9'}</{field}>".encode()
        with pytest.raises(EnvelopeFault) as caught:
            soap.read_message(MEDIA, body.replace(before, added + before)).judge()
        assert caught.value.code == code


def test_a_mime_request_says_by_mode_and_payload_type_what_it_is() -> None:
    kinds = {
        "X12_270_Request_005010X279A1": "COREEnvelopeBatchSubmission",
        "X12_005010_Request_BatchSubmissionMixed": "COREEnvelopeBatchSubmission",
        "X12_005010_Request_Acks": "COREEnvelopeBatchSubmissionAckRetrievalRequest",
        "X12_999_RetrievalRequest_005010X231A1": "COREEnvelopeBatchSubmissionAckRetrievalRequest",
        "X12_005010_Request_BatchResultsMixed": "COREEnvelopeBatchResultsRetrievalRequest",
        "X12_999_SubmissionRequest_005010X231A1": "COREEnvelopeBatchResultsAckSubmission",
    }
    assert {
        kind: mime.choose_form({"ProcessingMode": "Batch", "PayloadType": kind}).request for kind in kinds
    } == kinds
    assert mime.choose_form({}).request == "COREEnvelopeRealTimeRequest"


def test_what_we_write_as_a_form_is_read_by_the_rules_of_rfc_7578() -> None:
    media, body = multipart.write_form([("PayloadType", "X"), ("Payload", b"\r\n--claimwire-\0")])
    assert read_form(media, body, NAMES) == {"PayloadType": b"X", "Payload": b"\r\n--claimwire-\0"}
    assert len(read_parts(media, body)) == 2
