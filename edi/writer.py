"""The writer: documents become numbered transaction sets and a whole interchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from edi.collector import resting_collector
from edi.derivations import derive_reference
from edi.envelope_writer import EnvelopeSettings, wrap_interchange
from edi.findings import Finding
from edi.fold import SetDraft, Source, fold, fold_again, number_hierarchy
from edi.generation import Context, make_pointer
from edi.generator import write_document
from edi.guide import Slot
from edi.inquiry_forms import complete_inquiry
from edi.plans import SetPlan, load_plan
from edi.pointers import point_at, point_at_missing
from edi.segments import Delimiters, Segment
from edi.written import WrittenLoop, WrittenSegment


class GeneratedSet:
    """One transaction set: `segments` from ST to SE, and where each value comes from.

    `sources[n]` made the segment with ordinal n + 2. `claims` are the indexes of the documents in it, in
    order, `roots` their loops by index. `findings` are what was wrong with the documents themselves, as
    (document index, finding).
    """

    def __init__(
        self,
        segments: list[Segment],
        sources: list[Source],
        claims: list[int],
        findings: list[tuple[int, Finding]],
        roots: Sequence[WrittenLoop],
    ) -> None:
        self.segments = segments
        self.sources = sources
        self.claims = claims
        self.findings = findings
        self.roots = roots

    def source(self, ordinal: int) -> Source | None:
        """What made the segment with this ordinal; None for ST and SE."""
        at = ordinal - 2
        return self.sources[at] if 0 <= at < len(self.sources) else None

    def pointer_of(self, ordinal: int, element: int = 0, component: int = 0) -> tuple[int, str] | None:
        """The document and JSON Pointer that a place of the set comes from; None for ST and SE."""
        source = self.source(ordinal)
        if source is None:
            return None
        segment, _, index = source
        return index, point_at(segment, Slot(element, component) if element else None)

    def places_of(self, index: int, pointer: str) -> list[tuple[int, Slot]]:
        """The ordinals and places that a JSON value of document `index` went to."""
        return [
            (ordinal, slot)
            for ordinal, (segment, _, document) in enumerate(self.sources, 2)
            if document == index and segment.plan is not None
            for cell, slot in enumerate(segment.plan.layout.places)
            if cell and segment.cells[cell] and point_at(segment, slot) == pointer
        ]

    def pointer_of_missing(self, ordinal: int, loop: str, key: str) -> tuple[int, str] | None:
        """What to fill in for segment use `key`, or loop id `key`, missing from the loop at `ordinal`."""
        source = self.source(ordinal)
        if source is None:
            return None
        way = way_to(self.roots[source[2]], source[1])
        inner = next((outer for outer in reversed(way) if outer.plan.id == loop), None)
        return source[2], point_at_missing(inner, key) if inner else make_pointer(())


def way_to(root: WrittenLoop, loop: WrittenLoop) -> list[WrittenLoop]:
    """The loops from the root down to `loop`; none where it is not below the root."""
    if root is loop:
        return [root]
    for child in root.children:
        if isinstance(child, WrittenLoop):
            way = way_to(child, loop)
            if way:
                return [root, *way]
    return []


class Drafted(NamedTuple):
    """Documents written and folded into sets without numbers."""

    plan: SetPlan
    drafts: list[SetDraft[Source]]
    roots: list[WrittenLoop]
    findings: list[tuple[int, Finding]]


def finish_set(drafted: Drafted, draft: SetDraft[Source], context: Context, reference: str) -> GeneratedSet:
    """Number a draft: hierarchy, control number, segment count."""
    plan = drafted.plan
    sources = draft.sources()
    number_hierarchy(sources)
    delimiters = context.delimiters
    guide = plan.guide
    header = ["ST", guide.transaction_set, context.control_number]
    if plan.implementation:
        header.append(guide.version)
    segments = [Segment(header, 1)]
    for ordinal, (written, _, _) in enumerate(sources, 2):
        if reference != context.reference:
            renew_reference(written, context.reference, reference)
        segments.append(Segment(written.write(delimiters), ordinal))
    count = len(segments) + 1
    segments.append(Segment(["SE", str(count), context.control_number], count))
    claims = list(draft.root.claims())
    inside = set(claims)
    findings = [entry for entry in drafted.findings if entry[0] in inside]
    return GeneratedSet(segments, sources, claims, findings, drafted.roots)


def renew_reference(written: WrittenSegment, old: str, new: str) -> None:
    """Give a set its own reference in place of the one it was written with."""
    for cell, derive in written.plan.derived if written.plan else ():
        if derive is derive_reference and written.cells[cell] == old:
            written.change(cell, new)


def generate_sets(
    guide_id: str,
    documents: Sequence[Mapping[str, Any]],
    context: Context,
    first_number: int = 1,
) -> list[GeneratedSet]:
    """The transaction sets of the documents, numbered from `first_number` (four digits)."""
    with resting_collector():
        drafted = draft_sets(guide_id, documents, context)
        sets = []
        for number, draft in enumerate(drafted.drafts, first_number):
            numbered = msgspec.structs.replace(context, control_number=f"{number:04d}")
            reference = context.reference if len(drafted.drafts) == 1 else f"{context.reference}{number:04d}"
            sets.append(finish_set(drafted, draft, numbered, reference))
        return sets


def draft_sets(
    guide_id: str,
    documents: Sequence[Mapping[str, Any]],
    context: Context,
) -> Drafted:
    """The documents folded into sets without numbers. Raises ValueError where there are none."""
    if not documents:
        raise ValueError("there are no documents to write")
    plan = load_plan(guide_id)
    written = [(index, *write_document(plan, document, context)) for index, document in enumerate(documents)]
    findings = [(index, finding) for index, _, generation in written for finding in generation.findings]
    drafts = fold(written, context.delimiters, bool(plan.unit))
    return Drafted(plan, drafts, [root for _, root, _ in written], findings)


def generate_again(
    guide_id: str, documents: Sequence[Mapping[str, Any]], context: Context, shared: Sequence[int]
) -> list[Segment]:
    """The segments between ST and SE that documents were read from, in the hierarchy which they had.

    `shared` says of each claim how many levels it has in common with the one before. Raises ValueError where
    the documents are not of one transaction set.
    """
    plan = load_plan(guide_id)
    with resting_collector():
        written = [(index, *write_document(plan, each, context)) for index, each in enumerate(documents)]
        if plan.unit and len(shared) == len(written) > 1:
            draft = fold_again(written, context.delimiters, shared)
        else:
            drafts = fold(written, context.delimiters, bool(plan.unit))
            if len(drafts) != 1:
                raise ValueError(f"{len(documents)} documents make {len(drafts)} transaction sets")
            draft = drafts[0]
        drafted = Drafted(plan, [draft], [root for _, root, _ in written], [])
        return finish_set(drafted, draft, context, context.reference).segments[1:-1]


def generate_set(
    guide_id: str,
    documents: Sequence[Mapping[str, Any]],
    *,
    control_number: str,
    created: datetime,
    reference: str = "",
    sender: str = "",
    receiver: str = "",
    delimiters: Delimiters | None = None,
) -> GeneratedSet:
    """One transaction set. Raises ValueError where the documents do not fit in one (their headers differ)."""
    context = Context(
        control_number=control_number,
        created=created,
        reference=reference or control_number,
        sender=sender,
        receiver=receiver,
        delimiters=delimiters or Delimiters(),
    )
    drafted = draft_sets(guide_id, documents, context)
    if len(drafted.drafts) != 1:
        raise ValueError(f"{len(documents)} documents make {len(drafted.drafts)} transaction sets")
    return finish_set(drafted, drafted.drafts[0], context, context.reference)


def envelope_context(envelope: EnvelopeSettings) -> Context:
    """What the sets of an interchange take from its envelope."""
    return Context(
        control_number="0001",
        created=envelope.created,
        reference=f"{envelope.control_number:09d}",
        sender=envelope.sender,
        receiver=envelope.receiver,
        delimiters=envelope.delimiters,
    )


def write_documents(
    guide_id: str, documents: Sequence[Mapping[str, Any]], envelope: EnvelopeSettings
) -> bytes:
    """The interchange of any guide's documents: one transaction set each; claims are folded."""
    forms = [complete_inquiry(document, guide_id) for document in documents]
    completed = [form.document if form else document for form, document in zip(forms, documents, strict=True)]
    sets = generate_sets(guide_id, completed, envelope_context(envelope))
    return wrap_sets(guide_id, sets, envelope)


def wrap_sets(guide_id: str, sets: Sequence[GeneratedSet], envelope: EnvelopeSettings) -> bytes:
    """One interchange with one functional group of the sets."""
    guide = load_plan(guide_id).guide
    group = (guide.functional_group, guide.version, [generated.segments for generated in sets])
    return wrap_interchange(envelope, [group])
