"""999: the partner says which transaction sets of a group it could read, and so which claims go on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from edi.acks import read_999
from edi.files import SetReport
from edi.models import GroupAcknowledgment, SetAcknowledgment
from gateway.journal import Particulars, record_all
from gateway.meanings import explain
from gateway.processors.arrival import QUESTION_RETURNED, Apply, Arrival, choose_sent, read_number
from gateway.store import acknowledgments, claims, interchanges
from gateway.store.claims import Claim
from gateway.store.interchanges import Interchange
from gateway.story import AcknowledgmentTold, read_told, tell_findings

ACCEPTED = ("A", "E", "P")


def prepare_functional_ack(report: SetReport) -> Apply:
    """What moves the claims of each transaction set answered. Source: 005010X231A1 AK1, AK2, IK5, AK9."""
    return partial(_apply_groups, [read_999(document) for document in report.documents])


def _apply_groups(acknowledgments: Iterable[GroupAcknowledgment], arrival: Arrival) -> None:
    for acknowledgment in acknowledgments:
        _apply_group(arrival, acknowledgment)


def _apply_group(arrival: Arrival, acknowledgment: GroupAcknowledgment) -> None:
    told = _tell_group(arrival, acknowledgment)
    if not arrival.wants(told):
        return
    interchange = _find_interchange(arrival, acknowledgment.group_control_number)
    if interchange is None:
        arrival.keep_orphan(told, "acknowledgment.unmatched")
        return
    placements = interchanges.list_placements(arrival.scope, interchange.id)
    if not placements:
        _apply_to_question(arrival, interchange, acknowledgment)
        return
    rows = claims.load_many(arrival.scope, [place.claim for place in placements], lock=True)
    arrival.confirm_delivery(interchange, rows)
    arrival.settle_interchange(interchange, accepted=acknowledgment.code in ACCEPTED)
    answers = {answer.control_number: answer for answer in acknowledgment.sets}
    for control_number in dict.fromkeys(place.set_control_number for place in placements):
        answer = answers.pop(control_number, None) or _answer_by_group(acknowledgment, control_number)
        placed = {place.claim for place in placements if place.set_control_number == control_number}
        _apply_set(arrival, interchange, [row for row in rows if row.id in placed], answer)
    for orphan in answers.values():
        arrival.keep_orphan(_tell_set(arrival, orphan), "acknowledgment.unmatched")


def _apply_to_question(
    arrival: Arrival, interchange: Interchange, acknowledgment: GroupAcknowledgment
) -> None:
    """An interchange without claims asks about some (276): no claim moves, a person hears of a refusal."""
    told, accepted = _tell_group(arrival, acknowledgment), acknowledgment.code in ACCEPTED
    arrival.confirm_delivery(interchange, ())
    applied = arrival.settle_interchange(interchange, accepted=accepted)
    arrival.keep(told, applied=applied, interchange=interchange.id)
    if applied and not accepted:
        arrival.have_looked_at(told, QUESTION_RETURNED)


def _find_interchange(arrival: Arrival, control_number: str) -> Interchange | None:
    number = read_number(control_number)
    if number is None:
        return None
    return choose_sent(interchanges.find_by_group_control_number(arrival.scope, arrival.partner.name, number))


def _answer_by_group(acknowledgment: GroupAcknowledgment, control_number: str) -> SetAcknowledgment:
    """A set that the 999 does not name fares as its group does: an accepted group may be reported as a
    whole.
    """
    code = "A" if acknowledgment.code in ACCEPTED else acknowledgment.code
    return SetAcknowledgment(
        set_id="837", control_number=control_number, code=code, findings=acknowledgment.findings
    )


def _apply_set(
    arrival: Arrival, interchange: Interchange, rows: list[Claim], answer: SetAcknowledgment
) -> None:
    told = _tell_set(arrival, answer)
    _note_contradiction(arrival, interchange, told)
    event = "claim.acknowledged" if answer.accepted else "claim.returned"
    particulars = Particulars(acknowledgment=told, file=arrival.file.id, interchange=interchange.id)
    applied = record_all(arrival.journal, rows, event, particulars)
    arrival.keep(told, applied=applied, interchange=interchange.id)


def _note_contradiction(arrival: Arrival, interchange: Interchange, told: AcknowledgmentTold) -> None:
    """Have a person look where an earlier 999 said the opposite of the same set: nobody knows which one
    counts.
    """
    kept = acknowledgments.list_of_interchange(arrival.scope, interchange.id)
    earlier = [read_told(each.body) for each in kept if each.kind == told.kind.lower()]
    same_set = [each for each in earlier if each.control_number == told.control_number]
    if any((each.code in ACCEPTED) != (told.code in ACCEPTED) for each in same_set):
        arrival.have_looked_at(told, "acknowledgment.contradicts")


def _tell_set(arrival: Arrival, answer: SetAcknowledgment) -> AcknowledgmentTold:
    return AcknowledgmentTold(
        kind="999",
        code=answer.code,
        meaning=explain("set_acknowledgment", answer.code),
        file=arrival.file.id,
        control_number=answer.control_number,
        findings=tell_findings(answer.findings),
    )


def _tell_group(arrival: Arrival, acknowledgment: GroupAcknowledgment) -> AcknowledgmentTold:
    return AcknowledgmentTold(
        kind="999",
        code=acknowledgment.code,
        meaning=explain("set_acknowledgment", acknowledgment.code),
        file=arrival.file.id,
        control_number=acknowledgment.group_control_number,
        findings=tell_findings(acknowledgment.findings),
    )
