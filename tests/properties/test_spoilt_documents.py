"""Sample documents spoilt at random: inspected and written, they raise nothing but the named errors."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edi.files import check_file
from edi.inspection import inspect
from edi.outline import outline_file
from edi.outline.lines import list_outline
from edi.translation import UntranslatableError, make_envelope, write_json, write_x12

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FILES = sorted(place for place in SAMPLES.glob("*/*/*.x12") if place.name != "file.x12")
ENVELOPE = make_envelope("SENDER", "RECEIVER", 1, datetime(2026, 11, 24, tzinfo=UTC), usage="T")
SPOILS: list[Any] = [None, True, 0, -1, "", [], {}, "x*y~z^", ["a"], {"a": 1}, "9" * 400, [[]], [None], "é\n"]
ROUNDS = 60


def list_places(value: Any) -> list[tuple[Any, Any]]:
    """Every container below a value with each of its keys or indexes."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [(value, key) for key in keys] + [place for key in keys for place in list_places(value[key])]


def spoil(documents: list[Any], chance: Random) -> list[Any]:
    """A copy with one to four places taken out or replaced."""
    spoilt = copy.deepcopy(documents)
    for _ in range(chance.randint(1, 4)):
        places = list_places(spoilt)
        if not places:
            break
        container, key = chance.choice(places)
        if isinstance(container, dict) and chance.random() < 0.3:
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(SPOILS))
    return spoilt


@pytest.mark.parametrize("seed", range(8))
def test_spoilt_documents_raise_nothing_but_named_errors(seed: int) -> None:
    chance = Random(seed)
    for _ in range(ROUNDS):
        documents = write_json(check_file(chance.choice(FILES).read_bytes()))
        spoilt = spoil(documents, chance)
        inspect("spoilt", json.dumps(spoilt).encode())
        if not all(isinstance(document, dict) for document in spoilt):
            continue
        try:
            written = write_x12(spoilt, ENVELOPE)
        except (UntranslatableError, ValueError):
            continue
        report = check_file(written)
        assert write_json(report) is not None
        assert list(list_outline(outline_file(inspect("spoilt", written))))
