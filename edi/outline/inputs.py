"""The outline of any input: an X12 file or JSON documents, all of it or the part that is asked for."""

from __future__ import annotations

from datetime import datetime

import msgspec

from edi.inspection import Inspected, inspect, looks_like_json, read_json
from edi.outline.choosing import choose_findings, choose_unit, choose_units
from edi.outline.documents import outline_documents
from edi.outline.files import outline_file
from edi.outline.shapes import Outline


class Asked(msgspec.Struct, frozen=True):
    """What is asked of an outline. `unit` is the number of a claim, in the file or its own; "" is all.

    `first` is how many claims there are at most (0: all), from that numbered `start`.
    """

    strict: bool = False
    guide: str = ""
    redacted: bool = False
    unit: str = ""
    findings_alone: bool = False
    start: int = 1
    first: int = 0


def outline_input(
    name: str, content: bytes, created: datetime, asked: Asked
) -> tuple[Inspected, Outline | None]:
    """An input checked, and its outline; None where nothing in it can be read. Raises NoSuchUnitError.

    `created` is the day that JSON documents are outlined for.
    """
    inspected = inspect(name, content, strict=asked.strict, guide=asked.guide)
    if inspected.unreadable:
        return inspected, None
    if looks_like_json(content):
        documents = read_json(content)[0]
        outline = outline_documents(inspected, documents, created, guide=asked.guide, redacted=asked.redacted)
    else:
        outline = outline_file(inspected, redacted=asked.redacted)
    if asked.unit:
        outline = choose_unit(outline, asked.unit)
    if asked.findings_alone:
        outline = choose_findings(outline)
    return inspected, outline if asked.unit else choose_units(outline, asked.start, asked.first)
