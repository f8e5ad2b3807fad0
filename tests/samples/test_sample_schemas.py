"""Every good sample, and what is read from every X12 sample, agrees with the JSON Schema of its guide."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edi.files import check_file
from edi.json_schema import FILES, make_schema
from tests.samples.guide_samples import CASES, SAMPLES, guide_of, load_document

GOOD = [case for case in CASES if not case.name.startswith("refused")]
X12 = sorted(
    place
    for place in SAMPLES.glob("*/*/*.x12")
    if place.name not in ("claim.x12", "document.x12", "file.x12") or place.parent in GOOD
)


@cache
def open_schema(guide: str) -> Draft202012Validator:
    return Draft202012Validator(make_schema(guide))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def faults(guide: str, document: Any) -> Iterator[str]:
    for error in open_schema(guide).iter_errors(plain(document)):
        yield f"/{'/'.join(map(str, error.absolute_path))} {error.validator}"


def name_of(place: Path) -> str:
    return "/".join(place.parts[-3:] if place.suffix else place.parts[-2:])


@pytest.mark.parametrize("case", GOOD, ids=name_of)
def test_a_sample_agrees_with_the_schema_of_its_guide(case: Path) -> None:
    assert list(faults(guide_of(case), load_document(case))) == []


@pytest.mark.parametrize("file", X12, ids=name_of)
def test_what_is_read_from_x12_agrees_with_the_schema_of_its_guide(file: Path) -> None:
    for report in check_file(file.read_bytes()).sets:
        assert report.guide in FILES
        for document in report.documents:
            assert list(faults(report.guide, dict(document))) == []
