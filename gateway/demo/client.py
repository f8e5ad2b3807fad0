"""The gateway as the demo's user sees it: over HTTP, with an API key."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import TracebackType
from typing import TypeVar

import aiohttp
import msgspec

from edi.findings import Finding
from gateway.demo.samples import Dollars, ExpectedFinding

T = TypeVar("T")
EVENT_PAGE = 500


class Adjusted(msgspec.Struct, frozen=True):
    """One provider adjustment that a remittance event tells of."""

    amount: Decimal


class Acknowledged(msgspec.Struct, frozen=True):
    """Which acknowledgment an event tells of: TA1, 999 or 277CA, and its code."""

    kind: str
    code: str = ""


class Paid(msgspec.Struct, frozen=True):
    """What a remittance says of a claim."""

    paid: Decimal
    charge: Decimal


class Story(msgspec.Struct, frozen=True, rename="camel"):
    """What the demo reads of an event's body."""

    claim: str = ""
    patient_control_number: str = ""
    state: str = ""
    acknowledgment: Acknowledged | None = None
    payment: Paid | None = None
    amount: Decimal | None = None
    provider_adjustments: tuple[Adjusted, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """One event of the feed."""

    sequence: int
    type: str
    timestamp: str
    data: Story


class EventPage(msgspec.Struct, frozen=True):
    """A page of the feed; `next` continues it."""

    events: tuple[Event, ...]
    next: int


class ClaimView(msgspec.Struct, frozen=True):
    """A claim as it stands."""

    id: str
    state: str
    amounts: Dollars
    marks: tuple[str, ...] = ()


class Posted(msgspec.Struct, frozen=True):
    """The answer to a posted claim: its id, whether it was taken, and the findings if not."""

    claim: str
    taken: bool
    findings: tuple[ExpectedFinding, ...] = ()


class Taken(msgspec.Struct, frozen=True):
    """202: the claim's id."""

    id: str


class Refused(msgspec.Struct, frozen=True):
    """422: problem+json with every finding."""

    findings: tuple[Finding, ...] = ()


class MadeWebhook(msgspec.Struct, frozen=True):
    """201: the endpoint's signing secret."""

    id: str
    secret: str


class UnexpectedAnswerError(RuntimeError):
    """The gateway answered with another status than the API promises."""

    def __init__(self, request: str, status: int) -> None:
        super().__init__(f"{request} was answered with {status}")


class GatewayClient:
    """Calls the API at `url` with an API key."""

    def __init__(self, url: str, key: str) -> None:
        self._session = aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"})

    async def __aenter__(self) -> GatewayClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def make_webhook(self, url: str) -> str:
        """Have every event sent to `url`; the signing secret."""
        answer = await self._call("POST", "/v1/webhooks", 201, msgspec.json.encode({"url": url}))
        return msgspec.json.decode(answer, type=MadeWebhook).secret

    async def post_claim(self, text: bytes) -> Posted:
        """Post one claim."""
        headers = {"Content-Type": "application/json"}
        async with self._session.post("/v1/claims", data=text, headers=headers) as response:
            answer = await response.read()
            if response.status == 202:
                return Posted(msgspec.json.decode(answer, type=Taken).id, taken=True)
            if response.status == 422:
                problem = msgspec.json.decode(answer, type=Refused)
                claim = response.headers.get("Location", "").rpartition("/")[2]
                return Posted(claim, taken=False, findings=list_expected(problem.findings))
            raise UnexpectedAnswerError("POST /v1/claims", response.status)

    async def list_events(self, after: int) -> EventPage:
        """The feed after a sequence number."""
        path = f"/v1/events?after={after}&limit={EVENT_PAGE}"
        return msgspec.json.decode(await self._call("GET", path, 200), type=EventPage)

    async def show_claim(self, claim: str) -> ClaimView:
        """A claim as it stands."""
        return msgspec.json.decode(await self._call("GET", f"/v1/claims/{claim}", 200), type=ClaimView)

    async def show_x12(self, claim: str) -> bytes:
        """The interchange that carries the claim."""
        return await self._call("GET", f"/v1/claims/{claim}/x12", 200)

    async def _call(self, method: str, path: str, status: int, body: bytes | None = None) -> bytes:
        headers = {} if body is None else {"Content-Type": "application/json"}
        async with self._session.request(method, path, data=body, headers=headers) as response:
            answer = await response.read()
            if response.status != status:
                raise UnexpectedAnswerError(f"{method} {path.partition('?')[0]}", response.status)
            return answer


def list_expected(findings: Sequence[Finding]) -> tuple[ExpectedFinding, ...]:
    """The findings that stop a claim, as a sample lists them."""
    stopping = (finding for finding in findings if finding.stops)
    return tuple(sorted(ExpectedFinding(finding.code, finding.pointer or "") for finding in stopping))
