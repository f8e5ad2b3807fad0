"""File names on the wire: which are ours, which are half-written, which are too odd to touch.

Names of inbound files are chosen by the other end and are hostile until proven plain. They address a file
at that other end only; nothing here or in any caller makes a local path of them.
"""

from __future__ import annotations

import re

from adapters.errors import Permanent

LONGEST_NAME = 255
"""Bytes of UTF-8: what the common file systems allow."""

_OUTBOUND_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_HALF_WRITTEN = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload")
_SHOWN_LENGTH = 80


def temporary_name(name: str) -> str:
    """Return the name under which `name` is uploaded: hidden by its dot from partners who poll the folder."""
    return f".{name}.tmp"


def check_outbound_name(name: str, place: str) -> None:
    """Refuse a name that some file system or poller could read differently from another.

    Raises Permanent unless the name is 1 to 200 of `A-Z a-z 0-9 . _ -` and starts with a letter or digit.
    """
    if not _OUTBOUND_NAME.fullmatch(name) or is_half_written(name):
        raise Permanent(
            f"{show_name(name)} is not a plain file name",
            place,
            "Name outbound files with letters, digits, dot, dash and underscore only.",
        )


def is_half_written(name: str) -> bool:
    """Say whether the name marks a hidden file or an upload that is still running."""
    return name.startswith(".") or name.lower().endswith(_HALF_WRITTEN)


def find_oddity(name: str) -> str:
    """Return why a name from the other end is not safe to use even there, or "" for a plain name."""
    if not name or name in {".", ".."}:
        return "it is empty or names a folder"
    if "/" in name or "\\" in name:
        return "it holds a path separator"
    if not name.isprintable():
        return "it holds control characters or is not UTF-8"
    if len(name.encode("utf-8")) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    return ""


def show_name(name: str) -> str:
    """Return the name in printable ASCII on one line, cut after 80 characters: fit for a log or a page."""
    shown = ascii(name)[1:-1]
    return shown if len(shown) <= _SHOWN_LENGTH else f"{shown[:_SHOWN_LENGTH]}..."
