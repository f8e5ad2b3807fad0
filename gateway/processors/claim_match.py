"""Which claim an answer means, by a stated order of trust; the first that leaves one claim decides.

1. Our own trace (REF D9 of a 277CA, TRN02 of a 277): it names the claim.
2. The patient control number, among the claims sent to the partner's payers, narrowed by charge and dates.
3. What a payment says of itself (CLP02, CLP09, the payer's name) decides between several, then the payer's
   control number (REF 1K, CLP07) that the payer has used for a claim before: it also finds the claim whose
   patient control number came back altered.
4. The control numbers of the service lines (REF 6R) decide between several.
5. Of a claim and its replacements, what is taken back is the oldest decided one; all else means the newest.

Whatever is still open is a person's to decide, with all claims named that it could be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from edi.documents import read_entries, read_section, read_text
from edi.models import ClaimPayment, ClaimStatus
from gateway.dossier import read_dossier
from gateway.matching import Match, Trait, choose_claim, fits
from gateway.processors.arrival import Arrival
from gateway.processors.kinship import Paying, choose_kin, narrow_claims
from gateway.store import claims, interchanges, payer_references
from gateway.store.claims import Claim

LINE_NUMBERS = ("providerControlNumber", "lineItemControlNumber")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer calls a claim beside our trace: the payer's number, and its lines' numbers."""

    trait: Trait
    payer_number: str = ""
    lines: frozenset[str] = frozenset()
    paying: Paying | None = None


def hold_traced(arrival: Arrival, statuses: Iterable[ClaimStatus]) -> dict[str, Claim]:
    """The claims whose traces the statuses give back, all looked up at once and held from now on."""
    traces = {status.clearinghouse_trace for status in statuses if status.clearinghouse_trace}
    named = interchanges.find_all_traced(arrival.scope, arrival.partner.name, traces)
    held = {claim.id: claim for claim in claims.load_many(arrival.scope, set(named.values()), lock=True)}
    return {trace: held[claim] for trace, claim in named.items() if claim in held}


def match_status(arrival: Arrival, status: ClaimStatus, traced: Mapping[str, Claim]) -> Match:
    """Our claim that a claim status means, held from now on; `traced` are those of `hold_traced`."""
    ours = traced.get(status.clearinghouse_trace)
    if ours is not None:
        return Match(ours)
    named = Named(
        trait=Trait(
            payers=arrival.partner.payers,
            charge=status.charge,
            service_from=status.service_from,
            service_to=status.service_to,
        ),
        payer_number=status.payer_claim_control_number,
        lines=frozenset(line.control_number for line in status.services if line.control_number),
    )
    numbered = claims.find_by_control_number(arrival.scope, status.patient_control_number)
    return hold_match(arrival, match_named(arrival, numbered, named))


def match_payments(arrival: Arrival, payments: Sequence[ClaimPayment], payer_name: str) -> list[Match]:
    """Our claims that claim payments of a payer mean, all looked up at once and held from now on."""
    numbers = {payment.patient_control_number for payment in payments}
    numbered = claims.find_by_control_numbers(arrival.scope, numbers)
    matches = [
        match_named(
            arrival, numbered[payment.patient_control_number], name_payment(arrival, payment, payer_name)
        )
        for payment in payments
    ]
    meant = {match.claim.id for match in matches if match.claim}
    held = {claim.id: claim for claim in claims.load_many(arrival.scope, meant, lock=True)}
    return [Match(held[match.claim.id]) if match.claim else match for match in matches]


def name_payment(arrival: Arrival, payment: ClaimPayment, payer_name: str) -> Named:
    """What a claim payment says of its claim (005010X221A1 2100 CLP, DTM; 2110 REF 6R)."""
    trait = Trait(
        payers=arrival.partner.payers,
        charge=payment.charge,
        service_from=payment.service_from,
        service_to=payment.service_to,
    )
    return Named(
        trait=trait,
        payer_number=payment.payer_claim_control_number,
        lines=frozenset(line.control_number for line in payment.services if line.control_number),
        paying=Paying(payment, payer_name),
    )


def match_named(arrival: Arrival, numbered: Sequence[Claim], named: Named) -> Match:
    """The claim among those of the patient control number, else by the payer's number, else by its lines."""
    match = choose_claim(numbered, named.trait)
    if match.claim is not None:
        return match
    known = payer_references.find(arrival.scope, arrival.partner.name, named.payer_number)
    if match.candidates:
        return _decide(arrival, [it for it in numbered if it.id in match.candidates], known, named)
    return choose_claim(claims.load_many(arrival.scope, known), named.trait)


def _decide(arrival: Arrival, likely: Sequence[Claim], known: Collection[str], named: Named) -> Match:
    """The one of several claims of a number that is meant, or all of them where nobody can say."""
    unlikely = not any(fits(claim, named.trait) for claim in likely)
    if named.paying is not None and len(likely) > 1 and not unlikely:
        likely = narrow_claims(arrival.scope, likely, named.paying)
    numbered = [claim for claim in likely if claim.id in known]
    chosen = (None if unlikely else _only(likely)) or _only(numbered)
    chosen = chosen or _match_lines(arrival, likely, named.lines)
    kin = choose_kin(likely, named.paying) if chosen is None and not unlikely else None
    return chosen or (Match(kin) if kin is not None else Match(None, tuple(claim.id for claim in likely)))


def _match_lines(arrival: Arrival, likely: Sequence[Claim], lines: Collection[str]) -> Match | None:
    """The one claim that has every line which the answer names."""
    if not lines:
        return None
    bodies = claims.read_bodies(arrival.scope, [claim.id for claim in likely])
    return _only([claim for claim in likely if list_lines(bodies[claim.id]).issuperset(lines)])


def _only(found: Sequence[Claim]) -> Match | None:
    return Match(found[0]) if len(found) == 1 else None


def list_lines(body: bytes) -> frozenset[str]:
    """The control numbers of a claim's service lines (REF 6R)."""
    claim = read_section(read_dossier(body).document, "claimInformation")
    lines = [line for _, line in read_entries(claim, "serviceLines")]
    return frozenset(text for line in lines for name in LINE_NUMBERS if (text := read_text(line, name)))


def find_traced(arrival: Arrival, trace: str) -> Claim | None:
    """The claim that bears our trace in an interchange to the partner, held; or None."""
    traced = interchanges.find_traced(arrival.scope, arrival.partner.name, trace) if trace else None
    return claims.load(arrival.scope, traced, lock=True) if traced is not None else None


def hold_match(arrival: Arrival, match: Match) -> Match:
    """The match with its claim held, and read again, until the transaction ends."""
    if match.claim is None:
        return match
    return msgspec.structs.replace(match, claim=claims.load(arrival.scope, match.claim.id, lock=True))
