"""Recording: judged claims become rows with their first events, many of one tenant in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from edi.findings import Finding, find
from gateway.checking.checker import NOTHING_READ, Judged
from gateway.dossier import replace_findings
from gateway.events import Happening, publish
from gateway.lifecycle import Fact, Standing, fold, load_lifecycle
from gateway.store import audit, claims
from gateway.store.audit import NewEntry
from gateway.store.scope import TenantScope
from gateway.story import ClaimStory, tell_amounts, tell_findings

REPLACING_FREQUENCIES: Final = frozenset({"7", "8"})
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a posted claim: its id, its state (`accepted` or `rejected`) and all findings."""

    claim: str
    state: str
    findings: tuple[Finding, ...]
    payer_id: str
    patient_control_number: str

    @property
    def accepted(self) -> bool:
        return self.state == ACCEPTED


class LeftOut(Exception):
    """Raised by what writes beside a claim, before it has written anything: the claim is not to be stored."""


Also = Callable[[TenantScope, Submission], None]
"""Writes in the claim's transaction."""


class Parcel(msgspec.Struct, frozen=True):
    """A judged claim on its way into the database, with what writes beside it and its audit entry.

    `original` is the claim that it follows.
    """

    judged: Judged
    also: Also | None = None
    entry: NewEntry | None = None
    original: str | None = None


class _Draft(msgspec.Struct, frozen=True):
    """A row to be, with the findings behind its state, and what it is found equal by."""

    new: claims.NewClaim
    findings: tuple[Finding, ...]


class _Equals:
    """The live claims that new ones may be equal to, those of the same transaction among them."""

    def __init__(self, scope: TenantScope, fingerprints: Iterable[str]) -> None:
        states = load_lifecycle().state
        self._live: dict[str, str] = {}
        for claim in claims.find_equal(scope, fingerprints):
            if states[claim.state].live:
                self._live.setdefault(claim.duplicate_fingerprint, claim.id)

    def find(self, fingerprint: str) -> str | None:
        """The newest live claim with this fingerprint."""
        return self._live.get(fingerprint)

    def add(self, fingerprint: str, claim: str) -> None:
        """Another one is live now."""
        self._live[fingerprint] = claim


def record_claims(scope: TenantScope, parcels: Sequence[Parcel]) -> list[Submission | LeftOut]:
    """Store claims with their findings and first events; what became of each, in their order.

    A claim whose `also` raises LeftOut is not stored; the exception stands in its place.
    """
    news = [_make_row(scope, parcel) for parcel in parcels]
    prints = [_fingerprint(new, parcel.judged) for new, parcel in zip(news, parcels, strict=True)]
    equals = _Equals(scope, filter(None, prints))
    drafts: list[_Draft] = []
    outcomes: list[Submission | LeftOut] = []
    entries: list[NewEntry] = []
    for new, parcel, fingerprint in zip(news, parcels, prints, strict=True):
        draft = _settle(new, parcel.judged, equals.find(fingerprint) if fingerprint else None)
        outcome = _answer(scope, draft, parcel.also)
        outcomes.append(outcome)
        if isinstance(outcome, Submission):
            drafts.append(draft)
            if parcel.entry is not None:
                entries.append(_name_claim(parcel.entry, outcome))
            if fingerprint and load_lifecycle().state[draft.new.state].live:
                equals.add(fingerprint, new.id)
    claims.add_all(scope, [draft.new for draft in drafts])
    publish(scope, *(told for draft in drafts for told in _tell_intake(draft)))
    audit.append(scope, entries)
    return outcomes


def _name_claim(entry: NewEntry, outcome: Submission) -> NewEntry:
    """The audit entry of a claim that has its id now."""
    return msgspec.structs.replace(
        entry, kind="claim", subjects=(outcome.claim, *entry.subjects), outcome=outcome.state
    )


def preview(judged: Judged) -> Submission:
    """What a submission would say of a claim as far as its check tells; it has no id."""
    summary = judged.summary or NOTHING_READ
    stopped = any(finding.stops for finding in judged.findings)
    return Submission(
        claim="",
        state=REJECTED if stopped else ACCEPTED,
        findings=judged.findings,
        payer_id=summary.payer_id,
        patient_control_number=summary.patient_control_number,
    )


def record_judged(scope: TenantScope, judged: Sequence[Judged]) -> list[Submission]:
    """Store claims of one file with their findings and first events."""
    return [it for it in record_claims(scope, list(map(Parcel, judged))) if isinstance(it, Submission)]


def _make_row(scope: TenantScope, parcel: Parcel) -> claims.NewClaim:
    judged = parcel.judged
    summary = judged.summary or NOTHING_READ
    new = claims.NewClaim(
        id=scope.new_id("clm"),
        claim_type=judged.claim_type,
        patient_control_number=summary.patient_control_number,
        payer_id=summary.payer_id,
        billing_npi=summary.billing_npi,
        frequency=summary.frequency,
        charge=summary.charge,
        service_from=summary.service_from,
        service_to=summary.service_to,
        usage=summary.usage or "P",
        body=judged.dossier,
        original=parcel.original,
    )
    return msgspec.structs.replace(new, duplicate_fingerprint=claims.fingerprint_duplicate(scope, new))


def _fingerprint(new: claims.NewClaim, judged: Judged) -> str:
    """What equal claims are found by; "" where being equal to another one is no fault."""
    if judged.summary is None or new.frequency in REPLACING_FREQUENCIES:
        return ""
    return new.duplicate_fingerprint


def _settle(new: claims.NewClaim, judged: Judged, equal: str | None) -> _Draft:
    """The row in its state. An equal claim is live: a second submission would be paid or denied twice."""
    findings, body = judged.findings, judged.dossier
    if equal is not None:
        findings = (*findings, find("claim.duplicate", claim=equal))
        body = replace_findings(body, findings)
    state = REJECTED if any(finding.stops for finding in findings) else ACCEPTED
    return _Draft(msgspec.structs.replace(new, state=state, body=body), findings)


def _answer(scope: TenantScope, draft: _Draft, also: Also | None) -> Submission | LeftOut:
    submission = Submission(
        claim=draft.new.id,
        state=draft.new.state,
        findings=draft.findings,
        payer_id=draft.new.payer_id,
        patient_control_number=draft.new.patient_control_number,
    )
    try:
        if also is not None:
            also(scope, submission)
    except LeftOut as reason:
        return reason
    return submission


def _tell_intake(draft: _Draft) -> list[Happening]:
    """The first two events of a claim: it was received; it was accepted or rejected."""
    new = draft.new
    received = fold([Fact("claim.received")], billed=new.charge)
    return [
        _tell(new, "claim.received", received, ()),
        _tell(
            new, f"claim.{new.state}", msgspec.structs.replace(received, journey=new.state), draft.findings
        ),
    ]


def _tell(new: claims.NewClaim, event: str, standing: Standing, findings: tuple[Finding, ...]) -> Happening:
    story = ClaimStory(
        claim=new.id,
        patient_control_number=new.patient_control_number,
        payer_id=new.payer_id,
        state=standing.state,
        amounts=tell_amounts(standing),
        findings=tell_findings(findings),
    )
    return Happening(type=event, story=story, claim=new.id)
