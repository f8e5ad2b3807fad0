"""Fixtures that every suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public EDI and reference facts beside the checkout; skips where it is absent."""
    place = Path(os.environ.get("CLAIMWIRE_SHARED", ROOT.parent / "shared"))
    if not (place / "corpus" / "INDEX.tsv").is_file():
        pytest.skip("the shared corpus of public EDI is not beside this checkout (see CONTRIBUTING.md)")
    return place


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Functions among parameters are named by their argument, so that every worker names tests alike."""
    return argname if callable(val) and not isinstance(val, type) else None
