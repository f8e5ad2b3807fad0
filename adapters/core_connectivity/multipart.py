"""Multipart bodies (RFC 2046, RFC 7578, XOP), read strictly and within limits, and written.

Nothing of a part becomes a file: names are looked up in the list that the caller gives, file names are not
even read.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

PARTS = 32
HEADER_BYTES = 8192
HEADERS = 16
LONGEST_BOUNDARY = 70
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))\s*')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t\x80-\xff]*)")


class MultipartFault(ValueError):
    """A body that is not the multipart that it says it is; the text holds no value of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers by small names, and its bytes."""

    headers: Mapping[str, str]
    content: bytes

    @property
    def name(self) -> str:
        """The name of a form field, "" for none."""
        kind, parameters = read_value(self.headers.get("content-disposition", ""))
        return parameters.get("name", "") if kind == "form-data" else ""

    @property
    def content_id(self) -> str:
        """The Content-ID without its angle brackets."""
        return self.headers.get("content-id", "").strip().removeprefix("<").removesuffix(">")


def read_value(text: str) -> tuple[str, dict[str, str]]:
    """A header's value and its parameters, names in small letters. Raises MultipartFault.

    A parameter that comes twice, or what is left over, is a fault: two readers would not agree on it.
    """
    value, _, _ = text.partition(";")
    rest, found = text[len(value) :], dict[str, str]()
    while rest.strip(" ;"):
        matched = _PARAMETER.match(rest)
        if matched is None or matched[1].lower() in found:
            raise MultipartFault("a header has parameters that cannot be told apart")
        quoted, plain = matched[2], matched[3]
        found[matched[1].lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        rest = rest[matched.end() :]
    return value.strip().lower(), found


def read_parts(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a multipart body, at most `PARTS`. Raises MultipartFault."""
    kind, parameters = read_value(content_type)
    boundary = parameters.get("boundary", "")
    if not kind.startswith("multipart/") or not _BOUNDARY.fullmatch(boundary):
        raise MultipartFault("the content type is no multipart with a boundary")
    mark = b"--" + boundary.encode("ascii")
    return tuple(_read_part(piece) for piece in _split(b"\r\n" + body, b"\r\n" + mark))


def _split(body: bytes, mark: bytes) -> Iterator[bytes]:
    """What stands between the delimiters; the body ends with the closing one."""
    at, count = body.find(mark), 0
    while at >= 0:
        begin = at + len(mark)
        if body[begin : begin + 2] == b"--":
            return
        begin = body.find(b"\r\n", begin)
        following = body.find(mark, begin) if begin >= 0 else -1
        if following < 0 or body[at + len(mark) : begin].strip(b" \t"):
            break
        count += 1
        if count > PARTS:
            raise MultipartFault(f"there are more than {PARTS} parts")
        yield body[begin:following]
        at = following
    raise MultipartFault("the parts are not closed by their boundary")


def _read_part(piece: bytes) -> Part:
    """A part from its line end before the first header to its last byte."""
    head, blank, content = piece.partition(b"\r\n\r\n")
    if not blank or len(head) > HEADER_BYTES:
        raise MultipartFault("a part has no end of its headers, or too many")
    lines = [line for line in head.split(b"\r\n") if line]
    headers: dict[str, str] = {}
    for line in lines:
        matched = _HEADER.fullmatch(line)
        name = matched[1].decode("ascii").lower() if matched else ""
        if matched is None or name in headers or len(lines) > HEADERS:
            raise MultipartFault("a part has a header that cannot be read, or has it twice")
        headers[name] = matched[2].decode("latin-1")
    if headers.get("content-transfer-encoding", "binary").strip().lower() not in ("binary", "8bit", "7bit"):
        raise MultipartFault("a part is encoded for transfer; send it as binary")
    return Part(headers, content)


def read_form(content_type: str, body: bytes, known: Iterable[str]) -> dict[str, bytes]:
    """The fields of multipart/form-data by name. Raises MultipartFault for an unknown one or one twice."""
    kind, _ = read_value(content_type)
    if kind != "multipart/form-data":
        raise MultipartFault("the content type is not multipart/form-data")
    allowed, found = set(known), dict[str, bytes]()
    for part in read_parts(content_type, body):
        if part.name not in allowed or part.name in found:
            raise MultipartFault("a field is not known here, or comes twice")
        found[part.name] = part.content
    return found


def write_form(fields: Iterable[tuple[str, str | bytes]]) -> tuple[str, bytes]:
    """Content type and body of multipart/form-data. The names are ours."""
    boundary, lines = f"claimwire-{secrets.token_hex(16)}", list[bytes]()
    for name, value in fields:
        media = "Content-Type: application/octet-stream\r\n" if isinstance(value, bytes) else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n{media}\r\n'
        lines += [head.encode("ascii"), value if isinstance(value, bytes) else value.encode("utf-8"), b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode("ascii"))
    return f"multipart/form-data; boundary={boundary}", b"".join(lines)


def write_related(root: bytes, attachment: bytes, content_id: str, *, action: str = "") -> tuple[str, bytes]:
    """Content type and body of a SOAP 1.2 message with one attachment (XOP)."""
    boundary = f"claimwire-{secrets.token_hex(16)}"
    info = f'application/soap+xml; action=\\"{action}\\"' if action else "application/soap+xml"
    heads = (
        f'--{boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        "Content-Transfer-Encoding: 8bit\r\nContent-ID: <root@claimwire>\r\n\r\n",
        f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{content_id}>\r\n\r\n",
        f"\r\n--{boundary}--\r\n",
    )
    first, second, end = (head.encode("ascii") for head in heads)
    media = (
        f'multipart/related; type="application/xop+xml"; start="<root@claimwire>"; '
        f'start-info="{info}"; boundary="{boundary}"'
    )
    return media, b"".join((first, root, second, attachment, end))
