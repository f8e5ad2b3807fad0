"""Expressions compiled to Python code objects, types checked on the way.

Only what the grammar and the tables of `calls` know becomes code: names are checked against the claim's
schema, texts and numbers are handed in as constants, and the code sees no builtins. Truth has two forms: the
full one with three values, and the plain one for places where only "true" counts, which is what a rule asks.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple, NoReturn

import re2
from lark import Token, Tree

from edi.edits.tables import load_register
from edi.payer_rules.calls import FUNCTIONS, MACROS, METHODS, PLAIN_MACROS, Call
from edi.payer_rules.faults import ExpressionInvalid, suggest
from edi.payer_rules.kinds import NUMBER, TEXT, TRUTH, Kind, Type, list_of
from edi.payer_rules.parsing import Node
from edi.payer_rules.patterns import compile_pattern

CLAIM, GROUND = "claim", "ground"
READERS = {Kind.TEXT: "as_text", Kind.NUMBER: "as_number", Kind.DATE: "as_date", Kind.TRUTH: "as_truth"}
SCALARS = frozenset(READERS)
ORDERED = frozenset({Kind.NUMBER, Kind.DATE, Kind.TEXT})
EQUAL = frozenset({"==", "!=", "in"})
NESTED = 3
ROOTS = ("received", CLAIM)


class Typed(NamedTuple):
    """Python source, the type of what it gives, and for constants that are texts or numbers their value."""

    source: str
    type: Type
    constant: Any = None


Scope = Mapping[str, Typed]


class Compiler:
    """Compiles one expression. `scope` are the names it may use beside the fields of the claim."""

    def __init__(self, claim: Type, definitions: Mapping[str, Node | Token]) -> None:
        self.claim = claim
        self.definitions = definitions
        self.constants: dict[str, Any] = {}
        self.numbers = count(1)
        self.nested = 0
        self.opened: list[str] = []

    # --- truth, in both forms

    def truth(self, node: Node | Token, scope: Scope) -> str:
        """The source of a condition where only "true" counts."""
        if isinstance(node, Tree):
            if node.data in ("either", "both"):
                word = " or " if node.data == "either" else " and "
                return "(" + word.join(self.truth(child, scope) for child in node.children) + ")"
            if node.data == "negate":
                inner = node.children[0]
                if isinstance(inner, Tree) and inner.data == "compare":
                    return self._compare_plainly(inner, scope, wanted=False)
                return f"({self.demand(inner, scope, TRUTH).source} is False)"
            if node.data == "compare":
                return self._compare_plainly(node, scope, wanted=True)
            if node.data == "method" and str(node.children[1]) in PLAIN_MACROS:
                return self._macro(node, scope, plain=True).source
            if node.data == "name" and str(node.children[0]) in self.definitions:
                return self._defined(node, scope, plain=True).source
        return f"({self.demand(node, scope, TRUTH).source} is True)"

    def demand(self, node: Node | Token, scope: Scope, wanted: Type) -> Typed:
        """An expression that must be of a type."""
        found = self.visit(node, scope)
        if found.type.kind is not wanted.kind or (
            wanted.item is not None
            and found.type.item is not None
            and found.type.item.kind is not wanted.item.kind
        ):
            self._refuse(node, f"this is {article(found.type)}, where {article(wanted)} is asked for")
        return found

    def _refuse(self, node: Node | Token, message: str) -> NoReturn:
        """Raises ExpressionInvalid at a node."""
        if isinstance(node, Token):
            raise ExpressionInvalid(node.line or 1, node.column or 1, message)
        raise ExpressionInvalid(node.meta.line, node.meta.column, message)

    def visit(self, node: Node | Token, scope: Scope) -> Typed:
        """Source and type of any expression."""
        if isinstance(node, Token):
            raise TypeError("the grammar gives trees")
        return VISITS[str(node.data)](self, node, scope)

    # --- operators

    def _choose(self, node: Node, scope: Scope) -> Typed:
        test, one, other = node.children
        chosen = self.visit(one, scope)
        second = self.demand(other, scope, chosen.type)
        return Typed(f"({chosen.source} if {self.truth(test, scope)} else {second.source})", chosen.type)

    def _logic(self, node: Node, scope: Scope) -> Typed:
        name = "some" if node.data == "either" else "every"
        parts = [self.demand(child, scope, TRUTH).source for child in node.children]
        return Typed(f"{name}(({', '.join(parts)}))", TRUTH)

    def _negate(self, node: Node, scope: Scope) -> Typed:
        return Typed(f"negate({self.demand(node.children[0], scope, TRUTH).source})", TRUTH)

    def _minus(self, node: Node, scope: Scope) -> Typed:
        return Typed(f"minus({self.demand(node.children[0], scope, NUMBER).source})", NUMBER)

    def _compare(self, node: Node, scope: Scope) -> Typed:
        left, sign, right = self._read_sides(node, scope)
        return Typed(f"compare({sign!r}, {left}, {right})", TRUTH)

    def _compare_plainly(self, node: Node, scope: Scope, *, wanted: bool) -> str:
        """The source of "this comparison is true", or false, as `wanted`.

        Where the right side is a constant it is an operator of Python's: nothing absent equals or is in it.
        """
        left, sign, right = self._read_sides(node, scope)
        if sign not in EQUAL or right not in self.constants:
            return f"(compare({sign!r}, {left}, {right}) is {wanted})"
        kept = self.constants[right]
        known = kept if sign == "in" else (kept,)
        if wanted is (sign == "!="):
            return f"({left} not in {self._keep((*known, None))})"
        return f"({left} in {right})" if sign == "in" else f"({left} == {right})"

    def _read_sides(self, node: Node, scope: Scope) -> tuple[str, str, str]:
        """The sources of both sides of a comparison and the sign between them, which must fit their types."""
        one, sign, other = node.children
        left, right = self.visit(one, scope), self.visit(other, scope)
        wanted = right.type.item if sign == "in" else right.type
        if sign == "in" and right.type.kind is not Kind.LIST:
            self._refuse(other, f"`in` looks into a list, and this is {article(right.type)}")
        if left.type.kind not in SCALARS or wanted is None or wanted.kind is not left.type.kind:
            self._refuse(
                sign, f"{article(left.type)} cannot be compared by {sign} with {article(right.type)}"
            )
        if sign not in ("==", "!=", "in") and left.type.kind not in ORDERED:
            self._refuse(sign, f"{article(left.type)} has no order")
        return left.source, str(sign), right.source

    def _calculate(self, node: Node, scope: Scope) -> Typed:
        one, sign, other = node.children
        left = self.visit(one, scope)
        if sign == "+" and left.type.kind is Kind.TEXT:
            return Typed(f"join({left.source}, {self.demand(other, scope, TEXT).source})", TEXT)
        left = self.demand(one, scope, NUMBER)
        right = self.demand(other, scope, NUMBER)
        return Typed(f"calculate({str(sign)!r}, {left.source}, {right.source})", NUMBER)

    # --- fields

    def _name(self, node: Node, scope: Scope) -> Typed:
        name = str(node.children[0])
        if name in scope:
            return scope[name]
        if name in self.definitions:
            return self._defined(node, scope, plain=False)
        return self._field(Typed(CLAIM, self.claim), node, name, [*scope, *self.definitions])

    def _defined(self, node: Node, scope: Scope, *, plain: bool) -> Typed:
        """A definition of the file, put in place. Raises ExpressionInvalid for one that needs itself."""
        name = str(node.children[0])
        if name in self.opened:
            self._refuse(node, f"{' -> '.join([*self.opened, name])} goes in a circle")
        self.opened.append(name)
        body, outer = self.definitions[name], {key: scope[key] for key in ROOTS}
        try:
            return Typed(self.truth(body, outer), TRUTH) if plain else self.visit(body, outer)
        finally:
            self.opened.pop()

    def _select(self, node: Node, scope: Scope) -> Typed:
        owner, name = node.children
        return self._field(self.visit(owner, scope), name, str(name))

    def _field(self, owner: Typed, node: Node | Token, name: str, known: list[str] | None = None) -> Typed:
        """A field of a section; its type says how it is read."""
        if owner.type.fields is None:
            self._refuse(node, f"{article(owner.type)} has no field {name}")
        fields = owner.type.fields
        if name not in fields:
            near = suggest(name, [*fields, *(known or [])])
            self._refuse(node, f"there is no field {name} here{near}")
        return Typed(read_field(owner.source, name, fields[name]), fields[name])

    def _item(self, node: Node, scope: Scope) -> Typed:
        held, number = node.children
        found = self.visit(held, scope)
        if found.type.item is None:
            self._refuse(node, f"{article(found.type)} has no items")
        item = found.type.item
        source = f"read_item({found.source}, {int(str(number))})"
        return Typed(f"({source} or {{}})" if item.kind is Kind.SECTION else source, item)

    # --- calls

    def _function(self, node: Node, scope: Scope) -> Typed:
        name, given = str(node.children[0]), arguments_of(node.children[1])
        if name == "has":
            return self._has(node, given, scope)
        if name == "size" and len(given) == 1:
            return self._size(given[0], scope)
        if name not in FUNCTIONS:
            near = suggest(name, [*FUNCTIONS, "has", "size"])
            self._refuse(node, f"there is no function {name}{near}")
        return self._call(node, name, FUNCTIONS[name], given, scope)

    def _has(self, node: Node, given: list[Any], scope: Scope) -> Typed:
        if len(given) != 1:
            self._refuse(node, "has() takes one field")
        found = self.visit(given[0], scope)
        test = f"({found.source} is not None)" if found.type.kind in SCALARS else f"bool({found.source})"
        return Typed(test, TRUTH)

    def _size(self, node: Node | Token, scope: Scope) -> Typed:
        found = self.visit(node, scope)
        if found.type.kind not in (Kind.TEXT, Kind.LIST):
            self._refuse(node, f"{article(found.type)} has no size")
        return Typed(f"size_of({found.source})", NUMBER)

    def _method(self, node: Node, scope: Scope) -> Typed:
        owner, name, given = node.children
        if str(name) in MACROS:
            return self._macro(node, scope, plain=False)
        if name == "size" and not arguments_of(given):
            return self._size(owner, scope)
        if str(name) not in METHODS:
            self._refuse(node, f"there is no method {name}{suggest(str(name), [*METHODS, *MACROS, 'size'])}")
        return self._call(node, str(name), METHODS[str(name)], [owner, *arguments_of(given)], scope)

    def _call(self, node: Node, name: str, call: Call, given: list[Any], scope: Scope) -> Typed:
        if not len(call.takes) - call.spare <= len(given) <= len(call.takes):
            self._refuse(node, f"{name}() takes {len(call.takes)} values, counting the one before the point")
        found = [self.demand(one, scope, wanted) for one, wanted in zip(given, call.takes, strict=False)]
        sources = [one.source for one in found]
        for position in call.literal:
            sources[position] = self._literal(given[position], name, found[position])
        names = {"s": f"t{next(self.numbers)}", "o": f"t{next(self.numbers)}"}
        return Typed(call.python.format(*sources, args=", ".join(sources), **names), call.gives)

    def _literal(self, node: Node, name: str, found: Typed) -> str:
        """An argument that must be written out, and what it is made into at load."""
        if not isinstance(found.constant, str):
            self._refuse(
                node, f"{name}() takes a text written out here, so that it can be checked beforehand"
            )
        return self._keep(LITERALS[name](self, node, found.constant))

    def _pattern(self, node: Node, text: str) -> Any:
        try:
            return compile_pattern(text)
        except re2.error:
            self._refuse(node, "this regular expression is not one of RE2 (no look-around, no \\1)")

    def _day(self, node: Node, text: str) -> Any:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._refuse(node, "a date is written 2026-11-24")

    def _table(self, node: Node, text: str) -> Any:
        if text not in load_register():
            self._refuse(node, f"there is no code table {text}{suggest(text, load_register())}")
        return text

    def _macro(self, node: Node, scope: Scope, *, plain: bool) -> Typed:
        """A macro over a list, its variable visible in its body alone."""
        owner, name, given = str(node.children[1]), node.children[0], arguments_of(node.children[2])
        if len(given) != 2 or given[0].data != "name":
            self._refuse(node, f"{owner}() takes a name and an expression")
        held = self.visit(name, scope)
        item = held.type.item
        if item is None:
            self._refuse(name, f"{owner}() runs over a list, and this is {article(held.type)}")
        variable = f"item{next(self.numbers)}"
        inner = {**scope, str(given[0].children[0]): Typed(variable, item)}
        self.nested += 1
        if self.nested > NESTED:
            self._refuse(node, f"lists within lists go {NESTED} deep")
        body, gives = self._body(owner, given[1], inner, item, plain=plain)
        self.nested -= 1
        pattern = PLAIN_MACROS[owner] if plain else MACROS[owner][1]
        return Typed(pattern.format(body=body, name=variable, list=held.source), gives)

    def _body(self, macro: str, node: Node, scope: Scope, item: Type, *, plain: bool) -> tuple[str, Type]:
        """The body of a macro, and what the macro gives."""
        if macro == "map":
            found = self.visit(node, scope)
            return found.source, list_of(found.type)
        gives = MACROS[macro][0] or list_of(item)
        return (self.truth(node, scope) if plain else self.demand(node, scope, TRUTH).source), gives

    # --- constants

    def _listing(self, node: Node, scope: Scope) -> Typed:
        found = [self.visit(one, scope) for one in arguments_of(node.children[0])]
        if not found or any(one.type != found[0].type for one in found):
            self._refuse(node, "a list written out has items, all of one kind")
        if all(one.constant is not None for one in found):
            return Typed(self._keep(tuple(one.constant for one in found)), list_of(found[0].type))
        return Typed(f"[{', '.join(one.source for one in found)}]", list_of(found[0].type))

    def _number(self, node: Node, scope: Scope) -> Typed:
        value = Decimal(str(node.children[0]))
        return Typed(self._keep(value), NUMBER, value)

    def _text(self, node: Node, scope: Scope) -> Typed:
        value = ast.literal_eval(str(node.children[0]))
        return Typed(self._keep(value), TEXT, value)

    def _raw(self, node: Node, scope: Scope) -> Typed:
        value = str(node.children[0])[2:-1]
        return Typed(self._keep(value), TEXT, value)

    def _flag(self, node: Node, scope: Scope) -> Typed:
        return Typed(str(node.children[0] == "true"), TRUTH)

    def _keep(self, value: Any) -> str:
        """The name of a constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name


