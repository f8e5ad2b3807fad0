"""docs/reference/rules.md: every rule of the guides and every edit, and the shipped payer rules."""

from __future__ import annotations

from collections.abc import Iterator

from edi.rules.listing import ListedRule, list_rules
from gateway.payer_rules import list_shipped, load_shipped

HEAD = """# Rules and edits

Generated from the code and from `schemas/payers`; `GET /v1/rules` gives the same, with your own payer rules.
A rule needs no table (SNIP 1 to 4); an edit looks codes up or knows the day of receipt (SNIP 5 and 6);
a payer rule says what one payer asks beyond the guide (SNIP 7).
"""


def render_rules() -> str:
    """The page."""
    return (
        "\n".join([HEAD, *render_kind("rule", "Rules"), *render_kind("edit", "Edits"), *render_packs()])
        + "\n"
    )


def render_kind(kind: str, title: str) -> Iterator[str]:
    """The rules of a kind."""
    yield f"## {title}\n"
    for rule in list_rules():
        if rule.kind == kind:
            yield from render_rule(rule)


def render_rule(rule: ListedRule) -> Iterator[str]:
    """One rule."""
    yield f"### `{rule.name}`\n"
    yield f"{rule.sentence}\n"
    yield f"Source: {rule.cites}. Guides: {', '.join(rule.guides) or 'none'}. Loops: {', '.join(rule.loops)}."
    if rule.fields:
        yield f"JSON: {', '.join(f'`{name}`' for name in rule.fields)}."
    yield ""


def render_packs() -> Iterator[str]:
    """The shipped packs of payer rules."""
    yield "## Payer rules that are shipped\n"
    for name in list_shipped():
        pack = load_shipped(name)
        yield f"### Pack `{name}`: {pack.title}\n\n{pack.about}\n"
        yield "| rule | JSON | X12 | what it says | source |\n|---|---|---|---|---|"
        for rule in pack.rules:
            written = rule.written
            words = written.message.strip().replace("|", "\\|")
            yield f"| `{written.id}` | `{written.pointer}` | {written.x12} | {words} | {written.cites} |"
        yield ""
