"""The reference page of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from gateway.cli.commands import app

HEAD = """\
# Command line

Exit status of every command: **0** clean, **1** findings of severity error, **2** unreadable input or wrong
usage. Errors are one line on standard error. A file named `-` is standard input. Values of a document are
shown by `explain`, `json` and `--show-values` only: they may be protected health information.

`python -m edi check|json|x12|show|ack FILE` does the translation alone, without the gateway;
`python -m edi show GUIDE [LOOP [SEGMENT]]` tells what a guide says (`show 837P 2300 CLM`).

This page is generated from the commands; a test compares them.
"""


def render_commands() -> str:
    """The page."""
    return HEAD + "".join(_render_tree(app, "claimwire"))


def _render_tree(branch: typer.Typer, path: str) -> Iterator[str]:
    for command in branch.registered_commands:
        if command.callback is not None:
            name = command.name or command.callback.__name__
            yield _render_command(command.callback, f"{path} {name}")
    for group in branch.registered_groups:
        if group.typer_instance is not None:
            yield from _render_tree(group.typer_instance, f"{path} {group.name}")


def _render_command(callback: Callable[..., Any], path: str) -> str:
    hints = get_type_hints(callback, include_extras=True)
    arguments, options = [path], []
    for parameter in inspect.signature(callback).parameters.values():
        kind, described = get_args(hints[parameter.name])
        if isinstance(described, ArgumentInfo):
            arguments.append(
                described.metavar if isinstance(described.metavar, str) else parameter.name.upper()
            )
        else:
            options.append(_render_option(parameter, kind, described))
    text = f"\n## `{' '.join(arguments)}`\n\n{inspect.getdoc(callback)}\n"
    return text + ("\n| option | what it does |\n|---|---|\n" + "".join(options) if options else "")


def _render_option(parameter: inspect.Parameter, kind: Any, described: OptionInfo) -> str:
    long = f"--{parameter.name.replace('_', '-')}"
    switch = kind is bool
    given = [name for name in (described.default, *(described.param_decls or ())) if name is not ...]
    names = given or ([long, f"--no-{long[2:]}"] if switch and parameter.default else [long])
    value = "" if switch else f" {described.metavar or _name_values(kind)}"
    default = parameter.default
    shown = "" if switch or default in (None, "", inspect.Parameter.empty) else f" Default: `{default}`."
    needed = " Required." if default is inspect.Parameter.empty else ""
    cells = (f"`{', '.join(names)}{value}`", f"{described.help}{shown}{needed}")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _name_values(kind: Any) -> str:
    """`all|api|worker` for given words, else the name of the type."""
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    known = {"int": "NUMBER", "float": "NUMBER", "str": "TEXT", "Path": "FILE"}
    inner = [one for one in (get_args(kind) or (kind,)) if one is not type(None)]
    return known.get(getattr(inner[0], "__name__", ""), "TEXT...")
