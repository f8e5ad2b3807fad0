"""Claims as text, level by level, so that many are put together by joining what is written already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from edi.envelope_writer import write_segments
from edi.findings import Finding
from edi.fold import CLAIMS_PER_SET, Part, Rendered, SetDraft, split_parts
from edi.generation import Context, Generation
from edi.generator import write_document
from edi.levels import PLAIN, Heading, Level, Run, make_level, number_headings
from edi.openings import key_of, open_set, plan_opening, strip_document, write_opening
from edi.plans import load_plan
from edi.segments import Segment
from edi.writer import renew_reference


class ClaimText(msgspec.Struct, frozen=True, gc=False):
    """A claim as it was written when it was checked, in the separators of `PLAIN`; without its header, which
    names the batch. `repeat` is how many such claims the guide allows below one subscriber or patient.
    """

    levels: tuple[Level, ...]
    repeat: int


class LevelPart:
    """A level on its way into a set: to `edi.fold` what a part of segments is."""

    def __init__(self, level: Level, repeat: int) -> None:
        self.repeat = repeat
        self.rendered = self.sources = level


class WrittenSet(NamedTuple):
    """A set: its control number, its text, and the indexes of its claims in the order of the text."""

    number: str
    text: str
    claims: list[int]


class TextDraft(SetDraft[Run | Heading]):
    """A transaction set of claims before it has a number."""

    def __init__(self, header: Part) -> None:
        super().__init__(None)
        self.header = header

    def write(self, guide: str, context: Context, number: str, reference: str) -> str:
        """The set as text from ST to SE, without line ends. Raises DelimiterInValue."""
        delimiters = msgspec.structs.replace(context.delimiters, line_end="")
        header = [Segment(open_set(load_plan(guide), number))]
        for written, _, _ in self.header.sources:
            if reference != context.reference:
                renew_reference(written, context.reference, reference)
            header.append(Segment(written.write(delimiters)))
        pieces = list(number_headings(self.sources()))  # all before any is written: children mark parents
        count = len(header) + 1 + sum(it.segments if isinstance(it, Run) else 1 for it in pieces)
        text = [write_segments(header, delimiters)]
        for it in pieces:
            text.append(it.text if isinstance(it, Run) else write_segments([Segment(it)], delimiters))
        text.append(write_segments([Segment(["SE", str(count), number])], delimiters))
        return "".join(text)


class ClaimWriter:
    """Folds claims of one guide into sets of text. `findings` are those about documents, by their index."""

    def __init__(self, guide: str, context: Context, claims_per_set: int = CLAIMS_PER_SET) -> None:
        self.guide = guide
        self.claims_per_set = claims_per_set
        self.context = context
        self.delimiters = msgspec.structs.replace(context.delimiters, line_end="")
        self.plan = load_plan(guide)
        self.opening = plan_opening(guide)
        self.findings: dict[int, list[Finding]] = {}
        self.drafts: list[TextDraft] = []
        self.open_drafts: dict[Rendered, TextDraft] = {}
        self.headers: dict[bytes, Part] = {}

    def add(self, index: int, document: Mapping[str, Any]) -> None:
        """Write a claim and fold it in. Raises DelimiterInValue."""
        root, generation = write_document(self.plan, document, self.context)
        header, *parts = split_parts(root, index, self.delimiters)
        if generation.findings:
            self.findings[index] = generation.findings
        levels = [LevelPart(make_level(part.sources, self.delimiters), part.repeat) for part in parts]
        self._fold(index, header, levels)

    def add_written(self, index: int, document: Mapping[str, Any], text: ClaimText) -> None:
        """Fold in a claim that was written when it was checked."""
        header = self._find_header(document)
        if header is None or self.opening is None or self.delimiters != PLAIN:
            self.add(index, document)
            return
        self._fold(index, header, [LevelPart(level, text.repeat) for level in text.levels])

    def _find_header(self, document: Mapping[str, Any]) -> Part | None:
        """What the set of a claim begins with; one for all claims that say the same there."""
        if self.opening is None:
            return None
        key = key_of(self.opening.header_names, document)
        header = self.headers.get(key) if key is not None else None
        if header is None and key is not None:
            stripped = strip_document(self.opening.header_names, document)
            root = write_opening(self.opening, Generation(stripped, self.context)).root
            header = self.headers[key] = split_parts(root, 0, self.delimiters)[0]
        return header

    def _fold(self, index: int, header: Part, parts: Sequence[LevelPart]) -> None:
        draft = self.open_drafts.get(header.rendered)
        if draft is None or draft.count >= self.claims_per_set:
            draft = self.open_drafts[header.rendered] = TextDraft(header)
            self.drafts.append(draft)
        draft.add(index, parts)

    def write_sets(self) -> list[WrittenSet]:
        """Each set in its order. Raises DelimiterInValue."""
        alone = len(self.drafts) == 1
        written = []
        for count, draft in enumerate(self.drafts, 1):
            number = f"{count:04d}"
            reference = self.context.reference if alone else f"{self.context.reference}{number}"
            text = draft.write(self.guide, self.context, number, reference)
            end = self.delimiters.segment
            text = text.replace(end, end + self.context.delimiters.line_end)
            written.append(WrittenSet(number, text, list(draft.root.claims())))
        return written
