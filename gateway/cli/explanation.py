"""A file as a person reads it: loops and segments with their names, values, and findings in place."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape
from rich.tree import Tree

from edi.files import FileReport, SetReport
from edi.findings import Finding
from edi.guide import CompositeUse, ElementUse
from edi.segments import Segment
from edi.tree import Loop
from gateway.cli.rendering import COLOURS


def explain_file(report: FileReport) -> Iterator[Tree]:
    """One tree for each transaction set, with a heading for its interchange and group."""
    for finding in report.findings:
        yield Tree(_finding_text(finding))
    for interchange in report.interchanges:
        header = interchange.header
        title = f"[bold]Interchange {escape(header.control_number)}[/] {escape(header.sender)} ▶ {escape(header.receiver)}"
        tree = Tree(f"{title}, {escape(header.date)} {escape(header.time)}, {escape(header.usage)}")
        for finding in interchange.findings:
            tree.add(_finding_text(finding))
        for segment in interchange.acknowledgments:
            tree.add(f"[cyan]TA1[/] {escape(' '.join(segment.elements[1:]))}")
        for group in interchange.groups:
            branch = tree.add(
                f"[bold]Group {escape(group.header.control_number)}[/] {escape(group.header.version)}"
            )
            for finding in group.findings:
                branch.add(_finding_text(finding))
            for found in group.sets:
                _explain_set(branch, found)
        yield tree


def _explain_set(branch: Tree, found: SetReport) -> None:
    title = f"[bold]Transaction set {escape(found.set_id)} {escape(found.control_number)}[/]"
    top = branch.add(f"{title} by {found.guide or 'no known guide'}, {found.segment_count} segments")
    placed: dict[int, list[Finding]] = {}
    for finding in found.findings:
        ordinal = finding.x12.ordinal if finding.x12 else None
        placed.setdefault(ordinal or 0, []).append(finding)
    for finding in placed.pop(0, []):
        top.add(_finding_text(finding))
    if found.tree is None:
        for segment in found.segments:
            top.add(escape("*".join(segment.elements)))
        return
    _explain_loop(top, found.tree, placed)
    for ordinal, findings in sorted(placed.items()):
        for finding in findings:
            top.add(f"segment {ordinal}: {_finding_text(finding)}")


def _explain_loop(branch: Tree, loop: Loop, placed: dict[int, list[Finding]]) -> None:
    for child in loop.children:
        if isinstance(child, Loop):
            inner = (
                branch
                if child.use.wrapper
                else branch.add(f"[bold blue]{child.use.id}[/] {escape(child.use.name)}")
            )
            _explain_loop(inner, child, placed)
        else:
            _explain_segment(branch, child, loop.component_separator, placed.pop(child.ordinal, []))


def _explain_segment(branch: Tree, segment: Segment, separator: str, findings: list[Finding]) -> None:
    use = segment.use
    name = use.name if use else "not in the guide"
    node = branch.add(f"[green]{escape(segment.id)}[/] {escape(name)} [dim]({segment.ordinal})[/]")
    for element in use.elements if use else ():
        text = segment.element(element.position)
        if text:
            node.add(_element_text(segment.id, element, text, separator))
    for finding in findings:
        node.add(_finding_text(finding))


def _element_text(segment: str, use: ElementUse | CompositeUse, text: str, separator: str) -> str:
    label = f"{segment}{use.position:02d}"
    if isinstance(use, ElementUse):
        return f"[dim]{label}[/] {escape(use.name)}: [bold]{escape(text)}[/]"
    parts = [
        f"{escape(component.name)} [bold]{escape(part)}[/]"
        for component, part in zip(use.components, text.split(separator), strict=False)
        if part
    ]
    return f"[dim]{label}[/] {escape(use.name)}: {', '.join(parts)}"


def _finding_text(finding: Finding) -> str:
    text = f"{finding.severity}: {finding.message} {finding.remedy}"
    return f"[{COLOURS[finding.severity]}]⚑ {escape(text)}[/]"
