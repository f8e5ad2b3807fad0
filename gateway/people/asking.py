"""Asking an OpenID provider over HTTP: no redirects, a deadline, and no more than a small answer."""

from __future__ import annotations

from typing import Any, Final

import aiohttp
import msgspec

from gateway.people.openid import Unreachable

LARGEST: Final = 256 * 1024


async def ask_provider(address: str, form: dict[str, str] | None, seconds: float) -> Any:
    """The JSON at an address, or what it answers to a posted form. Raises Unreachable."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.request(
                "GET" if form is None else "POST",
                address,
                data=form,
                headers={"Accept": "application/json"},
                allow_redirects=False,
            ) as answer,
        ):
            body = await answer.content.read(LARGEST + 1)
            while len(body) <= LARGEST and (more := await answer.content.read(LARGEST + 1)):
                body += more
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as failure:
        raise Unreachable(type(failure).__name__) from None
    if status != 200 or len(body) > LARGEST:
        raise Unreachable(f"HTTP {status}")
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreachable("no JSON") from None
    if not isinstance(decoded, dict):
        raise Unreachable("no JSON object")
    return decoded
