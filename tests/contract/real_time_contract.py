"""What every RealTimeTransport promises, whatever the wire, against a real TLS server that misbehaves.

Subclass `RealTimeContract` in a test module and give it `wire`: how its transport is opened and how its peer
says an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from adapters.base import Inquiry, RealTimeTransport
from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.https import HttpsSettings

QUESTION = b"ISA*00*QUESTION OF A SYNTHETIC PERSON~"
ANSWER = b"ISA*00*ANSWER FOR A SYNTHETIC PERSON~"
LIMIT = 100_000
SECONDS = 5.0
MOMENT = datetime(2026, 11, 24, 13, 0, 5, tzinfo=UTC)

Answering = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


def make_inquiry(content: bytes = QUESTION) -> Inquiry:
    """An eligibility inquiry under a fresh id."""
    return Inquiry(id=str(uuid.uuid4()), kind="X12_270_Request_005010X279A1", content=content, moment=MOMENT)


@dataclass
class Seen:
    """One request as the peer saw it."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    certificate: object = None


@dataclass
class Wire:
    """One kind of transport: how to open it, and how its peer writes an answer to a request body."""

    connect: Callable[[HttpsSettings], RealTimeTransport]
    wrap: Callable[[bytes, Seen], web.Response]


@dataclass
class Peer:
    """A partner's TLS server. `answering` is what it does with a request."""

    authority: trustme.CA
    folder: Path
    wire: Wire
    answering: Answering | None = None
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def trusted(self) -> Path:
        """The file of the authority that signs the peer."""
        place = self.folder / "authority.pem"
        self.authority.cert_pem.write_to_path(place)
        return place

    def settings(self, **changes: object) -> HttpsSettings:
        """Settings that reach the peer and trust its authority."""
        given = {
            "url": f"https://localhost:{self.port}/inquiries",
            "ca_file": self.trusted,
            "answer_limit": LIMIT,
        }
        return HttpsSettings(**{**given, **changes})  # type: ignore[arg-type]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        transport = request.transport
        shown = transport.get_extra_info("peercert") if transport is not None else None
        self.seen.append(Seen(request.path_qs, request.headers.copy(), body, shown))
        if self.answering is not None:
            return await self.answering(request, body)
        return self.wire.wrap(ANSWER, self.seen[-1])

    @contextlib.asynccontextmanager
    async def serve(self, tls: ssl.SSLContext) -> AsyncIterator[Peer]:
        """Listen on a free port of localhost until the end."""
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_post("/{any:.*}", self.handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "localhost", 0, ssl_context=tls)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        try:
            yield self
        finally:
            self.stopping.set()
            await runner.cleanup()


