"""The YAML of a rule file, read with the line and column of everything in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
import yaml

from edi.payer_rules.faults import Fault, PackInvalid, suggest

LONGEST = 2_000_000
PATH = re.compile(r"(.*?)(?: - at `(?:key in )?\$(.*)`)?", re.DOTALL)
STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+|\.\.\.)\]")
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
T = TypeVar("T", bound=msgspec.Struct)


class Page:
    """One file: `root` is its YAML node. Raises PackInvalid where it is no YAML mapping."""

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        if len(text) > LONGEST:
            raise PackInvalid(source, [Fault(0, 0, f"the file is longer than {LONGEST:,} characters")])
        try:
            refuse_aliases(text)
            root = yaml.compose(text, yaml.SafeLoader)
        except yaml.MarkedYAMLError as failure:
            mark = failure.problem_mark or failure.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise PackInvalid(source, [Fault(*place, failure.problem or "this is no YAML")]) from None
        except yaml.YAMLError:
            raise PackInvalid(source, [Fault(0, 0, "this is no YAML, or not in UTF-8")]) from None
        if not isinstance(root, yaml.MappingNode):
            raise PackInvalid(source, [Fault(1, 1, "a rule file is a mapping with `pack` and `rules`")])
        self.root = root

    def convert(self, node: yaml.Node, kind: type[T]) -> tuple[T | None, list[Fault]]:
        """A node as a value of a type, or what is wrong with it."""
        try:
            return msgspec.convert(build(node), kind, strict=False), []
        except (msgspec.ValidationError, ValueError) as failure:
            found = PATH.fullmatch(str(failure))
            words, path = (found[1], found[2] or "") if found else (str(failure), "")
            unknown = UNKNOWN.fullmatch(words)
            if unknown:
                names = [field.encode_name for field in msgspec.structs.fields(kind)]
                words = f"there is no key {unknown[1]} here{suggest(unknown[1], names)}"
                path += f".{unknown[1]}"
            return None, [self.fault(follow(node, path), words)]

    def fault(self, node: yaml.Node, message: str) -> Fault:
        """A fault at a node."""
        return Fault(node.start_mark.line + 1, node.start_mark.column + 1, message)

    def shift(self, node: yaml.Node, fault: Fault) -> Fault:
        """A fault within the text of a node, as a place in the file.

        A text over several lines that YAML has folded into one has lost its line ends: its fault is told by
        its first line.
        """
        line, column = node.start_mark.line + 1, node.start_mark.column
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        if style == "|":
            return Fault(line + fault.line, column_of_block(node) + fault.column, fault.message)
        if style == ">":
            return Fault(
                line + 1, column_of_block(node) + 1, f"{fault.message} (at character {fault.column})"
            )
        return Fault(line, column + fault.column + (style in ("'", '"')), fault.message)


def column_of_block(node: yaml.Node) -> int:
    """How far the lines of a block text are indented."""
    text = node.start_mark.buffer
    if text is None:
        return 0
    rest = text[node.start_mark.pointer :].split("\n", 2)
    body = rest[1] if len(rest) > 1 else ""
    return len(body) - len(body.lstrip(" "))


def refuse_aliases(text: str) -> None:
    """An alias can make a small file huge: there are none in rule files."""
    for token in yaml.scan(text, yaml.SafeLoader):
        if isinstance(token, yaml.AliasToken):
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not used in rule files", token.start_mark
            )


def build(node: yaml.Node) -> Any:
    """The values of a node: numbers stay texts of their own, so that no amount becomes binary."""
    if isinstance(node, yaml.MappingNode):
        return {str(build(key)): build(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [build(child) for child in node.value]
    if node.tag == "tag:yaml.org,2002:null":
        return None
    if node.tag == "tag:yaml.org,2002:bool":
        return str(node.value).lower() in ("true", "yes", "on")
    if node.tag == "tag:yaml.org,2002:int":
        return (
            int(node.value)
            if str(node.value).isdigit() and not str(node.value).startswith("0")
            else node.value
        )
    return node.value


def entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """The keys of a mapping with their nodes."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    """The node of a key, or None."""
    return next((value for key, value in entries(node) if key == name), None)


def follow(node: yaml.Node, path: str) -> yaml.Node:
    """The node at a path such as `.rules[0].severity`, as far as there is one."""
    for name, number in STEP.findall(path):
        if name:
            found = child(node, name)
        else:
            held = node.value if isinstance(node, yaml.SequenceNode) else []
            found = held[int(number)] if number.isdigit() and int(number) < len(held) else None
        if found is None:
            return node
        node = found
    return node
