"""A reference page for each guide: its loops, segments, elements, JSON names, rules and corrections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edi.definitions.lines import TYPES, write_repeats, write_usage
from edi.definitions.reading import define_guide, list_guides
from edi.definitions.shapes import (
    CodeDefinition,
    Correction,
    ElementDefinition,
    GuideDefinition,
    LoopDefinition,
    OutlineEntry,
    RuleDefinition,
    SegmentDefinition,
)
from edi.json_schema import FILES

FOLDER = "docs/reference/guides"
SPELLED_OUT = 24  # a longer list of codes is given without meanings
HEAD = """\
# {short}: {name}

| | |
|---|---|
| guide | `{id}` |
| transaction set | {transaction_set}{group} |
| read by the versions | {versions} |
| source | {source} |
{schema}
The same on the command line: `python -m edi show {short}`, `python -m edi show {short} {loop}`,
`python -m edi show {short} {loop} {segment}`. Elements that the guide does not use are left out here. JSON
names are written with dots; `[]` is an array. What an element must be (there, of its type and length, one of
its codes) is checked for every element; what it raises stands in [findings](../findings.md) under `element`,
`code`, `segment` and `loop`.

This page is generated from the guide as it loads; a test compares them.
"""
UNNAMED = {"ST_LOOP", "ISA_LOOP"}


def list_pages() -> dict[str, str]:
    """The id of each guide by the place of its page."""
    return {f"{FOLDER}/{define_short(guide)}.md": guide for guide in list_guides()}


def define_short(guide: str) -> str:
    """What people call a guide."""
    return define_guide(guide).short


def render_guide_page(guide_id: str) -> str:
    """The page of a guide."""
    guide = define_guide(guide_id)
    loops = [loop for loop in guide.loops if loop.segments]
    example = next((loop for loop in loops if loop.id not in UNNAMED), loops[0])
    head = HEAD.format(
        short=guide.short,
        name=guide.name,
        id=guide.id,
        transaction_set=guide.transaction_set,
        group=f", functional group {guide.functional_group}" if guide.functional_group else "",
        versions=", ".join(f"`{version}`" for version in guide.versions),
        source=guide.source,
        schema=_render_schema(guide),
        loop=example.id,
        segment=example.segments[0].id,
    )
    body = "".join(_render_loop(loop) for loop in loops)
    rules = _render_rules(guide.rules) + _render_corrections(guide.corrections)
    return head + _render_outline(guide.outline) + rules + body


def _render_schema(guide: GuideDefinition) -> str:
    name = FILES.get(guide.id)
    return f"| JSON Schema | [{name}](../../../schemas/json/{name}) |\n" if name else ""


def _render_outline(entries: Iterable[OutlineEntry]) -> str:
    lines = (
        f"{'  ' * entry.depth}* {_link(entry)}, {write_usage(entry.usage, entry.repeats)}\n"
        for entry in entries
    )
    return "\n## Loops\n\n" + "".join(lines)


def _link(entry: OutlineEntry) -> str:
    text = f"{entry.id} {entry.name}"
    return f"[{text}](#{anchor(text)})" if entry.segments else text


def anchor(heading: str) -> str:
    """The anchor of a heading, as forges and our own test make it."""
    kept = (letter for letter in heading.lower() if letter.isalnum() or letter in "_- ")
    return "".join(kept).replace(" ", "-")


def _render_rules(rules: tuple[RuleDefinition, ...]) -> str:
    if not rules:
        return ""
    rows = "".join(
        _row(f"`{rule.name}`", rule.kind, ", ".join(rule.loops), rule.says, rule.cites, _link_findings(rule))
        for rule in rules
    )
    head = "| name | kind | loops | says | source | raises |\n|---|---|---|---|---|---|\n"
    told = "Rules are of the guide; edits go beyond it (SNIP 5 and 6, sound practice)."
    return f"\n## Rules\n\n{told}\n\n{head}{rows}"


def _link_findings(rule: RuleDefinition) -> str:
    return ", ".join(f"[`{code}`](../findings.md#{code.partition('.')[0]})" for code in rule.findings)


def _render_corrections(corrections: tuple[Correction, ...]) -> str:
    if not corrections:
        return ""
    rows = "".join(_row(f"`{one.where}`", one.reason) for one in corrections)
    return f"\n## Corrections of the map\n\n| where | why |\n|---|---|\n{rows}"


def _render_loop(loop: LoopDefinition) -> str:
    facts = [loop.usage, write_repeats(loop.repeats)] if loop.usage else [write_repeats(loop.repeats)]
    if loop.parents:
        facts.append(f"in {', '.join(loop.parents)}")
    if loop.json:
        facts.append("JSON " + ", ".join(f"`{name}`" for name in loop.json))
    head = f"\n## {loop.id} {loop.name}\n\n{'; '.join(facts)}\n"
    return head + "".join(_render_segment(segment) for segment in loop.segments)


def _render_segment(segment: SegmentDefinition) -> str:
    facts = [segment.usage, write_repeats(segment.repeats)]
    if segment.told_by:
        facts.append(f"told by {segment.told_by}")
    facts += [f"JSON `{name}`" for name in segment.json]
    facts += [f"rule `{rule.name}`" for rule in segment.rules]
    rows = "".join(_list_rows(segment.elements))
    conditions = "".join(f"* {condition}\n" for condition in segment.conditions)
    table = f"| place | element | usage | form | codes | JSON |\n|---|---|---|---|---|---|\n{rows}"
    key = segment.key.partition("/")[2].replace("|", ", ")
    text = f"\n### {segment.loop} {key} {segment.name}\n\n{'; '.join(facts)}\n\n{table}"
    return text + (f"\n{conditions}" if conditions else "")


def _list_rows(elements: Iterable[ElementDefinition]) -> Iterator[str]:
    for element in elements:
        if element.usage == "not used":
            continue
        names = ", ".join(f"`{name}`" for name in element.json)
        written = "; ".join(element.written)
        json = " — ".join(filter(None, (names, written)))
        yield _row(element.place, element.name, element.usage, _describe(element), _codes(element), json)
        yield from _list_rows(element.components)


def _describe(element: ElementDefinition) -> str:
    if element.components:
        form = "composite"
    else:
        length = f"{element.shortest} to {element.longest}"
        length = str(element.longest) if element.shortest == element.longest else length
        form = f"{TYPES.get(element.type, element.type)} {length}"
    return form if element.repeats == 1 else f"{form}, {write_repeats(element.repeats)}"


def _codes(element: ElementDefinition) -> str:
    told = [f"table of {element.table}"] if element.table else []
    if len(element.codes) > SPELLED_OUT:
        return "; ".join([" ".join(f"`{code.code}`" for code in element.codes), *told])
    return "; ".join([*map(_spell, element.codes), *told])


def _spell(code: CodeDefinition) -> str:
    return f"`{code.code}` {code.meaning}".rstrip()


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
