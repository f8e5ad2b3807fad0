"""The basic and extended character sets: values outside of the set that a partner holds to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edi.command import run
from edi.files import check_file
from gateway.composition import Form, Waiting, compose
from tests.samples.guide_samples import envelope, load_document

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TEXT = (SAMPLES / "837P" / "paid_in_full" / "claim.x12").read_text(encoding="ascii")
CAPITALS = TEXT.upper()


def found(text: str, character_set: str) -> list[tuple[str, str]]:
    report = check_file(text.encode(), character_set=character_set)
    places = [(finding.code, finding.x12) for finding in report.all_findings]
    return [
        (code, f"{place.loop}/{place.segment}{place.element:02}-{place.component}")
        for code, place in places
        if place is not None and place.element
    ]


def test_a_file_of_capitals_is_within_the_basic_set_and_small_letters_are_not() -> None:
    assert found(CAPITALS, "basic") == []
    assert found(TEXT, "extended") == []
    assert found(CAPITALS.replace("ODALYS", "Odalys"), "basic") == [
        ("element.outside_character_set", "2010BA/NM104-None")
    ]


@pytest.mark.parametrize("character", "%@[]_{}\\|<>#$`")
def test_each_character_of_the_extended_set_is_outside_of_the_basic_one(character: str) -> None:
    text = CAPITALS.replace("ODALYS", f"OD{character}LYS")
    assert found(text, "extended") == []
    assert len(found(text, "basic")) == 1


def test_a_letter_beyond_both_sets_is_found_in_its_component() -> None:
    text = CAPITALS.replace("HC:87880*", "HC:29999:::::CIRUGÍA*")
    assert ("element.outside_character_set", "2400/SV101-7") in found(text, "extended")
    assert "element.outside_character_set" not in [code for code, _ in found(text, "")]


def test_separators_are_free_of_the_set() -> None:
    text = CAPITALS.replace("^*00501", "|*00501").replace(":", "<")
    assert found(text, "basic") == []


def test_the_command_takes_the_set(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "claims.x12"
    file.write_text(TEXT, encoding="ascii")
    now = lambda: datetime(2026, 11, 24, tzinfo=UTC)  # noqa: E731 -- a clock in one line
    assert run(["check", str(file), "--character-set", "extended"], now) == 0
    assert run(["check", str(file), "--character-set", "basic"], now) == 1
    assert "outside of the basic character set" in capfd.readouterr().out


def test_a_claim_with_characters_that_the_partner_refuses_is_not_sent() -> None:
    document = load_document(SAMPLES / "837D" / "restoration")
    waiting = [Waiting(claim="C1", document=document)]
    sent = compose(waiting, Form(envelope=envelope(), guide="005010X224A2"))
    assert not sent.refused
    refused = compose(waiting, Form(envelope=envelope(), guide="005010X224A2", character_set="basic")).refused
    assert {finding.code for finding in refused["C1"]} == {"element.outside_character_set"}
