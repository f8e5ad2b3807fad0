"""Our side of the rule: inquiries in real time; batches submitted, their answers picked up and acknowledged.

An inquiry that went unanswered is sent again under its own PayloadID only, and not before 90 seconds.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from adapters.base import Inquiry, Receipt
from adapters.core_connectivity import mime, soap
from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, digest, write_moment
from adapters.core_connectivity.forms import (
    ACK_RETRIEVAL,
    ACTIONS,
    INQUIRY,
    RECEIVER,
    RESULTS_ACK,
    RESULTS_RETRIEVAL,
    RULE_VERSION,
    SUBMISSION,
    SUCCESS,
    Form,
)
from adapters.core_connectivity.soap import SoapFault, Token
from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.https import HttpsAnswer, HttpsCaller, HttpsSettings, refuse_status, refuse_web_page

RESEND_SECONDS = 90.0
ACKS_WANTED = "X12_005010_Request_Acks"
RESULTS_WANTED = "X12_005010_Request_BatchResultsMixed"


@dataclass(frozen=True, kw_only=True)
class CoreSettings:
    """One partner's door by the rule.

    `sender` and `receiver` are SenderID and ReceiverID as agreed; `username` and `password` the token, None
    where our certificate alone says who we are; with `attach` batches go as MTOM.
    """

    https: HttpsSettings
    sender: str
    receiver: str
    binding: Literal["soap", "mime"] = "soap"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    attach: bool = True


class CoreClient:
    """Speaks to one door. `CoreClient` is a `RealTimeTransport`, and the four steps of a batch besides."""

    def __init__(self, settings: CoreSettings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._caller = HttpsCaller(settings.https)
        self._now = now
        self._unanswered: dict[str, float] = {}

    async def ask(self, inquiry: Inquiry, *, seconds: float) -> bytes:
        """One inquiry in real time; its answer's payload. Raises Transient for one sent again too early."""
        answer = await self._send(INQUIRY, inquiry, seconds)
        if not answer.payload:
            raise self._unusable("the answer has no payload")
        return answer.payload

    async def submit(self, batch: Inquiry, *, seconds: float) -> Receipt:
        """Submit a batch. Its acknowledgment is picked up later, never given here (CORE 153).

        Raises Transient for one sent again too early.
        """
        await self._send(SUBMISSION, batch, seconds)
        checksum = f"taken as payload {batch.id}, SHA-1 {digest(batch.content)}"
        return Receipt(batch.id, len(batch.content), None, checksum)

    async def fetch_acknowledgments(
        self, moment: datetime, *, seconds: float, payload_id: str = "", kind: str = ACKS_WANTED
    ) -> bytes | None:
        """The acknowledgments that wait for us, None where there are none yet."""
        return await self._fetch(ACK_RETRIEVAL, kind, payload_id, moment, seconds)

    async def fetch_results(
        self, moment: datetime, *, seconds: float, payload_id: str = "", kind: str = RESULTS_WANTED
    ) -> bytes | None:
        """The results that wait for us, None where there are none yet."""
        return await self._fetch(RESULTS_RETRIEVAL, kind, payload_id, moment, seconds)

    async def acknowledge_results(self, acknowledgment: Inquiry, *, seconds: float) -> None:
        """Submit our acknowledgment (999) of results."""
        await self._send(RESULTS_ACK, acknowledgment, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    async def _fetch(
        self, form: Form, kind: str, payload_id: str, moment: datetime, seconds: float
    ) -> bytes | None:
        request = self._write(form, kind, payload_id or str(uuid.uuid4()), moment, None)
        answer = await self._exchange(form, request, seconds)
        if answer.payload and answer.checksum and answer.checksum.lower() != digest(answer.payload):
            raise Transient(
                "the payload is not what its checksum says", self._settings.https.place, "Fetch it again."
            )
        return answer.payload or None

    async def _send(self, form: Form, sent: Inquiry, seconds: float) -> Envelope:
        """Send what has a payload, and remember when where no answer came."""
        began = self._keep_distance(sent.id)
        request = self._write(form, sent.kind, sent.id, sent.moment, sent.content)
        try:
            return await self._exchange(form, request, seconds)
        except Ambiguous:
            self._unanswered[sent.id] = began
            raise

    def _keep_distance(self, payload_id: str) -> float:
        """The time. Raises Transient where the same payload was sent less than 90 seconds ago, in vain."""
        now = self._now()
        self._unanswered = {it: at for it, at in self._unanswered.items() if now - at < RESEND_SECONDS}
        if payload_id in self._unanswered:
            left = RESEND_SECONDS - (now - self._unanswered[payload_id])
            raise Transient(
                "it went unanswered and may not be sent again yet",
                self._settings.https.place,
                "CAQH CORE asks for 90 seconds between them.",
                after=left,
            )
        return now

    def _write(
        self, form: Form, kind: str, payload_id: str, moment: datetime, content: bytes | None
    ) -> Envelope:
        return Envelope(
            name=form.request,
            payload_type=kind,
            mode=form.mode,
            payload_id=payload_id,
            timestamp=write_moment(moment),
            sender=self._settings.sender,
            receiver=self._settings.receiver,
            payload=content,
        )

    async def _exchange(self, form: Form, request: Envelope, seconds: float) -> Envelope:
        """Send a request, and return the answer that says success. Raises the three kinds."""
        settings = self._settings
        token = None if settings.username is None else Token(settings.username, settings.password or "")
        try:
            if settings.binding == "mime":
                media, body = mime.write_envelope(request, token=token)
            else:
                media, body = soap.write_message(request, token=token, attach=settings.attach)
        except EnvelopeFault as fault:
            raise Permanent(
                "the content cannot be put into the envelope", settings.https.place, fault.message
            ) from fault
        headers = {"Content-Type": media}
        if settings.binding == "soap":
            headers["SOAPAction"] = ACTIONS[form]
        answered = self._read(await self._caller.post(headers, body, seconds=seconds), form)
        if answered.error_code not in (SUCCESS, ""):
            raise self._refusal(answered.error_code)
        return answered

    def _read(self, answer: HttpsAnswer, form: Form) -> Envelope:
        place, content_type = self._settings.https.place, answer.headers.get("Content-Type", "")
        spoken = answer.media in (soap.MEDIA, soap.XOP_MEDIA, "multipart/related", "multipart/form-data")
        if answer.status != 200 and not (spoken and answer.status in (400, 500)):
            raise refuse_status(answer, place)
        refuse_web_page(answer, place)
        try:
            if self._settings.binding == "mime":
                found = mime.read_answer(content_type, answer.body, form)
            else:
                message = soap.read_message(content_type, answer.body)
                found = message.envelope
                if not message.sound:
                    raise self._unusable("the answer does not have the form of the rule's schema")
        except SoapFault as fault:
            raise self._explain(fault) from fault
        except EnvelopeFault as fault:
            raise self._unusable("the answer cannot be taken apart") from fault
        if found.name != form.answer or found.version != RULE_VERSION:
            raise self._unusable("the answer is to another request, or by another version of the rule")
        return found

    def _explain(self, fault: SoapFault) -> DeliveryError:
        """A fault of the other end; one that we made up means that its answer is no message."""
        if fault.reason != "a fault":
            return self._unusable("the answer is no SOAP message")
        return self._refusal(fault.detail or fault.code)

    def _refusal(self, code: str) -> DeliveryError:
        """The other end says that it did not take the envelope, by one of the rule's codes."""
        place, shown = self._settings.https.place, code if code.isascii() and code.isalnum() else "unknown"
        if code == RECEIVER:
            return Transient("the other end cannot process anything now", place, "Try again later.")
        return Permanent(
            f"the other end refuses the envelope ({shown[:60]})",
            place,
            "Check sender, receiver, user, password and version of the rule with the partner.",
        )

    def _unusable(self, problem: str) -> Permanent:
        return Permanent(
            problem, self._settings.https.place, "Check url and binding with the partner: vC2.2.0 is spoken."
        )
