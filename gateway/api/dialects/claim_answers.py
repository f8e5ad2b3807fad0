"""The answer to a claim in the dialects: its reference, its payer, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from edi.claims import write_claims
from edi.documents import read_entries, read_section, read_text
from edi.envelope_writer import DelimiterInValue
from gateway.api.dialects.faults import describe_edit, describe_error, describe_warning, write_status
from gateway.api.dialects.identifiers import MODES, write_uuid
from gateway.composition import Numbers, make_envelope
from gateway.recording import Submission
from gateway.settings import Partner

JSON = dict[str, Any]  # a JSON object
CLAIM_TYPES = {PROFESSIONAL: "PRO", INSTITUTIONAL: "INST", DENTAL: "DEN"}
CLAIM_NUMBERS = {INSTITUTIONAL: "rhClaimNumber"}  # the same number has another name there
FORMAT = "5010"
NO_NUMBERS = Numbers(interchange=1, group=1)  # of no interchange: the claim was not sent yet


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is made of. `document` is what was posted, empty where it was X12; `claim` of the
    submission is "" where nothing was stored; `partner` is None where the payer is unknown.
    """

    guide: str
    submission: Submission
    document: Mapping[str, Any]
    at: datetime
    trace: str
    partner: Partner | None
    x12: str = ""


def describe_submission(answer: ClaimAnswer) -> JSON:
    """The body of the answer; keys without a value are left out."""
    submission = answer.submission
    findings = submission.findings
    told = {
        "status": "SUCCESS" if submission.accepted else "ERROR",
        "controlNumber": read_text(answer.document, "controlNumber"),
        "tradingPartnerServiceId": submission.payer_id,
        "claimReference": describe_reference(answer),
        "meta": describe_meta(answer),
        "payer": describe_payer(answer),
        "editStatus": "SUCCESS" if submission.accepted else "REJECTED",
        "editResponses": [describe_edit(finding) for finding in findings],
        "errors": [describe_error(finding) for finding in findings if finding.stops],
        "warnings": [describe_warning(finding) for finding in findings if not finding.stops],
        "httpStatusCode": write_status(200 if submission.accepted else 400),
        "x12": answer.x12 if submission.accepted else "",
    }
    return {name: value for name, value in told.items() if value}


def describe_reference(answer: ClaimAnswer) -> JSON:
    """`claimReference`: by what either side finds the claim again."""
    submission = answer.submission
    number = write_uuid(submission.claim) if submission.claim else ""
    lines = read_entries(read_section(answer.document, "claimInformation"), "serviceLines")
    named = [read_text(line, "providerControlNumber") for _, line in lines]
    told = {
        "correlationId": number,
        "submitterId": read_text(answer.document, "submitter", "submitterIdentification"),
        "customerClaimNumber": number,
        "patientControlNumber": submission.patient_control_number,
        "timeOfResponse": answer.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "claimType": CLAIM_TYPES[answer.guide],
        "payerID": submission.payer_id,
        "payerId": submission.payer_id,
        "formatVersion": FORMAT,
        CLAIM_NUMBERS.get(answer.guide, "rhclaimNumber"): number,
        "serviceLines": [{"lineItemControlNumber": name} for name in named if name],
        "claimwireId": submission.claim,
    }
    return {name: value for name, value in told.items() if value}


def describe_meta(answer: ClaimAnswer) -> JSON:
    """`meta`: who sent, and by what the request is found in our log."""
    ids = answer.partner.envelope if answer.partner is not None else None
    usage = read_text(answer.document, "usageIndicator") or (ids.usage if ids else "P")
    told = {
        "submitterId": read_text(answer.document, "submitter", "submitterIdentification"),
        "senderId": ids.sender if ids else "",
        "traceId": answer.trace,
        "applicationMode": MODES.get(usage, "production"),
    }
    return {name: value for name, value in told.items() if value}


def describe_payer(answer: ClaimAnswer) -> JSON:
    """`payer`: the name as posted, and the id that the claim goes by."""
    document, payer = answer.document, answer.submission.payer_id
    name = read_text(document, "tradingPartnerName") or read_text(document, "receiver", "organizationName")
    told = {"payerName": name, "payerID": payer, "payerId": payer}
    return {key: value for key, value in told.items() if value}


def write_alone(document: Mapping[str, Any], guide: str, partner: Partner, at: datetime) -> str:
    """A claim as an interchange by itself, whose control numbers are those of no file; "" where it has none.

    The claim may have any fault.
    """
    usage = read_text(document, "usageIndicator") or "P"
    envelope = make_envelope(partner.envelope, NO_NUMBERS, at, usage=usage)
    try:
        return write_claims([document], envelope, guide=guide).text.decode("utf-8", "replace")
    except DelimiterInValue:
        return ""
