"""Envelopes as values: what the fields say, what is wrong with them, and the codes that tell it.

A fault of the envelope is told in the answer's ErrorCode (`<Field>Required`, `<Field>Illegal`,
VersionMismatch, ChecksumMismatched ...). A payload that its reader rejects is no fault of the envelope.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.core_connectivity.forms import (
    BY_NAME,
    CHECKSUM_MISMATCHED,
    RULE_VERSION,
    SUCCESS,
    VERSION_MISMATCH,
    Form,
)

LONGEST_ID = 50
_PAYLOAD_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,99}")
_PARTY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,48}[\x21-\x7e])?")
# Lenient: live clients write twelve-hour clocks, milliseconds for seconds, and no zone at all.
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]{4,18}(?:Z|[+-]\d{2}:?\d{2})?")


class EnvelopeFault(Exception):
    """An envelope that cannot be taken: the rule's code, and a sentence without any value of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One envelope. `name` is that of its element; `payload` is None where it carries none.

    `length` and `checksum` are as the other end wrote them, "" where it did not; ours are computed.
    """

    name: str
    payload_type: str
    mode: str
    payload_id: str
    timestamp: str
    sender: str
    receiver: str
    version: str = RULE_VERSION
    payload: bytes | None = None
    length: str = ""
    checksum: str = ""
    error_code: str = ""
    error_message: str = ""

    @property
    def form(self) -> Form:
        """What kind of request it is, or answers."""
        return BY_NAME[self.name]

    def write_fields(self) -> Iterator[tuple[str, str | bytes]]:
        """Names and values in the order of the rule; the payload as bytes."""
        payload = self.payload
        values: dict[str, str | bytes | None] = {
            "PayloadType": self.payload_type,
            "ProcessingMode": self.mode,
            "PayloadID": self.payload_id,
            "PayloadLength": None if payload is None else str(len(payload)),
            "TimeStamp": self.timestamp,
            "SenderID": self.sender,
            "ReceiverID": self.receiver,
            "CORERuleVersion": self.version,
            "CheckSum": None if payload is None else digest(payload),
            "Payload": payload,
            "ErrorCode": self.error_code,
            "ErrorMessage": self.error_message,
        }
        for name in self.form.fields(self.name):
            value = values[name]
            if value is not None:
                yield name, value


def write_moment(moment: datetime) -> str:
    """A TimeStamp: UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(payload: bytes) -> str:
    """The CheckSum of a payload: SHA-1 in hex, as the rule has it; it guards against accidents only."""
    return hashlib.sha1(payload, usedforsecurity=False).hexdigest()


def read_envelope(name: str, fields: Mapping[str, str], payload: bytes | None) -> Envelope:
    """The envelope as it is, judged by nobody yet. `fields` are those but the payload."""
    return Envelope(
        name=name,
        payload_type=fields.get("PayloadType", "").strip(),
        mode=fields.get("ProcessingMode", "").strip(),
        payload_id=fields.get("PayloadID", "").strip(),
        timestamp=fields.get("TimeStamp", "").strip(),
        sender=fields.get("SenderID", "").strip(),
        receiver=fields.get("ReceiverID", "").strip(),
        version=fields.get("CORERuleVersion", "").strip(),
        payload=payload,
        length=fields.get("PayloadLength", "").strip(),
        checksum=fields.get("CheckSum", "").strip(),
        error_code=fields.get("ErrorCode", "").strip(),
        error_message=fields.get("ErrorMessage", "").strip(),
    )


def judge_request(envelope: Envelope) -> None:
    """Raises EnvelopeFault with the code of the first field that is missing or wrong."""
    if envelope.version and envelope.version != RULE_VERSION:
        raise EnvelopeFault(VERSION_MISMATCH, f"CORERuleVersion must be {RULE_VERSION}.")
    for field, value, is_legal in _list_judged(envelope):
        if not value:
            raise EnvelopeFault(f"{field}Required", f"{field} is required.")
        if not is_legal(value):
            raise EnvelopeFault(f"{field}Illegal", f"{field} has a value that it cannot have.")
    if envelope.form.brings:
        _judge_payload(envelope)


def _list_judged(envelope: Envelope) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    yield "PayloadType", envelope.payload_type, _PAYLOAD_TYPE.fullmatch
    yield "ProcessingMode", envelope.mode, lambda mode: mode == envelope.form.mode
    yield "PayloadID", envelope.payload_id, is_uuid
    yield "TimeStamp", envelope.timestamp, _MOMENT.fullmatch
    yield "SenderID", envelope.sender, _PARTY.fullmatch
    yield "ReceiverID", envelope.receiver, _PARTY.fullmatch
    yield "CORERuleVersion", envelope.version, lambda version: version == RULE_VERSION


def _judge_payload(envelope: Envelope) -> None:
    payload = envelope.payload
    if not payload:
        raise EnvelopeFault("PayloadRequired", "Payload is required.")
    if envelope.length and envelope.length != str(len(payload)):
        raise EnvelopeFault("PayloadLengthIllegal", "PayloadLength is not the number of bytes in Payload.")
    if envelope.checksum and envelope.checksum.lower() != digest(payload):
        raise EnvelopeFault(CHECKSUM_MISMATCHED, "CheckSum is not the SHA-1 of Payload in hex.")


def is_uuid(text: str) -> bool:
    """True for the plain form of RFC 4122, in either case."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def answer_envelope(
    request: Envelope,
    *,
    payload_type: str,
    moment: datetime,
    payload: bytes | None = None,
    code: str = SUCCESS,
    message: str = "The envelope was processed.",
    payload_id: str = "",
) -> Envelope:
    """The answer to a request: its parties turned round, and its payload id unless another is given."""
    return Envelope(
        name=request.form.answer,
        payload_type=payload_type,
        mode=request.form.mode,
        payload_id=payload_id
        or (request.payload_id if is_uuid(request.payload_id) else str(uuid.UUID(int=0))),
        timestamp=write_moment(moment),
        sender=request.receiver if _PARTY.fullmatch(request.receiver) else "",
        receiver=request.sender if _PARTY.fullmatch(request.sender) else "",
        payload=payload,
        error_code=code,
        error_message=message,
    )
