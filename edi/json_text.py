"""The JSON of a file as text: what `edi.translation.write_json` makes of a report, encoded, but sooner.

Most claims are written straight from their segments (`edi/claim_texts.py`); what cannot be is bound first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from edi.binding import unit_ways
from edi.claim_texts import ClaimTexts
from edi.collector import resting_collector
from edi.comparison import reading_context
from edi.files import FileReport, SetReport, check_file
from edi.guides.registry import load_guide
from edi.large_files import LARGE, UnusualError, check_large
from edi.plans import load_plan
from edi.reader import SetReader
from edi.remits.payment_texts import write_tree
from edi.segments import Delimiters
from edi.translation import CLAIM_SET, write_json
from edi.unit_texts import ClaimWriter, PaymentWriter
from edi.units import UnitBinder

encode = msgspec.json.Encoder().encode
REMITTANCE = "005010X221A1"


class Translated(NamedTuple):
    """A file as checked, and its JSON as text in pieces."""

    report: FileReport
    pieces: tuple[bytes, ...]

    @property
    def text(self) -> bytes:
        """The whole JSON."""
        return b"".join(self.pieces)


class OtherGuideError(Exception):
    """The file has sets of a guide whose documents are not written while they are read."""


@resting_collector()
def translate(content: bytes, *, strict: bool = False) -> Translated:
    """Reads and checks a whole X12 file, and its documents as one JSON array, in the order of `write_json`.

    The claims of a large file are written while they are checked, and forgotten. Raises Unreadable.
    """
    writers: list[ClaimWriter] = []
    guides: set[str] = set()

    def make_writer(guide: str, reader: SetReader, delimiters: Delimiters) -> ClaimWriter:
        guides.add(guide)
        if load_guide(guide).transaction_set != CLAIM_SET or len(guides) > 1:
            raise OtherGuideError
        writers.append(ClaimWriter(guide, reader, delimiters))
        return writers[-1]

    if len(content) >= LARGE:
        try:
            report = check_large(content, strict=strict, make_writer=make_writer)
        except (OtherGuideError, UnusualError):
            pass
        else:
            if not any(interchange.acknowledgments for interchange in report.interchanges):
                return Translated(report, frame(piece for writer in writers for piece in writer.pieces))
    report = check_file(content, strict=strict, keep=True)
    return Translated(report, (encode_json(report),))


@resting_collector()
def translate_remittances(content: bytes, *, strict: bool = False) -> Translated:
    """Reads and checks a whole file of 835s, every balance with it, and its remittances as one JSON array.

    Raises Unreadable. Sets of other guides are checked and not written.
    """
    writers: list[PaymentWriter] = []

    def make_writer(guide: str, reader: SetReader, delimiters: Delimiters) -> PaymentWriter:
        if guide != REMITTANCE:
            raise OtherGuideError
        writers.append(PaymentWriter(guide, reader, delimiters))
        return writers[-1]

    if len(content) >= LARGE:
        try:
            report = check_large(content, strict=strict, make_writer=make_writer)
        except (OtherGuideError, UnusualError):
            pass
        else:
            return Translated(report, frame(writer.text for writer in writers))
    report = check_file(content, strict=strict, keep=True)
    found = [(each.tree, each.delimiters) for each in report.sets if each.guide == REMITTANCE]
    texts = [write_tree(tree, delimiters) for tree, delimiters in found if tree is not None]
    return Translated(report, frame(texts))


def frame(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """The pieces of a JSON array whose items these texts are."""
    pieces = [b"["]
    for text in texts:
        pieces += (text, b",")
    return (*(pieces if len(pieces) == 1 else pieces[:-1]), b"]")


@resting_collector()
def encode_json(report: FileReport) -> bytes:
    """The documents of a file as one JSON array, in the order of `write_json`."""
    sets = [found for found in report.sets if found.guide is not None]
    guides = {found.guide for found in sets if found.guide is not None}
    answered = any(interchange.acknowledgments for interchange in report.interchanges)
    if len(guides) != 1 or answered or load_guide(guides.pop()).transaction_set != CLAIM_SET:
        return encode(write_json(report))
    return f"[{','.join(text for found in sets for text in encode_claims(found))}]".encode()


def encode_claims(found: SetReport) -> list[str]:
    """The claims of a transaction set of an 837, each as JSON text."""
    if found.guide is None or found.tree is None:
        return []
    plan = load_plan(found.guide)
    texts = ClaimTexts(plan, reading_context(found.delimiters))
    binder = UnitBinder(found.guide, found.delimiters)
    return [
        texts.write(way) or encode(binder.bind(way[-1])).decode() for way in unit_ways(found.tree, plan.root)
    ]
