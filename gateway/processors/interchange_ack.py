"""TA1: the partner says what became of an interchange (ISA13), and so of every claim in it."""

from __future__ import annotations

from edi.models import InterchangeAcknowledgment
from gateway.journal import Particulars, record_all
from gateway.meanings import explain
from gateway.processors.arrival import QUESTION_RETURNED, Arrival, choose_sent, read_number
from gateway.store import claims, interchanges
from gateway.store.interchanges import Interchange
from gateway.story import AcknowledgmentTold, tell_findings


def apply_interchange_ack(arrival: Arrival, acknowledgment: InterchangeAcknowledgment) -> None:
    """Move the claims of the interchange answered; keep the TA1 in any case. Source: 005010 TA1."""
    told = AcknowledgmentTold(
        kind="TA1",
        code=acknowledgment.code,
        meaning=explain("interchange_acknowledgment", acknowledgment.code),
        file=arrival.file.id,
        control_number=acknowledgment.control_number,
        findings=tell_findings(acknowledgment.findings),
    )
    if not arrival.wants(told):
        return
    interchange = _find_interchange(arrival, acknowledgment.control_number)
    if interchange is None:
        arrival.keep_orphan(told, "acknowledgment.unmatched")
        return
    placements = interchanges.list_placements(arrival.scope, interchange.id)
    rows = claims.load_many(arrival.scope, [place.claim for place in placements], lock=True)
    arrival.confirm_delivery(interchange, rows)
    applied = arrival.settle_interchange(interchange, accepted=acknowledgment.accepted)
    arrival.keep(told, applied=applied, interchange=interchange.id)
    if applied and not placements and not acknowledgment.accepted:
        arrival.have_looked_at(told, QUESTION_RETURNED)
    event = "claim.acknowledged" if acknowledgment.accepted else "claim.returned"
    particulars = Particulars(acknowledgment=told, file=arrival.file.id, interchange=interchange.id)
    record_all(arrival.journal, rows, event, particulars)


def _find_interchange(arrival: Arrival, control_number: str) -> Interchange | None:
    number = read_number(control_number)
    if number is None:
        return None
    return choose_sent(interchanges.find_by_control_number(arrival.scope, arrival.partner.name, number))
