"""What the event of an inquiry tells."""

from __future__ import annotations

from gateway.events import Happening
from gateway.inquiries.kinds import KINDS
from gateway.inquiries.reading import Reading
from gateway.store.inquiries import Inquiry
from gateway.story import FindingTold, Told, tell_findings


class InquiryStory(Told, frozen=True, kw_only=True):
    """The body of `eligibility.completed` and `claim_status.completed`: how an inquiry ended after its client
    was told to wait. The answer itself is looked up by the id.
    """

    inquiry: str
    partner: str
    payer_id: str
    state: str
    reason: str | None = None
    findings: tuple[FindingTold, ...] = ()


def make_event(inquiry: Inquiry, reading: Reading) -> Happening:
    """The event that tells how an inquiry ended after its client was told to wait."""
    story = InquiryStory(
        inquiry=inquiry.id,
        partner=inquiry.partner,
        payer_id=inquiry.payer_id,
        state=reading.state,
        reason=reading.reason,
        findings=tell_findings(reading.findings),
    )
    return Happening(type=KINDS[inquiry.kind].event, story=story)
