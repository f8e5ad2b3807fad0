"""JSON merge patch (RFC 7386): what a document becomes where only what differs is posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def apply_patch(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the patch applied: null removes a key, an object is merged, all else replaces.

    An array is replaced whole. Neither argument is changed.
    """
    patched = dict(document)
    for key, value in patch.items():
        if value is None:
            patched.pop(key, None)
        elif isinstance(value, Mapping):
            before = patched.get(key)
            patched[key] = apply_patch(before if isinstance(before, Mapping) else {}, value)
        else:
            patched[key] = value
    return patched
