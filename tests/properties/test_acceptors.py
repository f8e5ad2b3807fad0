"""The compiled fast path may never let through what the diagnosing path would find."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.checks import check_segment
from edi.findings import Place
from edi.guide import CompositeUse, ElementUse, SegmentUse
from edi.guides.acceptors import Acceptors
from edi.guides.maps import load_external_codes
from edi.guides.registry import load_guide
from edi.plain_chunks import holds_plain
from edi.reader import prepare_walk
from edi.segments import Delimiters, Segment

GUIDES = ("005010X222A1", "005010X221A1", "005010X231A1", "005010X214")
ODD = st.text(st.characters(codec="utf-8", exclude_characters="*~"), max_size=12)
NUMBERS = st.from_regex(r"\A-?[0-9]{0,12}(\.[0-9]{0,3})?\Z")
DATES = st.from_regex(r"\A(19|20)[0-9]{2}[01][0-9][0-3][0-9](-20[0-9]{2}[01][0-9][0-3][0-9])?\Z")


def values(use: ElementUse) -> st.SearchStrategy[str]:
    codes = sorted((use.codes or frozenset()) | load_external_codes().get(use.external or "", frozenset()))
    likely = [st.just(""), ODD, NUMBERS, DATES, st.sampled_from(["D8", "RD8", "1234", "A B", "X "])]
    return st.one_of(*likely, *([st.sampled_from(codes)] * 4 if codes else []))


def texts(use: ElementUse | CompositeUse) -> st.SearchStrategy[str]:
    if isinstance(use, ElementUse):
        return values(use)
    parts = st.tuples(*(values(component) for component in use.components))
    return parts.map(lambda found: ":".join(found).rstrip(":"))


def acceptors(guide: str, *, plain: bool = False) -> dict[str, Acceptors]:
    """The acceptors of each segment use, by its key."""
    walk = prepare_walk(guide, ":", "^")
    pairs = zip(walk.routes.stations, walk.plain_accepts if plain else walk.accepts, strict=True)
    return {station.segment.key: accept for station, accept in pairs if station.segment is not None}


@st.composite
def segments(draw: st.DrawFn, uses: list[SegmentUse]) -> tuple[SegmentUse, list[str]]:
    use = draw(st.sampled_from(uses))
    elements = [draw(texts(element)) for element in use.elements]
    return use, [use.id, *elements[: draw(st.integers(1, len(elements) + 1))]]


@pytest.mark.parametrize("guide", GUIDES)
def test_an_accepted_segment_never_has_a_finding(guide: str) -> None:
    uses = list(load_guide(guide).root.segment_uses())
    accepts, plain_accepts = acceptors(guide), acceptors(guide, plain=True)

    @settings(max_examples=400, deadline=None)
    @given(segments(uses))
    def compare(drawn: tuple[SegmentUse, list[str]]) -> None:
        use, elements = drawn
        plain = holds_plain("*".join(elements) + "~", "~", Delimiters())
        if accepts[use.key](elements) or (plain and plain_accepts[use.key](elements)):
            found = check_segment(guide, use, Segment(elements, 1), Delimiters(), Place())
            assert [finding.code for finding in found] == []

    compare()


@pytest.mark.parametrize("guide", GUIDES)
def test_of_many_segments_at_once_none_with_a_finding_is_let_through(guide: str) -> None:
    uses = list(load_guide(guide).root.segment_uses())
    plain_accepts = acceptors(guide, plain=True)

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        use = data.draw(st.sampled_from(uses))
        drawn = data.draw(st.lists(segments([use]), max_size=6))
        rows = [plain_segment(use), *(elements for _, elements in drawn)]
        rows = [row for row in rows if holds_plain("*".join(row) + "~", "~", Delimiters())]
        doubted = plain_accepts[use.key].doubt(rows, range(len(rows)))
        assert 0 not in doubted, "the plainest segment is right beside any others"
        for at in sorted({*range(len(rows))} - {*doubted}):
            assert [*check_segment(guide, use, Segment(rows[at], 1), Delimiters(), Place())] == []

    compare()


@pytest.mark.parametrize("guide", GUIDES)
def test_every_segment_use_accepts_something(guide: str) -> None:
    """A use that accepts nothing would send every segment to the slow path, unseen."""
    for accepts in (acceptors(guide), acceptors(guide, plain=True)):
        for use in load_guide(guide).root.segment_uses():
            elements = plain_segment(use)
            assert accepts[use.key](elements), f"{guide} {use.key} declines its own plainest segment"


def plain_segment(use: SegmentUse) -> list[str]:
    elements = [use.id, *(plain(element) for element in use.elements)]
    for note in use.syntax:
        first = next(element for element in use.elements if element.position == note.positions[0])
        if (
            note.kind == "R"
            and isinstance(first, ElementUse)
            and not any(elements[at] for at in note.positions)
        ):
            elements[first.position] = plain_value(first)
    while elements[-1] == "":
        elements.pop()
    return elements


def plain(use: ElementUse | CompositeUse) -> str:
    if use.usage == "N" or (use.usage == "S" and isinstance(use, ElementUse) and use.codes is None):
        return ""
    if isinstance(use, CompositeUse):
        return ":".join(plain(part) for part in use.components).rstrip(":") if use.usage == "R" else ""
    return "" if use.usage == "S" else plain_value(use)


def plain_value(use: ElementUse) -> str:
    codes = (use.codes or frozenset()) | load_external_codes().get(use.external or "", frozenset())
    if codes:
        return min(codes)
    if use.pattern is not None:
        return "123456789"
    by_type = {"DT": "20260115", "TM": "0915", "R": "1", "B": "X" * max(1, use.min_length)}
    if use.data_element == "1251":
        return "20260115"
    return by_type.get(use.type, "1" * max(1, use.min_length))
