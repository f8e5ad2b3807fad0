"""Repairs of a posted claim before it is checked: what can be put right in one way only, and is told.

Which fields each repair looks at is data (`schemas/repairs.toml`). A repaired claim is a copy; what was
posted stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from edi.findings import Finding, find
from edi.generation import Step, make_pointer

EVERY = "*"
DIAGNOSIS = re.compile(r"([A-Z][A-Z0-9]{2})\.([A-Z0-9]{1,4})", re.ASCII | re.IGNORECASE)
PHONE = re.compile(r"[0-9 ().+-]+", re.ASCII)
POSTAL = re.compile(r"([0-9]{5})-([0-9]{4})", re.ASCII)
PHONE_DIGITS = 10


def trim(text: str) -> str:
    """Without blanks at the ends."""
    return text.strip()


def upper_case(text: str) -> str:
    """In capitals, where it is ASCII."""
    return text.upper() if text.isascii() else text


def diagnosis_dot(text: str) -> str:
    """ICD-10-CM without its dot."""
    found = DIAGNOSIS.fullmatch(text)
    return found[1] + found[2] if found else text


def phone_digits(text: str) -> str:
    """The ten digits of a telephone number of North America, however it was written."""
    if PHONE.fullmatch(text) is None:
        return text
    digits = "".join(mark for mark in text if mark.isdigit())
    if len(digits) == PHONE_DIGITS + 1 and digits[0] == "1":
        digits = digits[1:]
    return digits if len(digits) == PHONE_DIGITS else text


def postal_hyphen(text: str) -> str:
    """A ZIP code of nine digits without its hyphen."""
    found = POSTAL.fullmatch(text)
    return found[1] + found[2] if found else text


#: In the order in which they run.
REPAIRS: dict[str, Callable[[str], str]] = {
    "trim": trim,
    "upper_case": upper_case,
    "diagnosis_dot": diagnosis_dot,
    "phone_digits": phone_digits,
    "postal_hyphen": postal_hyphen,
}


class RepairFields(msgspec.Struct, frozen=True):
    """A repair of the file: what it does, and the names of the fields it looks at."""

    title: str
    names: tuple[str, ...]


@cache
def load_repairs() -> dict[str, RepairFields]:
    """The repairs by name."""
    raw = tomllib.loads((files("schemas") / "repairs.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["repair"], dict[str, RepairFields])


class Repair(NamedTuple):
    """One repair of one field."""

    name: str
    change: Callable[[str], str]


class Repairs:
    """The repairs of one tenant. Raises ValueError for a name that no repair has."""

    def __init__(self, without: tuple[str, ...] = ()) -> None:
        unknown = sorted(set(without) - REPAIRS.keys())
        if unknown:
            raise ValueError(f"no repair is named {', '.join(unknown)}; there are {', '.join(REPAIRS)}")
        chosen = {name: fields for name, fields in load_repairs().items() if name not in without}
        self.every = tuple(Repair(name, REPAIRS[name]) for name in REPAIRS if is_for(chosen, name, EVERY))
        names = {field for fields in chosen.values() for field in fields.names} - {EVERY}
        self.by_name = {
            field: (
                *self.every,
                *(Repair(name, REPAIRS[name]) for name in REPAIRS if is_for(chosen, name, field)),
            )
            for field in names
        }

    def apply(self, document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        """The claim with its repairs, and one finding for each; the claim itself where nothing needed any."""
        findings: list[Finding] = []
        repaired = self._mend_section(document, (), findings)
        return repaired, findings

    def _mend_section(
        self, section: Mapping[str, Any], at: tuple[Step, ...], findings: list[Finding]
    ) -> dict[str, Any]:
        mended: dict[str, Any] | None = None
        for name, held in section.items():
            new = self._mend(held, name, (*at, name), findings)
            if new is not held:
                mended = mended if mended is not None else dict(section)
                mended[name] = new
        return mended if mended is not None else section  # type: ignore[return-value]  # a decoded JSON object

    def _mend(self, held: Any, name: str, at: tuple[Step, ...], findings: list[Finding]) -> Any:
        if isinstance(held, str):
            for step in self.by_name.get(name, self.every):
                held = tell(step, held, at, findings)
            return held
        if isinstance(held, dict):
            return self._mend_section(held, at, findings)
        if isinstance(held, list):
            items = [self._mend(one, name, (*at, number), findings) for number, one in enumerate(held)]
            return held if all(new is old for new, old in zip(items, held, strict=True)) else items
        return held


def is_for(chosen: Mapping[str, RepairFields], name: str, field: str) -> bool:
    """Whether a repair is switched on and looks at a field."""
    return name in chosen and field in chosen[name].names


def tell(step: Repair, text: str, at: tuple[Step, ...], findings: list[Finding]) -> str:
    """The value after one repair, which is told where it changed anything."""
    changed = step.change(text)
    if changed == text:
        return text
    findings.append(
        find(f"repair.{step.name}", pointer=make_pointer(at), rule=f"repair {step.name}", value=text)
    )
    return changed
