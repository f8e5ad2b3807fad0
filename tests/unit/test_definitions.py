"""Definitions: map, corrections, JSON names and rules merged; a wrong name is answered by what there is."""

from __future__ import annotations

import tomllib

import pytest

from edi.binding import bind_tree
from edi.definitions.asking import UnknownNameError, define, find_guide_id
from edi.definitions.control import load_control
from edi.definitions.lines import list_definitions
from edi.definitions.reading import define_guide, list_guides
from edi.definitions.shapes import ElementDefinition, SegmentDefinition
from edi.files import check_file
from edi.findings import load_catalogue
from edi.guides.registry import load_guide, load_heads, load_short_names, load_sources
from tests.cli import ROOT, run_module


def text(*asked: str) -> str:
    return "\n".join(list_definitions(define(*asked)))


def elements_of(segment: SegmentDefinition) -> dict[str, ElementDefinition]:
    return {part.place: part for element in segment.elements for part in (element, *element.components)}


def test_the_definition_of_an_element_has_form_codes_name_correction_and_rules() -> None:
    (segment,) = define("005010X222A1", "2300", "CLM")
    assert isinstance(segment, SegmentDefinition)
    elements = elements_of(segment)
    charge = elements["CLM02"]
    assert (charge.usage, charge.type, charge.longest) == ("required", "R", 18)
    assert charge.json == ("claimInformation.claimChargeAmount",)
    assert [code.code for code in elements["CLM09"].codes] == ["I", "Y"]
    assert "code source 235" in elements["CLM05-3"].corrections[0].reason
    assert "claim_total_is_sum_of_lines" in [rule.name for rule in segment.rules]
    shown = text("005010X222A1", "2300", "CLM")
    assert "CLM02 Total Claim Charge Amount: required, decimal of 1 to 18 (R, data element 782)" in shown
    assert "  findings claim.charges_unbalanced" in shown


def test_several_uses_of_a_segment_come_together_or_by_their_qualifier() -> None:
    every = define("837P", "2300", "REF")
    assert len(every) > 10
    (one,) = define("837P", "2300", "REF*G1")
    assert (one, one.told_by) == (define("837p", "2300", "ref[g1]")[0], "REF01")  # type: ignore[union-attr]


def test_a_guide_is_found_by_its_id_its_version_and_what_people_call_it() -> None:
    assert find_guide_id("837P") == find_guide_id("005010X222A2") == find_guide_id("005010x222a1")
    assert find_guide_id("271") == "005010X279A1-271"
    assert {*load_short_names().values()} == {*list_guides()}
    with pytest.raises(UnknownNameError, match="005010X279A1 is the version of several guides: "):
        find_guide_id("005010X279A1")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("837",), "there is no guide 837; did you mean 837D, 837I or 837P?"),
        (("837P", "2310"), "there is no loop 2310 in 837P; did you mean 2310A, 2310B, 2310C, "),
        (("837P", "2300", "CLN"), "there is no segment CLN in 2300; did you mean CN1 or CLM?"),
        (("TA1", "2300"), "there is no loop 2300 in TA1; there are ISA_LOOP, GS_LOOP"),
        (("837P", "2300", "CLM", "02"), "a place is a guide, a loop and a segment; 02 is one too many"),
    ],
)
def test_a_name_that_there_is_not_is_answered_by_those_that_there_are(
    asked: tuple[str, ...], answer: str
) -> None:
    with pytest.raises(UnknownNameError) as told:
        define(*asked)
    assert str(told.value).startswith(answer)
    ran = run_module("edi", "show", *asked)
    assert (ran.status, ran.out, ran.err) == (2, "", f"edi: {told.value}\n")


