"""Settings of how often the API may be called."""

from __future__ import annotations

from typing import Annotated

import msgspec

from gateway.settings_parts import Count, Limit, Section

Rate = Annotated[float, msgspec.Meta(ge=0)]


class RateLimit(Section, frozen=True, kw_only=True):
    """So many calls a second on the whole (0: no limit), and so many at once after a rest."""

    rate: Rate
    burst: Count


class LimitSettings(Section, frozen=True, kw_only=True):
    """How often one key, one tenant and one address may call this process.

    A call without a valid key costs its address `refusal_cost` calls more.
    """

    key: RateLimit = RateLimit(rate=4000.0, burst=8000)
    tenant: RateLimit = RateLimit(rate=4000.0, burst=8000)
    address: RateLimit = RateLimit(rate=8000.0, burst=16000)
    refusal_cost: Limit = 9
