"""The scripted payer's memory: what it has read, what it owes an answer for, and what it has answered.

One SQLite file. An answer goes through four states, each made durable before the next act:
`planned` -> `rendered` (its bytes and name are fixed) -> `staged` (the temporary file is on disk) ->
`written` (it has its final name). Whatever is found `staged` without a temporary file was written. An
answer that the engine would find fault with ends as `faulty`, one that a correction overtakes as `withdrawn`.
Claims rest here unencrypted: this is a test partner for made-up people.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from gateway.simulator.billed import CORRECTIONS, BilledClaim

SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
  id INTEGER PRIMARY KEY, sender TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  received TEXT NOT NULL, outcome TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS interchanges (
  sender TEXT NOT NULL, control_number TEXT NOT NULL, file INTEGER NOT NULL REFERENCES files(id),
  PRIMARY KEY (sender, control_number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
  id INTEGER PRIMARY KEY, file INTEGER NOT NULL REFERENCES files(id), scenario TEXT NOT NULL,
  received TEXT NOT NULL, claim BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
  id INTEGER PRIMARY KEY, sender TEXT NOT NULL, pool TEXT NOT NULL, due TEXT NOT NULL, answer BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'planned', name TEXT, content BLOB);
CREATE INDEX IF NOT EXISTS owed ON answers (due) WHERE state NOT IN ('written', 'faulty', 'withdrawn');
CREATE TABLE IF NOT EXISTS numbers (
  sender TEXT NOT NULL, counter TEXT NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY (sender, counter)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS debts (
  sender TEXT NOT NULL, payer TEXT NOT NULL, payee TEXT NOT NULL, amount TEXT NOT NULL,
  PRIMARY KEY (sender, payer, payee)) WITHOUT ROWID;
"""


class ReplyAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Envelope ids of an answer: those of the file answered, turned round."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    group_sender: str
    group_receiver: str
    usage: str


class ClaimSteps(msgspec.Struct, frozen=True):
    """`count` steps from step `start` of the scenario of claim `claim`.

    `claim` counts from 0 within its submission until the ledger records it, then it is the claim's id.
    """

    claim: int
    start: int
    count: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to come. `kind` is TA1, 999, 277CA, 277 or 835.

    A TA1 has its `segment`, a 999 or 277 its `document`; the others are made of `steps` when they are due.
    Answers with the same `pool` are one answer; it waits until `wanted` claims are in it, or until
    `patience`. `batch` is BHT03 of the set answered.
    """

    kind: str
    due: datetime
    address: ReplyAddress
    segment: tuple[str, ...] = ()
    document: Mapping[str, Any] | None = None
    steps: tuple[ClaimSteps, ...] = ()
    pool: str = ""
    wanted: int = 1
    patience: datetime | None = None
    batch: str = ""

    @property
    def ready_at(self) -> datetime:
        """When it is written: once due where it is complete, else when patience ends."""
        return self.patience if self.patience and len(self.steps) < self.wanted else self.due


class PlayedClaim(msgspec.Struct, frozen=True):
    """A claim and the name of the scenario it plays."""

    claim: BilledClaim
    scenario: str


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What one file came to: its interchanges (sender id, control number), claims and answers to come."""

    outcome: str
    interchanges: tuple[tuple[str, str], ...] = ()
    claims: tuple[PlayedClaim, ...] = ()
    answers: tuple[Answer, ...] = ()


class KnownClaim(msgspec.Struct, frozen=True):
    """A recorded claim."""

    id: int
    claim: BilledClaim
    scenario: str
    received: datetime


class OpenAnswer(msgspec.Struct, frozen=True):
    """A recorded answer that is not written yet."""

    id: int
    sender: str
    state: str
    answer: Answer
    name: str | None
    content: bytes | None


def write_number(claim: int) -> str:
    """The payer's own number of a claim (REF 1K, CLP07)."""
    return f"CW{claim:010d}"


def read_number(number: str) -> int | None:
    """The claim that a number of ours means; None for another's."""
    digits = number.removeprefix("CW")
    return int(digits) if number.startswith("CW") and len(digits) == 10 and digits.isdecimal() else None


