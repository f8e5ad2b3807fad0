"""HTTP to receivers that others chose: no address of our own network, no redirect, a deadline for all.

The address is checked where the socket is made, after every name look-up: a filter on names would be passed
by literal addresses and by a name that changes its address (DNS rebinding).
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractCookieJar

from gateway.hook_schedule import HookAnswer

LONGEST_URL = 2000
# Addresses that Python calls global but that lead back inside or to many: NAT64, 6to4, Teredo.
TUNNELS = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class PrivateAddressError(OSError):
    """The receiver's name leads to an address that is not public."""


def is_public(address: str) -> bool:
    """True for an address of the public internet that stands for one machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        return is_public(str(mapped))
    tunnelled = any(ip in net for net in TUNNELS if net.version == ip.version)
    return ip.is_global and not ip.is_multicast and not tunnelled


def judge_url(url: str, *, allow_private: bool) -> str | None:
    """Why webhooks cannot be sent to `url`, or None. `allow_private` lets http and own addresses pass."""
    if len(url) > LONGEST_URL or not url.isascii() or any(character <= " " for character in url):
        return f"it is longer than {LONGEST_URL} characters or has blanks or other characters than ASCII"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in (("http", "https") if allow_private else ("https",)):
        return "it is not https"
    if not host or port == 0:
        return "it names no host or no port"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "it holds a user name, password or fragment"
    return None if allow_private or _may_be_public(host) else "it leads to a private address"


def _may_be_public(host: str) -> bool:
    """False for a literal address that is not public; a name is judged when it is connected to."""
    try:
        return is_public(host)
    except ValueError:
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))


class HookClient:
    """Posts to receivers with one pool of connections. Use as an async context manager."""

    def __init__(self, *, timeout_seconds: float, allow_private: bool, connections: int) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._allow_private = allow_private
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HookClient:
        connector = aiohttp.TCPConnector(limit=self._connections, socket_factory=self._make_socket)
        jar: AbstractCookieJar = aiohttp.DummyCookieJar()
        self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout, cookie_jar=jar)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> HookAnswer:
        """One attempt. Never raises for what a receiver or the network does; the body is not read."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return HookAnswer(response.status, _read_wait(response.headers.get("Retry-After")))
        except TimeoutError:
            return HookAnswer(None, failure="timeout")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            return HookAnswer(None, failure=_kind(problem))

    def _make_socket(self, place: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for one resolved address. Raises PrivateAddressError where it may not be connected to."""
        family, kind, protocol, _, address = place
        if not self._allow_private and not is_public(str(address[0])):
            raise PrivateAddressError("a private address")
        return socket.socket(family, kind, protocol)


def _kind(problem: BaseException) -> str:
    """The kind of failure as one word; the text of the exception may quote names and addresses."""
    if isinstance(problem, PrivateAddressError) or isinstance(problem.__cause__, PrivateAddressError):
        return "private_address"
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return "unknown_host"
    if isinstance(problem, aiohttp.ClientSSLError):
        return "tls"
    return "connection"


def _read_wait(text: str | None) -> float | None:
    """Retry-After in seconds; its date form is rare and left out."""
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(int(text or "")))
    return None
