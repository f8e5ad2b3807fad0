"""pyx12 is the independent oracle of the sample files too: it accepts each, or the reason is listed."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from pyx12.params import params
from pyx12.x12n_document import x12n_document

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "837P"
FILES = sorted(SAMPLES.glob("*/*.x12"))

#: What pyx12 says against a sample by the file's name, and why we are right.
DISAGREEMENTS = {
    # 2200C STC is situational (005010X214): it stands where the provider as a whole has a status.
    "status.x12": {'Mandatory segment "Billing Provider Status Information" (STC) missing'},
    # MA15 (claim separated) is an active remark code; pyx12's table of 2011 leaves informational ones out.
    "remit.x12": {"(MA15) is not a valid code for Claim Payment Remark Code (MOA03)"},
}


def judge(text: str) -> set[str]:
    """What pyx12 finds in one interchange."""
    report = io.StringIO()
    accepted = x12n_document(params(), io.StringIO(text), None, None, fd_json=report)
    found = set(re.findall(r'"err_str": "((?:[^"\\]|\\.)*)"', json.dumps(json.loads(report.getvalue()))))
    assert accepted == (not found)
    return {json.loads(f'"{sentence}"') for sentence in found}


@pytest.mark.parametrize("place", FILES, ids=lambda place: f"{place.parent.name}-{place.stem}")
def test_pyx12_accepts_each_sample_file_or_the_reason_is_listed(place: Path) -> None:
    interchanges = re.split(r"(?=^ISA\*)", place.read_text("ascii"), flags=re.MULTILINE)[1:]
    found = {sentence for text in interchanges for sentence in judge(text)}
    assert found <= DISAGREEMENTS.get(place.name, set())


def test_every_listed_disagreement_still_stands() -> None:
    for name, listed in DISAGREEMENTS.items():
        places = [place for place in FILES if place.name == name]
        texts = [
            t for place in places for t in re.split(r"(?=^ISA\*)", place.read_text("ascii"), flags=re.M)[1:]
        ]
        assert {sentence for text in texts for sentence in judge(text)} == listed
