"""The JSON of a file as text: what `edi.translation.write_json` makes of a report, encoded, but sooner.

Most claims and claim payments are written straight from their segments (`edi/claim_texts.py`,
`edi/remits/payment_texts.py`), those of a large file while it is checked (`edi/unit_texts.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

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
from edi.remits.tree import CLAIM
from edi.segments import Delimiters
from edi.translation import CLAIM_SET, write_json
from edi.unit_texts import ClaimWriter, PaymentWriter, TextWriter, join_pieces
from edi.units import UnitBinder

encode = msgspec.json.Encoder().encode
REMITTANCE = "005010X221A1"
Writer = TypeVar("Writer", bound=TextWriter)


class Translated(NamedTuple):
    """A file as checked, and its JSON as text in pieces.

    `units` is how many claims (837), claim payments (835) or other documents it tells of.
    """

    report: FileReport
    pieces: tuple[bytes, ...]
    units: int

    @property
    def text(self) -> bytes:
        """The whole JSON."""
        return b"".join(self.pieces)


class OtherGuideError(Exception):
    """The file has sets of a guide whose documents are not written while they are read."""


@resting_collector()
def translate(content: bytes, *, strict: bool = False) -> Translated:
    """Reads and checks a whole X12 file, and its documents as one JSON array, as `read_documents` lists them.

    The claims of a large file are written while they are checked, and forgotten. Raises Unreadable.
    """
    guides: set[str] = set()

    def make_writer(guide: str, reader: SetReader, delimiters: Delimiters) -> ClaimWriter:
        guides.add(guide)
        if load_guide(guide).transaction_set != CLAIM_SET or len(guides) > 1:
            raise OtherGuideError
        return ClaimWriter(guide, reader, delimiters)

    translated = translate_large(content, make_writer, strict=strict)
    answers = translated.report.interchanges if translated is not None else ()
    if translated is not None and not any(interchange.acknowledgments for interchange in answers):
        return translated
    report = check_file(content, strict=strict, keep=True)
    return Translated(report, *encode_documents(report))


@resting_collector()
def translate_remittances(content: bytes, *, strict: bool = False) -> Translated:
    """Reads and checks a whole file of 835s, every balance with it, and its remittances as one JSON array.

    Raises Unreadable. Sets of other guides are checked and not written.
    """

    def make_writer(guide: str, reader: SetReader, delimiters: Delimiters) -> PaymentWriter:
        if guide != REMITTANCE:
            raise OtherGuideError
        return PaymentWriter(guide, reader, delimiters)

    translated = translate_large(content, make_writer, strict=strict)
    if translated is not None:
        return translated
    report = check_file(content, strict=strict, keep=True)
    found = [(each.tree, each.delimiters) for each in report.sets if each.guide == REMITTANCE]
    trees = [(tree, delimiters) for tree, delimiters in found if tree is not None]
    texts = [write_tree(tree, delimiters) for tree, delimiters in trees]
    return Translated(report, frame(texts), sum(len([*tree.descend(CLAIM)]) for tree, _ in trees))


def translate_large(
    content: bytes, make_writer: Callable[[str, SetReader, Delimiters], Writer], *, strict: bool
) -> Translated | None:
    """A large file, each set written while it is read; None for one that has to be read as a whole."""
    if len(content) < LARGE:
        return None
    writers: list[Writer] = []

    def make(guide: str, reader: SetReader, delimiters: Delimiters) -> Writer:
        writers.append(make_writer(guide, reader, delimiters))
        return writers[-1]

    try:
        report = check_large(content, strict=strict, make_writer=make)
    except (OtherGuideError, UnusualError):
        return None
    pieces = [b"["]
    for writer in writers:
        if len(pieces) > 1 and writer.pieces:
            pieces.append(b",")
        pieces += writer.pieces
    return Translated(report, (*pieces, b"]"), sum(writer.count for writer in writers))


def frame(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """The pieces of a JSON array whose items these texts are."""
    return (b"[", *join_pieces(texts), b"]")


def encode_json(report: FileReport) -> bytes:
    """The documents of a file as one JSON array, in the order of `write_json`."""
    return b"".join(encode_documents(report)[0])


@resting_collector()
def encode_documents(report: FileReport) -> tuple[tuple[bytes, ...], int]:
    """The same in pieces, and how many claims or other documents there are."""
    sets = [found for found in report.sets if found.guide is not None]
    guides = {found.guide for found in sets if found.guide is not None}
    answered = any(interchange.acknowledgments for interchange in report.interchanges)
    if len(guides) != 1 or answered or load_guide(guides.pop()).transaction_set != CLAIM_SET:
        documents = write_json(report)
        return (encode(documents),), len(documents)
    texts = [text for found in sets for text in encode_claims(found)]
    return (b"[", ",".join(texts).encode(), b"]"), len(texts)


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
