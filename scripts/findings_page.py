"""The reference page of findings, from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec

from edi.findings import CatalogueEntry, load_catalogue

HEAD = """\
# Findings

Everything that Claimwire can find wrong, with the same code in the API's `problem+json`, on the command line,
in the 999 and in the 277CA. `{words}` in a sentence stand for names of the guide, never for values of the
document.

A finding of severity **error** stops the document it is about; **fatal** means that nothing could be read;
**warning** and **info** stop nothing. The last column says what the finding becomes in an acknowledgment:
TA105 (TA1), AK905, IK502, IK304 and IK403 (999), STC (277CA).

This page is generated from `schemas/findings.toml`; a test compares them.
"""


def render_findings() -> str:
    """The page."""
    return HEAD + "".join(_render_family(family, entries) for family, entries in _families())


def _families() -> Iterator[tuple[str, list[tuple[str, CatalogueEntry]]]]:
    catalogue = sorted(load_catalogue().items())
    for family, entries in groupby(catalogue, key=lambda item: item[0].partition(".")[0]):
        yield family, list(entries)


def _render_family(family: str, entries: list[tuple[str, CatalogueEntry]]) -> str:
    rows = "".join(_render_row(code, entry) for code, entry in entries)
    head = "| code | severity | what is wrong | what to do | becomes |\n|---|---|---|---|---|\n"
    return f"\n## {family}\n\n{head}{rows}"


def _render_row(code: str, entry: CatalogueEntry) -> str:
    codes = msgspec.structs.asdict(entry.acknowledgments).items()
    becomes = ", ".join(f"{name.upper()} {value}" for name, value in codes if value)
    cells = (f"`{code}`", str(entry.severity), entry.message, entry.remedy, becomes)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
