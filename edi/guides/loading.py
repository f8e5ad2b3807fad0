"""Loading: a map (XML) and its corrections become a frozen `Guide`, proven unambiguous.

The overlay's `[[fix]]` entries correct the map before it is read: `where` names a segment use by its key
(`2300/REF[G1]`), a loop by its id, or an element (`2300/CLM/05-3`); `set` gives new values of the map's own
words (usage, name, max_use, repeat, pos, codes, add_codes, external); `reason` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from lxml import etree

from edi.guide import UNBOUNDED, CompositeUse, ElementUse, Guide, LoopUse, SegmentUse, Slot
from edi.guides.maps import load_data_elements, read_map
from edi.guides.structure import StructureError, build_root, parse_note


class GuideError(Exception):
    """A guide that cannot be proven sound does not load; the message lists every fault."""


class Fix(msgspec.Struct, frozen=True):
    """One correction of the map, with its reason."""

    where: str
    set: dict[str, str | int | list[str]]
    reason: str


class GuideSource(msgspec.Struct, frozen=True):
    """The part of an overlay file that the loader needs: a map (`base`, `sha256`) or a whole `structure`."""

    guide: str
    name: str
    set: str
    group: str
    versions: tuple[str, ...]
    base: str = ""
    sha256: str = ""
    structure: str = ""
    codes: dict[str, list[str]] = {}
    rules: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    unit: str = ""
    handed_on: str = ""
    fix: tuple[Fix, ...] = ()


def _text(node: etree._Element, tag: str, default: str = "") -> str:
    found = node.get(tag)
    if found:
        return str(found)
    for child in node.iterchildren(tag):  # a third of the time that findtext takes, and there are 17,000
        return child.text or default
    return default


def _limit(text: str) -> int:
    return UNBOUNDED if not text or text.startswith(">") else int(text)


def _codes(node: etree._Element) -> tuple[frozenset[str] | None, str | None]:
    listed = node.find("valid_codes")
    if listed is None:
        return None, None
    codes = frozenset(code.text for code in listed.findall("code"))
    return codes or None, listed.get("external")


def _parse_element(node: etree._Element) -> ElementUse:
    number = _text(node, "data_ele")
    kind = load_data_elements()[number]
    codes, external = _codes(node)
    return ElementUse(
        position=int(_text(node, "seq")),
        name=_text(node, "name"),
        usage=_text(node, "usage", "R"),
        data_element=number,
        type=kind.type,
        min_length=kind.min_length,
        max_length=kind.max_length,
        repeat=_limit(_text(node, "repeat", "1")),
        codes=codes,
        external=external,
        pattern=node.findtext("regex") or None,
    )


def _parse_composite(node: etree._Element) -> CompositeUse:
    return CompositeUse(
        position=int(_text(node, "seq")),
        name=_text(node, "name"),
        usage=_text(node, "usage", "R"),
        components=tuple(
            sorted((_parse_element(child) for child in node.findall("element")), key=lambda use: use.position)
        ),
        repeat=_limit(_text(node, "repeat", "1")),
    )


def _parse_segment(node: etree._Element, loop: str) -> SegmentUse:
    elements = [
        _parse_element(child) if child.tag == "element" else _parse_composite(child)
        for child in node
        if child.tag in ("element", "composite")
    ]
    return SegmentUse(
        key="",
        loop=loop,
        id=node.get("xid"),
        name=_text(node, "name"),
        usage=_text(node, "usage", "R"),
        position=int(_text(node, "pos", "0")),
        max_use=_limit(_text(node, "max_use", "1")),
        elements=tuple(sorted(elements, key=lambda use: use.position)),
        syntax=tuple(parse_note(note.text) for note in node.findall("syntax")),
    )


def _parse_loop(node: etree._Element, parent: str) -> LoopUse:
    name = node.get("xid")
    path = f"{parent}/{name}" if parent else name
    children = [
        _parse_loop(child, path) if child.tag == "loop" else _parse_segment(child, name)
        for child in node
        if child.tag == "segment" or (child.tag == "loop" and child.find(".//segment") is not None)
    ]
    return LoopUse(
        id=name,
        path=path,
        name=_text(node, "name"),
        usage=_text(node, "usage", "R"),
        position=int(_text(node, "pos", "0")),
        repeat=_limit(_text(node, "repeat", "1")),
        children=_disclose(sorted(children, key=lambda use: use.position)),
        wrapper=node.get("type") == "wrapper",
    )


# --- telling same-id siblings apart


def slots(use: SegmentUse) -> dict[Slot, frozenset[str]]:
    """The places of a segment use whose codes the guide lists, with those codes."""
    found: dict[Slot, frozenset[str]] = {}
    for element in use.elements:
        if isinstance(element, CompositeUse):
            found |= {
                Slot(element.position, part.position): part.codes
                for part in element.components
                if part.codes and part.usage != "N"
            }
        elif element.codes and element.usage != "N":
            found[Slot(element.position, 0)] = element.codes
    return found


def _disjoint(sets: list[frozenset[str]]) -> bool:
    return sum(map(len, sets)) == len(frozenset().union(*sets))


def find_slot(uses: list[SegmentUse]) -> Slot | None:
    """The first place whose codes are disjoint over `uses`, or None."""
    candidates = [slots(use) for use in uses]
    common = sorted(frozenset(candidates[0]).intersection(*candidates[1:]))
    return next((slot for slot in common if _disjoint([found[slot] for found in candidates])), None)


def first_segment(use: LoopUse | SegmentUse) -> SegmentUse:
    """The segment that begins `use`."""
    return use if isinstance(use, SegmentUse) else first_segment(use.children[0])


def _with_first(use: LoopUse | SegmentUse, first: SegmentUse) -> LoopUse | SegmentUse:
    if isinstance(use, SegmentUse):
        return first
    head = _with_first(use.children[0], first)
    return msgspec.structs.replace(use, children=(head, *use.children[1:]))


def _name_use(use: SegmentUse, slot: Slot | None, bracket: bool) -> SegmentUse:
    codes = slots(use).get(slot, frozenset()) if slot else frozenset()
    mark = f"[{'|'.join(sorted(codes))}]" if bracket and codes else ""
    return msgspec.structs.replace(use, key=f"{use.loop}/{use.id}{mark}", slot=slot, slot_codes=codes)


def _disclose(children: list[LoopUse | SegmentUse]) -> tuple[LoopUse | SegmentUse, ...]:
    """Children with key and slot set: the place that tells each from its siblings of the same id."""
    groups: dict[str, list[SegmentUse]] = {}
    for child in children:
        groups.setdefault(first_segment(child).id, []).append(first_segment(child))
    ids = [child.id for child in children if isinstance(child, SegmentUse)]
    named: list[LoopUse | SegmentUse] = []
    for child in children:
        first = first_segment(child)
        group = groups[first.id]
        slot = find_slot(group) if len(group) > 1 or first.id == "HL" else None
        bracket = isinstance(child, SegmentUse) and ids.count(child.id) > 1
        own = _name_use(first, slot or first.slot, bracket)
        if not bracket and not isinstance(child, SegmentUse) and first.key:
            own = msgspec.structs.replace(own, key=first.key)
        named.append(_with_first(child, own))
    return tuple(named)


# --- corrections

_WORDS = ("usage", "name", "max_use", "repeat", "pos", "regex")


def _apply_words(node: etree._Element, values: dict[str, str | int | list[str]]) -> None:
    for word, value in values.items():
        if word in ("codes", "add_codes"):
            _apply_codes(
                node, [str(code) for code in value] if isinstance(value, list) else [], word == "add_codes"
            )
            continue
        if word == "external":
            etree.SubElement(node, "valid_codes", external=str(value))
            continue
        if word not in _WORDS:
            raise GuideError(
                f"fix sets {word}, which is none of {', '.join(_WORDS)}, codes, add_codes, external"
            )
        child = node.find(word)
        if child is None:
            child = etree.SubElement(node, word)
        child.text = str(value)


def _apply_codes(node: etree._Element, codes: Iterable[str], keep: bool) -> None:
    listed = node.find("valid_codes")
    if listed is None:
        listed = etree.SubElement(node, "valid_codes")
    if not keep:
        for child in list(listed):
            listed.remove(child)
    for code in codes:
        etree.SubElement(listed, "code").text = code


def _matches(node: etree._Element, segment: str, code: str) -> bool:
    if node.get("xid") != segment:
        return False
    return not code or any(found.text == code for found in node.iter("code"))


def _segment_nodes(root: etree._Element, where: str) -> Iterator[etree._Element]:
    loop, _, rest = where.partition("/")
    name, _, bracket = rest.partition("[")
    for node in root.iter("loop"):
        if node.get("xid") == loop:
            yield from (
                child
                for child in node.findall("segment")
                if _matches(child, name, bracket.rstrip("]").split("|")[0])
            )


def _element_nodes(root: etree._Element, where: str) -> Iterator[etree._Element]:
    segment, _, place = where.rpartition("/")
    position, _, component = place.partition("-")
    for node in _segment_nodes(root, segment):
        for child in node:
            if child.tag not in ("element", "composite") or int(_text(child, "seq")) != int(position):
                continue
            parts = child.findall("element") if component else [child]
            yield from (part for part in parts if not component or int(_text(part, "seq")) == int(component))


def _nodes(root: etree._Element, where: str) -> list[etree._Element]:
    depth = where.count("/")
    if depth == 0:
        return [node for node in root.iter("loop") if node.get("xid") == where]
    return list(_segment_nodes(root, where) if depth == 1 else _element_nodes(root, where))


def apply_fixes(root: etree._Element, fixes: Iterable[Fix]) -> None:
    """Corrects the map in place. Raises GuideError where a fix finds nothing to correct."""
    for fix in fixes:
        nodes = _nodes(root, fix.where)
        if not nodes:
            raise GuideError(f"fix of {fix.where} finds nothing in the map")
        for node in nodes:
            _apply_words(node, fix.set)


# --- proof


def _ambiguities(loop: LoopUse) -> Iterator[str]:
    groups: dict[str, list[SegmentUse]] = {}
    for child in loop.children:
        if child.usage != "N":
            groups.setdefault(first_segment(child).id, []).append(first_segment(child))
    for name, group in groups.items():
        if len(group) > 1 and any(use.slot is None for use in group):
            yield f"{loop.path}: {len(group)} uses of {name} cannot be told apart"


def _without_path(loop: LoopUse) -> LoopUse:
    children = tuple(_without_path(child) if isinstance(child, LoopUse) else child for child in loop.children)
    return msgspec.structs.replace(loop, path=loop.id, usage="", repeat=0, children=children)


def _contradictions(root: LoopUse) -> Iterator[str]:
    seen: dict[str, LoopUse] = {}
    for loop in root.loop_uses():
        plain = _without_path(loop)
        if seen.setdefault(loop.id, plain) != plain:
            yield f"{loop.path}: differs from another loop {loop.id}"


def prove(guide: Guide) -> None:
    """Raises GuideError listing every ambiguity and contradiction of the guide."""
    faults = [fault for loop in guide.root.loop_uses() for fault in _ambiguities(loop)]
    faults += _contradictions(guide.root)
    if faults:
        raise GuideError(f"{guide.id} does not load: " + "; ".join(faults))


def load_from_map(source: GuideSource, loop: str = "ST_LOOP") -> LoopUse:
    """The transaction set (`loop`) of an overlay whose base is a pyx12 map.

    Raises GuideError, MapChangedError.
    """
    root = read_map(source.base, source.sha256)
    apply_fixes(root, source.fix)
    return _parse_loop(next(node for node in root.iter("loop") if node.get("xid") == loop), "")


def _disclose_all(loop: LoopUse) -> LoopUse:
    children = [_disclose_all(child) if isinstance(child, LoopUse) else child for child in loop.children]
    return msgspec.structs.replace(loop, children=_disclose(children))


def load_from_structure(source: GuideSource) -> LoopUse:
    """The transaction set of an overlay that is a whole guide. Raises GuideError."""
    try:
        return _disclose_all(build_root(source.structure, source.codes, source.set, source.versions))
    except StructureError as error:
        raise GuideError(f"{source.guide} does not load: {error}") from error


def load_source(source: GuideSource) -> Guide:
    """The guide of an overlay file, proven. Raises GuideError, MapChangedError."""
    guide = Guide(
        id=source.guide,
        name=source.name,
        transaction_set=source.set,
        functional_group=source.group,
        root=load_from_map(source) if source.base else load_from_structure(source),
        rules=source.rules,
        edits=source.edits,
        handed_on=source.handed_on or source.unit,
        versions=source.versions,
    )
    prove(guide)
    return guide
