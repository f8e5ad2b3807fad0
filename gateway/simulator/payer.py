"""The scripted payer at work: takes complete files out of the mailboxes and writes answers into them.

Blocking; `work` is one round and may be cut short at any moment. A file is recorded before it is moved
away, and each state of an answer is durable before the next act, so a payer that is started again neither
loses nor doubles anything (see `gateway/simulator/ledger.py`).
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from gateway.commitpoints import Reach, pass_by
from gateway.logs import log_event
from gateway.simulator.composing import FaultyAnswerError, compose
from gateway.simulator.ledger import Ledger, OpenAnswer
from gateway.simulator.mailbox import INBOUND, OUTBOUND, TEMPORARY_SUFFIX, Mailbox, sync_folder
from gateway.simulator.planning import FILE_LIMIT, plan_file
from gateway.simulator.scenarios import Scenario
from gateway.simulator.server import Uploads


class ScriptedPayer:
    """Reads and answers the files of every sender's mailbox.

    `taken` is the folder where read files are kept, out of every sender's sight; `uploads` knows the files
    that are still being written.
    """

    def __init__(
        self,
        ledger: Ledger,
        mailboxes: Mapping[str, Mailbox],
        uploads: Uploads,
        taken: Path,
        scenarios: Mapping[str, Scenario],
        *,
        reach: Reach = pass_by,
    ) -> None:
        self._ledger = ledger
        self._mailboxes = mailboxes
        self._uploads = uploads
        self._taken = taken
        self._scenarios = scenarios
        self._reach = reach

    def work(self, now: datetime) -> None:
        """One round: read every complete file, write every answer that is due at `now`."""
        for sender, mailbox in self._mailboxes.items():
            for place in self._list_complete(mailbox):
                self._take(sender, place, now)
        for answer in self._list_owed():
            self._answer(answer, now)

    def find_next_answer(self) -> datetime | None:
        """When the next answer that is still owed will be written; None where nothing is owed."""
        return min((waiting.answer.ready_at for waiting in self._list_owed()), default=None)

    def _list_owed(self) -> list[OpenAnswer]:
        """The answers that are not written; those to a sender who has gone wait until it is there again."""
        return [open_ for open_ in self._ledger.list_open_answers() if open_.sender in self._mailboxes]

    def _list_complete(self, mailbox: Mailbox) -> Iterator[Path]:
        """The plain files of the inbound folder that nobody is writing, by name."""
        for place in sorted((mailbox.root / INBOUND).iterdir()):
            temporary = place.name.startswith(".") or place.name.endswith(TEMPORARY_SUFFIX)
            if not temporary and place.is_file() and not place.is_symlink() and place not in self._uploads:
                yield place

    def _take(self, sender: str, place: Path, now: datetime) -> None:
        """Record a file and what it leads to, then move it away."""
        with place.open("rb") as stream:
            content = stream.read(FILE_LIMIT + 1)
        digest = hashlib.sha256(content).hexdigest()
        file = self._ledger.find_untaken(sender, place.name, digest)
        if file is None:
            submission = plan_file(content, now, self._scenarios, self._ledger)
            with self._ledger.transaction():
                file = self._ledger.record(sender, place.name, digest, now, submission)
            self._reach("payer.recorded")
        folder = self._taken / sender
        folder.mkdir(parents=True, exist_ok=True)
        place.rename(folder / f"{file:06d}.x12")
        sync_folder(folder)
        self._reach("payer.taken")
        self._ledger.mark_taken(file)

    def _answer(self, waiting: OpenAnswer, now: datetime) -> None:
        """Bring one answer as far as it goes: compose, temporary file, final name."""
        if waiting.state == "planned":
            if now < waiting.answer.ready_at:
                return
            rendered = self._render(waiting, now)
            if rendered is None:
                return
            waiting = rendered
        if waiting.name is None or waiting.content is None:
            raise RuntimeError(f"answer {waiting.id} is {waiting.state} without content")
        folder = self._mailboxes[waiting.sender].root / OUTBOUND
        temporary, final = folder / f".{waiting.name}{TEMPORARY_SUFFIX}", folder / waiting.name
        if waiting.state != "staged":
            write_durably(temporary, waiting.content)
            self._ledger.mark_staged(waiting.id)
            self._reach("payer.staged")
        if temporary.exists():
            temporary.rename(final)
            sync_folder(folder)
            self._reach("payer.renamed")
        self._ledger.mark_written(waiting.id)

    def _render(self, waiting: OpenAnswer, now: datetime) -> OpenAnswer | None:
        """Take the answer's control numbers and fix its bytes, together; None where it would be faulty.

        A faulty answer is given up with a line in the log, so that the answers behind it still go out.
        """
        try:
            with self._ledger.transaction():
                name, content = compose(waiting, self._ledger, self._scenarios, now)
                self._ledger.fix_content(waiting.id, name, content)
        except FaultyAnswerError as fault:
            log_event("payer.answer_faulty", level=logging.ERROR, kind=waiting.answer.kind, codes=fault.codes)
            self._ledger.give_up(waiting.id)
            return None
        self._reach("payer.rendered")
        return OpenAnswer(waiting.id, waiting.sender, "rendered", waiting.answer, name, content)


def write_durably(place: Path, content: bytes) -> None:
    """Make `place` hold `content`, on disk when this returns."""
    with place.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
