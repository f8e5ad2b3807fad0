"""The reference page of the library, from the signatures and docstrings of what `edi` exports."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

import edi

HEAD = """\
# The library `edi`

The engine as a Python package: pure, synchronous, typed, and without the gateway. What is listed here is its
public face; `import edi` loads none of it before it is used. Start with the [tutorial](../tutorial.md).

Money is `Decimal`, codes are `str`, days are `date`. A faulty document is a list of findings, never an
exception: the only one that reading raises is `Unreadable`, for what holds no X12 at all. Times and control
numbers are given by the caller.

This page is generated from the signatures and docstrings; a test compares them.
"""
PARTS = {
    "Read": (
        "check_file",
        "stream_units",
        "read_documents",
        "read_remittances",
        "list_payments",
        "read_answers",
        "translate",
        "translate_remittances",
    ),
    "Check": ("check_claim", "check_claims", "check_document"),
    "Write": ("make_envelope", "write_claims", "write_documents"),
    "Answer": ("acknowledge",),
    "Look up": ("load_guide", "define", "outline_input"),
}


def render_library() -> str:
    """The page."""
    listed = [name for names in PARTS.values() for name in names]
    values = [name for name in edi.__all__ if name not in listed]
    parts = "".join(f"\n## {title}\n{_render_all(names)}" for title, names in PARTS.items())
    return f"{HEAD}{parts}\n## Values\n{_render_all(values)}"


def _render_all(names: Iterable[str]) -> str:
    return "".join(_render(name, getattr(edi, name)) for name in names)


def _render(name: str, found: Any) -> str:
    text = inspect.getdoc(found) or ""
    home = f"`from edi import {name}`" if inspect.isclass(found) else ""
    shown = _write_signature(name, found) if not inspect.isclass(found) else _list_fields(name, found)
    return "\n".join(filter(None, (f"\n### {name}\n", home and f"{home}\n", shown, f"{text}\n")))


def _write_signature(name: str, found: Callable[..., Any]) -> str:
    signature = inspect.signature(inspect.unwrap(found))
    given = [_write_parameter(one) for one in signature.parameters.values()]
    marks = [at for at, one in enumerate(signature.parameters.values()) if one.kind is one.KEYWORD_ONLY]
    if marks:
        given.insert(marks[0], "*")
    returned = str(signature.return_annotation)
    line = f"{name}({', '.join(given)}) -> {returned}"
    if len(line) > 100:
        line = f"{name}(\n" + "".join(f"    {one},\n" for one in given) + f") -> {returned}"
    return f"```text\n{line}\n```\n"


def _write_parameter(parameter: inspect.Parameter) -> str:
    mark = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{mark}{parameter.name}: {parameter.annotation}{default}"


def _list_fields(name: str, found: type) -> str:
    names: Iterable[str] = ()
    if issubclass(found, msgspec.Struct):
        names = found.__struct_fields__
    elif hasattr(found, "__dataclass_fields__"):
        names = found.__dataclass_fields__
    members = [*names, *(key for key, held in vars(found).items() if isinstance(held, property))]
    return "Fields: " + ", ".join(f"`{member}`" for member in members) + ".\n" if members else ""