@pytest.mark.parametrize("guide_id", list_guides())
def test_every_segment_of_every_guide_is_defined_once_with_every_correction(guide_id: str) -> None:
    definition = define_guide(guide_id)
    guide = load_control() if guide_id == "TA1" else load_guide(guide_id)
    keys = [segment.key for loop in definition.loops for segment in loop.segments]
    assert len(keys) == len(set(keys))
    assert set(keys) == {use.key for use in guide.root.segment_uses()}
    told = {fix.where for loop in definition.loops for fix in loop.corrections}
    for segment in (segment for loop in definition.loops for segment in loop.segments):
        told |= {fix.where for fix in segment.corrections}
        told |= {fix.where for part in elements_of(segment).values() for fix in part.corrections}
    assert told == {fix.where for fix in definition.corrections}
    assert "\n".join(list_definitions([definition])).startswith(f"{guide_id} {guide.name}\n")


def test_every_rule_is_defined_with_a_sentence_a_source_and_the_findings_that_it_raises() -> None:
    for guide_id in load_heads():
        definition = define_guide(guide_id)
        guide = load_guide(guide_id)
        assert [rule.name for rule in definition.rules] == [*guide.rules, *guide.edits]
        for rule in definition.rules:
            assert rule.says.endswith(".") and rule.cites, rule.name
            assert rule.findings and set(rule.findings) <= set(load_catalogue()), rule.name


def test_the_names_shown_are_those_that_the_binding_gives() -> None:
    for kind, place in (("837P", "837P/paid_in_full/claim.x12"), ("835", "837P/paid_in_full/remit.x12")):
        shown = {
            name.partition(" ")[0].replace("[]", "")
            for loop in define_guide(find_guide_id(kind)).loops
            for segment in loop.segments
            for part in elements_of(segment).values()
            for name in part.json
        }
        report = check_file((ROOT / "samples" / place).read_bytes()).sets[0]
        assert report.tree is not None
        for document in bind_tree(load_guide(find_guide_id(kind)), report.tree):
            bound = {name for name in leaves(document, "") if not name.startswith("x12Extra")}
            assert len(bound) > 20
            assert bound - shown == set()


def leaves(value: object, at: str) -> set[str]:
    """The dotted names of the texts of a document, without marks of arrays."""
    if isinstance(value, dict):
        inner = (leaves(child, f"{at}.{name}" if at else name) for name, child in value.items())
        return set().union(*inner)
    if isinstance(value, list | tuple):
        return set().union(*(leaves(child, at) for child in value))
    return {at}


def test_the_envelope_shown_allows_the_codes_that_the_envelope_is_checked_by() -> None:
    checked = tomllib.loads((ROOT / "schemas" / "envelope.toml").read_text())
    loops = {loop.id: loop for loop in define_guide("TA1").loops}
    for part, loop, segment in (("interchange_header", "ISA_LOOP", "ISA"), ("group_header", "GS_LOOP", "GS")):
        (found,) = (one for one in loops[loop].segments if one.id == segment)
        for entry in checked[part]:
            if "codes" in entry:
                shown = [code.code for code in elements_of(found)[f"{segment}{entry['element']:02d}"].codes]
                assert sorted(shown) == sorted(entry["codes"])
    (header,) = (one for one in loops["GS_LOOP"].segments if one.id == "GS")
    versions = {code.code for code in elements_of(header)["GS08"].codes}
    assert versions == {version for source in load_sources().values() for version in source.versions}
    groups = {code.code for code in elements_of(header)["GS01"].codes}
    assert groups == set(checked["groups"])


def test_show_writes_a_definition_as_text_and_as_json() -> None:
    shown = run_module("edi", "show", "835", "2100", "CLP")
    assert (shown.status, shown.out.splitlines()[0]) == (0, "2100/CLP Claim Payment Information")
    assert run_module("edi", "show", "835", "2100", "CLP", "--json").json["elements"][0]["place"] == "CLP01"
    assert len(run_module("edi", "show", "835", "2100", "NM1", "--json").json) == 7
    assert run_module("edi", "show", "835").out.startswith("005010X221A1 Health Care Claim Payment/Advice\n")
