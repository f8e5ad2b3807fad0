"""Acceptors: compiled functions for each segment use, true for segments that are surely right.

There is one function for each number of elements that a segment of the use may have, compiled when the first
such segment comes. It is conservative: any doubt (a 29th of February, a code outside the guide's own list, a
character beyond ASCII) answers False, and the diagnosing path of `edi.checks` decides. So the fast path can
let nothing wrong through that the slow path would find, and the slow path is the one place of truth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import lru_cache

from edi.guide import CompositeUse, ElementUse, SegmentUse, SyntaxNote
from edi.guides.amount_columns import are_amounts, is_amount, list_lengths, longest_amount
from edi.guides.maps import load_external_codes
from edi.segments import Delimiters

Accept = Callable[[list[str]], bool]
Doubt = Callable[[Sequence[list[str]], Iterable[int], Sequence[list[str]]], Iterable[int]]
Uses = Sequence[ElementUse | CompositeUse]

MONTH_AND_DAY = "|".join(
    (
        r"(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])",
        r"(?:0[13-9]|1[0-2])(?:29|30)",  # the 29th of February is left to the diagnosing path
        r"(?:0[13578]|1[02])31",
    )
)
DAYS_OF_YEAR = frozenset(
    f"{month:02}{day:02}"
    for month in range(1, 13)
    for day in range(1, 32)
    if re.fullmatch(MONTH_AND_DAY, f"{month:02}{day:02}")
)
DAY = rf"(?:19|20)\d\d(?:{MONTH_AND_DAY})"
TIME = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?"
FORMATS = {"D8": DAY, "RD8": f"{DAY}-{DAY}", "TM": TIME, "DT": f"{DAY}{TIME}"}
REFERENCE = "127"  # data element 127, reference identification: a number that may be a person's
_SHORT = 20
_REMEMBERED = 4096  # composites known to be right
_REMEMBERED_DAYS = 32_768  # days (those of 90 years), periods and times: they repeat, and say nothing alone


class Acceptors(dict[int, Accept]):
    """The functions of one segment use, or of the components of one composite, by the number of texts.

    `first` is the position of the first text: 0 for segments, whose id comes first, 1 for composites. With
    `plain` they are for segments that are `plain` (see `edi.segments.Segment`), and look no further than at
    what that leaves open. `lengths` are those that amounts may have which are judged together.
    """

    def __init__(
        self,
        uses: Uses,
        notes: Sequence[SyntaxNote],
        delimiters: Delimiters,
        *,
        first: int = 0,
        plain: bool = False,
    ) -> None:
        super().__init__()
        self.uses = uses
        self.notes = notes
        self.delimiters = delimiters
        self.first = first
        self.plain = plain
        self.lengths = list_lengths(uses) if plain else ()
        self._doubted_counts: set[int] = set()
        self._doubt: Doubt = _doubt_all

    def __missing__(self, count: int) -> Accept:
        accept = self[count] = self._compile(count + self.first)
        return accept

    def __call__(self, elements: list[str]) -> bool:
        """True where the segment is surely right."""
        return self[len(elements)](elements)

    def _compile(self, end: int) -> Accept:
        """The function for texts at the positions before `end`."""
        source = _Source(self.delimiters, self.plain)
        tests = self._list_tests(source, end)
        return _decline if tests is None else source.build(self._name_texts(end), tests)

    def _name_texts(self, end: int) -> str:
        """The variables that the texts before `end` are unpacked into."""
        return "".join(f"a{position}, " for position in range(self.first, end))

    def _list_tests(self, source: _Source, end: int) -> list[str] | None:
        """The tests of texts at the positions before `end`; None where so many are never right."""
        beyond = [use for use in self.uses if use.position >= end]
        within = [use for use in self.uses if use.position < end]
        if any(use.usage == "R" for use in beyond) or end > 1 + max(
            (use.position for use in within), default=0
        ):
            return None
        sure = {use.position for use in self.uses if use.usage == "R"} | {end - 1}
        notes = [note for note in (_note_test(note, end, sure) for note in self.notes) if note]
        return [*_tests(source, within, sure), *notes]

    def doubt(self, rows: Sequence[list[str]], places: Sequence[int]) -> list[int]:
        """Those of `places` at which a row is not surely right: one function looks at all of them.

        It leaves out amounts of plain rows, which are judged together.
        """
        amounts: list[list[str]] = [[] for _ in self.lengths]
        doubted = []
        for at in self._doubt(rows, places, amounts):
            count = len(rows[at])
            if not self[count](rows[at]):
                doubted.append(at)
            if count not in self._doubted_counts:
                self._doubted_counts.add(count)
                self._doubt = self._compile_rows()
        if all(map(are_amounts, amounts, self.lengths)):
            return doubted
        return [at for at in places if not self[len(rows[at])](rows[at])]

    def _compile_rows(self) -> Doubt:
        """A function for rows of all the numbers of elements that have come."""
        source, branches = _Source(self.delimiters, self.plain, len(self.lengths)), []
        for count in self._doubted_counts:
            tests = self._list_tests(source, count + self.first)
            if tests is not None:
                test = " and ".join(tests) or "True"
                branches.append(f"    if n == {count}:\n      {self._name_texts(count + self.first)}= e\n")
                branches.append(f"      if {test}:\n        {self._put_amounts(count)}continue\n")
        return source.build_rows(branches)

    def _put_amounts(self, count: int) -> str:
        """The calls that put the amounts of a segment with so many elements with those to be judged."""
        given = [use for use in self.uses if use.position < count and is_amount(use)] if self.lengths else []
        return "".join(f"put{self.lengths.index(longest_amount(it))}(a{it.position}); " for it in given)


def _doubt_all(rows: Sequence[list[str]], places: Iterable[int], lists: object) -> Iterable[int]:
    """All: no number of elements has come yet."""
    return places


def _decline(elements: list[str]) -> bool:
    """Accepts nothing: too few texts for the use, or too many."""
    return False


class Remembered(dict[str, bool]):
    """Which texts a pattern matches: those that did are remembered, some thousands of them."""

    def __init__(self, expression: str) -> None:
        super().__init__()
        self.match: Callable[[str], object] = re.compile(expression, re.ASCII).fullmatch

    def __missing__(self, text: str) -> bool:
        if not self.match(text):
            return False
        if len(self) >= _REMEMBERED_DAYS:
            self.clear()
        self[text] = True
        return True


class RememberedComposites(dict[str, bool]):
    """Which composites are surely right: short ones that were are remembered, some thousands of them.

    Only for composites without reference numbers: codes by themselves say nothing of a person.
    """

    def __init__(self, accepts: Acceptors) -> None:
        super().__init__()
        self.accepts = accepts

    def __missing__(self, text: str) -> bool:
        right = self.accepts(text.split(self.accepts.delimiters.component))
        if right and len(text) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = True
        return right


def is_day(text: str) -> bool:
    """True for a day as CCYYMMDD; of the 29th of February it is not sure."""
    return text[4:] in DAYS_OF_YEAR and text[:2] in ("19", "20") and text[2:4].isdigit() and text.isascii()


PERIODS = {name: Remembered(expression) for name, expression in FORMATS.items()}


PERIODS["D8"].match = is_day


class _Source:
    """Lines of one acceptor and the objects they name."""

    def __init__(self, delimiters: Delimiters, plain: bool, lists: int = 0) -> None:
        self.names: dict[str, object] = {}
        self.lists = lists
        self.delimiters = delimiters
        self.plain = plain
        shut = re.escape(delimiters.component + delimiters.repetition)
        self.character = rf"[^\x00-\x1f\x7f-\U0010ffff{shut}]"

    def name(self, thing: object) -> str:
        label = f"k{len(self.names)}"
        self.names[label] = thing
        return label

    def pattern(self, expression: str) -> str:
        return self.name(re.compile(expression, re.ASCII).fullmatch)

    def build(self, variables: str, tests: Sequence[str]) -> Accept:
        """The function that unpacks its texts into `variables` and makes the tests."""
        lines = f"def accept(e):\n  {variables}= e\n  return bool({' and '.join(tests) or 'True'})"
        names = dict(self.names)
        exec(lines, names)  # noqa: S102  # the text is made of the guide's own definitions
        accept: Accept = names["accept"]  # type: ignore[assignment]  # exec leaves the function under its name
        return accept

    def build_rows(self, branches: Sequence[str]) -> Doubt:
        """The function that yields the places of rows that none of the branches is content with."""
        puts = "".join(f"  put{number} = lists[{number}].append\n" for number in range(self.lists))
        loop = "  for at in places:\n    e = rows[at]\n    n = len(e)\n"
        names = dict(self.names)
        exec(f"def doubt(rows, places, lists):\n{puts}{loop}{''.join(branches)}    yield at", names)  # noqa: S102  # made of the guide as well
        doubt: Doubt = names["doubt"]  # type: ignore[assignment]  # exec leaves the function under its name
        return doubt


def _number_test(source: _Source, use: ElementUse, variable: str) -> str:
    low, high = use.min_length, use.max_length
    if use.type == "R":
        whole = f"{variable}.isdigit()"
        cents = f"'.' in {variable}[-3:-1]"
        positive = f"{variable}.replace('.', '', 1).isdigit()"
        negative = f"{source.name(is_negative)}({variable})"
        ascii_only = "" if source.plain else f"{variable}.isascii() and "
        fits = f"{ascii_only}len({variable}) <= {longest_amount(use)}"
        return f"({fits} and ({cents} and {positive} or {whole} or {negative}))"
    pattern = source.pattern(rf"-?\d{{{low},{high}}}")
    if source.plain:
        return f"({low} <= len({variable}) <= {high} and {variable}.isdigit() or {pattern}({variable}))"
    return f"{pattern}({variable})"


def is_negative(text: str) -> bool:
    """True for a number below zero with at most two decimals."""
    whole, point, part = text.removeprefix("-").partition(".")
    digits = f"{whole}{part}".isdigit() and (not point or 0 < len(part) < 3)
    return text.startswith("-") and digits


def _text_test(source: _Source, use: ElementUse, variable: str) -> str:
    low, high = max(use.min_length, 1), use.max_length
    fits = f"len({variable}) <= {high}" if low == 1 else f"{low} <= len({variable}) <= {high}"
    if source.plain:
        return f"({fits} and {source.delimiters.component!r} not in {variable})"
    # most texts are letters and digits alone, which is known faster than by the expression
    pattern = source.pattern(rf"(?! ){source.character}{{{low - 1},{high - 1}}}(?! ){source.character}")
    return f"({fits} and {variable}.isalnum() and {variable}.isascii() or {pattern}({variable}))"


def _value_test(source: _Source, use: ElementUse, variable: str, format_variable: str | None) -> str:
    if use.codes is not None or use.external is not None:
        codes = (use.codes or frozenset()) | load_external_codes().get(use.external or "", frozenset())
        return f"{variable} in {source.name(codes)}"
    if use.pattern is not None:
        return f"{source.pattern(use.pattern)}({variable})"
    if use.data_element == "1251" and format_variable is not None:
        periods = source.name(PERIODS)
        return f"{format_variable} in {periods} and {periods}[{format_variable}][{variable}]"
    if use.type in ("DT", "TM"):
        return f"{source.name(PERIODS['D8' if use.type == 'DT' else 'TM'])}[{variable}]"
    test = _number_test if use.type == "R" or use.type.startswith("N") else _text_test
    return test(source, use, variable)


def _element_test(
    source: _Source, use: ElementUse, variable: str, format_variable: str | None, *, there: bool
) -> str:
    """The test of an element; `there` says that it may not be empty."""
    if use.usage == "N":
        return "False" if there else f"not {variable}"
    if source.lists and is_amount(use):
        return variable if there else "True"
    test = _value_test(source, use, variable, format_variable)
    if there and use.codes is not None and use.external is None:
        return test  # an empty text is no code
    return f"{variable} and {test}" if there else f"(not {variable} or {test})"


def _composite_test(source: _Source, use: CompositeUse, variable: str, *, there: bool) -> str:
    if use.usage == "N":
        return "False" if there else f"not {variable}"
    known = compile_components(use.components, source.delimiters, source.plain)
    if any(part.data_element == REFERENCE for part in use.components):
        parts = f"(p := {variable}.split({source.delimiters.component!r}))"
        test = f"{source.name(known.accepts)}[len({parts})](p)"
    else:
        test = f"{source.name(known)}[{variable}]"
    return f"{variable} and {test}" if there else f"(not {variable} or {test})"


@lru_cache(maxsize=4096)  # many places allow the same composite, and remember the same texts of it
def compile_components(
    components: tuple[ElementUse, ...], delimiters: Delimiters, plain: bool
) -> RememberedComposites:
    """The acceptors of a composite, wherever it stands."""
    return RememberedComposites(Acceptors(components, (), delimiters, first=1, plain=plain))


def _note_test(note: SyntaxNote, end: int, sure: Container[int]) -> str | None:
    """The test of a syntax note where the texts at `end` and beyond are missing and those at `sure` are not
    empty; None where it holds so.
    """
    if len(note.positions) < 2:
        return None
    within = [position for position in note.positions if position < end]
    lacks, first = len(within) < len(note.positions), note.positions[0]
    open_names = [f"a{position}" for position in within if position not in sure]
    known = len(within) - len(open_names)
    if note.kind in "CL":
        if first >= end:
            return None
        rest = [name for name in open_names if name != f"a{first}"]
        some = known > (first in sure)
        test = _rest_test(note.kind, rest, lacks=lacks, some=some)
        return test if test is None or first in sure else f"(not a{first} or {test})"
    absent = " and ".join(f"not {name}" for name in open_names) or None
    if note.kind == "P":
        if lacks:
            return "False" if known else absent
        return " and ".join(open_names) or None if known else " == ".join(f"(not {it})" for it in open_names)
    if note.kind == "R":
        return None if known else f"({' or '.join(open_names)})" if open_names else "False"
    if len(within) < 2:
        return None
    if known:
        return absent if known == 1 else "False"
    return f"(({' + '.join(f'(not {name})' for name in open_names)}) >= {len(open_names) - 1})"


def _rest_test(kind: str, rest: Sequence[str], *, lacks: bool, some: bool) -> str | None:
    """What notes C and L want of the texts after the first: all of them, or one."""
    if kind == "C":
        return "False" if lacks else f"({' and '.join(rest)})" if rest else None
    return None if some else f"({' or '.join(rest)})" if rest else "False"


def _tests(source: _Source, uses: Sequence[ElementUse | CompositeUse], sure: Container[int]) -> Iterator[str]:
    format_variable = None
    for use in uses:
        variable, there = f"a{use.position}", use.position in sure
        if isinstance(use, CompositeUse):
            yield _composite_test(source, use, variable, there=there)
            continue
        if use.data_element == "1250":
            format_variable = variable
        yield _element_test(source, use, variable, format_variable, there=there)


def compile_acceptor(use: SegmentUse, delimiters: Delimiters, *, plain: bool = False) -> Acceptors:
    """The acceptors of a segment use: called with elements, True only for a segment without fault."""
    return Acceptors(use.elements, use.syntax, delimiters, plain=plain)
