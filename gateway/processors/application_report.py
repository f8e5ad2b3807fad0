"""824: the partner's application says of a transaction set, a batch or one claim that it takes it or not.

It comes where a partner has no 277CA, or finds fault after its 999. What it refuses counts as refused by the
payer. Source: 005010X186A1 OTI, TED, RED.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from edi.acks import read_824
from edi.documents import Document, read_entries, read_text
from edi.files import SetReport
from edi.findings import Finding
from gateway.journal import Particulars, record_all
from gateway.matching import Trait, choose_claim
from gateway.meanings import explain
from gateway.processors.arrival import QUESTION_RETURNED, Apply, Arrival, choose_sent, read_number
from gateway.processors.claim_ack import REFUSED, split_reference
from gateway.processors.claim_match import find_traced, hold_match
from gateway.store import claims, interchanges
from gateway.store.claims import Claim
from gateway.store.interchanges import Interchange
from gateway.story import AcknowledgmentTold, tell_findings

KIND = "824"
ITEM = "I"  # the first letter of OTI01; the others speak of a transaction set (T) or a batch (B)
#: The last letter of OTI01: accepted, accepted with errors, rejected; a part (P) leaves open which.
EVENTS = {"A": "claim.acknowledged", "E": "claim.acknowledged", "R": REFUSED}


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One OTI: what it says of what, by the control numbers and references of ours that it gives back."""

    code: str
    reference: str
    group_number: str
    set_number: str
    findings: tuple[Finding, ...]

    @property
    def event(self) -> str | None:
        """What happens to the claims meant, or None where it is not said of which."""
        return name_event_of_code(self.code)


class Meant(msgspec.Struct, frozen=True):
    """The interchange and the claims that an item means, or none and the claims that it could mean (ids)."""

    interchange: Interchange | None = None
    rows: tuple[Claim, ...] = ()
    candidates: tuple[str, ...] = ()


def name_event_of_code(code: str) -> str | None:
    """The event that an OTI01 is to the claims meant, or None where it is not said of which."""
    return EVENTS.get(code[1:])


def prepare_application_report(report: SetReport) -> Apply:
    """What moves the claims that the report speaks of."""
    return partial(_apply_items, [item for document in report.documents for item in read_items(document)])


def read_items(document: Document) -> list[Item]:
    """Every OTI of the document with its errors as findings."""
    said = read_824(document)
    return [
        Item(
            code=read_text(item, "acknowledgmentCode"),
            reference=read_text(item, "reference"),
            group_number=read_text(item, "groupControlNumber"),
            set_number=read_text(item, "transactionSetControlNumber"),
            findings=verdict.findings,
        )
        for (_, item), verdict in zip(read_entries(document, "items"), said, strict=True)
    ]


def _apply_items(items: Iterable[Item], arrival: Arrival) -> None:
    for item in items:
        _apply_item(arrival, item)


def _apply_item(arrival: Arrival, item: Item) -> None:
    told = _tell(arrival, item)
    if not arrival.wants(told):
        return
    meant = find_item(arrival, item) if item.code.startswith(ITEM) else find_set(arrival, item)
    if not meant.rows and meant.interchange is not None:
        _apply_to_question(arrival, item, meant.interchange)
        return
    if not meant.rows or item.event is None:
        arrival.keep_orphan(told, "application_report.unmatched", meant.candidates)
        return
    if meant.interchange is not None:
        arrival.confirm_delivery(meant.interchange, meant.rows)
    interchange = meant.interchange.id if meant.interchange is not None else None
    particulars = Particulars(acknowledgment=told, file=arrival.file.id, interchange=interchange)
    applied = record_all(arrival.journal, meant.rows, item.event, particulars)
    arrival.keep(told, applied=applied, interchange=interchange, claim=_name_single(meant))


def _name_single(meant: Meant) -> str | None:
    """The claim, where the statement is about one and no interchange."""
    return meant.rows[0].id if meant.interchange is None else None


def _apply_to_question(arrival: Arrival, item: Item, interchange: Interchange) -> None:
    """An interchange of ours without claims (276): no claim moves, a person hears of a refusal."""
    told = _tell(arrival, item)
    arrival.keep(told, applied=False, interchange=interchange.id)
    if item.event == REFUSED:
        arrival.have_looked_at(told, QUESTION_RETURNED)


def find_set(arrival: Arrival, item: Item) -> Meant:
    """The claims of a set or batch: by GS06 and ST02, else by the reference of the set (BHT03)."""
    number, set_number = read_number(item.group_number), item.set_number
    scope, partner = arrival.scope, arrival.partner.name
    if number is not None:
        found = interchanges.find_by_group_control_number(scope, partner, number)
    else:
        number, set_number = split_reference(item.reference)
        found = interchanges.find_by_control_number(scope, partner, number or 0)
    interchange = choose_sent(found)
    if interchange is None:
        return Meant()
    sets = (set_number,) if set_number else ()
    placed = interchanges.list_placements(scope, interchange.id, set_control_numbers=sets)
    if not placed and interchange.claim_count:
        return Meant()
    rows = claims.load_many(scope, [place.claim for place in placed], lock=True)
    return Meant(interchange, tuple(rows))


def find_item(arrival: Arrival, item: Item) -> Meant:
    """One claim: by our trace (REF D9), else by the patient control number among the partner's claims."""
    traced = find_traced(arrival, item.reference)
    if traced is not None:
        return Meant(rows=(traced,))
    numbered = claims.find_by_control_number(arrival.scope, item.reference)
    match = hold_match(arrival, choose_claim(numbered, Trait(payers=arrival.partner.payers)))
    return Meant(rows=(match.claim,) if match.claim is not None else (), candidates=match.candidates)


def _tell(arrival: Arrival, item: Item) -> AcknowledgmentTold:
    return AcknowledgmentTold(
        kind=KIND,
        code=item.code,
        meaning=explain("application_acknowledgment", item.code),
        file=arrival.file.id,
        control_number=item.set_number or item.reference,
        findings=tell_findings(item.findings),
    )
