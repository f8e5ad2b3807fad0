"""277CA: the payer says claim by claim what it takes in for adjudication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from edi.acks import read_277ca
from edi.files import SetReport
from edi.models import REJECTED_CATEGORIES, ClaimStatus, ClaimStatusReport
from gateway.journal import Particulars, record_all
from gateway.lifecycle import load_lifecycle
from gateway.processors.arrival import Apply, Arrival, choose_sent, read_number
from gateway.processors.claim_match import hold_traced, match_status
from gateway.store import claims, interchanges
from gateway.store.claims import Claim
from gateway.story import tell_status_report

KIND = "277CA"
REFUSED = "claim.payer_rejected"
INTERCHANGE_DIGITS, SET_DIGITS = 9, 4  # what BHT03 is made of


def prepare_claim_ack(report: SetReport) -> Apply:
    """What moves each claim that the report names. Source: 005010X214 2200D STC, TRN, REF."""
    return partial(_apply_reports, [read_277ca(document) for document in report.documents])


def _apply_reports(reports: Iterable[ClaimStatusReport], arrival: Arrival) -> None:
    reports = list(reports)
    traced = hold_traced(arrival, (status for report in reports for status in report.claims))
    for report in reports:
        for status in report.claims:
            _apply_status(arrival, status, traced)
        if not report.claims:
            _apply_batch(arrival, report)


def _apply_status(arrival: Arrival, status: ClaimStatus, traced: Mapping[str, Claim]) -> None:
    number = status.payer_claim_control_number
    told = tell_status_report(KIND, status.statuses, arrival.file.id, status.clearinghouse_trace, number)
    if not arrival.wants(told):
        return
    match = match_status(arrival, status, traced)
    if match.claim is None:
        arrival.keep_orphan(told, "claim_status.unmatched", match.candidates)
        return
    arrival.note_payer_number(match.claim, number)
    particulars = Particulars(acknowledgment=told, file=arrival.file.id)
    moved = arrival.journal.record(match.claim, name_event(status), particulars)
    arrival.keep(told, applied=moved, claim=match.claim.id)


def _apply_batch(arrival: Arrival, report: ClaimStatusReport) -> None:
    """A report without a claim in it refuses a whole batch, named by BHT03 of the 837: our control number."""
    told = tell_status_report(KIND, report.statuses, arrival.file.id, report.batch_number)
    if not arrival.wants(told):
        return
    number, set_number = split_reference(report.batch_number)
    found = interchanges.find_by_control_number(arrival.scope, arrival.partner.name, number or 0)
    interchange = choose_sent(found)
    refused = any(status.category in REJECTED_CATEGORIES for status in report.statuses)
    if interchange is None or not refused:
        arrival.keep_orphan(told, "claim_status.unmatched")
        return
    placements = interchanges.list_placements(
        arrival.scope, interchange.id, set_control_numbers=(set_number,) if set_number else ()
    )
    rows = claims.load_many(arrival.scope, [place.claim for place in placements], lock=True)
    particulars = Particulars(acknowledgment=told, file=arrival.file.id, interchange=interchange.id)
    applied = record_all(arrival.journal, rows, "claim.payer_rejected", particulars)
    arrival.keep(told, applied=applied, interchange=interchange.id)


def split_reference(reference: str) -> tuple[int | None, str]:
    """The control numbers in BHT03 as we write it: of the interchange, and of the set if it has several."""
    if len(reference) == INTERCHANGE_DIGITS + SET_DIGITS:
        return read_number(reference[:INTERCHANGE_DIGITS]), reference[INTERCHANGE_DIGITS:]
    return read_number(reference), ""


def name_event(status: ClaimStatus) -> str:
    """The event that a claim status is: refused, pending or taken in."""
    if not status.accepted:
        return REFUSED
    return name_event_of(code.category for code in status.statuses)


def name_event_of(categories: Iterable[str]) -> str:
    """The event that status categories (STC01-1) are, where nothing else is known."""
    told, rules = set(categories), load_lifecycle().claim_status
    if told & REJECTED_CATEGORIES:
        return REFUSED
    if told & rules.finalized_categories:
        return "claim.finalized"
    return "claim.pending" if told & rules.pending_categories else "claim.payer_accepted"
