"""Composition: waiting claims become the text of one interchange that our own reader accepts.

We refuse to send what we would reject: a claim that spoils the interchange is taken out with its findings,
and the rest goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.files import check_file
from edi.findings import Finding, find
from edi.fold import CLAIMS_PER_SET
from edi.segments import Delimiters
from gateway.settings import EnvelopeIds

TRACE_LENGTH = 20
USUAL_MARKS = frozenset("*:^~")
"""The delimiters that no value of a stored claim holds: intake refuses them."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that waits for its interchange: its id and the document that the 837 is written from."""

    claim: str
    document: dict[str, Any]  # the canonical JSON of a claim

    @property
    def trace(self) -> str:
        """Our trace of the claim (REF D9, at most 20 characters): the payer's 277CA gives it back."""
        return self.claim[-TRACE_LENGTH:]


class Numbers(msgspec.Struct, frozen=True):
    """The control numbers of one interchange: ISA13 and GS06."""

    interchange: int
    group: int


class Seat(msgspec.Struct, frozen=True):
    """Where a claim stands in the interchange: ST02 and its position in that set, from 1."""

    claim: str
    set_control_number: str
    position: int
    trace: str


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """The text (empty where no claim is left), who stands where, and the claims left out with their
    findings.

    `beyond` are those that did not fit and wait for another file.
    """

    text: bytes
    seats: tuple[Seat, ...]
    refused: dict[str, tuple[Finding, ...]]
    beyond: frozenset[str] = frozenset()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one file holds, 0 without limit: bytes, transaction sets, and claims of each set."""

    max_bytes: int = 0
    max_sets: int = 0
    claims_per_set: int = CLAIMS_PER_SET


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How claims are written for a partner. `character_set` is `basic`, `extended`, or "" for any."""

    envelope: EnvelopeSettings
    guide: str
    character_set: str = ""
    limits: Limits = Limits()


NOTHING = Composition(text=b"", seats=(), refused={})


class Unsendable(Exception):
    """Claims that are sound one by one make an interchange that we would reject: a fault of ours.

    `findings` say why.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(", ".join(sorted({finding.code for finding in findings})))
        self.findings = findings


def make_envelope(ids: EnvelopeIds, numbers: Numbers, created: datetime, *, usage: str) -> EnvelopeSettings:
    """The envelope to a partner.

    A test partner's interchanges are tests (ISA15 T), whatever the claims say.
    """
    return EnvelopeSettings(
        sender_qualifier=ids.sender_qualifier,
        sender=ids.sender,
        receiver_qualifier=ids.receiver_qualifier,
        receiver=ids.receiver,
        group_sender=ids.group_sender,
        group_receiver=ids.group_receiver,
        usage="T" if "T" in (ids.usage, usage) else "P",
        control_number=numbers.interchange,
        group_control_number=numbers.group,
        created=created,
        acknowledgment_requested=ids.acknowledgment_requested,
        delimiters=msgspec.convert(msgspec.structs.asdict(ids.delimiters), Delimiters),
    )


def compose(waiting: Sequence[Waiting], form: Form) -> Composition:
    """Write the claims that fit, read the text again with our own reader, leave out what it rejects.

    Raises Unsendable where the rest is rejected although each claim alone is not.
    """
    fitting = fit(waiting, form)
    beyond = frozenset(it.claim for it in waiting) - {it.claim for it in fitting}
    composition, faults = _write_checked(fitting, form)
    if not faults:
        return msgspec.structs.replace(composition, beyond=beyond)
    alone = ((it.claim, _write_checked([it], form)[1]) for it in fitting)
    refused = {claim: faults for claim, faults in alone if faults}
    rest = [it for it in fitting if it.claim not in refused]
    if not rest:
        return msgspec.structs.replace(NOTHING, refused=refused, beyond=beyond)
    cleaned, faults = _write_checked(rest, form)
    if faults:
        raise Unsendable(faults)
    return msgspec.structs.replace(cleaned, refused=refused, beyond=beyond)


def fit(waiting: Sequence[Waiting], form: Form) -> Sequence[Waiting]:
    """The claims, oldest first, that go into one file; a single one may still be too large."""
    limits, kept = form.limits, waiting
    while len(kept) > 1 and (limits.max_bytes or limits.max_sets):
        written = _write(kept, form)
        seated = {seat.claim for seat in written.seats if int(seat.set_control_number) <= limits.max_sets}
        if limits.max_sets and len(seated) < len(kept):
            kept = [it for it in kept if it.claim in seated]
        elif limits.max_bytes and len(written.text) > limits.max_bytes:
            share = len(kept) * limits.max_bytes // len(written.text)
            kept = kept[: max(1, min(share, len(kept) - 1))]
        else:
            break
    return kept


def _write_checked(waiting: Sequence[Waiting], form: Form) -> tuple[Composition, tuple[Finding, ...]]:
    """The interchange, and what our own reader has against it, or we against the values."""
    marked = _list_marked(waiting, form.envelope.delimiters)
    if marked:
        return NOTHING, marked
    composition = _write(waiting, form)
    if form.limits.max_bytes and len(composition.text) > form.limits.max_bytes:
        return NOTHING, (find("claim.too_large_for_partner", limit=str(form.limits.max_bytes)),)
    return composition, _list_faults(composition.text, form.character_set)


def _list_marked(waiting: Sequence[Waiting], delimiters: Delimiters) -> tuple[Finding, ...]:
    """Values with a delimiter of this partner that is a plain sign elsewhere: the writer would replace it."""
    marks = {delimiters.element, delimiters.component, delimiters.repetition, delimiters.segment}
    own = marks - USUAL_MARKS
    if not own:
        return ()
    pointers = (pointer for it in waiting for pointer in _walk_marked(it.document, own, ""))
    return tuple(find("value.holds_delimiter", pointer=pointer) for pointer in pointers)


def _walk_marked(value: object, marks: set[str], pointer: str) -> Iterator[str]:
    """The JSON Pointers of the texts that hold one of the marks."""
    if isinstance(value, str) and not marks.isdisjoint(value):
        yield pointer
    elif isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for name, entry in entries:
            yield from _walk_marked(entry, marks, f"{pointer}/{name}")


def _write(waiting: Sequence[Waiting], form: Form) -> Composition:
    written = write_claims(
        [_put_trace(it) for it in waiting],
        form.envelope,
        guide=form.guide,
        claims_per_set=form.limits.claims_per_set,
    )
    seats = tuple(
        Seat(waiting[place.index].claim, place.set_control_number, place.position, waiting[place.index].trace)
        for place in written.placements
    )
    return Composition(text=written.text, seats=seats, refused={})


def _put_trace(waiting: Waiting) -> dict[str, Any]:
    """The document with our trace (005010X222A1 2300 REF D9); the one in the store stays as it is."""
    claim = waiting.document.get("claimInformation") or {}
    supplement = claim.get("claimSupplementalInformation") or {}
    traced = {**claim, "claimSupplementalInformation": {**supplement, "claimNumber": waiting.trace}}
    return {**waiting.document, "claimInformation": traced}


def _list_faults(text: bytes, character_set: str) -> tuple[Finding, ...]:
    report = check_file(text, strict=True, character_set=character_set)
    return tuple(finding for finding in report.all_findings if finding.stops)
