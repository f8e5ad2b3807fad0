"""XML from strangers: no document type, no entity, no network, UTF-8 only, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from lxml import etree

NODES = 2000
DEPTH = 64
_PLAIN_TEXT = 9_000_000  # libxml2 refuses longer texts unless told not to; then our own limit of bytes holds
_DECLARED = re.compile(rb"^<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_CHARACTER_SETS = (b"utf-8", b"us-ascii", b"ascii")
_MARKUP = (b"<!doctype", b"<!entity", b"<!element", b"<!attlist", b"<!notation")


class XmlFault(ValueError):
    """A text that is not XML as it is taken here; the message holds nothing of it."""


def parse_xml(content: bytes) -> etree._Element:
    """The root element. The caller has limited the bytes. Raises XmlFault."""
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    declared = _DECLARED.match(text[:200])
    if b"\0" in text or (declared and declared[1].lower() not in _CHARACTER_SETS):
        raise XmlFault("only UTF-8 is taken")
    # Every UTF-8 reader sees these bytes as these letters, so nothing declares an entity unseen.
    lowered = text.lower()
    if any(mark in lowered for mark in _MARKUP):
        raise XmlFault("a document type is not taken")
    try:
        root = etree.fromstring(text, make_parser(huge=len(text) > _PLAIN_TEXT))
    except etree.XMLSyntaxError as error:
        raise XmlFault("it is not well-formed") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlFault("a document type is not taken")
    _limit(root)
    return root


def make_parser(*, huge: bool) -> etree.XMLParser:
    """A parser that fetches nothing, expands nothing and guesses no character set."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        huge_tree=huge,
    )


def _limit(root: etree._Element) -> None:
    for count, (_, depth) in enumerate(_walk(root), 1):
        if count > NODES or depth > DEPTH:
            raise XmlFault(f"it has more than {NODES} elements, or more than {DEPTH} inside each other")


def _walk(root: etree._Element) -> Iterator[tuple[etree._Element, int]]:
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        yield element, depth
        stack += [(child, depth + 1) for child in element]


@cache
def load_schema() -> etree.XMLSchema:
    """The schema of the envelopes."""
    text = (files("adapters.core_connectivity") / "core_rule_2_2_0.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text, make_parser(huge=False)))
