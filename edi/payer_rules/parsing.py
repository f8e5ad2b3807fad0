"""Expressions parsed into trees by the grammar of `schemas/payers/expression.lark`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from edi.payer_rules.faults import ExpressionInvalid

LONGEST = 4_000
DEEPEST = 60
Node = Tree[Token]


@cache
def load_grammar() -> Lark:
    """The parser; it is made once."""
    grammar = (files("schemas") / "payers" / "expression.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def parse_expression(text: str) -> Node | Token:
    """The tree of an expression. Raises ExpressionInvalid with its place."""
    if len(text) > LONGEST:
        raise ExpressionInvalid(1, LONGEST, f"an expression is at most {LONGEST} characters long")
    try:
        tree = load_grammar().parse(text)
    except UnexpectedInput as failure:
        raise ExpressionInvalid(*place_fault(text, failure)) from None
    check_depth(tree)
    return tree


def place_fault(text: str, failure: UnexpectedInput) -> tuple[int, int, str]:
    """Line, column and words for what the parser stumbled over."""
    lines = text.split("\n")
    if isinstance(failure, UnexpectedToken) and failure.token.type == "$END":
        return len(lines), len(lines[-1]) + 1, "the expression is not complete"
    line, column = max(failure.line, 1), max(failure.column, 1)
    word = lines[line - 1][column - 1 :].split(" ", 1)[0][:20]
    if word.startswith("null"):
        return line, column, "there is no null here; ask has(field) whether a field is there"
    return line, column, f"{word!r} cannot stand here"


def check_depth(tree: Node) -> None:
    """Refuse what is nested deeper than anybody writes."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
        if not level:
            return
    raise ExpressionInvalid(1, 1, f"the expression is nested deeper than {DEEPEST} levels")
