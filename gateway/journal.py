"""The journal of one transaction: claims move, and the events that say so are written with them at its end.

Batching, dispatch and the processors of inbound files all move claims through it, so that state, event and
outbox rows never part. Events are appended last, since their numbering locks out the other writers of a
tenant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from gateway.dossier import read_control_number
from gateway.events import Happening, publish, read_standing
from gateway.lifecycle import (
    VOID,
    Fact,
    Settlement,
    Standing,
    advance,
    find_echo,
    load_lifecycle,
    moves,
    name_follow_up,
)
from gateway.store import claims, follow_ups
from gateway.store.claims import Claim
from gateway.store.scope import TenantScope
from gateway.story import (
    AcknowledgmentTold,
    ClaimStory,
    FindingTold,
    FollowUpTold,
    HandTold,
    OverdueTold,
    PaymentTold,
    SubmissionTold,
    tell_amounts,
)


class Particulars(msgspec.Struct, frozen=True, kw_only=True):
    """What an event tells beside the claim's new standing, and the rows it came from."""

    findings: tuple[FindingTold, ...] = ()
    submission: SubmissionTold | None = None
    acknowledgment: AcknowledgmentTold | None = None
    payment: PaymentTold | None = None
    hand: HandTold | None = None
    overdue: OverdueTold | None = None
    follow_up: FollowUpTold | None = None
    file: str | None = None
    interchange: str | None = None
    remittance: str | None = None


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a claim, held back until the end of the transaction."""

    claim: str
    event: str
    standing: Standing
    moved: bool
    particulars: Particulars


class Journal:
    """Collects what happens in one transaction; `close` writes it. Make a new one for each transaction."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows: dict[str, Claim] = {}
        self._standings: dict[str, Standing] = {}
        self._steps: list[_Step | Happening] = []

    def record(
        self,
        claim: Claim,
        event: str,
        particulars: Particulars = Particulars(),
        settlement: Settlement | None = None,
    ) -> bool:
        """Let `event` happen to the claim; True where it moves it, False where it is late or told before."""
        before = self._find_standing(claim)
        mark = particulars.overdue.reason if particulars.overdue is not None else ""
        after = advance(before, Fact(event, settlement, mark))
        moved = settlement is not None or moves(before, event)
        self._rows[claim.id], self._standings[claim.id] = claim, after
        self._steps.append(
            _Step(claim=claim.id, event=event, standing=after, moved=moved, particulars=particulars)
        )
        self._tell_relatives(claim, event, before.state, after.state)
        return moved

    def _tell_relatives(self, claim: Claim, event: str, before: str, after: str) -> None:
        """What happens to a claim that follows another one happens to that one too; and the other way round:
        the reversal of a claim is what its void waits for.
        """
        if claim.original is not None:
            kind = name_follow_up(claim.frequency)
            echo = find_echo(kind, before, after)
            original = claims.load(self._scope, claim.original, lock=True) if echo else None
            if echo and original is not None:
                self.record(original, echo, _tell_follow_up(claim, kind, after))
        if event == "claim.reversed":
            for follow_up in follow_ups.list_of(self._scope, claim.id, lock=True):
                live = load_lifecycle().state[follow_up.state].live
                if live and name_follow_up(follow_up.frequency) == VOID:
                    self.record(follow_up, "claim.completed")

    def tell(self, happening: Happening) -> None:
        """Let something happen that is about no single claim."""
        self._steps.append(happening)

    def close(self) -> None:
        """Write the claims' new standings, then append the events and queue their deliveries."""
        self._write_standings()
        numbers = self._read_control_numbers()
        publish(
            self._scope,
            *(
                step if isinstance(step, Happening) else self._write_step(step, numbers)
                for step in self._steps
            ),
        )

    def _find_standing(self, claim: Claim) -> Standing:
        """The claim's standing within this transaction.

        Before any money the row says all; after, payments are counted from the claim's events.
        """
        known = self._standings.get(claim.id)
        if known is not None:
            return known
        if load_lifecycle().state[claim.state].kind != "journey":
            return read_standing(self._scope, claim)
        return Standing(billed=claim.charge, journey=claim.state, marks=frozenset(claim.marks))

    def _write_standings(self) -> None:
        """Claims that only change their state go together, one statement for each state."""
        together: defaultdict[str, list[str]] = defaultdict(list)
        for claim_id, standing in self._standings.items():
            row = self._rows[claim_id]
            if _is_same_but_state(row, standing):
                if row.state != standing.state:
                    together[standing.state].append(claim_id)
            else:
                _write_standing(self._scope, claim_id, standing)
        for state, claim_ids in together.items():
            claims.move(self._scope, claim_ids, state)

    def _read_control_numbers(self) -> dict[str, str]:
        bodies = claims.read_bodies(self._scope, list(self._rows))
        return {claim_id: read_control_number(body) for claim_id, body in bodies.items()}

    def _write_step(self, step: _Step, numbers: dict[str, str]) -> Happening:
        told, standing = step.particulars, step.standing
        story = ClaimStory(
            claim=step.claim,
            patient_control_number=numbers[step.claim],
            payer_id=self._rows[step.claim].payer_id,
            state=standing.state,
            moved=step.moved,
            marks=tuple(sorted(standing.marks)),
            amounts=tell_amounts(standing),
            findings=told.findings,
            submission=told.submission,
            acknowledgment=told.acknowledgment,
            payment=told.payment,
            hand=told.hand,
            overdue=told.overdue,
            follow_up=told.follow_up,
        )
        return Happening(
            type=step.event,
            story=story,
            claim=step.claim,
            file=told.file,
            interchange=told.interchange,
            remittance=told.remittance,
        )


def record_all(
    journal: Journal, rows: Iterable[Claim], event: str, particulars: Particulars = Particulars()
) -> bool:
    """Let the same event happen to every claim of `rows`; True where it moved any."""
    moved = [journal.record(claim, event, particulars) for claim in rows]
    return any(moved)


def _tell_follow_up(claim: Claim, kind: str, state: str) -> Particulars:
    return Particulars(follow_up=FollowUpTold(claim=claim.id, kind=kind, state=state))


def _is_same_but_state(row: Claim, standing: Standing) -> bool:
    money = (row.paid, row.adjusted, row.patient)
    return money == (standing.paid, standing.adjusted, standing.patient) and (
        frozenset(row.marks) == standing.marks
    )


def _write_standing(scope: TenantScope, claim_id: str, standing: Standing) -> None:
    claims.settle(
        scope,
        claim_id,
        state=standing.state,
        marks=tuple(sorted(standing.marks)),
        paid=standing.paid,
        adjusted=standing.adjusted,
        patient=standing.patient,
        open=standing.open,
    )
