"""An independent SOAP implementation (zeep) that reads and writes CORE envelopes by the WSDL of our door."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import zeep
from lxml import etree

from adapters.core_connectivity.forms import NAMESPACE
from adapters.core_connectivity.wsdl import write_wsdl

SOAP = "http://www.w3.org/2003/05/soap-envelope"


@cache
def load_peer() -> zeep.Client:
    """A zeep client of our WSDL, at an address that nobody listens on."""
    with tempfile.NamedTemporaryFile(suffix=".wsdl") as place:
        Path(place.name).write_bytes(write_wsdl("https://core.example/core/soap"))
        return zeep.Client(place.name)


def read_body(body: bytes, name: str) -> Any:
    """The element `name` in the body of a SOAP message, as zeep understands it by the WSDL."""
    peer = load_peer()
    [content] = etree.fromstring(body).find(f"{{{SOAP}}}Body")
    assert content.tag == f"{{{NAMESPACE}}}{name}"
    return peer.get_element(content.tag).parse(content, peer.wsdl.types)


def write_body(name: str, **fields: object) -> bytes:
    """A SOAP message with the element `name`, as zeep writes it."""
    peer, root = load_peer(), etree.Element(f"{{{SOAP}}}Envelope")
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    element = peer.get_element(f"{{{NAMESPACE}}}{name}")
    element.render(body, element(**fields))
    return etree.tostring(root)
