"""Whole guides of our own: the language of their structure, and what it refuses."""

from __future__ import annotations

import pytest

from edi.guide import UNBOUNDED, CompositeUse, ElementUse, Guide, LoopUse, SegmentUse
from edi.guides.loading import GuideError, GuideSource, load_source
from edi.guides.registry import load_guide, load_heads
from edi.guides.routes import Routes
from edi.guides.structure import StructureError, build_root
from tests.guide_walks import COMPONENT, make_segments, prove_order, prove_reach, prove_station

SMALL = """
HEADER table Table 1
  BHT R 1 Beginning: 01=0022 02=13|11 03? 04 05
2000A loop R >1 Source Level
  HL R 1 Source Level: 01 03=20 04=1
  2100A loop R 1 Source Name
    NM1 R 1 Source Name: 01=PR 02=1|2 03?"Source Last Name" 08?=PI 09?
    REF S 9 Source Number: 01=$numbers 02 04?(1=2U 2"Payer")
    REF S 1 Other Number: 01=9F 02
    N4 S 1 Source City: 01 02?=@states
    EQ S 1 Question: 01?*99=$service_type
"""


def build(text: str) -> LoopUse:
    return build_root(text, {"numbers": ["18", "1L"]}, "270", ("005010X279A1",))


def uses(root: LoopUse, name: str) -> list[SegmentUse]:
    return [use for use in root.segment_uses() if use.id == name]


def simple(use: SegmentUse, position: int) -> ElementUse:
    found = use.elements[position - 1]
    assert isinstance(found, ElementUse)
    return found


def test_the_set_is_closed_by_its_envelope() -> None:
    root = build(SMALL)
    assert [child.id for child in root.children] == ["ST", "HEADER", "2000A", "SE"]
    assert simple(uses(root, "ST")[0], 3).codes == frozenset({"005010X279A1"})


def test_elements_have_usage_codes_and_the_types_of_the_dictionary() -> None:
    name = uses(build(SMALL), "NM1")[0]
    assert [element.usage for element in name.elements] == list("RRSNNNNSSNNN")
    last = simple(name, 3)
    assert (last.name, last.type, last.min_length, last.max_length) == ("Source Last Name", "AN", 1, 60)
    assert simple(name, 2).codes == frozenset({"1", "2"})
    assert (name.syntax[0].kind, name.syntax[0].positions) == ("P", (8, 9))


def test_lists_of_codes_are_named_and_external_lists_referred_to() -> None:
    root = build(SMALL)
    assert simple(uses(root, "REF")[0], 1).codes == frozenset({"18", "1L"})
    assert simple(uses(root, "N4")[0], 2).external == "states"
    question = simple(uses(root, "EQ")[0], 1)
    assert question.repeat == 99
    assert question.codes is not None and "30" in question.codes


def test_a_composite_lists_its_components() -> None:
    reference = uses(build(SMALL), "REF")[0].elements[3]
    assert isinstance(reference, CompositeUse)
    assert [part.usage for part in reference.components] == list("RRNNNN")
    assert reference.components[1].name == "Payer"


def test_neighbours_of_one_id_share_a_position() -> None:
    positions = [child.position for child in build(SMALL).children[2].children[1].children]  # type: ignore[union-attr]
    assert positions == [10, 20, 20, 30, 40]


def test_a_loop_without_contents_is_the_one_of_its_id_before_it() -> None:
    again = SMALL + "2000B loop S >1 Next\n  HL R 1 Next: 01 03=21 04=1\n  2100A loop S 2 Source Name\n"
    loops = [loop for loop in build(again).loop_uses() if loop.id == "2100A"]
    assert [loop.path for loop in loops] == ["ST_LOOP/2000A/2100A", "ST_LOOP/2000B/2100A"]
    assert loops[0].children == loops[1].children
    assert [loop.repeat for loop in loops] == [1, 2]
    assert build(SMALL).children[2].repeat == UNBOUNDED  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("ZZZ R 1 Nothing: 01", "not in the directory"),
        ("NM1 R 1 Name: 01 14", "has no element 14"),
        ("NM1 R 1 Name: 01=$none", "no list none"),
        ("NM1 R 1 Name: one", "names no element"),
        ("9000 loop R 1 Empty", "has no contents"),
        ("NM1 X 1 Name: 01", "is no table, loop or segment"),
        ("      NM1 R 1 Name: 01", "indented too far"),
    ],
)
def test_a_line_that_is_not_of_the_language_is_refused(line: str, fault: str) -> None:
    with pytest.raises(StructureError, match=fault):
        build(SMALL + line + "\n")


def test_a_guide_whose_siblings_cannot_be_told_apart_does_not_load() -> None:
    text = SMALL + "2000B loop S 1 Next\n  HL R 1 Next: 01\n  N3 S 1 One: 01\n  N3 S 1 Two: 01\n"
    source = GuideSource(
        "T", "Test", "270", "HS", ("005010X279A1",), structure=text, codes={"numbers": ["18", "1L"]}
    )
    with pytest.raises(GuideError, match="2 uses of N3 cannot be told apart"):
        load_source(source)


def load_small(text: str) -> Guide:
    numbers = {"numbers": ["18", "1L"]}
    return load_source(
        GuideSource("T", "Test", "270", "HS", ("005010X279A1",), structure=text, codes=numbers)
    )


def test_a_use_that_is_hidden_by_what_stands_before_it_is_found() -> None:
    assert prove_order(load_small(SMALL + "  REF S 1 Later Number: 01=2U 02\n")) == []
    hidden = load_small(SMALL + "  REF S 1 Later Number: 01=1L 02\n")
    assert prove_reach(hidden) == []
    assert "2000A/REF after 2100A/NM1 is read as something else" in prove_order(hidden)


@pytest.mark.parametrize("guide", sorted(load_heads()))
def test_the_proof_walks_to_every_segment_of_a_guide(guide: str) -> None:
    """What the proof tries is everything that the guide has, each with every telling code."""
    loaded = load_guide(guide)
    routes = Routes(loaded, COMPONENT)
    used = [
        station for station in routes.stations if station.segment and station.segment.id not in ("ST", "SE")
    ]
    assert len(used) == len([use for use in loaded.root.segment_uses() if use.id not in ("ST", "SE")])
    for station in used:
        assert list(prove_station(routes, station, {})) == []
        assert len(list(make_segments(station))) == max(1, len(station.codes))


@pytest.mark.parametrize("guide", sorted(load_heads()))
def test_a_segment_is_read_as_its_own_use_whatever_stands_before_it(guide: str) -> None:
    assert prove_order(load_guide(guide)) == []
