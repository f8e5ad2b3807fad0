"""Follow-ups as documents: made of the claim that they follow and of what the client posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from edi.claim_forms import choose_guide
from edi.documents import read_section, read_text
from edi.findings import Finding, find
from edi.merge_patch import apply_patch
from edi.next_payer import compose_next
from gateway.follow_ups.originals import Original
from gateway.lifecycle import REPLACEMENT, SECONDARY, VOID

FREQUENCIES: Final = {REPLACEMENT: "7", VOID: "8"}
NUMBER: Final = "claimControlNumber"
NUMBER_POINTER: Final = "/claimInformation/claimSupplementalInformation/claimControlNumber"
PAYER: Final = "tradingPartnerServiceId"
FORWARDED: Final = frozenset({"19", "20", "21", "23"})


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up before it is checked, with what was found on the way: what stops keeps it from being."""

    document: dict[str, Any]  # a claim's JSON
    findings: tuple[Finding, ...] = ()

    @property
    def stopped(self) -> bool:
        """True where there is nothing to check."""
        return any(finding.stops for finding in self.findings)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: `whole` is a corrected claim, `patch` what differs (RFC 7386)."""

    kind: str
    whole: Mapping[str, Any] | None = None
    patch: Mapping[str, Any] | None = None


def compose(original: Original, wish: Wish) -> Draft:
    """The claim that follows `original`."""
    return _compose_next(original, wish) if wish.kind == SECONDARY else _compose_correction(original, wish)


def _compose_correction(original: Original, wish: Wish) -> Draft:
    """A replacement or void: the whole claim once more, with its frequency and the payer's number.

    A number that the client gives stands; the one in the stored document is that of a claim before it.
    """
    base = dict(wish.whole) if wish.whole is not None else _forget_number(original.document)
    patched = apply_patch(base, wish.patch or {})
    claim = dict(read_section(patched, "claimInformation"))
    supplement = dict(read_section(claim, "claimSupplementalInformation"))
    given = read_text(supplement, NUMBER)
    supplement.pop("claimNumber", None)
    if not given and original.payer_number:
        supplement[NUMBER] = original.payer_number
    claim |= {
        "claimFrequencyCode": FREQUENCIES[wish.kind],
        "claimSupplementalInformation": supplement,
    }
    document = {PAYER: original.claim.payer_id, **patched, "claimInformation": claim}
    return Draft(document=document, findings=tuple(_judge_correction(original, document)))


def _forget_number(document: Mapping[str, Any]) -> dict[str, Any]:
    forgotten = {"claimInformation": {"claimSupplementalInformation": {NUMBER: None, "claimNumber": None}}}
    return apply_patch(document, forgotten)


def _judge_correction(original: Original, document: Mapping[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    supplement = read_section(document, "claimInformation", "claimSupplementalInformation")
    if not read_text(supplement, NUMBER):
        found.append(find("claim.payer_number_unknown", pointer=NUMBER_POINTER))
    if document.get(PAYER) != original.claim.payer_id:
        found.append(find("claim.other_payer_than_original", pointer=f"/{PAYER}"))
    if choose_guide(document) != original.claim.claim_type:
        found.append(find("claim.other_kind_than_original"))
    return found


def _compose_next(original: Original, wish: Wish) -> Draft:
    """The claim to the next payer, patched with what only the client knows of it."""
    told = original.adjudication
    if not told.payments:
        return Draft(document={}, findings=(find("claim.not_adjudicated"),))
    made = compose_next(original.document, original.claim.claim_type, told)
    document = apply_patch(made.document, wish.patch or {})
    found: list[Finding] = []
    if not made.room:
        found.append(find("claim.no_room_for_payer"))
    if not read_text(document, PAYER):
        found.append(find("claim.next_payer_unknown", pointer=f"/{PAYER}"))
    forwarded = {it.payment.status for it in told.payments} & FORWARDED
    found += [find("claim.forwarded_by_payer", status=status) for status in sorted(forwarded)]
    return Draft(document=document, findings=tuple(found))
