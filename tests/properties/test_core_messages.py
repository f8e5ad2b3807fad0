"""Whatever comes to the CORE door is a message, or a fault that says so; nothing else is ever raised."""

from __future__ import annotations

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.core_connectivity import mime, soap
from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault
from adapters.core_connectivity.multipart import MultipartFault, read_form, write_form

MEDIA = st.sampled_from(
    [
        soap.MEDIA,
        'multipart/related; boundary="b"; start="<root@claimwire>"',
        "multipart/related; boundary=b",
        "multipart/form-data; boundary=b",
        "",
        "multipart/related; boundary",
    ]
)
PAYLOADS = st.binary(min_size=1, max_size=300)
TEXTS = st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=200)


def make_envelope(name: str, payload: bytes) -> Envelope:
    return Envelope(
        name=name,
        payload_type="X12_270_Request_005010X279A1",
        mode="RealTime" if "RealTime" in name else "Batch",
        payload_id=str(uuid.UUID(int=9)),
        timestamp="2026-11-24T14:00:00Z",
        sender="A",
        receiver="B",
        payload=payload,
    )


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A sound message with bytes cut out, doubled or changed somewhere."""
    name = draw(st.sampled_from(["COREEnvelopeRealTimeRequest", "COREEnvelopeBatchSubmission"]))
    _, body = soap.write_message(make_envelope(name, b"ISA*00*~"), attach=draw(st.booleans()))
    at, length = draw(st.integers(0, len(body))), draw(st.integers(0, 40))
    return body[:at] + draw(st.binary(max_size=20)) + body[at + length :]


@settings(deadline=None)
@given(MEDIA, st.one_of(st.binary(max_size=400), mangled()))
def test_any_bytes_are_a_message_or_a_fault(media: str, body: bytes) -> None:
    for read in (lambda: soap.read_message(media, body).judge(), lambda: mime.read_request(media, body)):
        try:
            read()
        except (soap.SoapFault, EnvelopeFault) as fault:
            assert str(fault).isprintable()


@settings(deadline=None)
@given(PAYLOADS)
def test_every_payload_of_a_batch_comes_back_byte_for_byte(payload: bytes) -> None:
    envelope = make_envelope("COREEnvelopeBatchSubmission", payload)
    for attach in (False, True):
        message = soap.read_message(*soap.write_message(envelope, attach=attach))
        message.judge()
        assert (message.envelope.payload, message.attached) == (payload, attach)
    by_form = mime.read_request(*mime.write_envelope(envelope))
    mime.judge(by_form)
    assert by_form.envelope.payload == payload


@settings(deadline=None)
@given(TEXTS)
def test_every_text_in_real_time_comes_back_or_is_refused_before_it_is_sent(text: str) -> None:
    envelope = make_envelope("COREEnvelopeRealTimeRequest", text.encode("utf-8"))
    try:
        media, body = soap.write_message(envelope)
    except EnvelopeFault as fault:
        assert fault.code == "PayloadIllegal"
        return
    assert soap.read_message(media, body).envelope.payload == text.encode("utf-8")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["PayloadType", "Payload", "SenderID"]), PAYLOADS))
def test_every_form_comes_back_as_it_was(fields: dict[str, bytes]) -> None:
    try:
        assert read_form(*write_form(fields.items()), fields) == fields
    except MultipartFault:
        assert not fields
