"""Places for claims under way: so many at once, the rest is told to come again rather than kept waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.api.call import Call
from gateway.api.problem import Problem

RETRY_SECONDS = "1"


@asynccontextmanager
async def hold_place(call: Call, *, wait: bool = False) -> AsyncIterator[None]:
    """One of the places until the claim is answered. Raises Problem 429 if all are taken, unless it waits."""
    places = call.services.places
    if places.locked() and not wait:
        limit = call.services.settings.server.claims_under_way
        detail = f"At most {limit} claims are taken in at once. This one was not read."
        raise Problem("too-many", detail, headers={"Retry-After": RETRY_SECONDS})
    async with places:
        yield
