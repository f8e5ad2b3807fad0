"""Conditions of payer rules as functions of a claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lark import Token

from edi.payer_rules import values
from edi.payer_rules.compiling import CLAIM, GROUND, Compiler, Typed, article
from edi.payer_rules.faults import ExpressionInvalid
from edi.payer_rules.kinds import DATE, Kind, Type
from edi.payer_rules.parsing import Node, parse_expression

Condition = Callable[..., Any]
LINE = "line"
RUNTIME: dict[str, Any] = {
    name: getattr(values, name)
    for name in [
        "section",
        "items",
        "sections",
        "lists",
        "as_text",
        "as_number",
        "as_date",
        "as_truth",
        "read_item",
        "negate",
        "every",
        "some",
        "one_of",
        "compare",
        "calculate",
        "join",
        "minus",
        "total",
        "unique",
        "whole",
        "days",
        "years",
        "size_of",
        "take",
    ]
} | {"any": any, "all": all, "bool": bool, "__builtins__": {}}


def compile_condition(
    text: str, claim: Type, definitions: Mapping[str, Node | Token], line: Type | None = None
) -> Condition:
    """A condition as a function of the claim, the ground and, where `line` is its type, an item of the list
    that the rule runs over. It gives True or False, and raises TooCostly only. Raises ExpressionInvalid.
    """
    compiler = Compiler(claim, definitions)
    scope = {"received": Typed(f"{GROUND}.received", DATE), CLAIM: Typed(CLAIM, claim)}
    if line is not None:
        scope[LINE] = Typed(LINE, line)
    source = compiler.truth(parse_expression(text), scope)
    return make_function(source, compiler.constants, LINE if line is not None else "")


def compile_list(text: str, claim: Type, definitions: Mapping[str, Node | Token]) -> tuple[Condition, Type]:
    """The list that a rule runs over, as a function of claim and ground, and the type of its items."""
    compiler = Compiler(claim, definitions)
    tree = parse_expression(text)
    found = compiler.visit(tree, {CLAIM: Typed(CLAIM, claim)})
    if found.type.item is None or found.type.item.kind is not Kind.SECTION:
        raise ExpressionInvalid(
            1, 1, f"a rule runs over a list of sections, and this is {article(found.type)}"
        )
    return make_function(found.source, compiler.constants, ""), found.type.item


def make_function(source: str, constants: Mapping[str, Any], line: str) -> Condition:
    """The compiled function; it sees the runtime and its constants, nothing else."""
    names = [CLAIM, GROUND, *([line] if line else [])]
    code = compile(f"lambda {', '.join(names)}: {source}", "<payer rule>", "eval", dont_inherit=True)
    made: Condition = eval(code, {**RUNTIME, **constants})  # noqa: S307  source made by Compiler from checked names
    return made
