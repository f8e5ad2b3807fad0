"""Reading JSON documents of unknown content: a missing or wrongly typed part reads as an empty one.

The checks of a document report what is wrong with it; the typed readings take what is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Document = Mapping[str, object]
EMPTY: Document = {}


def read_section(document: Document, *keys: str) -> Document:
    """The object at `keys`, or an empty one."""
    for key in keys:
        child = document.get(key)
        if child.__class__ is not dict and not isinstance(
            child, Mapping
        ):  # the second takes six times as long
            return EMPTY
        document = child
    return document


def read_text(document: Document, *keys: str) -> str:
    """The text at `keys`, or ""."""
    section = document if len(keys) == 1 else read_section(document, *keys[:-1])
    value = section.get(keys[-1])
    return value if isinstance(value, str) else ""


def read_texts(document: Document, key: str) -> tuple[str, ...]:
    """The texts of the array at `key`."""
    values = document.get(key)
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def read_entries(document: Document, key: str, pointer: str = "") -> Iterator[tuple[str, Document]]:
    """Each object of the array at `key`, with its JSON Pointer below `pointer`."""
    entries = document.get(key)
    if not isinstance(entries, list):
        return
    for index, entry in enumerate(entries):
        if isinstance(entry, Mapping):
            yield f"{pointer}/{key}/{index}", entry


def drop_empty(document: Mapping[str, object]) -> dict[str, object]:
    """`document` without empty texts, objects, arrays and nulls, at every depth."""
    kept: dict[str, object] = {}
    for key, value in document.items():
        pruned = prune(value)
        if pruned not in ("", None, {}, []):
            kept[key] = pruned
    return kept


def prune(value: object) -> object:
    """`value` with `drop_empty` applied to every object in it."""
    if isinstance(value, Mapping):
        return drop_empty(value)
    if isinstance(value, list):
        return [prune(item) for item in value]
    return value
