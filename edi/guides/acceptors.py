"""Acceptors: one compiled function for each segment use, true for segments that are surely right.

The function is conservative: any doubt (a 29th of February, a code outside the guide's own list, a
character beyond ASCII) answers False, and the diagnosing path of `edi.checks` decides. So the fast path can
let nothing wrong through that the slow path would find, and the slow path is the one place of truth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from edi.guide import CompositeUse, ElementUse, SegmentUse, SyntaxNote
from edi.guides.maps import load_external_codes
from edi.segments import Delimiters

Accept = Callable[[list[str]], bool]

MONTH_AND_DAY = "|".join(
    (
        r"(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])",
        r"(?:0[13-9]|1[0-2])(?:29|30)",  # the 29th of February is left to the diagnosing path
        r"(?:0[13578]|1[02])31",
    )
)
DAY = rf"(?:19|20)\d\d(?:{MONTH_AND_DAY})"
TIME = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?"
FORMATS = {"D8": DAY, "RD8": f"{DAY}-{DAY}", "TM": TIME, "DT": f"{DAY}{TIME}"}


class _Source:
    """Lines of one acceptor and the objects they name."""

    def __init__(self, delimiters: Delimiters) -> None:
        self.names: dict[str, object] = {}
        self.delimiters = delimiters
        shut = re.escape(delimiters.component + delimiters.repetition)
        self.plain = rf"[^\x00-\x1f\x7f-\U0010ffff{shut}]"

    def name(self, thing: object) -> str:
        label = f"k{len(self.names)}"
        self.names[label] = thing
        return label

    def pattern(self, expression: str) -> str:
        return self.name(re.compile(expression, re.ASCII).fullmatch)


def _expression(use: ElementUse) -> str | None:
    """The regular expression of an element's type, or None where every character may come."""
    low, high = use.min_length, use.max_length
    if use.type == "R":
        return rf"-?\d{{1,{max(1, high - 2)}}}(?:\.\d{{1,2}})?"
    if use.type.startswith("N"):
        return rf"-?\d{{{low},{high}}}"
    return {"DT": DAY, "TM": TIME}.get(use.type)


def _text_expression(source: _Source, use: ElementUse) -> str:
    low, high = max(use.min_length, 1), use.max_length
    return rf"{source.plain}{{{low - 1},{high - 1}}}(?! ){source.plain}"


def _value_test(source: _Source, use: ElementUse, variable: str, format_variable: str | None) -> str:
    if use.codes is not None or use.external is not None:
        codes = (use.codes or frozenset()) | load_external_codes().get(use.external or "", frozenset())
        return f"{variable} in {source.name(codes)}"
    if use.pattern is not None:
        return f"{source.pattern(use.pattern)}({variable})"
    if use.data_element == "1251" and format_variable is not None:
        tests = source.name({name: re.compile(text, re.ASCII).fullmatch for name, text in FORMATS.items()})
        return f"{format_variable} in {tests} and {tests}[{format_variable}]({variable})"
    expression = _expression(use) or _text_expression(source, use)
    return f"{source.pattern(expression)}({variable})"


def _element_test(source: _Source, use: ElementUse, variable: str, format_variable: str | None) -> str:
    if use.usage == "N":
        return f"not {variable}"
    test = _value_test(source, use, variable, format_variable)
    return test if use.usage == "R" else f"(not {variable} or {test})"


def _composite_test(source: _Source, use: CompositeUse, variable: str) -> str:
    if use.usage == "N":
        return f"not {variable}"
    inner = _compile(source, use.components, (), source.name(_splitter(source.delimiters.component)))
    test = f"{source.name(inner)}({variable})"
    return f"({variable} and {test})" if use.usage == "R" else f"(not {variable} or {test})"


def _splitter(separator: str) -> Callable[[str], list[str]]:
    return lambda text: text.split(separator)


def _note_test(note: SyntaxNote, count: int) -> str | None:
    names = [f"a{position}" for position in note.positions if position <= count]
    if len(names) < 2:
        return None
    every, some = " and ".join(names), " or ".join(names)
    rest = names[1:]
    return {
        "P": f"(bool({every}) == bool({some}))",
        "R": f"({some})",
        "E": f"(({' + '.join(f'(not {name})' for name in names)}) >= {len(names) - 1})",
        "C": f"(not {names[0]} or ({' and '.join(rest)}))",
        "L": f"(not {names[0]} or ({' or '.join(rest)}))",
    }[note.kind]


def _tests(source: _Source, uses: Sequence[ElementUse | CompositeUse]) -> list[str]:
    tests, format_variable = [], None
    for use in uses:
        variable = f"a{use.position}"
        if isinstance(use, CompositeUse):
            tests.append(_composite_test(source, use, variable))
            continue
        if use.data_element == "1250":
            format_variable = variable
        tests.append(_element_test(source, use, variable, format_variable))
    return tests


def _compile(
    source: _Source,
    uses: Sequence[ElementUse | CompositeUse],
    notes: Sequence[SyntaxNote],
    split: str | None,
) -> Accept:
    """One acceptor. With `split` it takes the text of a composite, else the elements of a segment."""
    count = uses[-1].position if uses else 0
    places = count if split else count + 1
    variables = ", ".join([*([] if split else ["_"]), *(f"a{number}" for number in range(1, count + 1))])
    tests = [*_tests(source, uses), *filter(None, (_note_test(note, count) for note in notes))]
    pad = source.name([[""] * number for number in range(places + 1)])
    lines = [
        "def accept(e):",
        f"  e = {split}(e)" if split else "",
        "  n = len(e)",
        f"  if n > {places} or not e[-1]: return False",
        f"  if n < {places}: e = e + {pad}[{places} - n]",
        f"  {variables}{',' if places == 1 else ''} = e",
        f"  return bool({' and '.join(tests) or 'True'})",
    ]
    names = dict(source.names)
    exec("\n".join(filter(None, lines)), names)  # noqa: S102  # the text is made of the guide's own definitions
    accept: Accept = names["accept"]  # type: ignore[assignment]  # exec leaves the function under its name
    return accept


def compile_acceptor(use: SegmentUse, delimiters: Delimiters) -> Accept:
    """The acceptor of a segment use: `accept(elements)` is True only for a segment without fault."""
    source = _Source(delimiters)
    return _compile(source, use.elements, use.syntax, None)
