"""Every rule of the registry has a citation, a sample that passes it, and the same sample with one fault."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from edi.envelope import read_envelopes
from edi.findings import Finding, Place
from edi.guide import Guide
from edi.guides.registry import load_guide, load_heads
from edi.reader import SetReader, prepare_reading
from edi.rules import load_rules
from edi.rules.registry import RULES, Rule, RuleSet, TotalRule

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[2] / "samples"
CASES: dict[str, dict[str, Any]] = tomllib.loads((HERE / "samples.toml").read_text(encoding="utf-8"))
PLACE_IN_A_GUIDE = re.compile(r"005010X\d{3}(?:A\d)?.*(?:\d{4}[A-F]?|HEADER|[A-Z][A-Z0-9]{1,2}\d{2}|1\.\d+)")
load_rules()


def guides_of(rule: str) -> list[Guide]:
    """The guides that name a rule, among their rules or their edits."""
    loaded = map(load_guide, load_heads())
    return [guide for guide in loaded if rule in (*guide.rules, *guide.edits)]


def change(text: str, old: str, new: str) -> str:
    assert old in text, f"the sample does not hold {old!r}"
    return text.replace(old, new, 1)


def read(guide: str, text: str, rules: Iterable[str]) -> list[Finding]:
    """Everything found in the first transaction set of a file when only these rules run."""
    return find_by(guide, text, (RULES[name] for name in rules))


def find_by(guide: str, text: str, rules: Iterable[Rule | TotalRule]) -> list[Finding]:
    interchange = read_envelopes(text.encode()).interchanges[0]
    delimiters = interchange.header.delimiters
    reading = prepare_reading(guide, delimiters.component, delimiters.repetition, RuleSet(rules))
    reader = SetReader(reading, delimiters, Place())
    reader.read(interchange.groups[0].sets[0].segments)
    reader.end()
    return reader.findings


def name_of(finding: Finding) -> str:
    place = finding.x12
    assert place is not None
    element = f"{place.element:02d}" if place.element else ""
    component = f"-{place.component}" if place.component else ""
    return f"{finding.code} {place.loop}/{place.segment}{element}{component}"


def told_by(rule: str, guide: str, text: str) -> list[str]:
    """What a rule alone adds to what is found without it."""
    without = Counter(map(name_of, read(guide, text, ())))
    return sorted((Counter(map(name_of, read(guide, text, (rule,)))) - without).elements())


def passing_text(case: dict[str, Any]) -> str:
    text = (SAMPLES / case["passes"]).read_text(encoding="ascii")
    for old, new in case.get("with", []):
        text = change(text, old, new)
    return text


def test_every_rule_has_its_samples_and_no_sample_is_left_over() -> None:
    assert sorted(RULES.keys() - CASES.keys()) == [], "rules without a passing and a failing sample"
    assert sorted(CASES.keys() - RULES.keys()) == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_passes_its_sample_and_finds_the_one_fault(rule: str) -> None:
    case = CASES[rule]
    guide = case.get("guide") or next(g.id for g in guides_of(rule) if g.id.startswith(guide_of(case)))
    text = passing_text(case)
    assert told_by(rule, guide, text) == []
    assert told_by(rule, guide, change(text, *case["fails"])) == [case["finds"]]


def guide_of(case: dict[str, Any]) -> str:
    """The guide of a sample, as its GS08 names it."""
    text = (SAMPLES / case["passes"]).read_text(encoding="ascii")
    return text.partition("\nST*")[0].rpartition("*")[2].rstrip("~\n")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_cites_its_place_in_a_guide(rule: str) -> None:
    cited = RULES[rule].cites
    assert PLACE_IN_A_GUIDE.search(cited) or "data element" in cited, cited
    assert RULES[rule].check.__doc__, "a rule says in one sentence what it asks"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_guide_that_names_a_rule_has_a_loop_that_it_runs_on(rule: str) -> None:
    guides = guides_of(rule)
    assert guides, "no guide names the rule"
    for guide in guides:
        loops = {path for use in guide.root.segment_uses() for path in use.key.split("/")[:1]}
        assert loops.intersection(RULES[rule].loops) or "ST_LOOP" in RULES[rule].loops, guide.id


@pytest.mark.parametrize("rule", sorted(name for name, one in RULES.items() if getattr(one, "needs", ())))
def test_a_rule_finds_nothing_in_loops_without_what_it_needs(rule: str) -> None:
    """Its failing sample, each segment id left out of it in turn, run with and without regard to `needs`."""
    case, one = CASES[rule], RULES[rule]
    assert isinstance(one, Rule)
    guide = case.get("guide") or next(g.id for g in guides_of(rule) if g.id.startswith(guide_of(case)))
    lines = change(passing_text(case), *case["fails"]).split("\n")
    for left_out in ["", *{line.partition("*")[0] for line in lines if line[:2] not in ("IS", "GS", "ST")}]:
        text = "\n".join(line for line in lines if not left_out or line.partition("*")[0] != left_out)
        everywhere = one._replace(needs=())
        assert find_by(guide, text, [one]) == find_by(guide, text, [everywhere]), left_out
