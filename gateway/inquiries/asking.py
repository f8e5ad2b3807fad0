"""Asking payers in real time: checked, numbered, archived, sent, answered within the client's time.

An inquiry is recorded before it is sent. An answer that comes after the client's time is kept and told as an
event; an inquiry without any is sent again, under its own id and not before 90 seconds (CAQH CORE 153), by
whichever process finds it due.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

import msgspec

from adapters.base import Inquiry as WireInquiry
from adapters.base import RealTimeTransport
from adapters.errors import Ambiguous, DeliveryError, Transient
from edi.checking import check_document
from edi.documents import Document, read_text
from edi.files import check_file
from edi.findings import Finding, find
from gateway.archive import Archive
from gateway.checking.checker import drop_credentials
from gateway.clock import Clock
from gateway.events import publish
from gateway.inquiries.composing import Composed, compose_inquiry
from gateway.inquiries.kinds import ELIGIBILITY, KINDS, Kind
from gateway.inquiries.numbers import NumberBlocks
from gateway.inquiries.reading import Reading, read_answer
from gateway.inquiries.telling import make_event
from gateway.logs import log_event
from gateway.real_time_settings import RealTimeSettings
from gateway.settings import Partner, Settings
from gateway.store import Store, inquiries
from gateway.store.inquiries import ASKED, FAILED, UNANSWERED, Inquiry
from gateway.store.scope import TenantScope

PAYER_POINTER: Final = "/tradingPartnerServiceId"
OWN_NAMES: Final = frozenset({"submitterTransactionIdentifier", "controlNumber"})
"""What two inquiries that ask the same may differ in."""

LONGEST_RULE: Final = timedelta(seconds=91)
FINGERPRINT: Final = "inquiry"
RESENT_AT_ONCE: Final = 16
SENDING: Final = timedelta(seconds=1)
"""What may pass between the record of an inquiry and its sending."""


class RealTimePartners(Protocol):
    """The real-time transports of the tenants' partners."""

    def make_all(self) -> None:
        """Make all of them. Raises SettingsError for what is absent."""

    def find(self, tenant: str, partner: str) -> RealTimeTransport:
        """The one of a tenant's partner, by their names."""

    async def close(self) -> None:
        """Let all connections go."""


Naming = Callable[[str, object], tuple[object, list[Finding]]]
"""The document with the payer's own id where it names the payer by an alias, and a finding that tells it."""


class NotAsked(Exception):
    """Nothing was asked: `findings` say why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(", ".join(sorted({finding.code for finding in findings})))
        self.findings = findings


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an inquiry stands: `asked` where no answer has come yet.

    `document` is the answer in the standard shape; `cached` says that it is one given before. `after` is how
    many seconds the payer asks to wait before the next try.
    """

    inquiry: Inquiry
    state: str
    findings: tuple[Finding, ...] = ()
    document: Mapping[str, Any] | None = None
    cached: bool = False
    after: float | None = None


class Route(msgspec.Struct, frozen=True):
    """The way to a payer: the partner, and how it is asked."""

    partner: Partner
    real_time: RealTimeSettings


class Waiting:
    """A client that waits for an answer, until it is told to come back later."""

    def __init__(self) -> None:
        self.gone = False


