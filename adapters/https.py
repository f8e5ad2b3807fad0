"""HTTPS to one partner: TLS, certificates, deadlines and sizes, with failures told as the three kinds.

A redirect is never followed, a cookie never kept, a compressed answer never unpacked, and not one byte more
than the limit is read. What goes wrong before the request was written took nothing (Transient); after it
nobody knows (Ambiguous).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp

from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient

CONNECTIONS = 64
KEPT_SECONDS = 15.0
WEB_PAGE = ("text/html", "application/xhtml+xml")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
LONGEST_WAIT = 3600.0
_UNTAKEN = {408, 425, 429, 503}
_UNKNOWN = {500, 502, 504}
_REFUSED_LOGIN = {401, 403}


@dataclass(frozen=True, kw_only=True)
class HttpsSettings:
    """Where one partner listens and how we prove who we are.

    `ca_file` holds the authorities to trust instead of the system's; `certificate` and `certificate_key` are
    ours for mutual TLS (PEM). `answer_limit` is the largest answer in bytes.

    Raises Permanent for an address that is not https (http is for this machine only).
    """

    url: str
    ca_file: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    certificate_passphrase: str | None = field(default=None, repr=False)
    answer_limit: int = 8 * 1024 * 1024

    def __post_init__(self) -> None:
        check_url(self.url)

    @property
    def place(self) -> str:
        """The address without user, query and fragment."""
        return show_url(self.url)


@dataclass(frozen=True, slots=True)
class HttpsAnswer:
    """An answer, whole; `media` is its content type in small letters, without parameters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def show_url(url: str) -> str:
    """The address without user, query and fragment: fit for a message."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def check_url(url: str) -> None:
    """Raises Permanent where requests may not be sent there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, 0, urlsplit("")
    plain = parts.scheme == "http" and host in LOOPBACK
    if not host or port == 0 or parts.username or parts.password or not (parts.scheme == "https" or plain):
        raise Permanent(
            "the address is no https URL of a host",
            show_url(url) if host else "url",
            "Give https://host/path without user and password; http is only for this machine.",
        )


def make_tls(settings: HttpsSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, the name and the chain verified, with our certificate. Raises Permanent."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.certificate is not None:
            context.load_cert_chain(
                settings.certificate, settings.certificate_key, settings.certificate_passphrase or ""
            )
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise Permanent(
            "the certificate files cannot be used",
            settings.place,
            "Check that ca_file, certificate and certificate_key are readable PEM files that belong "
            "together, and the passphrase.",
        ) from error
    return context


class HttpsCaller:
    """Calls one partner over a pool of connections that is opened with the first call."""

    def __init__(self, settings: HttpsSettings) -> None:
        self.settings = settings
        self._tls = make_tls(settings)
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, headers: Mapping[str, str], body: bytes, *, seconds: float, url: str = ""
    ) -> HttpsAnswer:
        """One POST, answered within `seconds`, whatever its status. Raises the three kinds."""
        place = show_url(url) if url else self.settings.place
        written = SimpleNamespace(done=False)
        try:
            async with asyncio.timeout(seconds):
                return await self._post(url or self.settings.url, headers, body, written)
        except DeliveryError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as failure:
            raise explain_failure(failure, place, written=written.done) from failure

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(
        self, url: str, headers: Mapping[str, str], body: bytes, written: SimpleNamespace
    ) -> HttpsAnswer:
        asked = {"Accept-Encoding": "identity", **headers}
        request = self._open().post(
            url, data=body, headers=asked, allow_redirects=False, trace_request_ctx=written
        )
        async with request as response:
            content = await _read(response, self.settings.answer_limit, show_url(url))
            return HttpsAnswer(response.status, response.headers.copy(), content)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_written)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._tls, limit=CONNECTIONS, keepalive_timeout=KEPT_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                trace_configs=[trace],
            )
        return self._session


async def _note_written(
    session: aiohttp.ClientSession, context: SimpleNamespace, sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    context.trace_request_ctx.done = True


async def _read(response: aiohttp.ClientResponse, limit: int, place: str) -> bytes:
    """The body up to the limit. Raises Permanent for one that is larger or packed."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Permanent(
            "the answer is compressed, though we did not ask for that",
            place,
            "Ask the partner to send answers as they are (Accept-Encoding: identity).",
        )
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            raise Permanent(
                f"the answer is larger than {limit} bytes",
                place,
                "Raise answer_limit if such answers are right, else ask the partner.",
            )
    return bytes(body)


def explain_failure(failure: Exception, place: str, *, written: bool) -> DeliveryError:
    """What the network, TLS or aiohttp raised as one of the three kinds."""
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        return Permanent(
            "the certificate of the other end is not to be trusted for this name and day",
            place,
            "Nothing was sent. Check the host name, ask the partner whether its certificate has expired, or "
            "set ca_file to the authority that it names.",
        )
    if isinstance(failure, ssl.SSLError) or isinstance(failure.__cause__, ssl.SSLError):
        return _explain_tls(place)
    if isinstance(failure, aiohttp.InvalidURL):
        return Permanent("the address is no URL", place, "Correct the partner's url.")
    if not written:
        late = isinstance(failure, TimeoutError)
        return Transient(
            "no answer while connecting" if late else "no connection",
            place,
            "Check that the partner is up and that its firewall lets this machine in.",
        )
    late = isinstance(failure, TimeoutError)
    return Ambiguous(
        "no answer in time" if late else "the connection ended before the answer",
        place,
        "The partner may have taken the request. It may be sent again under the same id after 90 seconds.",
    )


def _explain_tls(place: str) -> Permanent:
    return Permanent(
        "TLS cannot be agreed on",
        place,
        "The other end must offer TLS 1.2 or newer; where it asks for a certificate of ours, set certificate "
        "and certificate_key to the ones that it knows.",
    )


def refuse_status(answer: HttpsAnswer, place: str) -> DeliveryError:
    """An answer whose status is no success as one of the three kinds."""
    status = answer.status
    if status in _UNTAKEN:
        after = read_wait(answer.headers.get("Retry-After"))
        wait = f" It asks for a wait of {after:g} seconds." if after is not None else ""
        return Transient(
            f"the other end takes nothing now (HTTP {status})", place, f"Try again later.{wait}", after=after
        )
    if status in _UNKNOWN:
        return Ambiguous(
            f"the other end failed (HTTP {status})", place, "Ask the partner if it happens again and again."
        )
    if status in _REFUSED_LOGIN:
        return Permanent(
            f"the other end refuses our credentials (HTTP {status})",
            place,
            "Check key, password, token or certificate with the partner. Do not try again and again: "
            "accounts get locked.",
        )
    if 300 <= status < 400:
        return Permanent(
            f"the other end sends us elsewhere (HTTP {status})",
            place,
            "Redirects are not followed. Set url to the address that the partner names.",
        )
    return Permanent(
        f"the other end refuses the request (HTTP {status})",
        place,
        "Check url and the form of the body against the partner's guide.",
    )


def refuse_web_page(answer: HttpsAnswer, place: str) -> None:
    """Raises Permanent where the answer is a page for people."""
    if answer.media in WEB_PAGE or answer.body.lstrip()[:14].lower().startswith((b"<!doctype", b"<html")):
        raise Permanent(
            "the other end answers with a web page",
            place,
            "Check url: it may lead to a login page or a maintenance notice.",
        )


def read_wait(text: str | None) -> float | None:
    """Retry-After in seconds, at most an hour; its date form is rare and left out."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    return min(LONGEST_WAIT, float(text))
