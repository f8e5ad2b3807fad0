"""Real time over HTTPS: the content itself as the body, or as a text in a JSON object.

Who we are is proven by an API key in a header, by a token of OAuth client credentials, by a certificate, or
by several of these.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, urlencode

from adapters.base import Inquiry
from adapters.errors import Permanent
from adapters.https import (
    HttpsAnswer,
    HttpsCaller,
    HttpsSettings,
    check_url,
    refuse_status,
    refuse_web_page,
    show_url,
)

X12_MEDIA = "application/edi-x12"
TOKEN_LIMIT = 64 * 1024
SPARE_SECONDS = 30.0
"""So long before its end a token is no longer used."""


@dataclass(frozen=True, kw_only=True)
class OAuthSettings:
    """OAuth 2.0 client credentials (RFC 6749 4.4); `way` is how the client proves itself (2.3.1)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    way: Literal["basic", "body"] = "basic"

    def __post_init__(self) -> None:
        check_url(self.token_url)


@dataclass(frozen=True, kw_only=True)
class RestSettings:
    """One partner's address for inquiries.

    `form` is `x12` for a body that is the content, or `json` for `{question_field: content}` answered by
    `{answer_field: content}` (a dotted name goes into objects). `key` is sent in `key_header` after
    `key_prefix`; with `oauth` a token is sent as `Authorization: Bearer`.
    """

    https: HttpsSettings
    form: Literal["x12", "json"] = "x12"
    media: str = X12_MEDIA
    question_field: str = "x12"
    answer_field: str = "x12"
    key: str | None = field(default=None, repr=False)
    key_header: str = "Authorization"
    key_prefix: str = ""
    oauth: OAuthSettings | None = None


class Tokens:
    """The token of one client, asked for when there is none and kept until it expires."""

    def __init__(
        self, settings: OAuthSettings, caller: HttpsCaller, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._now = now
        self._token = ""
        self._ends = 0.0
        self._turn = asyncio.Lock()

    async def read(self, *, seconds: float) -> str:
        """The token. Raises the three kinds."""
        async with self._turn:  # many inquiries at once ask for one token
            if not self._token or self._now() >= self._ends:
                self._token, lasts = await self._fetch(seconds)
                self._ends = self._now() + lasts
            return self._token

    def drop(self, token: str) -> None:
        """Forget a token that the other end did not take."""
        if token == self._token:
            self._token = ""

    async def _fetch(self, seconds: float) -> tuple[str, float]:
        settings, form = self._settings, {"grant_type": "client_credentials"}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if settings.scope:
            form["scope"] = settings.scope
        if settings.way == "basic":
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        answer = await self._caller.post(
            headers, urlencode(form).encode(), seconds=seconds, url=settings.token_url
        )
        place = show_url(settings.token_url)
        if answer.status != 200:
            raise _refuse_client(answer, place)
        return _read_token(answer.body, place)


def _refuse_client(answer: HttpsAnswer, place: str) -> Exception:
    if answer.status == 400:  # RFC 6749 5.2: invalid_client, invalid_scope and others
        return Permanent(
            "the token server refuses the client (HTTP 400)",
            place,
            "Check client_id, client_secret, scope and way with the partner.",
        )
    return refuse_status(answer, place)


def _read_token(body: bytes, place: str) -> tuple[str, float]:
    """Token and seconds that it lasts (RFC 6749 5.1)."""
    answer = _read_object(body, place) if len(body) <= TOKEN_LIMIT else {}
    token, kind, lasts = answer.get("access_token"), answer.get("token_type"), answer.get("expires_in", 60)
    plain = isinstance(token, str) and token.isascii() and token.isprintable() and token
    lasts = lasts if isinstance(lasts, int | float) and not isinstance(lasts, bool) else 60
    if not plain or not isinstance(kind, str) or kind.lower() != "bearer":
        raise Permanent("the token server gives no bearer token", place, "Check token_url with the partner.")
    return str(token), max(0.0, float(lasts) - SPARE_SECONDS)


class RestTransport:
    """A `RealTimeTransport` over HTTPS. Raises Permanent for certificate files that cannot be used."""

    def __init__(self, settings: RestSettings, *, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._caller = HttpsCaller(settings.https)
        self._tokens = Tokens(settings.oauth, self._caller, now) if settings.oauth is not None else None
        self._now = now

    async def ask(self, inquiry: Inquiry, *, seconds: float) -> bytes:
        """Send the inquiry and return its answer."""
        ends = self._now() + seconds
        token = await self._tokens.read(seconds=seconds) if self._tokens is not None else ""
        answer = await self._post(inquiry, token, ends)
        if answer.status == 401 and self._tokens is not None:
            self._tokens.drop(token)  # revoked early: nothing was taken, so once more with a new one
            token = await self._tokens.read(seconds=self._left(ends))
            answer = await self._post(inquiry, token, ends)
        if answer.status != 200:
            raise refuse_status(answer, self._settings.https.place)
        return self._read(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    def _left(self, ends: float) -> float:
        return max(0.0, ends - self._now())

    async def _post(self, inquiry: Inquiry, token: str, ends: float) -> HttpsAnswer:
        settings = self._settings
        headers = {"X-Request-Id": inquiry.id, "Content-Type": settings.media, "Accept": settings.media}
        body = inquiry.content
        if settings.form == "json":
            headers["Content-Type"] = headers["Accept"] = "application/json"
            # Bytes above ASCII are kept one for one: whoever reads them knows the character set.
            body = json.dumps({settings.question_field: body.decode("latin-1")}, ensure_ascii=True).encode()
        if settings.key is not None:
            headers[settings.key_header] = f"{settings.key_prefix}{settings.key}"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self._caller.post(headers, body, seconds=self._left(ends))

    def _read(self, answer: HttpsAnswer) -> bytes:
        """The content of a success. Raises Permanent for a web page, and for JSON without the answer."""
        place = self._settings.https.place
        refuse_web_page(answer, place)
        if self._settings.form == "x12":
            return answer.body
        found: object = _read_object(answer.body, place)
        for name in self._settings.answer_field.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if not isinstance(found, str):
            raise Permanent(
                "the JSON of the other end holds no answer",
                place,
                f"Check answer_field ({self._settings.answer_field}) against the partner's guide.",
            )
        return _write_bytes(found)


def _write_bytes(text: str) -> bytes:
    """Text as it was bytes: one for one where it can be."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _read_object(body: bytes, place: str) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Permanent(
            "the other end does not answer with a JSON object",
            place,
            "Check url and form against the partner's guide.",
        )
    return found
