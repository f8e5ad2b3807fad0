"""Trying again: the one place that decides how often and how long to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from adapters.errors import Transient

P = ParamSpec("P")
T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]
"""Waits a number of seconds; a virtual clock's sleep fits."""


def retry_transient(
    attempts: int,
    *,
    shortest: float = 1.0,
    longest: float = 60.0,
    sleep: Sleep = asyncio.sleep,
    known: type[Exception] = Transient,
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Return a decorator which calls again after what is `known` to pass, up to `attempts` calls in all.

    The wait before call n+1 is random between 0 and `shortest` * 2^(n-1) seconds, at most `longest`
    (full jitter: many lanes that lost one partner do not come back in step). Permanent, Ambiguous and
    everything else pass at once; the last of the known passes when the attempts are used up.
    """

    def decorate(operation: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(operation)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            trying = AsyncRetrying(
                retry=retry_if_exception_type(known),
                stop=stop_after_attempt(attempts),
                wait=wait_random_exponential(multiplier=shortest, max=longest),
                sleep=sleep,
                reraise=True,
            )
            return await trying(operation, *args, **kwargs)

        return call

    return decorate
