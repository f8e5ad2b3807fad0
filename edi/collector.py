"""The cyclic collector, paused while many long-lived values are made.

Trees and documents of a big file are hundreds of thousands of values that all live on; the collector would
walk them again and again and find nothing (measured: a third to a half of the time).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pause_collector() -> Iterator[None]:
    """Pause it for a block, or for a decorated call. Who paused it first lets it go on, in any thread."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
