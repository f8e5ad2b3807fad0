"""Where settings come from: the TOML file with the environment laid over it, and who is to blame."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

PREFIX = "CLAIMWIRE_"
STEP = re.compile(r"\.([A-Za-z_]+)|\[(\d+)\]|\[\.\.\.\]")
NAMED = ("tenants", "partners", "senders", "certificates")  # tables whose keys are names: `[tenants.clinic]`


class SettingsError(Exception):
    """A setting is wrong: names the key, where it was set, what is wrong and what to do."""

    def __init__(self, key: str, place: str, problem: str, remedy: str) -> None:
        super().__init__(f"setting {key} ({place}): {problem}; {remedy}")
        self.key, self.place, self.problem, self.remedy = key, place, problem, remedy


class Source(msgspec.Struct, frozen=True):
    """A settings document in the shape of `Settings`, its file's folder, and the place of each override."""

    document: dict[str, Any]  # any TOML value
    folder: Path
    file: str
    overrides: dict[str, str]  # dotted key -> environment variable


def read_source(path: Path | None, environ: Mapping[str, str], shape: type[msgspec.Struct]) -> Source:
    """File and environment as one document. Raises SettingsError for an unreadable file or unknown name."""
    tables = _read_file(path) if path else {}
    overrides: dict[str, str] = {}
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and "__" in name):
        steps = variable.removeprefix(PREFIX).lower().split("__")
        if steps[0] not in shape.__struct_fields__:
            raise SettingsError(steps[0], variable, "no such section", _known(shape))
        key = _lay(tables, steps, _value(environ[variable], variable))
        overrides[key] = variable
    folder = path.absolute().parent if path else Path.cwd()
    return Source(_listed(tables), folder, str(path) if path else "built-in defaults", overrides)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        reason = problem.strerror or "unreadable"
        raise SettingsError(
            "(file)", str(path), reason, "name a TOML file that exists and is readable"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError("(file)", str(path), f"not TOML: {problem}", "correct that line") from None


def _value(text: str, variable: str) -> Any:
    """Text of the environment; a list or table is JSON."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise SettingsError(variable, "environment", "not JSON", "write a list as JSON") from None


def _lay(tables: dict[str, Any], steps: list[str], value: Any) -> str:
    """Put a value of the environment at its place; the dotted key that it set."""
    here = tables
    key: list[str] = []
    for step in steps[:-1]:
        named = _same_name(here, step)
        key.append(named)
        if not isinstance(here.get(named), dict):
            here[named] = {}
        here = here[named]
    last = _same_name(here, steps[-1])
    here[last] = value
    return ".".join([*key, last])


def _same_name(table: Mapping[str, Any], step: str) -> str:
    """The key of the file that the environment's `step` means (`-` is written `_` there)."""
    return next((name for name in table if name.lower().replace("-", "_") == step), step)


def _listed(tables: dict[str, Any]) -> dict[str, Any]:
    """Tables keyed by name (`[tenants.clinic.partners.exchange]`) as lists of tables with a name."""
    return {key: _list_table(value) if key in NAMED else value for key, value in tables.items()}


def _list_table(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return [
        {"name": name} | _listed(table) if isinstance(table, dict) else table for name, table in value.items()
    ]


def blame(problem: msgspec.ValidationError, source: Source) -> SettingsError:
    """msgspec's complaint as ours: the dotted key, the file or variable that set it, and a remedy."""
    text, _, where = str(problem).partition(" - at `$")
    key = _key(where.rstrip("`"), source.document)
    matched = re.search(r"(?:missing required|contains unknown) field `(\w+)`", text)
    if matched:
        key = f"{key}.{matched[1]}" if key else matched[1]
    place = source.overrides.get(key) or source.file
    return SettingsError(
        key or "(root)", place, text[:1].lower() + text[1:], _remedy(key, matched is not None)
    )


def _key(path: str, document: Any) -> str:
    """`.tenants[0].partners[1].name` as `tenants.clinic.partners.exchange.name`."""
    steps: list[str] = []
    here = document
    for field, index in STEP.findall(path):
        here = _below(here, field, index)
        named = index and isinstance(here, dict) and here.get("name")
        steps.append(str(named or field or index))
    return ".".join(step for step in steps if step)


def _below(here: Any, field: str, index: str) -> Any:
    if index:
        return here[int(index)] if isinstance(here, list) and int(index) < len(here) else None
    return here.get(field) if isinstance(here, dict) else None


def _remedy(key: str, field: bool) -> str:
    variable = PREFIX + key.upper().replace(".", "__").replace("-", "_")
    verb = "add or remove it" if field else "correct it"
    return f"{verb} in the settings file, or set {variable}"


def _known(shape: type[msgspec.Struct]) -> str:
    return "use one of " + ", ".join(name for name in shape.__struct_fields__ if name != "home")
