"""Does a secret that is nearly right show in the time of its answer? Welch's t: `make api-timing`.

Not part of `make test`: a machine under load makes noise. Below 4.5 the two kinds of wrong key cannot be told
apart by so many calls. That a prefix exists does show (its row is read); a prefix is no secret.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.api_rig import make_settings, run_gateway

CALLS = 20_000
SUSPICIOUS = 4.5


def compare(first: list[float], second: list[float]) -> float:
    """Welch's t of two samples without their slowest tenth, which is the machine's."""
    kept = [sorted(sample)[: int(len(sample) * 0.9)] for sample in (first, second)]
    means, spreads = (
        [statistics.fmean(it) for it in kept],
        [statistics.variance(it) / len(it) for it in kept],
    )
    return (means[0] - means[1]) / sum(spreads) ** 0.5


async def measure(calls: int) -> float:
    """t of secrets that are right but for their last letter against secrets of which no letter is right."""
    with tempfile.TemporaryDirectory() as home:
        async with run_gateway(make_settings(Path(home))) as rig:
            keys, text = rig.gateway.services.keys, rig.keys["riverbend"]
            near = text[:-1] + ("A" if text[-1] != "A" else "B")
            far = text[:16] + "".join("A" if letter != "A" else "B" for letter in text[16:])
            texts = (near, far)
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(calls):
                kind = random.getrandbits(1)
                begun = time.perf_counter()
                await keys.verify(texts[kind])
                taken[kind].append(time.perf_counter() - begun)
            return compare(*taken)


if __name__ == "__main__":
    found = asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS))
    print(
        f"t = {found:.2f} over {CALLS} calls; from {SUSPICIOUS} on the kinds of wrong key can be told apart"
    )
    sys.exit(abs(found) >= SUSPICIOUS)
