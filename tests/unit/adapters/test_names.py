from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.names import check_outbound_name, find_oddity, is_half_written, show_name, temporary_name


@pytest.mark.parametrize("name", ["837_000000001.x12", "A", "a-b_c.d", "9", "x" * 200])
def test_a_plain_outbound_name_passes_and_its_temporary_name_is_hidden(name: str) -> None:
    check_outbound_name(name, "here")
    assert is_half_written(temporary_name(name))
    assert not is_half_written(name)
    assert find_oddity(name) == ""


def test_the_longest_outbound_name_has_a_temporary_name_that_file_systems_take() -> None:
    assert len(temporary_name("x" * 200)) <= 255


@given(st.text())
def test_whatever_passes_as_outbound_name_is_no_odd_name(name: str) -> None:
    try:
        check_outbound_name(name, "here")
    except Permanent as refusal:
        assert str(refusal).isprintable()
        return
    assert find_oddity(name) == ""
    assert find_oddity(temporary_name(name)) == ""


@given(st.text(alphabet=st.characters(categories=None)))
def test_a_shown_name_is_one_short_printable_ascii_line(name: str) -> None:
    shown = show_name(name)
    assert shown.isascii()
    assert shown == "" or shown.isprintable()
    assert len(shown) <= 83


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("..", "folder"),
        ("a/b", "separator"),
        ("a\\b", "separator"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("\x1b[2J", "control"),
        ("\udcff", "UTF-8"),
        ("\u202egpj.exe", "control"),
        ("x" * 256, "longer"),
        ("é" * 128, "longer"),
    ],
)
def test_an_odd_name_is_explained(name: str, reason: str) -> None:
    assert reason in find_oddity(name)


@pytest.mark.parametrize("name", ["remit 2024-01-05 (final).835", "é.835", "x" * 255, "é" * 127])
def test_an_unusual_but_harmless_name_is_not_odd(name: str) -> None:
    assert find_oddity(name) == ""
