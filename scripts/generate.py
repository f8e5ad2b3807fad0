"""Writes what is generated from data: JSON Schemas, OpenAPI and reference pages. `make schemas` runs it.

A test compares every file with what this makes, so that none is edited by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from edi.json_schema import FILES, write_schema
from gateway.api.openapi import write_openapi
from gateway.simulator.scenario_page import render_page
from gateway.simulator.scenarios import load_scenarios
from scripts.attacks_page import render_attacks
from scripts.cli_page import render_commands
from scripts.client_code import write_calls
from scripts.codes_page import render_codes
from scripts.findings_page import render_findings
from scripts.guide_pages import list_pages, render_guide_page
from scripts.guides_page import render_guides
from scripts.library_page import render_library
from scripts.rules_page import render_rules
from scripts.snip_page import render_snip

ROOT = Path(__file__).resolve().parent.parent


def list_outputs() -> dict[str, Callable[[], str]]:
    """Each generated file, relative to the root, and what makes its text."""
    schemas = {
        f"schemas/json/{name}": lambda guide=guide: write_schema(guide)  # the default binds this turn's guide
        for guide, name in FILES.items()
    }
    pages = {
        place: lambda guide=guide: render_guide_page(guide)  # the default binds this turn's guide
        for place, guide in list_pages().items()
    }
    return (schemas | pages) | {
        "schemas/json/openapi.json": lambda: write_openapi().decode(),
        "gateway/client/calls.py": lambda: write_calls(asynchronous=False),
        "gateway/client/async_calls.py": lambda: write_calls(asynchronous=True),
        "docs/reference/attacks.md": render_attacks,
        "docs/reference/cli.md": render_commands,
        "docs/reference/codes.md": render_codes,
        "docs/reference/findings.md": render_findings,
        "docs/reference/guides.md": render_guides,
        "docs/reference/rules.md": render_rules,
        "docs/reference/snip.md": render_snip,
        "docs/reference/library.md": render_library,
        "docs/reference/scenarios.md": lambda: render_page(load_scenarios().values()),
    }


def main() -> None:
    """Write each file that is not as it should be, and name it."""
    for place, make in list_outputs().items():
        path, text = ROOT / place, make()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{place}\n")


if __name__ == "__main__":
    main()
