"""Writes every view of every sample anew, and names those that changed: `python -m scripts.samples`.

Read the difference before keeping it: a golden file must be right, not just what came out. A view that a case
has no more is removed.
"""

from __future__ import annotations

import sys

from tests.samples.views import EVERY, SOURCES, list_views


def main() -> None:
    """Write, remove, and name each file that differs."""
    for case in EVERY:
        views = list_views(case)
        for place in case.iterdir():
            if place.name not in SOURCES and place.name not in views:
                place.unlink()
                sys.stdout.write(f"removed {case.parent.name}/{case.name}/{place.name}\n")
        for name, make in views.items():
            place, content = case / name, make()
            if not place.exists() or place.read_bytes() != content:
                place.write_bytes(content)
                sys.stdout.write(f"{case.parent.name}/{case.name}/{name}\n")


if __name__ == "__main__":
    main()
