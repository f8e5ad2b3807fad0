"""Findings: what is wrong with a document, where, by which rule, and what to do about it.

The catalogue (`schemas/findings.toml`) is data: one entry for each stable code with its severity,
sentence, remedy and the acknowledgment codes it becomes. A report and an acknowledgment are both
projections of the same findings, so they cannot disagree.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec


class Severity(StrEnum):
    """How much a finding matters: `fatal` stops reading, `error` stops the document."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where in an X12 file: control numbers of the envelope, then loop, segment, element.

    `ordinal` counts segments from ST = 1; `element`, `component` and `repetition` count from 1;
    `offset` is the byte offset of the segment in the file.
    """

    interchange: str | None = None
    group: str | None = None
    set: str | None = None
    loop: str | None = None
    segment: str | None = None
    ordinal: int | None = None
    element: int | None = None
    component: int | None = None
    repetition: int | None = None
    offset: int | None = None


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong. `message` never holds the value; `value` stands apart and is never logged.

    `status` is the claim status that a payer's rule names (STC01: category:code or category:code:entity).
    `trigger` is the place that makes something required or forbidden, where a situation does.
    """

    code: str
    severity: Severity
    message: str
    remedy: str
    pointer: str | None = None
    x12: Place | None = None
    rule: str | None = None
    value: str | None = None
    status: str | None = None
    trigger: Place | None = None

    @property
    def stops(self) -> bool:
        """True where a document with this finding may not go on."""
        return self.severity in (Severity.FATAL, Severity.ERROR)


class Acknowledgments(msgspec.Struct, frozen=True):
    """The acknowledgment codes one finding becomes (TA105, AK905, IK502, IK304, IK403, STC01)."""

    ta105: str | None = None
    ak905: str | None = None
    ik502: str | None = None
    ik304: str | None = None
    ik403: str | None = None
    stc: str | None = None


class CatalogueEntry(msgspec.Struct, frozen=True):
    """A finding's definition: `message` and `remedy` may hold `{name}` places for words of the guide."""

    severity: Severity
    message: str
    remedy: str
    acknowledgments: Acknowledgments = Acknowledgments()


@cache
def load_catalogue() -> dict[str, CatalogueEntry]:
    """Every finding there is, by code, from `schemas/findings.toml`."""
    raw = tomllib.loads((files("schemas") / "findings.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["finding"], dict[str, CatalogueEntry])


PAYER_RULES = "payer."


def find_entry(code: str) -> CatalogueEntry:
    """The definition of a code; payer rules share one. Raises KeyError for an unknown code."""
    catalogue = load_catalogue()
    entry = catalogue.get(code)
    return catalogue["payer.rule"] if entry is None and code.startswith(PAYER_RULES) else catalogue[code]


def find(
    code: str,
    *,
    pointer: str | None = None,
    x12: Place | None = None,
    rule: str | None = None,
    value: str | None = None,
    severity: Severity | None = None,
    **words: str,
) -> Finding:
    """A finding of the catalogue with `words` put into its sentence and remedy.

    `words` come from guides and rules, never from the document. Raises KeyError for a code that the
    catalogue does not hold: a broken promise of ours, not of the document.
    """
    entry = load_catalogue()[code]
    return Finding(
        code=code,
        severity=severity or entry.severity,
        message=entry.message.format_map(words),
        remedy=entry.remedy.format_map(words),
        pointer=pointer,
        x12=x12,
        rule=rule,
        value=value,
    )
