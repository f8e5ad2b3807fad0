"""`make fuzz`: ten minutes (or FUZZ_SECONDS) of mutations through the engine; 1 where one crashes it.

FUZZ_LABEL chooses the series of mutations; without it the day does, so that every day tries others and a
series can be repeated by its label. Where atheris is installed, half of the time is its.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from tests.fuzz.guided import hunt_guided, is_available
from tests.fuzz.hunt import hunt, keep, load_seeds, warm_up


def main() -> int:
    """Hunts, keeps the crashers and says what was found."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    label = os.environ.get("FUZZ_LABEL") or f"{datetime.now(UTC):%Y-%m-%d}"
    seeds = load_seeds()
    warm_up(seeds)
    print(f"{len(seeds.files)} files, {len(seeds.documents)} documents, {len(seeds.corpus)} of the corpus")
    guided = seconds / 2 if is_available() else 0
    cases, crashes = hunt(seeds, label, seconds - guided, say)
    more, found = hunt_guided(seeds, label, guided, say) if guided else (0, [])
    if guided and not more:
        print("the hunt guided by coverage ended before its first case: see python -m tests.fuzz.libfuzzer")
    for place in keep([*crashes, *found]):
        print(f"kept as {place}")
    how = (
        f"{more} of them guided by coverage"
        if guided
        else "none guided by coverage (atheris is not installed)"
    )
    kinds = len(crashes) + len(found)
    print(f"{cases + more} cases of series {label} in {seconds:.0f} s, {how}; {kinds} kinds of crash")
    return 1 if kinds or (guided and not more) else 0


def say(text: str) -> None:
    """One line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
