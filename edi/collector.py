"""The cyclic collector, at rest while many objects are made that form no cycles.

It would walk everything made so far again and again (measured on 2,000 claims: 220 instead of 95 µs each to
bind, 410 instead of 260 to write).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def rests() -> bool:
    """True while the collector rests."""
    return not gc.isenabled()


@contextmanager
def resting_collector() -> Iterator[None]:
    """The collector rests inside; afterwards it is as it was before."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
