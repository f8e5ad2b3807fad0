"""The functions and methods that rules may call: what each takes and gives, and the Python it becomes."""

from __future__ import annotations

from typing import NamedTuple

from edi.payer_rules.kinds import DATE, NUMBER, TEXT, TRUTH, Kind, Type

ANY_LIST = Type(Kind.LIST)


class Call(NamedTuple):
    """A function: the types it takes (the last `spare` of them may be left out), and what it gives. `python`
    is its expression over {0}, {1}...; `literal` arguments are texts written out in the rule.
    """

    takes: tuple[Type, ...]
    gives: Type
    python: str
    spare: int = 0
    literal: frozenset[int] = frozenset()


def of_text(method: str) -> str:
    """A method of a text, where both texts are there."""
    return f"(None if ({{s}} := {{0}}) is None or ({{o}} := {{1}}) is None else {method})"


METHODS = {
    "startsWith": Call((TEXT, TEXT), TRUTH, of_text("{s}.startswith({o})")),
    "endsWith": Call((TEXT, TEXT), TRUTH, of_text("{s}.endswith({o})")),
    "contains": Call((TEXT, TEXT), TRUTH, of_text("{o} in {s}")),
    "lowerAscii": Call((TEXT,), TEXT, "(None if ({s} := {0}) is None else {s}.lower())"),
    "upperAscii": Call((TEXT,), TEXT, "(None if ({s} := {0}) is None else {s}.upper())"),
    "substring": Call((TEXT, NUMBER, NUMBER), TEXT, "take({args})", spare=1),
    "matches": Call(
        (TEXT, TEXT),
        TRUTH,
        "(None if ({s} := {0}) is None else {1}({s}) is not None)",
        literal=frozenset({1}),
    ),
}
FUNCTIONS = {
    "sum": Call((Type(Kind.LIST, NUMBER),), NUMBER, "total({0})"),
    "days": Call((DATE, DATE), NUMBER, "days({0}, {1})"),
    "years": Call((DATE, DATE), NUMBER, "years({0}, {1})"),
    "number": Call((TEXT,), NUMBER, "as_number({0})"),
    "whole": Call((NUMBER,), TRUTH, "whole({0})"),
    "unique": Call((ANY_LIST,), TRUTH, "unique({0})"),
    "date": Call((TEXT,), DATE, "{0}", literal=frozenset({0})),
    "table": Call((TEXT, TEXT, DATE), TRUTH, "ground.in_effect({0}, {1}, {2})", literal=frozenset({0})),
}
#: The macros of CEL over a list: what each gives, and how it runs over {list} with {name} in {body}. CEL's
#: filter fails where its condition does; ours keeps the items of which the condition is true.
MACROS = {
    "exists": (TRUTH, "some({body} for {name} in ground.walk({list}))"),
    "all": (TRUTH, "every({body} for {name} in ground.walk({list}))"),
    "exists_one": (TRUTH, "one_of({body} for {name} in ground.walk({list}))"),
    "filter": (None, "[{name} for {name} in ground.walk({list}) if ({body}) is True]"),
    "map": (None, "[{body} for {name} in ground.walk({list})]"),
}
#: The same two where only "true" counts, so that absent may be taken for false.
PLAIN_MACROS = {
    "exists": "any({body} for {name} in ground.walk({list}))",
    "all": "all({body} for {name} in ground.walk({list}))",
}
