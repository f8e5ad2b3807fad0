"""277CA: the payer says claim by claim what it takes in for adjudication."""

from __future__ import annotations

from edi.acks import read_277ca
from edi.files import SetReport
from edi.models import REJECTED_CATEGORIES, ClaimStatus, ClaimStatusReport, StatusCode
from gateway.journal import Particulars, record_all
from gateway.lifecycle import load_lifecycle
from gateway.matching import Match, Trait, choose_claim
from gateway.meanings import explain
from gateway.processors.arrival import Arrival, choose_sent, read_number
from gateway.store import claims, interchanges
from gateway.story import AcknowledgmentTold, tell_statuses


def apply_claim_ack(arrival: Arrival, report: SetReport) -> None:
    """Move each claim that the report names. Source: 005010X214 2200D STC, TRN, REF."""
    for document in report.documents:
        statuses = read_277ca(document)
        for status in statuses.claims:
            _apply_status(arrival, status)
        if not statuses.claims:
            _apply_batch(arrival, statuses)


def _apply_status(arrival: Arrival, status: ClaimStatus) -> None:
    told = _tell(arrival, status.statuses, status.clearinghouse_trace)
    match = match_status(arrival, status)
    if match.claim is None:
        arrival.keep_orphan(told, "claim_status.unmatched", match.candidates)
        return
    particulars = Particulars(acknowledgment=told, file=arrival.file.id)
    moved = arrival.journal.record(match.claim, name_event(status), particulars)
    arrival.keep(told, applied=moved, claim=match.claim.id)


def _apply_batch(arrival: Arrival, report: ClaimStatusReport) -> None:
    """A report without a claim in it refuses a whole batch, named by BHT03 of the 837: our control number."""
    told = _tell(arrival, report.statuses, report.batch_number)
    number = read_number(report.batch_number)
    found = interchanges.find_by_control_number(arrival.scope, arrival.partner.name, number or 0)
    interchange = choose_sent(found)
    refused = any(status.category in REJECTED_CATEGORIES for status in report.statuses)
    if interchange is None or not refused:
        arrival.keep_orphan(told, "claim_status.unmatched")
        return
    placements = interchanges.list_placements(arrival.scope, interchange.id)
    rows = claims.load_many(arrival.scope, [place.claim for place in placements], lock=True)
    particulars = Particulars(acknowledgment=told, file=arrival.file.id, interchange=interchange.id)
    applied = record_all(arrival.journal, rows, "claim.payer_rejected", particulars)
    arrival.keep(told, applied=applied, interchange=interchange.id)


def name_event(status: ClaimStatus) -> str:
    """The event that a claim status is: refused, pending or taken in."""
    if not status.accepted:
        return "claim.payer_rejected"
    pending = load_lifecycle().claim_status.pending_categories
    if any(code.category in pending for code in status.statuses):
        return "claim.pending"
    return "claim.payer_accepted"


def match_status(arrival: Arrival, status: ClaimStatus) -> Match:
    """Our claim by our own trace (REF D9), else by patient control number (TRN02), payer, charge, dates."""
    traced = _find_by_trace(arrival, status.clearinghouse_trace)
    if traced is not None:
        claim = claims.load(arrival.scope, traced, lock=True)
        if claim is not None:
            return Match(claim)
    trait = Trait(
        payers=arrival.partner.payers,
        charge=status.charge,
        service_from=status.service_from,
        service_to=status.service_to,
    )
    return choose_claim(claims.find_by_control_number(arrival.scope, status.patient_control_number), trait)


def _find_by_trace(arrival: Arrival, trace: str) -> str | None:
    """The claim that bears the trace, if it went to this partner: another partner's trace tells nothing
    here.
    """
    for placement in interchanges.find_by_trace(arrival.scope, trace) if trace else ():
        interchange = interchanges.load(arrival.scope, placement.interchange)
        if interchange is not None and interchange.partner == arrival.partner.name:
            return placement.claim
    return None


def _tell(arrival: Arrival, statuses: tuple[StatusCode, ...], answered: str) -> AcknowledgmentTold:
    first = statuses[0] if statuses else StatusCode("", "")
    return AcknowledgmentTold(
        kind="277CA",
        code=f"{first.category}:{first.status}",
        meaning=explain("claim_status_category", first.category),
        file=arrival.file.id,
        control_number=answered,
        statuses=tell_statuses(statuses),
    )
