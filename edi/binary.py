"""Binary content: BIN and BDS state the length of what they hold, which may be any bytes at all.

Inside the engine and in JSON the content is text: itself where it is text in UTF-8, else the same bytes as a
data URL in Base64 (RFC 2397). On the way out that becomes the bytes again. Source: X12 005010 BIN, BDS.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error

#: The segments with binary content: the element that states its length in bytes, and the one that holds it.
BINARY_SEGMENTS = {"BIN": (1, 2), "BDS": (2, 3)}
DATA_URL = "data:;base64,"
#: A longer content is taken for a wrong length, lest a single number makes a whole file stay in memory.
LONGEST_CONTENT = 1 << 26
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_content(raw: bytes) -> str:
    """Bytes as the text that stands for them."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return DATA_URL + b64encode(raw).decode()
    if _CONTROLS.search(text) or text.startswith(DATA_URL):
        return DATA_URL + b64encode(raw).decode()
    return text


def write_content(text: str) -> bytes:
    """The bytes that a text stands for. Raises UnicodeEncodeError for half of a surrogate pair."""
    if text.startswith(DATA_URL):
        try:
            return b64decode(text[len(DATA_URL) :], validate=True)
        except Error:
            pass  # a text that only looks like a data URL
    return text.encode()


def is_writable(stated: str, text: str) -> bool:
    """True where a content may stand in a file as it is: its length is right, and it comes back equal."""
    try:
        raw = write_content(text)
    except UnicodeEncodeError:
        return False
    return stated == str(len(raw)) and (text.startswith(DATA_URL) or not _CONTROLS.search(text))


def write_binary(elements: list[str], separator: str) -> str:
    """A BIN or BDS segment without its terminator; bytes that are not UTF-8 stand as surrogate escapes."""
    last = BINARY_SEGMENTS[elements[0]][1]
    if len(elements) <= last:
        return separator.join(elements)
    raw = write_content(elements[last]).decode("utf-8", "surrogateescape")
    return separator.join([*elements[:last], raw])
