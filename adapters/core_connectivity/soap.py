"""SOAP 1.2 messages with one CORE envelope: read from strangers, written for them; faults likewise.

The payload of real time is text (CDATA), that of a batch base64 inline or an attachment (MTOM). Who sends is
told by a UsernameToken of WS-Security with its password as text, which TLS keeps.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from adapters.core_connectivity.envelopes import Envelope, EnvelopeFault, judge_request, read_envelope
from adapters.core_connectivity.forms import (
    ACTIONS,
    BY_NAME,
    NAMESPACE,
    REAL_TIME,
    RECEIVER,
    SENDER,
    VERSION_MISMATCH,
)
from adapters.core_connectivity.markup import XmlFault, load_schema, parse_xml
from adapters.core_connectivity.multipart import MultipartFault, Part, read_parts, read_value, write_related

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
XOP = "http://www.w3.org/2004/08/xop/include"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{WSS}wssecurity-secext-1.0.xsd"
PASSWORD_TEXT = f"{WSS}username-token-profile-1.0#PasswordText"
MEDIA = "application/soap+xml"
XOP_MEDIA = "application/xop+xml"
MUST_UNDERSTAND = "MustUnderstand"
_TRUE = ("true", "1")
_UNDERSTOOD = (WSSE, "http://www.w3.org/2005/08/addressing")
_CODE = re.compile(r"[A-Za-z0-9_.]{1,60}")


class SoapFault(Exception):
    """A message that is answered by a fault: SOAP's code (Sender, Receiver, VersionMismatch, MustUnderstand),
    a sentence without any value of it, and the rule's own code where it has one.
    """

    def __init__(self, code: str, reason: str, detail: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason, self.detail = code, reason, detail


@dataclass(frozen=True, slots=True)
class Token:
    """Who sends, as the message says."""

    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its envelope, the token in its header, and whether its form is as the schema has it.

    `attached` says that it came with attachments, so that its answer may.
    """

    envelope: Envelope
    token: Token | None
    sound: bool
    attached: bool

    def judge(self) -> None:
        """Raises EnvelopeFault with the code of what is wrong with a request."""
        judge_request(self.envelope)
        if not self.sound:
            raise EnvelopeFault(SENDER, "The envelope does not have the form of the rule's schema.")


def read_message(content_type: str, body: bytes, *, tolerant: bool = True) -> Message:
    """The message in a body. With `tolerant`, fields may stand in the rule's namespace: some clients do so.

    Raises SoapFault where it is none, EnvelopeFault for a payload that cannot be unpacked.
    """
    text, parts = _unpack(content_type, body)
    try:
        root = parse_xml(text)
    except XmlFault as fault:
        raise SoapFault(SENDER, f"The XML cannot be taken: {fault}.") from fault
    header, content = _open(root)
    return _read_content(content, _read_header(header), parts, tolerant=tolerant)


def _unpack(content_type: str, body: bytes) -> tuple[bytes, dict[str, Part]]:
    """The XML of the message, and its attachments by Content-ID."""
    try:
        media, parameters = read_value(content_type)
        if media != "multipart/related":
            return body, {}
        parts = read_parts(content_type, body)
    except MultipartFault as fault:
        raise SoapFault(SENDER, f"The body cannot be taken apart: {fault}.") from fault
    named = {part.content_id: part for part in parts if part.content_id}
    start = parameters.get("start", "").strip().removeprefix("<").removesuffix(">")
    first = named.get(start) if start else (parts[0] if parts else None)
    if first is None or len(named) < len([part for part in parts if part.content_id]):
        raise SoapFault(SENDER, "The body has no root part, or two parts of one name.")
    return first.content, named


def _open(root: etree._Element) -> tuple[etree._Element | None, etree._Element]:
    """The header, and the one element of the body."""
    if root.tag == f"{{{SOAP_1_1}}}Envelope":
        raise SoapFault(VERSION_MISMATCH, "SOAP 1.2 is spoken here.")
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None or len(root) > 2 or len(body) != 1:
        raise SoapFault(SENDER, "The message is no SOAP envelope with one element in its body.")
    return header, body[0]


def _read_header(header: etree._Element | None) -> Token | None:
    found: Token | None = None
    for block in header if header is not None else ():
        name = etree.QName(block)
        if block.get(f"{{{SOAP}}}mustUnderstand", "") in _TRUE and name.namespace not in _UNDERSTOOD:
            raise SoapFault(MUST_UNDERSTAND, "A block of the header must be understood and is not.")
        if name.namespace == WSSE and name.localname == "Security":
            if found is not None:
                raise SoapFault(SENDER, "The header has two security blocks.")
            found = _read_security(block)
    return found


def _read_security(block: etree._Element) -> Token | None:
    tokens = block.findall(f"{{{WSSE}}}UsernameToken")
    if not tokens:
        return None
    names, passwords = (tokens[0].findall(f"{{{WSSE}}}{each}") for each in ("Username", "Password"))
    if len(tokens) > 1 or len(names) != 1 or len(passwords) != 1:
        raise SoapFault(SENDER, "The header names more than one sender, or none.")
    if passwords[0].get("Type", PASSWORD_TEXT) != PASSWORD_TEXT:
        raise SoapFault(SENDER, "The password is taken as text, over TLS.")
    return Token((names[0].text or "").strip(), (passwords[0].text or "").strip())


