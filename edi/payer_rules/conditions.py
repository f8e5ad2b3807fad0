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
    """A condition as a function of the claim and the ground: it gives True or False.

    Where `line` is the type of the items of a list that the rule runs over, the function takes that list too,
    and gives the numbers (from 0) of the items that it is true for. It raises TooCostly only. Raises
    ExpressionInvalid.
    """
    compiler = Compiler(claim, definitions)
    scope = {"received": Typed(f"{GROUND}.received", DATE), CLAIM: Typed(CLAIM, claim)}
    if line is not None:
        scope[LINE] = Typed(LINE, line)
    source = compiler.truth(parse_expression(text), scope)
    if line is not None:
        return make_walk(source, compiler.constants)
    return make_function(source, compiler.constants)


def compile_list(text: str, claim: Type, definitions: Mapping[str, Node | Token]) -> tuple[Condition, Type]:
    """The list that a rule runs over, as a function of claim and ground, and the type of its items."""
    compiler = Compiler(claim, definitions)
    tree = parse_expression(text)
    found = compiler.visit(tree, {CLAIM: Typed(CLAIM, claim)})
    if found.type.item is None or found.type.item.kind is not Kind.SECTION:
        raise ExpressionInvalid(
            1, 1, f"a rule runs over a list of sections, and this is {article(found.type)}"
        )
    return make_function(found.source, compiler.constants), found.type.item


def make_function(source: str, constants: Mapping[str, Any]) -> Condition:
    """The compiled function; it sees the runtime and its constants, nothing else."""
    code = compile(f"lambda {CLAIM}, {GROUND}: {source}", "<payer rule>", "eval", dont_inherit=True)
    made: Condition = eval(code, {**RUNTIME, **constants})  # noqa: S307  source made by Compiler from checked names
    return made


def make_walk(source: str, constants: Mapping[str, Any]) -> Condition:
    """The same for the items of a list: one function that goes through them takes half the calls."""
    lines = (
        f"def walk({CLAIM}, {GROUND}, held):",
        "    found, number = [], 0",
        f"    for {LINE} in {GROUND}.walk(held):",
        f"        if {source}:",
        "            found.append(number)",
        "        number += 1",
        "    return found",
    )
    names = {**RUNTIME, **constants}
    exec(compile("\n".join(lines), "<payer rule>", "exec", dont_inherit=True), names)  # noqa: S102  as above
    made: Condition = names["walk"]
    return made
