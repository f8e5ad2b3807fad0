"""Answers to a whole file as interchanges back to its sender: 999 with TA1, 824, or 277CA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import datetime
from typing import Any

import msgspec

from edi.acks.advice import report_group
from edi.acks.echoes import MARKS, UNKNOWN, echo
from edi.acks.functional import acknowledge_group
from edi.acks.interchange import acknowledge_interchange
from edi.acks.verdicts import NO_TRACE, answer_findings, report_claims
from edi.documents import read_section, read_text
from edi.envelope_writer import LARGEST_CONTROL_NUMBER, EnvelopeSettings, is_name, wrap_interchange
from edi.files import FileReport, InterchangeReport, SetReport
from edi.findings import Finding, Place
from edi.guides.registry import load_guide
from edi.interchange import GroupHeader
from edi.models import ClaimBatch
from edi.segments import Delimiters
from edi.tree import Loop
from edi.writer import envelope_context, generate_sets, write_documents

FUNCTIONAL_ACKNOWLEDGMENT = "005010X231A1"
CLAIM_ACKNOWLEDGMENT = "005010X214"
APPLICATION_REPORT = "005010X186A1"
UNANSWERED = ("FA",)  # a 999 is not answered by a 999
UNREPORTED = ("FA", "AG")  # nor is an 824, by an 824
NAME_LENGTH = 15  # ISA06, ISA08, GS02, GS03


def acknowledge_file(report: FileReport, *, kind: str, created: datetime) -> bytes:
    """The interchanges that answer a file: `kind` is "999" (with TA1), "824" or "277ca" (claims of an 837).

    Each answers one interchange of the file and carries its control number. An interchange that holds
    nothing to answer gives none.
    """
    answer = ANSWERS[kind]
    return b"".join(filter(None, (answer(interchange, created) for interchange in report.interchanges)))


def turn_envelope(
    interchange: InterchangeReport, group: GroupHeader | None, created: datetime
) -> EnvelopeSettings:
    """The envelope of an answer: sender and receiver change places; nobody acknowledges it (ISA14 = 0).

    What no envelope can hold stands as ZZ, UNKNOWN, P or 1.
    """
    header = interchange.header
    number = int(header.control_number) if is_number(header.control_number) else 1
    sender, receiver = keep_name(header.receiver, 1), keep_name(header.sender, 1)
    return EnvelopeSettings(
        sender_qualifier=keep_qualifier(header.receiver_qualifier),
        sender=sender,
        receiver_qualifier=keep_qualifier(header.sender_qualifier),
        receiver=receiver,
        group_sender=keep_name(group.receiver if group else sender, 2),
        group_receiver=keep_name(group.sender if group else receiver, 2),
        usage=header.usage if header.usage in ("P", "T") else "P",
        control_number=number,
        group_control_number=number,
        created=created,
        acknowledgment_requested=False,
        delimiters=Delimiters(line_end="\n"),
    )


def is_number(text: str) -> bool:
    """True for a control number that an envelope can carry."""
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_CONTROL_NUMBER))
    return digits and int(text) > 0


def keep_name(text: str, shortest: int) -> str:
    """The identifier of a sender or receiver, if an envelope can hold it."""
    return text if is_name(text, shortest, NAME_LENGTH) and not MARKS.intersection(text) else UNKNOWN


def keep_qualifier(text: str) -> str:
    """ISA05 or ISA07, if an envelope can hold it."""
    return text if is_name(text, 2, 2) and text.isalnum() else "ZZ"


def answer_with_999(interchange: InterchangeReport, created: datetime) -> bytes:
    """TA1 and one 999 for each functional group."""
    groups = [group for group in interchange.groups if group.header.functional_id not in UNANSWERED]
    envelope = turn_envelope(interchange, groups[0].header if groups else None, created)
    documents = [acknowledge_group(interchange.header, group) for group in groups]
    sets = (
        generate_sets(FUNCTIONAL_ACKNOWLEDGMENT, documents, envelope_context(envelope)) if documents else []
    )
    guide = load_guide(FUNCTIONAL_ACKNOWLEDGMENT)
    answered = [(guide.functional_group, guide.version, [made.segments for made in sets])] if sets else []
    return wrap_interchange(envelope, answered, [acknowledge_interchange(interchange, created=created)])


def answer_with_824(interchange: InterchangeReport, created: datetime) -> bytes:
    """One 824 for each functional group, with every finding about its sets."""
    groups = [
        group for group in interchange.groups if group.sets and group.header.functional_id not in UNREPORTED
    ]
    if not groups:
        return b""
    documents = [report_group(interchange.header, group) for group in groups]
    return write_documents(
        APPLICATION_REPORT, documents, turn_envelope(interchange, groups[0].header, created)
    )


def answer_with_277ca(interchange: InterchangeReport, created: datetime) -> bytes:
    """One 277CA for each 837 set, each claim accepted or rejected by the findings about it."""
    found = [
        (group.header, report)
        for group in interchange.groups
        for report in group.sets
        if report.set_id == "837" and report.tree is not None
    ]
    if not found:
        return b""
    documents = [answer_set(report, created) for _, report in found]
    return write_documents(CLAIM_ACKNOWLEDGMENT, documents, turn_envelope(interchange, found[0][0], created))


def answer_set(report: SetReport, created: datetime) -> dict[str, Any]:
    """The 277CA document for one 837 set, by what was found in the file."""
    return answer_claims(report, list(claim_findings(report)), created)


def answer_claims(
    report: SetReport, findings: Sequence[Sequence[Finding]], created: datetime
) -> dict[str, Any]:
    """The 277CA document for one 837 set whose claims, in order, have these findings."""
    claims = list(zip(report.documents, findings, strict=True))
    first = report.documents[0] if report.documents else {}
    reference = next((segment.element(3) for segment in report.segments if segment.id == "BHT"), "")
    receiver = read_section(first, "submitter")
    batch = ClaimBatch(
        batch_number=reference or NO_TRACE,
        payer_name=read_text(first, "tradingPartnerName") or read_text(first, "receiver", "organizationName"),
        payer_id=echo(read_text(first, "tradingPartnerServiceId"), 2, 80, UNKNOWN),
        receiver_name=read_text(receiver, "organizationName") or read_text(receiver, "lastName") or UNKNOWN,
        receiver_id=echo(
            read_text(receiver, "submitterIdentification") or read_text(receiver, "taxId"), 2, 80, UNKNOWN
        ),
        receipt_number=report.control_number or NO_TRACE,
        received=created.date(),
        processed=created.date(),
    )
    answers = [answer_findings(document, found, effective=created.date()) for document, found in claims]
    return dict(report_claims(batch, answers))


def claim_findings(report: SetReport) -> Iterator[list[Finding]]:
    """For each claim of an 837 set in order, the findings about it, its patient, subscriber and provider.

    Those about a service line have its JSON Pointer.
    """
    if report.tree is None:
        return
    for claim in report.tree.descend("2300"):
        ordinals = frozenset(claim_ordinals(claim))
        lines = [
            frozenset(segment.ordinal for segment in line.all_segments()) for line in claim.loops("2400")
        ]
        yield [
            point_at_line(finding, lines)
            for finding in report.findings
            if finding.x12 and find_ordinal(finding) in ordinals
        ]


def find_ordinal(finding: Finding) -> int:
    """The segment that a finding is about; what is missing was noticed one segment after its loop."""
    place = finding.x12 or Place()
    return (place.ordinal or 0) - (finding.code in ("segment.missing", "loop.missing"))


def point_at_line(finding: Finding, lines: Sequence[Set[int]]) -> Finding:
    """A finding with the pointer of the service line that it stands in, where it has none."""
    if finding.pointer is not None:
        return finding
    ordinal = find_ordinal(finding)
    number = next((index for index, line in enumerate(lines) if ordinal in line), None)
    pointer = None if number is None else f"/claimInformation/serviceLines/{number}"
    return msgspec.structs.replace(finding, pointer=pointer)


def claim_ordinals(claim: Loop) -> Iterator[int]:
    """The ordinals of the claim's segments and of those above it that describe it."""
    yield from (segment.ordinal for segment in claim.all_segments())
    above = claim.parent
    while above is not None and above.id != "DETAIL":
        yield from (segment.ordinal for segment in above.segments())
        for beside in above.loops():
            if beside.id not in ("2000B", "2000C", "2300"):
                yield from (segment.ordinal for segment in beside.all_segments())
        above = above.parent


#: The answer of each kind.
ANSWERS = {"999": answer_with_999, "824": answer_with_824, "277ca": answer_with_277ca}