VISITS: dict[str, Callable[[Compiler, Node, Scope], Typed]] = {
    "choose": Compiler._choose,
    "either": Compiler._logic,
    "both": Compiler._logic,
    "compare": Compiler._compare,
    "calculate": Compiler._calculate,
    "negate": Compiler._negate,
    "minus": Compiler._minus,
    "select": Compiler._select,
    "method": Compiler._method,
    "item": Compiler._item,
    "name": Compiler._name,
    "function": Compiler._function,
    "listing": Compiler._listing,
    "number": Compiler._number,
    "raw": Compiler._raw,
    "text": Compiler._text,
    "truth": Compiler._flag,
}
LITERALS: dict[str, Callable[[Compiler, Node, str], Any]] = {
    "matches": Compiler._pattern,
    "date": Compiler._day,
    "table": Compiler._table,
}


def arguments_of(node: Any) -> list[Any]:
    """The arguments of a call; none where nothing stands between its parentheses."""
    return list(node.children) if isinstance(node, Tree) else []


def article(kind: Type) -> str:
    """A type in words: "a text", "a list of section"."""
    return str(kind) if kind.kind is Kind.TRUTH else f"a {kind}"


def read_field(owner: str, name: str, kind: Type) -> str:
    """The source that reads a field of a section."""
    if kind.kind is Kind.SECTION:
        return f"section({owner}, {name!r})"
    if kind.item is None:
        return f"{READERS[kind.kind]}({owner}.get({name!r}))"
    return read_items(f"items({owner}, {name!r})", kind.item)


def read_items(held: str, kind: Type) -> str:
    """The source that reads the items of a list."""
    if kind.kind is Kind.SECTION:
        return f"sections({held})"
    if kind.item is None:
        return f"[{READERS[kind.kind]}(x) for x in {held}]"
    return f"[{read_items('x', kind.item)} for x in lists({held})]"
