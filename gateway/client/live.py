"""The two clients: the generated calls, sent by httpx, and those that go on for as long as one listens."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, TypeVar

import httpx
import msgspec

from gateway.api.inquiry_shapes import InquiryLine
from gateway.api.shapes import BatchAnswer
from gateway.client.async_calls import AsyncCalls
from gateway.client.calls import Calls
from gateway.client.errors import read_error
from gateway.client.wishes import Wish, read_answer
from gateway.feed import EventShown

T = TypeVar("T")
BATCH = "/v1/claims/batch"
INQUIRIES = "/v1/eligibility/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}
SECONDS = 30.0
PAGE = 500


class Claimwire(Calls):
    """The API at `url` with an API key, for threads. Close it, or use it as a context."""

    def __init__(self, url: str, key: str, *, seconds: float = SECONDS) -> None:
        self._http = httpx.Client(base_url=url, headers=_authorize(key), timeout=seconds)

    def __enter__(self) -> Claimwire:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def submit_batch(self, claims: Iterable[object]) -> Iterator[BatchAnswer]:
        """Submit many claims; each is answered once it is durable. Raises ClaimwireError."""
        return self._stream_lines(BATCH, claims, BatchAnswer)

    def ask_eligibility_batch(self, inquiries: Iterable[object]) -> Iterator[InquiryLine]:
        """Ask about many patients; each line is answered by a line. Raises ClaimwireError."""
        return self._stream_lines(INQUIRIES, inquiries, InquiryLine)

    def _stream_lines(self, path: str, documents: Iterable[object], shape: type[T]) -> Iterator[T]:
        lines = (msgspec.json.encode(document) + b"\n" for document in documents)
        with self._http.stream("POST", path, content=lines, headers=NDJSON) as response:
            if response.status_code >= 400:
                raise read_error(response.status_code, response.read(), response.headers.get("Retry-After"))
            for line in response.iter_lines():
                yield msgspec.json.decode(line, type=shape)

    def read_events(self, after: int = 0) -> Iterator[EventShown]:
        """All events after a sequence number that there are now, page by page."""
        while True:
            page = self.list_events(after=after, limit=PAGE)
            yield from page.events
            if not page.events:
                return
            after = page.events[-1].sequence

    def _send(self, wish: Wish, shape: Any) -> Any:
        response = self._http.request(
            wish.method, wish.path, content=wish.content, headers=dict(wish.headers)
        )
        return read_answer(response, shape)


class AsyncClaimwire(AsyncCalls):
    """The API at `url` with an API key, for asyncio. Close it, or use it as an asynchronous context."""

    def __init__(self, url: str, key: str, *, seconds: float = SECONDS) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=_authorize(key), timeout=seconds)

    async def __aenter__(self) -> AsyncClaimwire:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    def submit_batch(self, claims: AsyncIterable[object]) -> AsyncIterator[BatchAnswer]:
        """Submit many claims; each is answered once it is durable. Raises ClaimwireError."""
        return self._stream_lines(BATCH, claims, BatchAnswer)

    def ask_eligibility_batch(self, inquiries: AsyncIterable[object]) -> AsyncIterator[InquiryLine]:
        """Ask about many patients; each line is answered by a line. Raises ClaimwireError."""
        return self._stream_lines(INQUIRIES, inquiries, InquiryLine)

    async def _stream_lines(
        self, path: str, documents: AsyncIterable[object], shape: type[T]
    ) -> AsyncIterator[T]:
        lines = (msgspec.json.encode(document) + b"\n" async for document in documents)
        async with self._http.stream("POST", path, content=lines, headers=NDJSON) as response:
            if response.status_code >= 400:
                body = await response.aread()
                raise read_error(response.status_code, body, response.headers.get("Retry-After"))
            async for line in response.aiter_lines():
                yield msgspec.json.decode(line, type=shape)

    async def read_events(self, after: int = 0) -> AsyncIterator[EventShown]:
        """All events after a sequence number that there are now, page by page."""
        while True:
            page = await self.list_events(after=after, limit=PAGE)
            for event in page.events:
                yield event
            if not page.events:
                return
            after = page.events[-1].sequence

    async def _send(self, wish: Wish, shape: Any) -> Any:
        response = await self._http.request(
            wish.method, wish.path, content=wish.content, headers=dict(wish.headers)
        )
        return read_answer(response, shape)


def _authorize(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Accept": "application/json, */*;q=0.5"}
