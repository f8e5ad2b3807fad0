"""Places for claims under way: so many at once, the rest is told to come again rather than kept waiting."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from gateway.api.call import Call
from gateway.api.problem import Problem

RETRY_SECONDS = "1"


def hold_place(call: Call, *, wait: bool = False) -> AbstractAsyncContextManager[None]:
    """One of the tenant's places until the claim is answered.

    Raises Problem 429 where the tenant has all of its own, or all are taken, unless it waits.
    """
    places = call.services.places
    if not wait and places.is_full(call.tenant):
        server = call.services.settings.server
        detail = f"At most {server.claims_under_way} claims are taken in at once, and "
        detail += f"{server.claims_of_tenant} of one tenant. This one was not read."
        raise Problem("too-many", detail, headers={"Retry-After": RETRY_SECONDS})
    return places.hold(call.tenant)
