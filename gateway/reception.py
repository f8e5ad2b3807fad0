"""Reception: a file of a partner is archived byte for byte and recorded before anything reads it.

It comes from the partner's mailbox, or is posted by somebody who got it another way; from here on there is no
difference. File, event and the job that reads it commit together.
"""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.archive import Archive
from gateway.commitpoints import Reach, pass_by
from gateway.events import FILE_RECEIVED, Happening, publish
from gateway.store import Store, files, jobs
from gateway.store.files import File
from gateway.store.scope import TenantScope
from gateway.story import FileStory

PROCESS: Final = "process"
READ_ATTEMPTS: Final = 5


class Reception:
    """Keeps files of partners and queues their reading. `reach` is told of each commit point."""

    def __init__(self, store: Store, archive: Archive, *, reach: Reach = pass_by) -> None:
        self._store = store
        self._archive = archive
        self._reach = reach

    async def receive(self, tenant: str, partner: str, name: str, content: bytes) -> File:
        """Keep a file of the partner and queue its reading; durable when it returns.

        `name` is the sender's and is only kept. The same bytes again are a duplicate that nobody reads.
        """
        digest = await asyncio.to_thread(self._archive.put, content)
        self._reach("inbound.archived")
        new = files.NewFile(partner=partner, name=name, sha256=digest, size=len(content))
        file = await self._store.write(lambda scope: record_file(scope, new), tenant=tenant)
        self._reach("inbound.committed")
        return file


def record_file(scope: TenantScope, new: files.NewFile) -> File:
    """The file's row, its event, and the job that reads it unless it is a duplicate."""
    file = files.add(scope, new)
    if file.state != files.DUPLICATE:
        jobs.enqueue(
            scope,
            jobs.NewJob(
                kind=PROCESS,
                subject=file.id,
                lane=f"{PROCESS}:{new.partner}",
                once_key=file.id,
                attempt_limit=READ_ATTEMPTS,
            ),
        )
    story = FileStory(
        file=file.id, partner=file.partner, sha256=file.sha256, size=file.size, duplicate_of=file.original
    )
    publish(scope, Happening(type=FILE_RECEIVED, story=story, file=file.id))
    return file