class Ledger:
    """The memory in one SQLite file; used by one thread at a time."""

    def __init__(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable at the end."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def find_untaken(self, sender: str, name: str, sha256: str) -> int | None:
        """The file recorded from exactly this place and content that was not moved away yet."""
        row = self._base.execute(
            "SELECT id FROM files WHERE sender = ? AND name = ? AND sha256 = ? AND NOT taken",
            (sender, name, sha256),
        ).fetchone()
        return None if row is None else int(row[0])

    def knows_interchange(self, sender: str, control_number: str) -> bool:
        """True where an interchange of that sender id and control number was read before."""
        row = self._base.execute(
            "SELECT 1 FROM interchanges WHERE sender = ? AND control_number = ?", (sender, control_number)
        ).fetchone()
        return row is not None

    def record(self, sender: str, name: str, sha256: str, received: datetime, submission: Submission) -> int:
        """Record a file with its claims and answers; the file's id. Inside a transaction."""
        file = self._insert(
            "INSERT INTO files (sender, name, sha256, received, outcome) VALUES (?, ?, ?, ?, ?)",
            (sender, name, sha256, received.isoformat(), submission.outcome),
        )
        for interchange in submission.interchanges:
            self._base.execute("INSERT INTO interchanges VALUES (?, ?, ?)", (*interchange, file))
        claims = [self._record_claim(file, played, received) for played in submission.claims]
        for played in submission.claims:
            corrected = read_number(played.claim.original_number)
            if corrected is not None and played.claim.frequency in CORRECTIONS:
                self._withdraw(sender, corrected)
        for answer in submission.answers:
            steps = tuple(msgspec.structs.replace(step, claim=claims[step.claim]) for step in answer.steps)
            self._record_answer(sender, msgspec.structs.replace(answer, steps=steps))
        return file

    def mark_taken(self, file: int) -> None:
        """Note that the file was moved out of the mailbox."""
        self._base.execute("UPDATE files SET taken = 1 WHERE id = ?", (file,))

    def list_open_answers(self) -> Sequence[OpenAnswer]:
        """Every answer that is still to be written, the earliest due first."""
        rows = self._base.execute(
            "SELECT id, sender, state, answer, name, content FROM answers "
            "WHERE state NOT IN ('written', 'faulty', 'withdrawn') ORDER BY due, id"
        )
        return [
            OpenAnswer(id_, sender, state, msgspec.json.decode(answer, type=Answer), name, content)
            for id_, sender, state, answer, name, content in rows
        ]

    def find_claim(self, claim: int) -> KnownClaim:
        """The claim of that id. Raises LookupError where there is none."""
        row = self._base.execute(
            "SELECT id, claim, scenario, received FROM claims WHERE id = ?", (claim,)
        ).fetchone()
        if row is None:
            raise LookupError(f"claim {claim} is not recorded")
        return KnownClaim(
            row[0], msgspec.json.decode(row[1], type=BilledClaim), row[2], datetime.fromisoformat(row[3])
        )

    def list_remitted(self, claim: int) -> Sequence[ClaimSteps]:
        """The steps of the claim that were played in remittances, in their order."""
        rows = self._base.execute(
            "SELECT answer FROM answers WHERE state IN ('rendered', 'staged', 'written') ORDER BY due, id"
        )
        remitted = [msgspec.json.decode(row[0], type=Answer) for row in rows]
        return [
            step
            for answer in remitted
            if answer.kind == "835"
            for step in answer.steps
            if step.claim == claim
        ]

    def find_newest(self, patient_control_number: str) -> KnownClaim | None:
        """The newest recorded claim of that number, or None."""
        row = self._base.execute(
            "SELECT id FROM claims WHERE json_extract(CAST(claim AS TEXT), '$.patient_control_number') = ? "
            "ORDER BY id DESC LIMIT 1",
            (patient_control_number,),
        ).fetchone()
        return None if row is None else self.find_claim(int(row[0]))

    def fix_content(self, answer: int, name: str, content: bytes) -> None:
        """Fix the bytes and the name of a planned answer. Inside the transaction that took its numbers."""
        self._base.execute(
            "UPDATE answers SET state = 'rendered', name = ?, content = ? WHERE id = ? AND state = 'planned'",
            (name, content, answer),
        )

    def mark_staged(self, answer: int) -> None:
        """Note that the temporary file of the answer is complete on disk."""
        self._base.execute(
            "UPDATE answers SET state = 'staged' WHERE id = ? AND state = 'rendered'", (answer,)
        )

    def mark_written(self, answer: int) -> None:
        """Note that the answer has its final name."""
        self._base.execute("UPDATE answers SET state = 'written' WHERE id = ?", (answer,))

    def give_up(self, answer: int) -> None:
        """Note that the answer cannot be written without fault; it is kept and never tried again."""
        self._base.execute("UPDATE answers SET state = 'faulty' WHERE id = ?", (answer,))

    def take_number(self, sender: str, counter: str) -> int:
        """The counter's next number, from 1. Inside a transaction."""
        rows = self._base.execute(
            "INSERT INTO numbers VALUES (?, ?, 1) "
            "ON CONFLICT (sender, counter) DO UPDATE SET value = value + 1 RETURNING value",
            (sender, counter),
        ).fetchall()
        return int(rows[0][0])

    def find_debt(self, sender: str, payer: str, payee: str) -> Decimal:
        """What earlier remittances of the payer to the payee could not take back."""
        row = self._base.execute(
            "SELECT amount FROM debts WHERE sender = ? AND payer = ? AND payee = ?", (sender, payer, payee)
        ).fetchone()
        return Decimal("0.00") if row is None else Decimal(row[0])

    def keep_debt(self, sender: str, payer: str, payee: str, amount: Decimal) -> None:
        """Remember what is left of it. Inside a transaction."""
        self._base.execute(
            "INSERT INTO debts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount",
            (sender, payer, payee, str(amount)),
        )

    def _record_claim(self, file: int, played: PlayedClaim, received: datetime) -> int:
        return self._insert(
            "INSERT INTO claims (file, scenario, received, claim) VALUES (?, ?, ?, ?)",
            (file, played.scenario, received.isoformat(), msgspec.json.encode(played.claim)),
        )

    def _record_answer(self, sender: str, answer: Answer) -> None:
        """A new answer, or the same claims added to the one of its pool that still waits."""
        row = self._base.execute(
            "SELECT id, answer FROM answers WHERE sender = ? AND pool = ? AND pool <> '' "
            "AND state = 'planned' ORDER BY id DESC LIMIT 1",
            (sender, answer.pool),
        ).fetchone()
        waiting = None if row is None else msgspec.json.decode(row[1], type=Answer)
        if waiting is None or len(waiting.steps) >= waiting.wanted > 1:
            self._insert(
                "INSERT INTO answers (sender, pool, due, answer) VALUES (?, ?, ?, ?)",
                (sender, answer.pool, answer.due.isoformat(), msgspec.json.encode(answer)),
            )
            return
        joined = msgspec.structs.replace(
            waiting, steps=waiting.steps + answer.steps, due=max(waiting.due, answer.due)
        )
        self._base.execute(
            "UPDATE answers SET answer = ?, due = ? WHERE id = ?",
            (msgspec.json.encode(joined), joined.due.isoformat(), row[0]),
        )

    def _withdraw(self, sender: str, claim: int) -> None:
        """Let a claim that is being corrected out of the remittances to come."""
        rows = self._base.execute(
            "SELECT id, answer FROM answers WHERE sender = ? AND state = 'planned'", (sender,)
        ).fetchall()
        for row_id, text in rows:
            answer = msgspec.json.decode(text, type=Answer)
            kept = tuple(step for step in answer.steps if step.claim != claim)
            if answer.kind != "835" or kept == answer.steps:
                continue
            state = "planned" if kept else "withdrawn"
            left = msgspec.json.encode(msgspec.structs.replace(answer, steps=kept))
            self._base.execute("UPDATE answers SET state = ?, answer = ? WHERE id = ?", (state, left, row_id))

    def _insert(self, statement: str, values: tuple[object, ...]) -> int:
        row = self._base.execute(statement, values).lastrowid
        if row is None:
            raise RuntimeError("the insert gave no row")
        return row
