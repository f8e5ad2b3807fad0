"""The reference page of implementation guides, from the guides as they load."""

from __future__ import annotations

from edi.definitions.reading import define_guide
from edi.guide import CompositeUse, SegmentUse
from edi.guides.loading import GuideSource
from edi.guides.registry import load_guide, load_sources

HEAD = """\
# Implementation guides

What Claimwire reads, checks and writes. Most guides are a map that pyx12 ships, pinned by its digest, and our
overlay (`schemas/guides/GUIDE.toml`) with corrections, JSON names and rules: see
[why](../why/0001-pyx12-maps-as-guide-source.md). Where pyx12 has no map, the whole guide is ours.
[TA1](guides/TA1.md) and the envelope stand in no transaction set.

This page is generated from the guides as they load; a test compares them.
"""


def render_guides() -> str:
    """The page."""
    return HEAD + "".join(_render_guide(source) for source in load_sources().values())


def _render_guide(source: GuideSource) -> str:
    guide = load_guide(source.guide)
    uses = list(guide.root.segment_uses())
    facts = (
        ("transaction set", f"{guide.transaction_set}, functional group {guide.functional_group}"),
        (
            "accepted versions",
            ", ".join(f"`{version}`" for version in sorted(source.versions)),
        ),
        ("source", _name_source(source)),
        ("size", f"{_count_loops(uses)} loops, {len(uses)} segment uses, {_count_elements(uses)} elements"),
        ("rules", ", ".join(f"`{rule}`" for rule in guide.rules) or "none"),
        ("edits", ", ".join(f"`{edit}`" for edit in guide.edits) or "none"),
    )
    table = "".join(f"| {name} | {text} |\n" for name, text in facts)
    short = define_guide(source.guide).short
    page = f"[every loop, segment and element](guides/{short}.md)"
    return f"\n## {short}: {guide.name}\n\n`{source.guide}`, {page}\n\n| | |\n|---|---|\n{table}"


def _name_source(source: GuideSource) -> str:
    if source.base:
        return f"pyx12's `{source.base}`, SHA-256 `{source.sha256[:16]}…`"
    return f"ours, whole: `schemas/guides/{source.guide}.toml`"


def _count_loops(uses: list[SegmentUse]) -> int:
    return len({use.loop for use in uses})


def _count_elements(uses: list[SegmentUse]) -> int:
    elements = (element for use in uses for element in use.elements)
    return sum(len(one.components) if isinstance(one, CompositeUse) else 1 for one in elements)
