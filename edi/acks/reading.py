"""A 999 document (shape of docs/reference/999-json.md) read as a `GroupAcknowledgment`.

Each IK3 and IK4 becomes a finding of our own catalogue, with the place that it names and the receiver's
reason, so that a rejection by another and one by us read alike. Source: 005010X231A1.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from edi.codes import meaning
from edi.documents import Document, read_entries, read_section, read_text, read_texts
from edi.findings import Finding, Place, Severity, find
from edi.guide import CompositeUse, ElementUse, SegmentUse, Slot
from edi.guides.registry import load_guide, resolve_guide
from edi.models import GroupAcknowledgment, SetAcknowledgment

#: The catalogue's code for each note of a receiver (IK304, IK403); other notes are `acknowledgment.noted`.
SEGMENT_FINDINGS = {
    "1": "segment.unrecognized",
    "2": "segment.unknown",
    "3": "segment.missing",
    "4": "loop.too_many",
    "5": "segment.too_many",
    "6": "segment.not_in_set",
    "7": "segment.unknown",
    "I4": "segment.not_used",
    "I6": "segment.missing",
    "I7": "loop.missing",
    "I8": "segment.missing",
    "I9": "segment.not_used",
}
ELEMENT_FINDINGS = {
    "1": "element.missing",
    "2": "element.conditional_missing",
    "3": "element.too_many",
    "4": "element.too_short",
    "5": "element.too_long",
    "6": "element.bad_character",
    "7": "element.bad_code",
    "8": "element.bad_date",
    "9": "element.bad_time",
    "10": "element.exclusive",
    "12": "element.too_many_repetitions",
    "13": "element.too_many_components",
    "I6": "element.bad_code",
    "I9": "element.missing",
    "I10": "element.not_used",
    "I12": "element.bad_form",
    "I13": "element.not_used",
}
#: The catalogue's code for what a receiver says of a transaction set (IK502) and of a group (AK905).
SET_FINDINGS = {
    "1": "set.not_supported",
    "2": "set.missing_trailer",
    "3": "set.control_number_mismatch",
    "4": "set.segment_count",
    "6": "set.identifier",
    "7": "set.control_number",
    "18": "set.not_in_group",
    "19": "set.implementation_mismatch",
    "23": "set.duplicate_control_number",
    "I6": "guide.unknown",
}
GROUP_FINDINGS = {
    "1": "group.not_supported",
    "2": "group.version_unknown",
    "3": "group.missing_trailer",
    "4": "group.control_number_mismatch",
    "5": "group.set_count",
    "6": "group.control_number",
    "19": "group.duplicate_control_number",
}
ELEMENTS_IN_ERROR = "8"
#: IK502 codes that say no more than that IK3 segments follow.
SUMMARY_ERRORS = frozenset({"5", "I5"})


def read_999(document: Document) -> GroupAcknowledgment:
    """What a 999 says of a functional group. Never raises for what the document says or leaves out."""
    errors = read_texts(document, "syntaxErrorCodes")
    version = read_text(document, "versionCode")
    return GroupAcknowledgment(
        functional_id=read_text(document, "functionalIdentifierCode"),
        group_control_number=read_text(document, "groupControlNumber"),
        version=version,
        code=read_text(document, "acknowledgmentCode"),
        sets=tuple(read_set_answer(entry, version) for _, entry in read_entries(document, "transactionSets")),
        included=read_count(document, "includedSetCount"),
        received=read_count(document, "receivedSetCount"),
        accepted=read_count(document, "acceptedSetCount"),
        errors=errors,
        findings=tuple(find_group_errors(document, errors)),
        control_number=read_text(document, "controlNumber"),
    )


def read_count(document: Document, key: str) -> int:
    """The number at `key`; zero where it is none."""
    text = read_text(document, key)
    return int(text) if text.isascii() and text.isdigit() else 0


def find_group_errors(document: Document, errors: tuple[str, ...]) -> Iterator[Finding]:
    """AK905 to AK909 as findings about the group."""
    place = Place(group=read_text(document, "groupControlNumber"))
    for code in errors:
        noted = note("group_error", code, place, "the group", f"AK905 {code}", rejected=True)
        yield msgspec.structs.replace(noted, code=GROUP_FINDINGS.get(code, noted.code))


def read_set_answer(entry: Document, group_version: str) -> SetAcknowledgment:
    """One transaction set of the 999: AK2 to IK5."""
    number = read_text(entry, "transactionSetControlNumber")
    set_id = read_text(entry, "transactionSetIdentifierCode")
    version = read_text(entry, "implementationConventionReference")
    code = read_text(entry, "acknowledgmentCode")
    errors = read_texts(entry, "syntaxErrorCodes")
    guide = resolve_guide(set_id, version, group_version)
    rejected = code not in ("A", "E")
    noted = tuple(
        finding
        for _, error in read_entries(entry, "segmentErrors")
        for finding in find_segment_errors(error, Place(set=number), guide, rejected)
    )
    summary = () if not noted else SUMMARY_ERRORS
    structural = tuple(
        find_set_error(error, Place(set=number), rejected) for error in errors if error not in summary
    )
    return SetAcknowledgment(
        set_id=set_id,
        control_number=number,
        code=code,
        version=version,
        errors=errors,
        findings=structural + noted,
        claims=read_claim_names(entry),
    )


def find_set_error(code: str, place: Place, rejected: bool) -> Finding:
    """An IK502 as a finding about the whole set."""
    noted = note("set_error", code, place, "the transaction set", f"IK502 {code}", rejected)
    return msgspec.structs.replace(noted, code=SET_FINDINGS.get(code, noted.code))


def read_claim_names(entry: Document) -> tuple[str, ...]:
    """The patient control numbers that the notes of a set name (CTX01 CLM01), each once."""
    units = (read_section(error, "businessUnit") for _, error in read_entries(entry, "segmentErrors"))
    names = (read_text(unit, "contextReference") for unit in units if unit.get("contextName") == "CLM01")
    return tuple(dict.fromkeys(name for name in names if name))


def find_segment_errors(error: Document, at: Place, guide: str | None, rejected: bool) -> Iterator[Finding]:
    """An IK3 and its IK4s as findings; an IK3 that only announces IK4s makes none of its own."""
    segment, loop = read_text(error, "segmentIdCode"), read_text(error, "loopIdentifierCode")
    ordinal = read_count(error, "segmentPosition") or None
    place = msgspec.structs.replace(at, segment=segment, loop=loop or None, ordinal=ordinal)
    elements = list(read_entries(error, "elementErrors"))
    code = read_text(error, "syntaxErrorCode")
    if code != ELEMENTS_IN_ERROR or not elements:
        where = name_segment(guide, loop, segment)
        noted = note("segment_error", code, place, where, f"IK304 {code}", rejected)
        trigger = read_trigger(error, at)
        yield msgspec.structs.replace(noted, code=SEGMENT_FINDINGS.get(code, noted.code), trigger=trigger)
    for _, element in elements:
        yield find_element_error(element, place, guide, rejected)


def find_element_error(element: Document, at: Place, guide: str | None, rejected: bool) -> Finding:
    """An IK4 as a finding; the copy of the bad element is its value."""
    slot = Slot(read_count(element, "elementPosition"), read_count(element, "componentPosition"))
    place = msgspec.structs.replace(
        at,
        element=slot.element or None,
        component=slot.component or None,
        repetition=read_count(element, "repetitionPosition") or None,
    )
    code = read_text(element, "syntaxErrorCode")
    where = name_element(guide, at.loop or "", at.segment or "", slot)
    noted = note("element_error", code, place, where, f"IK403 {code}", rejected)
    value = read_text(element, "badDataElement") or None
    found = ELEMENT_FINDINGS.get(code, noted.code)
    return msgspec.structs.replace(noted, code=found, value=value, trigger=read_trigger(element, at))


def read_trigger(note: Document, at: Place) -> Place | None:
    """The place that the first CTX of a note names as the trigger of its situation."""
    _, context = next(read_entries(note, "contexts"), ("", {}))
    segment = read_text(context, "segmentIdCode")
    if not segment:
        return None
    return Place(
        set=at.set,
        loop=read_text(context, "loopIdentifierCode") or None,
        segment=segment,
        ordinal=read_count(context, "segmentPosition") or None,
        element=read_count(context, "elementPosition") or None,
        component=read_count(context, "componentPosition") or None,
        repetition=read_count(context, "repetitionPosition") or None,
    )


def note(table: str, code: str, place: Place, where: str, rule: str, rejected: bool) -> Finding:
    """The receiver's note on `where` as a finding: an error where it rejected, else a warning."""
    return find(
        "acknowledgment.noted",
        x12=place,
        rule=rule,
        severity=Severity.ERROR if rejected else Severity.WARNING,
        where=where,
        meaning=meaning(table, code) or "a note that this version does not know",
    )


