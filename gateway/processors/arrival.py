"""What every processor gets: the file that is being applied, its partner, and the one transaction for all
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from edi.findings import Finding
from gateway.events import ACKNOWLEDGMENT_UNMATCHED, Happening
from gateway.journal import Journal, Particulars, record_all
from gateway.settings import Partner
from gateway.store import acknowledgments, interchanges, payer_references, work_items
from gateway.store.claims import Claim
from gateway.store.files import File
from gateway.store.interchanges import Interchange
from gateway.store.scope import TenantScope
from gateway.store.work_items import WorkItem
from gateway.story import AcknowledgmentTold, OrphanStory

QUESTION_RETURNED = "inquiry.returned"


class Arrival(msgspec.Struct, frozen=True):
    """One inbound file in the transaction that applies it.

    `notes` gathers what is to be said of the file, `references` what the payer calls our claims.
    """

    scope: TenantScope
    journal: Journal
    file: File
    partner: Partner
    notes: list[Finding]
    references: list[tuple[str, str]] = msgspec.field(default_factory=list)

    def keep(
        self,
        told: AcknowledgmentTold,
        *,
        applied: bool,
        claim: str | None = None,
        interchange: str | None = None,
    ) -> None:
        """Keep one statement of an acknowledgment, whether it changed anything or not."""
        acknowledgments.add(
            self.scope,
            kind=told.kind.lower(),
            file=self.file.id,
            code=told.code,
            applied=applied,
            body=msgspec.json.encode(told),
            claim=claim,
            interchange=interchange,
        )

    def wants(self, told: AcknowledgmentTold) -> bool:
        """True where a statement of the file is to be applied: each, the first time."""
        return True

    def keep_orphan(self, told: AcknowledgmentTold, reason: str, candidates: tuple[str, ...] = ()) -> None:
        """Keep a statement that means none of ours: a person looks at it, nothing else moves."""
        self.keep(told, applied=False)
        item = self.have_looked_at(told, reason, candidates)
        story = OrphanStory(
            file=self.file.id,
            partner=self.partner.name,
            acknowledgment=told,
            work_item=item.id,
            reason=reason,
        )
        self.journal.tell(Happening(type=ACKNOWLEDGMENT_UNMATCHED, story=story, file=self.file.id))

    def have_looked_at(
        self, told: AcknowledgmentTold, reason: str, candidates: tuple[str, ...] = ()
    ) -> WorkItem:
        """Put a statement before a person; `reason` is a finding's code."""
        return work_items.add(
            self.scope,
            kind="acknowledgment",
            reason=reason,
            file=self.file.id,
            candidates=candidates,
            body=msgspec.json.encode(told),
        )

    def note_payer_number(self, claim: Claim, number: str) -> None:
        """Remember what the payer calls the claim, for answers that name it by nothing else."""
        self.references.append((number, claim.id))

    def close(self) -> None:
        """Keep what was gathered on the way, at the end of the file."""
        payer_references.note_all(self.scope, self.partner.name, self.references)

    def confirm_delivery(self, interchange: Interchange, rows: Sequence[Claim]) -> None:
        """An answer proves the delivery where a process died before it could record the receipt."""
        receipt = msgspec.json.encode({"detail": "the partner answered", "file": self.file.id}).decode()
        if interchanges.record_receipt(self.scope, interchange.id, receipt):
            record_all(self.journal, rows, "claim.sent", Particulars(interchange=interchange.id))

    def settle_interchange(self, interchange: Interchange, *, accepted: bool) -> bool:
        """Say what the partner made of an interchange; a later refusal outweighs an earlier acceptance."""
        state = interchanges.ACKNOWLEDGED if accepted else interchanges.REJECTED
        before = (interchanges.SENT,) if accepted else (interchanges.SENT, interchanges.ACKNOWLEDGED)
        return interchanges.move(self.scope, interchange.id, state, only_from=before)


Apply = Callable[[Arrival], None]
"""What a transaction set does in the transaction of its file; it was read before, outside of it."""


def read_number(text: str) -> int | None:
    """A control number of at most nine digits, or None for what is none of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def choose_sent(found: Sequence[Interchange]) -> Interchange | None:
    """The newest of the interchanges with an answered control number whose sending ever began.

    An answer to one that was never begun is no answer to ours: to believe it would be never to send it.
    """
    return next((interchange for interchange in found if interchange.attempts), None)
