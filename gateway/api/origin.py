"""From which address a request comes: the connection's, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from aiohttp import web

LOCAL = "local"
HOME_NETWORK = 64
"""An IPv6 caller is known by the first so many bits: the rest it chooses itself."""
ADDRESS = web.RequestKey("address", str)


class Origins:
    """Knows the proxies that may say for whom they ask. Raises ValueError for what is no network."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]

    def find(self, request: web.Request) -> str:
        """The address of the caller: the last in X-Forwarded-For that is none of the trusted proxies."""
        peer = request.remote
        if peer is None:
            return LOCAL
        if self._trusted and self._is_trusted(peer):
            told = ",".join(request.headers.getall("X-Forwarded-For", ()))
            for hop in reversed(told.split(",")):
                found = read_address(hop.strip())
                if found is None:
                    break
                if not self._is_trusted(found):
                    return found
        return peer

    def _is_trusted(self, address: str) -> bool:
        found = ipaddress.ip_address(address.partition("%")[0])
        return any(found in network for network in self._trusted)


def read_address(text: str) -> str | None:
    """An IP address, or None."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def shorten(address: str) -> str:
    """An IPv4 address as it is, an IPv6 address as the network that its caller has."""
    if ":" not in address:
        return address
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, HOME_NETWORK), strict=False))
