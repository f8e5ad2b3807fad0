"""`python -m tests.recall`: 200 claims broken one way each, 2,000 clean ones."""

from __future__ import annotations

import argparse

from tests.recall.defects import DEFECTS
from tests.recall.measure import break_claims, count_false

GOAL = 0.99


def main() -> None:
    """Measure and print; status 1 where under 99 % was found, or over 1 % of the clean was blamed."""
    parser = argparse.ArgumentParser(prog="python -m tests.recall")
    parser.add_argument("--each", type=int, default=5, help="claims for each way to break one")
    parser.add_argument("--clean", type=int, default=2_000)
    given = parser.parse_args()
    broken = list(break_claims(given.each))
    missed = [one for one in broken if not one.told]
    for one in missed:
        print(f"missed: {one.defect.name}: {one.defect.expected}, told {', '.join(one.codes) or 'nothing'}")
    share = 1 - len(missed) / len(broken)
    print(f"{len(broken)} claims broken in {len(DEFECTS)} ways: {share:.1%} found")
    false = count_false(given.clean)
    print(f"{given.clean} clean claims: {false.total()} findings {dict(false) or ''}".rstrip())
    raise SystemExit(share < GOAL or false.total() > given.clean / 100)


if __name__ == "__main__":
    main()