class Inquiries:
    """Asks payers. `naming` resolves aliases of payers."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        settings: Settings,
        clock: Clock,
        transports: RealTimePartners,
        naming: Naming,
    ) -> None:
        self._store = store
        self._archive = archive
        self._settings = settings
        self._clock = clock
        self._transports = transports
        self._naming = naming
        self._numbers = NumberBlocks(store, clock)
        self._under_way: set[asyncio.Task[Outcome]] = set()

    async def ask(
        self, tenant: str, kind: Kind, document: object, *, waited: float = 0.0, fresh: bool = False
    ) -> Outcome:
        """Ask the payer that the document names; the client has `waited` so many seconds already.

        With `fresh` no answer given before will do. Raises NotAsked.
        """
        ends = asyncio.get_running_loop().time() - waited
        named, told = self._name_payer(tenant, document)
        route, named = self._judge(tenant, kind, named)
        if kind is ELIGIBILITY and not fresh:
            kept = await self._find_fresh(tenant, kind, named, route)
            if kept is not None:
                return kept
        composed, inquiry = await self._record(tenant, kind, named, route)
        waiting = Waiting()
        exchange = self._exchange(tenant, inquiry, composed.text, named, waiting)
        ends += route.real_time.answer_seconds
        outcome = await self._wait(exchange, inquiry, waiting, ends)
        return msgspec.structs.replace(outcome, findings=(*told, *outcome.findings))

    async def look_up(self, tenant: str, kind: Kind, inquiry_id: str) -> Outcome | None:
        """How an inquiry stands, its answer read again; None where the tenant has no such inquiry."""
        inquiry = await self._store.read(lambda scope: inquiries.load(scope, inquiry_id), tenant=tenant)
        if inquiry is None or inquiry.kind != kind.name:
            return None
        return await self._read_kept(inquiry)

    async def resend_due(self) -> int:
        """Send again what went unanswered long enough; how many. Whoever finds one due takes it."""
        done = 0
        for tenant in await self._store.read(inquiries.tenants_due):
            done += await self._resend_some(tenant)
        return done

    def prepare(self) -> None:
        """Make every way to a partner, so that what is absent is told at the start. Raises SettingsError."""
        self._transports.make_all()

    async def stop(self, seconds: float) -> None:
        """Let what is under way end within so many seconds; the rest is sent again by another process."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._transports.close()

    def _judge(self, tenant: str, kind: Kind, document: object) -> tuple[Route, Mapping[str, Any]]:
        """The way to the payer. Raises NotAsked with everything wrong with the document."""
        findings = list(check_document(document, kind.asks))
        payer = read_text(document, PAYER_POINTER[1:]) if isinstance(document, Mapping) else ""
        partner = self._find_partner(tenant, payer)
        if payer and partner is None:
            findings.append(find("payer.unknown", pointer=PAYER_POINTER, value=payer))
        if partner is not None and partner.real_time is None:
            findings.append(find("payer.no_real_time", pointer=PAYER_POINTER, value=payer))
        if any(finding.stops for finding in findings):
            raise NotAsked(tuple(findings))
        if partner is None or partner.real_time is None or not isinstance(document, Mapping):
            raise NotAsked((find("payer.unknown", pointer=PAYER_POINTER),))
        return Route(partner, partner.real_time), document

    def _find_partner(self, tenant: str, payer: str) -> Partner | None:
        settings = self._settings.tenant(tenant)
        return settings.inquiry_partner_for(payer) if settings is not None and payer else None

    def _name_payer(self, tenant: str, document: object) -> tuple[object, list[Finding]]:
        """The document with the payer's own id, unless somebody is asked by the id that stands there."""
        posted = document.get(PAYER_POINTER[1:]) if isinstance(document, Mapping) else None
        if isinstance(posted, str) and self._find_partner(tenant, posted) is not None:
            return drop_credentials(document), []
        return self._naming(tenant, document)

    async def _find_fresh(self, tenant: str, kind: Kind, document: Any, route: Route) -> Outcome | None:
        """An answer to the same inquiry that is young enough for this payer."""
        age = route.real_time.cache_seconds.get(read_text(document, PAYER_POINTER[1:]), 0.0)
        if not age:
            return None
        since, content = self._clock.now() - timedelta(seconds=age), write_content(document)

        def load(scope: TenantScope) -> Inquiry | None:
            fingerprint = scope.fingerprint(content, FINGERPRINT)
            return inquiries.find_fresh(scope, kind.name, fingerprint, since)

        found = await self._store.read(load, tenant=tenant)
        return msgspec.structs.replace(await self._read_kept(found), cached=True) if found else None

    async def _read_kept(self, inquiry: Inquiry) -> Outcome:
        if inquiry.answer_sha256 is None:
            findings = (find("inquiry.given_up"),) if inquiry.state == UNANSWERED else ()
            return Outcome(inquiry=inquiry, state=inquiry.state, findings=findings)
        answer = await asyncio.to_thread(self._archive.get, inquiry.answer_sha256)
        posted = await self._read_posted(inquiry)
        reading = read_answer(KINDS[inquiry.kind], answer, inquiry.trace, posted)
        return _tell(inquiry, reading)

    async def _read_posted(self, inquiry: Inquiry) -> Document:
        """What was asked, as the standard shape has it."""
        content = await asyncio.to_thread(self._archive.get, inquiry.request_sha256)
        return next((document for each in check_file(content).sets for document in each.documents), {})

    async def _record(self, tenant: str, kind: Kind, document: Any, route: Route) -> tuple[Composed, Inquiry]:
        """Number, write and keep the inquiry; both are durable when it returns. Raises NotAsked."""
        numbers = await self._numbers.take(tenant, route.partner)
        composed = compose_inquiry(kind, document, route.partner, numbers, self._clock.now())
        if composed.faults:
            raise NotAsked(composed.faults)
        content, message_id = write_content(document), str(uuid.uuid4())
        digest = await asyncio.to_thread(self._archive.put, composed.text)

        def add(scope: TenantScope) -> Inquiry:
            new = inquiries.NewInquiry(
                id=scope.new_id("inq"),
                kind=kind.name,
                partner=route.partner.name,
                payer_id=read_text(document, PAYER_POINTER[1:]),
                message_id=message_id,
                trace=composed.trace,
                fingerprint=scope.fingerprint(content, FINGERPRINT),
                request_sha256=digest,
                control_number=numbers.interchange,
                wait=timedelta(seconds=route.real_time.resend_seconds) + SENDING,
            )
            return inquiries.add(scope, new)

        return composed, await self._store.write(add, tenant=tenant)

    async def _wait(
        self, exchange: Coroutine[Any, Any, Outcome], inquiry: Inquiry, waiting: Waiting, ends: float
    ) -> Outcome:
        """The outcome, or when the time ends that there is none yet; the exchange goes on alone then."""
        seconds = max(0.0, ends - asyncio.get_running_loop().time())
        task = asyncio.create_task(exchange)
        self._under_way.add(task)
        task.add_done_callback(self._forget)
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            waiting.gone = True
            raise
        if done:
            return task.result()
        waiting.gone = True
        return Outcome(inquiry=inquiry, state=ASKED, findings=(find("inquiry.no_answer"),))

    def _forget(self, task: asyncio.Task[Outcome]) -> None:
        self._under_way.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            log_event("inquiry.broken", level=logging.ERROR, error=failure)

    async def _exchange(
        self, tenant: str, inquiry: Inquiry, content: bytes, posted: Document, waiting: Waiting
    ) -> Outcome:
        """Send the inquiry, keep its answer, and tell the event where the client did not wait for it."""
        try:
            answer = await self._send(tenant, inquiry, content)
        except DeliveryError as failure:
            again = isinstance(failure, Ambiguous) or (
                isinstance(failure, Transient) and inquiry.attempts > 1
            )
            if again:
                log_event("inquiry.delayed", tenant=tenant, partner=inquiry.partner, error=failure)
                return Outcome(inquiry=inquiry, state=ASKED, findings=(find("inquiry.no_answer"),))
            reading = _explain(failure)
            outcome = await self._settle(tenant, inquiry, reading, None, waiting)
            return msgspec.structs.replace(outcome, after=getattr(failure, "after", None))
        reading = await asyncio.to_thread(read_answer, KINDS[inquiry.kind], answer, inquiry.trace, posted)
        return await self._settle(tenant, inquiry, reading, answer, waiting)

    async def _send(self, tenant: str, inquiry: Inquiry, content: bytes) -> bytes:
        settings = self._settings.find_partner(tenant, inquiry.partner).real_time
        seconds = settings.reply_seconds if settings is not None else 0.0
        sent = WireInquiry(
            id=inquiry.message_id,
            kind=KINDS[inquiry.kind].payload_type,
            content=content,
            moment=self._clock.now(),
        )
        return await self._transports.find(tenant, inquiry.partner).ask(sent, seconds=seconds)

    async def _settle(
        self, tenant: str, inquiry: Inquiry, reading: Reading, answer: bytes | None, waiting: Waiting
    ) -> Outcome:
        """Keep what became of the inquiry, and tell it where nobody waits any more."""
        digest = await asyncio.to_thread(self._archive.put, answer) if answer is not None else None
        told = waiting.gone

        def record(scope: TenantScope) -> tuple[bool, Inquiry]:
            first = inquiries.settle(
                scope, inquiry.id, reading.state, reason=reading.reason, answer_sha256=digest
            )
            settled = inquiries.load(scope, inquiry.id) or inquiry
            if first and told:
                publish(scope, make_event(inquiry, reading))
            return first, settled

        first, settled = await self._store.write(record, tenant=tenant)
        if first and waiting.gone and not told:  # the client's time ran out while this was written
            await self._store.write(lambda scope: publish(scope, make_event(inquiry, reading)), tenant=tenant)
        log_event("inquiry.settled", tenant=tenant, partner=inquiry.partner, state=reading.state)
        return _tell(settled, reading)

    async def _resend_some(self, tenant: str) -> int:
        again = self._clock.now() + LONGEST_RULE
        taken = await self._store.write(
            lambda scope: inquiries.take_due(scope, again, limit=RESENT_AT_ONCE), tenant=tenant
        )
        await asyncio.gather(*(self._resend(tenant, inquiry) for inquiry in taken))
        return len(taken)

    async def _resend(self, tenant: str, inquiry: Inquiry) -> None:
        """One more attempt, or the end of them."""
        waiting = Waiting()
        waiting.gone = True
        posted = await self._read_posted(inquiry)
        try:
            settings = self._settings.find_partner(tenant, inquiry.partner).real_time
        except KeyError:
            settings = None
        if settings is None or inquiry.attempts > settings.resends + 1:
            given_up = Reading(
                state=UNANSWERED, findings=(find("inquiry.given_up"),), reason="inquiry.given_up"
            )
            await self._settle(tenant, inquiry, given_up, None, waiting)
            return
        content = await asyncio.to_thread(self._archive.get, inquiry.request_sha256)
        await self._exchange(tenant, inquiry, content, posted, waiting)


def write_content(document: Mapping[str, Any]) -> str:
    """What the document asks, as one text: equal for two that ask the same."""
    asked = {name: value for name, value in document.items() if name not in OWN_NAMES}
    return msgspec.json.encode(asked, order="sorted").decode("utf-8")


def _explain(failure: DeliveryError) -> Reading:
    """A failed attempt as a reading; its problem and remedy are our own words."""
    found = find("inquiry.not_taken", problem=failure.problem, remedy=failure.remedy)
    return Reading(state=FAILED, findings=(found,), reason=found.code)


def _tell(inquiry: Inquiry, reading: Reading) -> Outcome:
    return Outcome(inquiry=inquiry, state=reading.state, findings=reading.findings, document=reading.document)
