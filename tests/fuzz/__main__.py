"""`make fuzz`: ten minutes (or FUZZ_SECONDS) of mutations through the engine; 1 where one crashes it.

FUZZ_LABEL chooses the series of mutations; without it the day does, so that every day tries others and a
series can be repeated by its label.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from tests.fuzz.hunt import hunt, keep, load_seeds, warm_up


def main() -> int:
    """Hunts, keeps the crashers and says what was found."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    label = os.environ.get("FUZZ_LABEL") or f"{datetime.now(UTC):%Y-%m-%d}"
    seeds = load_seeds()
    warm_up(seeds)
    print(f"{len(seeds.files)} files, {len(seeds.documents)} documents, {len(seeds.corpus)} of the corpus")
    cases, crashes = hunt(seeds, label, seconds, lambda text: print(text, flush=True))
    for place in keep(crashes):
        print(f"kept as {place}")
    print(f"{cases} cases of series {label} in {seconds:.0f} s, {len(crashes)} kinds of crash")
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
