"""pyx12's map files, read with lxml: the raw material of the guides.

The maps are untrusted only in form: the parser resolves no entity, opens no network and loads no DTD.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
from lxml import etree

from edi.edits.tables import load_shipped_table


class MapChangedError(Exception):
    """The installed pyx12 map is not the one that our overlay was written against."""


class DataElement(NamedTuple):
    """Type and lengths of an X12 data element (`dataele.xml`)."""

    type: str
    min_length: int
    max_length: int


class ExternalTable(msgspec.Struct, frozen=True):
    """How a code list outside the guide is treated, and our table that adds to it (`external.toml`)."""

    severity: str
    title: str
    codes: str = ""


def parse_xml(raw: bytes) -> etree._Element:
    """The root of an XML file; no entities, no network, no DTD."""
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def read_map_file(name: str) -> bytes:
    """The bytes of a file in pyx12's map folder."""
    return (files("pyx12") / "map" / name).read_bytes()


def read_map(name: str, sha256: str) -> etree._Element:
    """pyx12's map `name`. Raises MapChangedError where its digest is not `sha256`."""
    raw = read_map_file(name)
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256:
        raise MapChangedError(f"{name} has sha256 {found}; the overlay was written for {sha256}")
    return parse_xml(raw)


@cache
def load_data_elements() -> dict[str, DataElement]:
    """Every X12 data element that the maps refer to, by number."""
    root = parse_xml(read_map_file("dataele.xml"))
    return {
        element.get("ele_num"): DataElement(
            element.get("data_type"), int(element.get("min_len")), int(element.get("max_len"))
        )
        for element in root.iter("data_ele")
    }


@cache
def load_element_names() -> dict[str, str]:
    """The X12 name of each data element, by number."""
    root = parse_xml(read_map_file("dataele.xml"))
    return {element.get("ele_num"): element.get("name") or "" for element in root.iter("data_ele")}


@cache
def load_external_tables() -> dict[str, ExternalTable]:
    """How each external code list is treated."""
    raw = tomllib.loads((files("schemas") / "codes" / "external.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw["table"], dict[str, ExternalTable])


@cache
def load_external_codes() -> dict[str, frozenset[str]]:
    """The codes of each external list: pyx12's floor and those of our own table, whatever their days."""
    root = parse_xml(read_map_file("codes.xml"))
    tables = load_external_tables()
    return {
        (name := codeset.findtext("id")): frozenset(code.text for code in codeset.iterfind("version/code"))
        | (list_codes(tables[name].codes) if name in tables and tables[name].codes else frozenset())
        for codeset in root.iter("codeset")
    }


def list_codes(table: str) -> frozenset[str]:
    """Every code of a shipped table."""
    return frozenset(row.code for row in load_shipped_table(table).rows())
