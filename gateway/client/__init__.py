"""A typed client of the HTTP API, for threads (`Claimwire`) and for asyncio (`AsyncClaimwire`).

Needs the extra `client`. Every call answers with the shape that the server itself writes, or raises
ClaimwireError with everything that was found.
"""

from gateway.client.errors import ClaimwireError
from gateway.client.live import AsyncClaimwire, Claimwire

__all__ = ["AsyncClaimwire", "Claimwire", "ClaimwireError"]
