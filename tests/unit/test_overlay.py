"""The overlay language: what it accepts, and the proof that an overlay fits its guide."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edi.guide import Slot
from edi.guides.naming import LoopBinding, SegmentBinding
from edi.guides.overlay import OverlayError, load_overlay, parse_overlay
from edi.guides.places import parse_places, split_key
from edi.guides.registry import load_guide, load_sources

FOLDER = Path(__file__).resolve().parent.parent.parent / "schemas" / "guides"
GUIDE = "005010X222A1"


def raw_overlay() -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{GUIDE}.toml").read_text(encoding="utf-8"))


def faults_of(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(OverlayError) as caught:
        parse_overlay(raw, load_guide(GUIDE))
    return caught.value.faults


def find_loop(root: LoopBinding, name: str) -> LoopBinding:
    return next(loop for loop in root.every_loop() if loop.use.id == name)


def find_segment(root: LoopBinding, loop: str, key: str) -> SegmentBinding:
    return next(segment for segment in find_loop(root, loop).segments if segment.key == key)


@pytest.mark.parametrize("guide", sorted(name for name, source in load_sources().items() if source.json))
def test_every_overlay_is_proven(guide: str) -> None:
    assert load_overlay(load_guide(guide)).guide == guide


def test_a_key_that_names_no_segment_of_its_loop_is_a_fault() -> None:
    raw = raw_overlay()
    raw["loop"]["2010AA"]["fields"]["PRV/03"] = "specialty"
    assert any("PRV/03 names no single segment use" in fault for fault in faults_of(raw))


def test_a_key_that_could_mean_two_segments_is_a_fault() -> None:
    raw = raw_overlay()
    raw["loop"]["2300"]["fields"]["REF/02"] = "reference"
    assert any("REF/02 names no single segment use" in fault for fault in faults_of(raw))


def test_an_element_that_the_guide_does_not_use_is_a_fault() -> None:
    raw = raw_overlay()
    raw["loop"]["2010AA"]["fields"]["NM1/06"] = "prefix"
    assert any("NM1/06" in fault and "not used" in fault for fault in faults_of(raw))


def test_a_composite_without_component_is_a_fault() -> None:
    raw = raw_overlay()
    raw["loop"]["2300"]["fields"]["CLM/05"] = "facility"
    assert any("2300/CLM/05 is a composite" in fault for fault in faults_of(raw))


def test_a_json_path_with_two_homes_is_a_fault() -> None:
    raw = raw_overlay()
    raw["loop"]["2300"]["fields"]["CLM/12"] = "patientControlNumber"
    raw["loop"]["2300"]["fields"]["AMT/02"] = "claimChargeAmount"
    assert any("/claimInformation/claimChargeAmount has two homes" in fault for fault in faults_of(raw))


def test_one_path_may_serve_two_segments_that_exclude_each_other() -> None:
    overlay = load_overlay(load_guide(GUIDE))
    own = find_segment(overlay.root, "2000B", "PAT").only
    assert own is not None and own.absent


def test_a_required_element_without_value_is_a_fault() -> None:
    raw = raw_overlay()
    del raw["loop"]["2010BA"]["fields"]["NM1/09"]
    faults = faults_of(raw)
    assert any("2010BA/NM1/09 (Subscriber Primary Identifier) is required" in fault for fault in faults)


def test_every_fault_is_listed_at_once() -> None:
    raw = raw_overlay()
    del raw["loop"]["2010BA"]["fields"]["NM1/09"]
    raw["loop"]["2010AA"]["include"].append("telegraph")
    raw["loop"]["2400"]["derive"]["LX/01"] = "loop.letter"
    raw["loop"]["2999"] = {}
    text = "\n".join(faults_of(raw))
    for expected in ("2010BA/NM1/09", "unknown template telegraph", "no derivation loop.letter", "2999"):
        assert expected in text


def test_an_unknown_word_in_a_loop_table_is_a_fault() -> None:
    raw = raw_overlay()
    raw["loop"]["2300"]["field"] = {}
    assert any("[loop.2300] has no key field" in fault for fault in faults_of(raw))


def test_qualifier_codes_split_one_use_into_bindings_that_write_their_code() -> None:
    overlay = load_overlay(load_guide(GUIDE))
    licence = find_segment(overlay.root, "2010AA", "REF[0B]")
    assert licence.codes == ("0B",)
    assert (Slot(1, 0), "0B") in licence.constants


def test_the_binding_with_the_fewest_codes_comes_first() -> None:
    overlay = load_overlay(load_guide(GUIDE))
    keys = [segment.key for segment in find_loop(overlay.root, "2420A").segments if segment.use.id == "REF"]
    assert keys[-1] == "REF"
    assert "REF[0B]" in keys


def test_the_claim_loop_is_one_definition_under_subscriber_and_patient() -> None:
    overlay = load_overlay(load_guide(GUIDE))
    first, second = (loop for loop in overlay.root.every_loop() if loop.use.id == "2300")
    assert [segment.key for segment in first.segments] == [segment.key for segment in second.segments]
    assert first.scope == second.scope


def test_templates_take_the_inner_path_they_are_included_at() -> None:
    raw = copy.deepcopy(raw_overlay())
    overlay = parse_overlay(raw, load_guide(GUIDE))
    street = find_segment(overlay.root, "2010AA", "N3").fields[0]
    assert "address1" in repr(street) and "address'" in repr(street)


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("02", [(2, 0)]),
        ("05-1", [(5, 1)]),
        ("03..05", [(3, 0), (4, 0), (5, 0)]),
        ("01-3..4", [(1, 3), (1, 4)]),
        ("01..02-2", [(1, 2), (2, 2)]),
        ("01,10,11", [(1, 0), (10, 0), (11, 0)]),
        ("one", []),
    ],
)
def test_places_are_elements_components_ranges_and_lists(text: str, slots: list[tuple[int, int]]) -> None:
    assert [tuple(slot) for slot in parse_places(text)] == slots


def test_a_slash_inside_the_codes_does_not_split_a_key() -> None:
    assert split_key("CTX[A/B]/01-1") == ("CTX[A/B]", "01-1")
