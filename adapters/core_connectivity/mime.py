"""The rule's other envelope: HTTP MIME multipart/form-data, one part for each field."""

from __future__ import annotations

from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, judge_request, read_envelope
from adapters.core_connectivity.forms import (
    ACK_RETRIEVAL,
    BATCH,
    BATCH_FIELDS,
    CREDENTIALS,
    INQUIRY,
    OUTCOME,
    RESULTS_ACK,
    RESULTS_RETRIEVAL,
    SENDER,
    SUBMISSION,
    Form,
)
from adapters.core_connectivity.multipart import MultipartFault, read_form, write_form
from adapters.core_connectivity.soap import Message, Token

KNOWN = (*BATCH_FIELDS, *OUTCOME, *CREDENTIALS)
LONGEST_FIELD = 1024


def read_request(content_type: str, body: bytes) -> Message:
    """The request in a body; its payload type tells which kind it is. Raises EnvelopeFault."""
    fields, payload = _read_fields(content_type, body)
    envelope = read_envelope(choose_form(fields).request, fields, payload)
    token = None
    if "UserName" in fields or "Password" in fields:
        token = Token(fields.get("UserName", "").strip(), fields.get("Password", "").strip())
    return Message(envelope, token, sound=not set(fields) & set(OUTCOME), attached=False)


def judge(message: Message) -> None:
    """Raises EnvelopeFault with the code of what is wrong with a request."""
    judge_request(message.envelope)
    if not message.sound:
        raise EnvelopeFault(SENDER, "A request has no ErrorCode and no ErrorMessage.")


def choose_form(fields: dict[str, str]) -> Form:
    """The kind of a request. There is no operation in MIME: mode and payload type say it."""
    if fields.get("ProcessingMode", "").strip() != BATCH:
        return INQUIRY
    kind = fields.get("PayloadType", "").strip()
    if kind.endswith("_Request_Acks") or "_RetrievalRequest_" in kind:
        return ACK_RETRIEVAL
    if "_Request_BatchResults" in kind:
        return RESULTS_RETRIEVAL
    return RESULTS_ACK if "_SubmissionRequest_" in kind else SUBMISSION


def read_answer(content_type: str, body: bytes, form: Form) -> Envelope:
    """The answer in a body. Raises EnvelopeFault."""
    fields, payload = _read_fields(content_type, body)
    if "ErrorCode" not in fields or set(fields) & set(CREDENTIALS):
        raise EnvelopeFault(SENDER, "The answer has no ErrorCode.")
    return read_envelope(form.answer, fields, payload)


def _read_fields(content_type: str, body: bytes) -> tuple[dict[str, str], bytes | None]:
    try:
        found = read_form(content_type, body, KNOWN)
    except MultipartFault as fault:
        raise EnvelopeFault(SENDER, f"The body cannot be taken apart: {fault}.") from fault
    payload = found.pop("Payload", None)
    fields: dict[str, str] = {}
    for name, content in found.items():
        if len(content) > LONGEST_FIELD or not content.isascii():
            raise EnvelopeFault(f"{name}Illegal", f"{name} has a value that it cannot have.")
        fields[name] = content.decode("ascii")
    return fields, payload


def write_envelope(envelope: Envelope, *, token: Token | None = None) -> tuple[str, bytes]:
    """Content type and body."""
    fields = list(envelope.write_fields())
    if token is not None:
        fields += [("UserName", token.username), ("Password", token.password)]
    return write_form(fields)
