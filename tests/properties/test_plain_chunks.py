"""Chunks that are cut into rows at once are those in which nothing has to be forgiven, and no others."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edi.plain_chunks import cut_chunk, holds_plain, is_plain
from edi.rows import HeldRows, Rows
from edi.segments import Delimiters

FORMS = [
    Delimiters(),
    Delimiters(line_end="\n"),
    Delimiters(line_end="\r\n"),
    Delimiters(segment="\n"),
    Delimiters(element="|", component=" "),
    Delimiters(component="\x1f", repetition=""),
]
TEXTS = st.text(st.sampled_from('AB1*|: ^~\r\n"\\\x1f\x00é'), max_size=20)
PLAIN = st.lists(st.from_regex(r"\A[A-Z0-9]{2}(\*[A-Z:]{0,3}){0,3}\Z"), min_size=1, max_size=5)


@pytest.mark.parametrize("delimiters", FORMS, ids=repr)
def test_a_chunk_is_cut_where_it_is_plain_and_says_so(delimiters: Delimiters) -> None:
    cut = delimiters.segment + delimiters.line_end

    @given(TEXTS | PLAIN.map(cut.join))
    @example("")
    @example("*A")
    @example("ST*837")
    def compare(body: str) -> None:
        chunk = body + cut
        rows = cut_chunk(chunk, 7, cut, delimiters)
        assert (rows is not None) == is_plain(chunk, cut, delimiters)
        if rows is not None:
            assert rows.plain == holds_plain(chunk, cut, delimiters)
            assert rows.texts == body.split(cut)
            assert rows.rows == [text.split(delimiters.element) for text in rows.texts]
            assert rows.ids == {row[0] for row in rows.rows}

    compare()


@given(st.lists(st.tuples(PLAIN, st.integers(0, 9)), min_size=1, max_size=6), st.data())
def test_rows_that_are_held_know_their_places_in_the_file(
    runs: list[tuple[list[str], int]], data: st.DataObject
) -> None:
    held, place, ordinal, dropped = HeldRows(), 40, 2, 0
    places: list[int] = []
    for texts, drop in runs:
        chunk = "".join(text + "~\n" for text in texts)
        rows = cut_chunk(chunk, place, "~\n", Delimiters(line_end="\n"))
        assert isinstance(rows, Rows)
        held.add(rows, ordinal + len(places))
        for text in texts:
            places.append(place)
            place += len(text) + 2
        first = data.draw(st.integers(0, len(held.rows) - 1))
        assert held.place(first) == places[dropped + first]
        found = held.make_segments(first, len(held.rows))
        assert [it.offset for it in found] == places[dropped + first :]
        assert [it.ordinal for it in found] == [*range(ordinal + dropped + first, ordinal + len(places))]
        gone = min(drop, len(held.rows))
        held.drop(gone)
        dropped += gone