def make_server_tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """TLS of a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def ask_for_certificates(authority: trustme.CA) -> ssl.SSLContext:
    """TLS of a server that takes clients with a certificate of the authority only."""
    context = make_server_tls(authority.issue_cert("localhost"))
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


@contextlib.contextmanager
def refuse_handshakes(tls: ssl.SSLContext) -> Iterator[int]:
    """A server whose handshake fails with an alert, which it lets the client read; its port."""

    def refuse_one(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(SECONDS)
        with contextlib.suppress(OSError):
            tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False).do_handshake()
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = threading.Thread(target=refuse_one, args=(listener,))
        refusing.start()
        yield listener.getsockname()[1]
        refusing.join()


async def fail(transport: RealTimeTransport, seconds: float = SECONDS) -> DeliveryError:
    """The error of one inquiry."""
    with pytest.raises(DeliveryError) as caught:
        await transport.ask(make_inquiry(), seconds=seconds)
    told = f"{caught.value.problem} {caught.value.place} {caught.value.remedy}"
    assert "SYNTHETIC" not in told, "no value of a document stands in an error"
    return caught.value


class RealTimeContract:
    """The promises; one test each."""

    @pytest.fixture
    def wire(self) -> Wire:
        raise NotImplementedError("a subclass gives the wire")

    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    async def peer(self, tmp_path: Path, wire: Wire, authority: trustme.CA) -> AsyncIterator[Peer]:
        tls = make_server_tls(authority.issue_cert("localhost"))
        async with Peer(authority, tmp_path, wire).serve(tls) as running:
            yield running

    @pytest.fixture
    async def transport(self, peer: Peer) -> AsyncIterator[RealTimeTransport]:
        opened = peer.wire.connect(peer.settings())
        yield opened
        await opened.close()

    async def test_an_inquiry_is_answered_with_the_bytes_of_the_other_end(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        assert await transport.ask(make_inquiry(), seconds=SECONDS) == ANSWER
        assert QUESTION in peer.seen[0].body
        assert peer.seen[0].headers["Accept-Encoding"] == "identity"

    async def test_many_inquiries_are_under_way_at_once(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        together = asyncio.Barrier(5)

        async def meet(request: web.Request, body: bytes) -> web.StreamResponse:
            seen = peer.seen[-1]
            await together.wait()
            return peer.wire.wrap(ANSWER, seen)

        peer.answering = meet
        answers = await asyncio.gather(*(transport.ask(make_inquiry(), seconds=SECONDS) for _ in range(5)))
        assert answers == [ANSWER] * 5

    async def test_a_transport_that_was_closed_connects_anew(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        await transport.ask(make_inquiry(), seconds=SECONDS)
        await transport.close()
        assert await transport.ask(make_inquiry(), seconds=SECONDS) == ANSWER

    async def test_silence_is_ambiguous_when_the_deadline_passes(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        async def keep_silent(request: web.Request, body: bytes) -> web.StreamResponse:
            await peer.stopping.wait()
            return web.Response()

        peer.answering = keep_silent
        failure = await fail(transport, seconds=0.3)
        assert isinstance(failure, Ambiguous)
        assert "no answer in time" in failure.problem

    async def test_an_answer_that_drips_is_cut_off_at_the_deadline(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        async def drip(request: web.Request, body: bytes) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "application/edi-x12"})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                while not peer.stopping.is_set():
                    await response.write(b"I")
                    await asyncio.sleep(0.02)
            return response

        peer.answering = drip
        assert isinstance(await fail(transport, seconds=0.5), Ambiguous)

    async def test_an_answer_that_breaks_off_is_ambiguous(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        async def break_off(request: web.Request, body: bytes) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"ISA*00*")
            assert request.transport is not None
            request.transport.close()
            return response

        peer.answering = break_off
        assert isinstance(await fail(transport), Ambiguous)

    async def test_an_answer_over_the_limit_is_not_read_to_its_end(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        written = 0

        async def pour(request: web.Request, body: bytes) -> web.StreamResponse:
            nonlocal written
            response = web.StreamResponse(headers={"Content-Type": "application/edi-x12"})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                for _ in range(2000):
                    await response.write(b"x" * LIMIT)
                    written += LIMIT
            return response

        peer.answering = pour
        failure = await fail(transport)
        assert isinstance(failure, Permanent)
        assert f"larger than {LIMIT} bytes" in failure.problem
        assert written < 2000 * LIMIT

    async def test_a_packed_answer_is_refused_unopened(
        self, peer: Peer, transport: RealTimeTransport
    ) -> None:
        async def pack(request: web.Request, body: bytes) -> web.StreamResponse:
            return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

        peer.answering = pack
        failure = await fail(transport)
        assert isinstance(failure, Permanent)
        assert "compressed" in failure.problem

    async def test_a_web_page_is_no_answer(self, peer: Peer, transport: RealTimeTransport) -> None:
        async def show_page(request: web.Request, body: bytes) -> web.StreamResponse:
            return web.Response(text="<html><body>Please sign in</body></html>", content_type="text/html")

        peer.answering = show_page
        failure = await fail(transport)
        assert isinstance(failure, Permanent)
        assert "web page" in failure.problem

    @pytest.mark.parametrize(
        ("status", "headers", "kind", "after"),
        [
            (429, {"Retry-After": "7"}, Transient, 7.0),
            (503, {"Retry-After": "999999"}, Transient, 3600.0),
            (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, Transient, None),
            (502, {}, Ambiguous, None),
            (400, {}, Permanent, None),
            (401, {}, Permanent, None),
            (404, {}, Permanent, None),
        ],
        ids=["429", "503", "503-date", "502", "400", "401", "404"],
    )
    async def test_a_status_says_whether_to_ask_again(
        self,
        peer: Peer,
        transport: RealTimeTransport,
        status: int,
        headers: dict[str, str],
        kind: type[DeliveryError],
        after: float | None,
    ) -> None:
        async def refuse(request: web.Request, body: bytes) -> web.StreamResponse:
            return web.Response(status=status, headers=headers, text="SYNTHETIC PERSON is not known")

        peer.answering = refuse
        failure = await fail(transport)
        assert type(failure) is kind
        assert getattr(failure, "after", None) == after

    async def test_a_redirect_is_not_followed(self, peer: Peer, transport: RealTimeTransport) -> None:
        async def redirect(request: web.Request, body: bytes) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/metadata"})

        peer.answering = redirect
        failure = await fail(transport)
        assert isinstance(failure, Permanent)
        assert len(peer.seen) == 1

    async def test_a_closed_port_took_nothing(self, peer: Peer) -> None:
        listener = await asyncio.start_server(lambda reader, writer: None, "localhost", 0)
        port = listener.sockets[0].getsockname()[1]
        listener.close()
        await listener.wait_closed()
        transport = peer.wire.connect(peer.settings(url=f"https://localhost:{port}/"))
        assert isinstance(await fail(transport), Transient)
        await transport.close()

    async def test_a_host_that_accepts_and_says_nothing_took_nothing(self, peer: Peer) -> None:
        held: list[asyncio.StreamWriter] = []

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            held.append(writer)

        async with await asyncio.start_server(hold, "localhost", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            transport = peer.wire.connect(peer.settings(url=f"https://localhost:{port}/"))
            failure = await fail(transport, seconds=0.3)
            assert isinstance(failure, Transient)
            assert "while connecting" in failure.problem
            await transport.close()
            for writer in held:
                writer.close()

    @pytest.mark.parametrize("fault", ["expired", "other host", "self-signed"])
    async def test_a_certificate_that_is_not_to_be_trusted_sees_no_byte_of_ours(
        self, tmp_path: Path, wire: Wire, authority: trustme.CA, fault: str
    ) -> None:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        leaf = {
            "expired": lambda: authority.issue_cert(
                "localhost", not_before=yesterday - timedelta(days=9), not_after=yesterday
            ),
            "other host": lambda: authority.issue_cert("payer.example"),
            "self-signed": lambda: trustme.CA().issue_cert("localhost"),
        }[fault]()
        async with Peer(authority, tmp_path, wire).serve(make_server_tls(leaf)) as peer:
            transport = wire.connect(peer.settings())
            failure = await fail(transport)
            await transport.close()
        assert isinstance(failure, Permanent)
        assert "certificate" in failure.problem
        assert peer.seen == []

    async def test_tls_older_than_1_2_is_refused(
        self, tmp_path: Path, wire: Wire, authority: trustme.CA
    ) -> None:
        tls = make_server_tls(authority.issue_cert("localhost"))
        tls.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with refuse_handshakes(tls) as port:
            transport = wire.connect(Peer(authority, tmp_path, wire, port=port).settings())
            failure = await fail(transport)
            await transport.close()
        assert isinstance(failure, Permanent)
        assert "TLS" in failure.problem

    async def test_a_certificate_of_ours_is_shown_where_it_is_asked_for(
        self, tmp_path: Path, wire: Wire, authority: trustme.CA
    ) -> None:
        tls = ask_for_certificates(authority)
        ours = authority.issue_cert("clinic.example")
        ours.private_key_and_cert_chain_pem.write_to_path(tmp_path / "ours.pem")
        async with Peer(authority, tmp_path, wire).serve(tls) as peer:
            transport = wire.connect(peer.settings(certificate=tmp_path / "ours.pem"))
            assert await transport.ask(make_inquiry(), seconds=SECONDS) == ANSWER
            await transport.close()
        assert "clinic.example" in str(peer.seen[0].certificate)

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_a_certificate_of_ours_that_is_missing_is_a_matter_of_settings(
        self, tmp_path: Path, wire: Wire, authority: trustme.CA, version: ssl.TLSVersion
    ) -> None:
        tls = ask_for_certificates(authority)
        tls.maximum_version = version
        with refuse_handshakes(tls) as port:
            transport = wire.connect(Peer(authority, tmp_path, wire, port=port).settings())
            failure = await fail(transport)
            await transport.close()
        assert isinstance(failure, Permanent)
        assert "certificate" in failure.remedy

    async def test_certificate_files_that_cannot_be_read_are_named_at_once(self, peer: Peer) -> None:
        with pytest.raises(Permanent, match="certificate files"):
            peer.wire.connect(peer.settings(certificate=peer.folder / "absent.pem"))

    @pytest.mark.parametrize(
        "url",
        ["http://payer.example/", "ftp://payer.example/", "https://", "https://me:secret@payer.example/", ""],
        ids=["http", "ftp", "no-host", "password", "empty"],
    )
    def test_an_address_that_is_no_https_url_is_refused(self, url: str) -> None:
        with pytest.raises(Permanent) as caught:
            HttpsSettings(url=url)
        assert "secret" not in str(caught.value)