def _read_content(
    content: etree._Element, token: Token | None, parts: Mapping[str, Part], *, tolerant: bool
) -> Message:
    name = etree.QName(content)
    if name.namespace == SOAP and name.localname == "Fault":
        raise read_fault(content)
    form = BY_NAME.get(name.localname) if name.namespace == NAMESPACE else None
    if form is None:
        other = (name.namespace or "").startswith(NAMESPACE.rpartition("CORERule")[0])
        raise SoapFault(
            SENDER,
            "The body holds no envelope of CORE rule 2.2.0.",
            VERSION_MISMATCH if other else "",
        )
    if tolerant:
        for child in content:
            child.tag = (
                etree.QName(child).localname if child.tag.startswith(f"{{{NAMESPACE}}}") else child.tag
            )
    payload = _take_payload(content, parts, coded=form.mode != REAL_TIME)
    fields = {child.tag: child.text or "" for child in content}
    sound = load_schema().validate(content)
    return Message(read_envelope(name.localname, fields, payload), token, sound, attached=bool(parts))


def _take_payload(content: etree._Element, parts: Mapping[str, Part], *, coded: bool) -> bytes | None:
    """The bytes of the payload, and nothing left of them in the tree, which is validated after."""
    element = content.find("Payload")
    if element is None:
        return None
    include = element.find(f"{{{XOP}}}Include")
    text = element.text or ""
    element.text = ""
    if include is not None:
        element.remove(include)
        named = unquote(include.get("href", "")).removeprefix("cid:")
        if named not in parts:
            raise EnvelopeFault("PayloadIllegal", "Payload names an attachment that is not there.")
        return parts[named].content
    if not coded:
        return text.encode("utf-8")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise EnvelopeFault("PayloadIllegal", "Payload is not base64.") from None


def read_fault(content: etree._Element) -> SoapFault:
    """A fault of the other end. Its sentence is left where it is: nobody knows what it quotes."""
    value = content.find(f"{{{SOAP}}}Code/{{{SOAP}}}Value")
    code = ((value.text if value is not None else "") or "").rpartition(":")[2].strip()
    known = (SENDER, RECEIVER, VERSION_MISMATCH, MUST_UNDERSTAND, "DataEncodingUnknown")
    detail = content.find(f"{{{SOAP}}}Detail/{{{NAMESPACE}}}ErrorCode")
    said = ((detail.text if detail is not None else "") or "").strip()
    return SoapFault(code if code in known else SENDER, "a fault", said if _CODE.fullmatch(said) else "")


def write_message(
    envelope: Envelope, *, token: Token | None = None, attach: bool = False
) -> tuple[str, bytes]:
    """Content type and body. With `attach` a batch's payload is an attachment (MTOM).

    Raises EnvelopeFault for a payload of real time with characters that XML cannot hold.
    """
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    if token is not None:
        _write_token(etree.SubElement(root, f"{{{SOAP}}}Header"), token)
    body = etree.SubElement(root, f"{{{SOAP}}}Body")
    content = etree.SubElement(body, f"{{{NAMESPACE}}}{envelope.name}", nsmap={"core": NAMESPACE})
    form, content_id = envelope.form, "payload@claimwire"
    for name, value in envelope.write_fields():
        element = etree.SubElement(content, name)
        if isinstance(value, str):
            element.text = value
        elif form.mode == REAL_TIME:
            element.text = _write_text(value)
        elif attach:
            etree.SubElement(element, f"{{{XOP}}}Include", nsmap={"xop": XOP}, href=f"cid:{content_id}")
        else:
            element.text = base64.b64encode(value).decode("ascii")
    action = ACTIONS[form] if envelope.name == form.request else ""
    text = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    if attach and form.mode != REAL_TIME and envelope.payload is not None:
        return write_related(text, envelope.payload, content_id, action=action)
    return f"{MEDIA}; charset=UTF-8" + (f'; action="{action}"' if action else ""), text


def _write_token(header: etree._Element, token: Token) -> None:
    security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    security.set(f"{{{SOAP}}}mustUnderstand", "true")
    written = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(written, f"{{{WSSE}}}Username").text = token.username
    password = etree.SubElement(written, f"{{{WSSE}}}Password", Type=PASSWORD_TEXT)
    password.text = token.password


def _write_text(payload: bytes) -> str | etree.CDATA:
    """The payload as text: CDATA, but for a carriage return, which only an escape brings through."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        text = payload.decode("latin-1")
    if not all(character >= " " or character in "\t\n\r" for character in text) or "\ufffe" in text:
        raise EnvelopeFault(
            "PayloadIllegal", "The payload holds control characters, which XML cannot: use other delimiters."
        )
    return text if "\r" in text or "]]>" in text else etree.CDATA(text)


def write_fault(fault: SoapFault) -> bytes:
    """A fault as a whole message."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    content = etree.SubElement(etree.SubElement(root, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    code = etree.SubElement(etree.SubElement(content, f"{{{SOAP}}}Code"), f"{{{SOAP}}}Value")
    code.text = f"soap:{fault.code}"
    text = etree.SubElement(etree.SubElement(content, f"{{{SOAP}}}Reason"), f"{{{SOAP}}}Text")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    text.text = fault.reason
    if fault.detail:
        detail = etree.SubElement(content, f"{{{SOAP}}}Detail")
        etree.SubElement(detail, f"{{{NAMESPACE}}}ErrorCode", nsmap={"core": NAMESPACE}).text = fault.detail
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
