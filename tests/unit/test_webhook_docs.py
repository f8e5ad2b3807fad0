"""The example of docs/how-to/webhooks.md runs and verifies what we sign."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.hook_schedule import load_schedule
from gateway.signatures import write_headers, write_secret

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "webhooks.md"
BODY = b'{"type": "claim.paid"}'
Verify = Callable[[str, dict[str, str], bytes], bool]


@pytest.fixture(scope="module")
def verify() -> Verify:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Verify] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["verify"]


def test_the_example_believes_what_we_sign(verify: Verify) -> None:
    secret, previous = write_secret(), write_secret()
    headers = write_headers([secret, previous], "evt_01", datetime.now(UTC), BODY)
    assert verify(secret, headers, BODY)
    assert verify(previous, headers, BODY)


def test_the_example_believes_nothing_else(verify: Verify) -> None:
    secret, now = write_secret(), datetime.now(UTC)
    headers = write_headers([secret], "evt_01", now, BODY)
    assert not verify(secret, headers, BODY + b" ")
    assert not verify(write_secret(), headers, BODY)
    assert not verify(secret, headers | {"webhook-id": "evt_02"}, BODY)
    assert not verify(secret, write_headers([secret], "evt_01", now - timedelta(minutes=6), BODY), BODY)


def test_the_page_names_the_delays_of_the_schedule() -> None:
    words = "5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours"
    assert words in PAGE.read_text(encoding="utf-8")
    minute, hour = 60, 3600
    expected = (0, 5, 5 * minute, 30 * minute, *(n * hour for n in (2, 5, 10, 14, 20, 24)))
    assert load_schedule().delays == expected
