"""The rules and edits that a guide names, with what they cite and the findings that they may raise."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from edi.definitions.shapes import RuleDefinition
from edi.edits.catalogue import load_edits
from edi.edits.registry import CLAIM_EDITS, CLAIM_LOOP, LOOP_EDITS
from edi.edits.tables import load_register
from edi.findings import load_catalogue
from edi.guide import Guide
from edi.rules import load_rules
from edi.rules.registry import RULES, TotalRule

OURS = "edi."


def define_rules(guide: Guide) -> tuple[RuleDefinition, ...]:
    """The rules of a guide, then its edits."""
    load_rules()
    load_edits()
    rules = (define_rule(name, "rule") for name in guide.rules)
    return (*rules, *(define_rule(name, "edit") for name in guide.edits))


@cache
def define_rule(name: str, kind: str) -> RuleDefinition:
    """A registered rule or edit. Raises KeyError for an unknown name."""
    check: Callable[..., Any]
    tally: type | None = None
    if name in RULES:
        found = RULES[name]
        loops, check, cites = found.loops, found.check, found.cites
        tally = found.make if isinstance(found, TotalRule) else None
    elif name in LOOP_EDITS:
        loops, check, cites = LOOP_EDITS[name].loops, LOOP_EDITS[name].check, LOOP_EDITS[name].cites
    else:
        loops, check, cites = (CLAIM_LOOP,), CLAIM_EDITS[name].check, CLAIM_EDITS[name].cites
    says = " ".join((inspect.getdoc(check) or "").split("\n\n")[0].split())
    return RuleDefinition(name, kind, loops, says, cites, tuple(sorted(find_codes(check, tally))))


def find_codes(*parts: object) -> set[str]:
    """The codes of the catalogue that functions of the engine name, themselves or in what they use.

    A code may be put together of the name of a table and a fault (`hcpcs.unknown`).
    """
    known = load_catalogue()
    texts: set[str] = set()
    seen: set[int] = set()
    waiting: list[object] = list(parts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            texts.add(part)
        elif id(part) not in seen:
            seen.add(id(part))
            waiting += _look_into(part)
    tables = texts & load_register().keys()
    return {text for text in texts if text in known} | {
        code for code in known if code.partition(".")[0] in tables and code.partition(".")[2] in texts
    }


def _look_into(part: object) -> Iterable[object]:
    if isinstance(part, FunctionType):
        return _look_into_function(part) if part.__module__.startswith(OURS) else ()
    if isinstance(part, type):
        return vars(part).values() if part.__module__.startswith(OURS) else ()
    if isinstance(part, Mapping):
        return part.values()
    if isinstance(part, tuple | list | frozenset | set):
        return part
    return ()


def _look_into_function(function: FunctionType) -> Iterator[object]:
    """The texts that a function holds, and whatever of its module's names it uses.

    The module of findings is left out: it holds every code there is.
    """
    for code in _codes_of(function.__code__):
        yield from code.co_consts
        for name in code.co_names:
            found = function.__globals__.get(name)
            if found is not None and getattr(found, "__module__", "") != "edi.findings":
                yield found


def _codes_of(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes_of(inner)