# --- names of places, from the guide that the answered transaction set follows


def find_uses(guide: str | None, loop: str, segment: str) -> list[SegmentUse]:
    """The segment uses that a note can mean; IK303 holds at most the first four characters of a loop id."""
    if guide is None:
        return []
    return [
        use
        for use in load_guide(guide).root.segment_uses()
        if use.id == segment and (not loop or use.loop.startswith(loop))
    ]


def name_segment(guide: str | None, loop: str, segment: str) -> str:
    """The guide's name of the segment with its id, where the note can mean only one; else the id."""
    names = {use.name for use in find_uses(guide, loop, segment)}
    return f"{names.pop()} ({segment})" if len(names) == 1 else segment


def name_element(guide: str | None, loop: str, segment: str, slot: Slot) -> str:
    """The guide's name of the element with its place (`CLM05-3`), where the note can mean only one."""
    label = f"{segment}{slot.element:02}" + (f"-{slot.component}" if slot.component else "")
    found = (find_element(use, slot) for use in find_uses(guide, loop, segment))
    names = {element.name for element in found if element is not None}
    return f"{names.pop()} ({label})" if len(names) == 1 else label


def find_element(use: SegmentUse, slot: Slot) -> ElementUse | CompositeUse | None:
    """The definition of an element or component of a segment use, or None."""
    for element in use.elements:
        if element.position == slot.element:
            if not slot.component or isinstance(element, ElementUse):
                return element
            parts = (part for part in element.components if part.position == slot.component)
            return next(parts, None)
    return None
