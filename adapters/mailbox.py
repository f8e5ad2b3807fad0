"""The delivery procedure, once for every wire that knows files, folders and rename.

One rule carries exactly-once delivery: **once the step "temp_uploaded" may have been recorded, nothing but
the rename makes the temporary file go away.** So a temporary file that is there proves that the other end
got nothing yet, and a recorded one that is missing proves that the rename happened. A temporary file that
was there before this call is therefore emptied where a new one would be removed.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar
from uuid import uuid4

from adapters.base import RENAMED, TEMP_UPLOADED, Progress, Receipt, RemoteFile, RemoteFiles
from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.names import check_outbound_name, find_oddity, is_half_written, temporary_name

T = TypeVar("T")

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a partner wants files, where it leaves some for us, and where read ones go (None: deleted)."""

    outbox: str
    inbox: str
    done: str | None = None


class FileServer(Protocol):
    """What the procedure needs of the other end. Blocking; raises DeliveryError for all that goes wrong."""

    def place(self, path: str) -> str:
        """Return the path with host and scheme, for error texts."""

    def measure(self, path: str) -> RemoteFile | None:
        """Return the regular file at `path` (links are not followed), None where there is nothing.

        Raises Permanent where something else than a regular file has the name.
        """

    def write(self, path: str, content: bytes) -> None:
        """Make `path` hold `content`. The caller checks afterwards how much arrived."""

    def rename(self, old: str, new: str) -> None:
        """Rename a file. Raises FileExistsError where `new` is taken, Ambiguous when no answer came."""

    def remove(self, path: str) -> None:
        """Remove a file; one that is already gone is fine."""

    def read(self, path: str, limit: int) -> bytes:
        """Return at most `limit` + 1 bytes of a file."""

    def entries(self, folder: str) -> RemoteFiles:
        """Return all regular files of a folder. Raises Permanent where there is no such folder."""

    def require_folder(self, folder: str) -> None:
        """Raise Permanent unless `folder` is there."""


class MailboxTransport(ABC):
    """A `Transport` over any `FileServer`; the subclass says how a blocking operation is run."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._fetched: dict[str, RemoteFile] = {}

    @abstractmethod
    async def _run(self, operation: Callable[[FileServer], T], *, uncertain: bool = False) -> T:
        """Run a blocking operation off the event loop; one cut short is Ambiguous if `uncertain`."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connection."""

    async def send(self, name: str, content: bytes, *, progress: Progress) -> Receipt:
        """Deliver a file (see `Transport.send`)."""
        outbox = self._folders.outbox
        receipt = await self._run(partial(_upload, outbox=outbox, name=name, content=content))
        if receipt is not None:
            return receipt
        await progress(TEMP_UPLOADED)
        await self._run(partial(_publish, outbox=outbox, name=name, content=lambda: content), uncertain=True)
        await progress(RENAMED)
        return Receipt(name, len(content), _digest(content), "sent, size checked, renamed")

    async def resume(self, name: str, size: int, *, temp_uploaded: bool) -> Receipt | None:
        """Reconcile an interrupted delivery (see `Transport.resume`)."""
        if not temp_uploaded:
            return None
        return await self._run(
            partial(_reconcile, outbox=self._folders.outbox, name=name, size=size), uncertain=True
        )

    async def list(self) -> RemoteFiles:
        """List the inbox (see `Transport.list`)."""
        return await self._run(partial(_list_inbox, inbox=self._folders.inbox))

    async def fetch(self, name: str, *, limit: int) -> bytes:
        """Read an inbox file (see `Transport.fetch`)."""
        fetched, content = await self._run(
            partial(_read_inbox, inbox=self._folders.inbox, name=name, limit=limit)
        )
        self._fetched[name] = fetched
        return content

    async def acknowledge(self, name: str) -> None:
        """Clear an inbox file away (see `Transport.acknowledge`).

        A file that replaced the one fetched here under the same name is left for the next listing.
        """
        await self._run(partial(_clear, folders=self._folders, name=name, fetched=self._fetched.get(name)))
        self._fetched.pop(name, None)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _upload(server: FileServer, *, outbox: str, name: str, content: bytes) -> Receipt | None:
    """Bring the bytes under the temporary name; a receipt if the file had already been delivered."""
    check_outbound_name(name, server.place(outbox))
    final, temp = _join(outbox, name), _join(outbox, temporary_name(name))
    if server.measure(final) is not None:
        _require_same(server, final, content)
        return Receipt(name, len(content), _digest(content), "the same file was already there")
    clear = server.remove if server.measure(temp) is None else partial(_empty, server)
    try:
        server.write(temp, content)
        _check_arrival(server, temp, len(content))
    except DeliveryError:
        with suppress(DeliveryError):
            clear(temp)
        raise
    return None


def _empty(server: FileServer, temp: str) -> None:
    server.write(temp, b"")


def _check_arrival(server: FileServer, temp: str, size: int) -> None:
    arrived = server.measure(temp)
    kept = arrived.size if arrived is not None else 0
    if kept != size:
        raise Transient(
            f"{kept} of {size} bytes arrived",
            server.place(temp),
            "The disk or the quota of the other end is probably full; ask the partner to make room.",
        )


def _publish(server: FileServer, *, outbox: str, name: str, content: Callable[[], bytes]) -> None:
    """Give a complete temporary file its final name, or find that this had happened before.

    `content` is called only to compare with a file that has the final name already.
    """
    final, temp = _join(outbox, name), _join(outbox, temporary_name(name))
    if server.measure(final) is None:
        try:
            server.rename(temp, final)
        except FileExistsError:
            pass
        else:
            return
    _require_same(server, final, content())
    server.remove(temp)


def _require_same(server: FileServer, final: str, content: bytes) -> None:
    """Raise Permanent unless the file at `final` holds exactly `content`."""
    there = server.measure(final)
    if there is None:
        raise Ambiguous(
            "the file that had the final name has just gone",
            server.place(final),
            "The delivery is looked into again before anything is sent.",
        )
    if there.size != len(content) or server.read(final, limit=len(content)) != content:
        raise Permanent(
            "another file has the final name",
            server.place(final),
            "Held so that neither file is lost: compare the two with the partner, "
            "then have the other one moved away or this one discarded.",
        )


def _reconcile(server: FileServer, *, outbox: str, name: str, size: int) -> Receipt | None:
    """Finish a delivery whose temporary file is known to have been complete."""
    check_outbound_name(name, server.place(outbox))
    temp = _join(outbox, temporary_name(name))
    uploaded = server.measure(temp)
    if uploaded is None:
        return _recognise(server, outbox=outbox, name=name, size=size)
    if uploaded.size != size:
        return None
    _publish(server, outbox=outbox, name=name, content=partial(server.read, temp, limit=size))
    return Receipt(name, size, None, "resumed: renamed now")


def _recognise(server: FileServer, *, outbox: str, name: str, size: int) -> Receipt:
    """Say how it is known that a file whose temporary name is gone was delivered."""
    server.require_folder(outbox)
    there = server.measure(_join(outbox, name))
    if there is None:
        return Receipt(name, size, None, "resumed: renamed before and taken by the partner since")
    if there.size != size:
        raise Permanent(
            f"the file has its final name but {there.size} bytes instead of {size}",
            server.place(_join(outbox, name)),
            "Held: ask the partner what happened to the file before anything is sent again.",
        )
    return Receipt(name, size, None, "resumed: renamed before and still there")


def _list_inbox(server: FileServer, *, inbox: str) -> RemoteFiles:
    shown = [file for file in server.entries(inbox) if file.odd or not is_half_written(file.name)]
    return sorted(shown, key=lambda file: (file.modified or _LONG_AGO, file.name))


def _require_plain(server: FileServer, inbox: str, name: str) -> str:
    """Return the path of an inbox file. Raises Permanent for a name that could lead elsewhere."""
    oddity = find_oddity(name)
    if oddity:
        raise Permanent(
            f"the name of an inbound file cannot be used: {oddity}",
            server.place(inbox),
            "Ask the partner to put the file there again under a plain name.",
        )
    return _join(inbox, name)


def _read_inbox(server: FileServer, *, inbox: str, name: str, limit: int) -> tuple[RemoteFile, bytes]:
    path = _require_plain(server, inbox, name)
    before = server.measure(path)
    if before is None:
        raise Permanent(
            "the inbound file is no longer there", server.place(inbox), "Nothing to do if it was read before."
        )
    if before.size > limit:
        raise Permanent(
            f"an inbound file of {before.size} bytes is larger than the limit of {limit}",
            server.place(inbox),
            "Raise the partner's size limit, or ask the partner to split the file.",
        )
    content = server.read(path, limit)
    after = server.measure(path)
    if after != before or len(content) != before.size:
        raise Transient(
            "the inbound file changed while it was read",
            server.place(inbox),
            "It is read again once the partner has finished writing it.",
        )
    return before, content


def _clear(server: FileServer, *, folders: Folders, name: str, fetched: RemoteFile | None) -> None:
    path = _require_plain(server, folders.inbox, name)
    there = server.measure(path)
    if there is None or (fetched is not None and there != fetched):
        return
    if folders.done is None:
        server.remove(path)
    else:
        _move_to_done(server, path, _join(folders.done, name))


def _move_to_done(server: FileServer, path: str, kept: str) -> None:
    """Move a read file to the done folder, beside (never over) an earlier one of the same name."""
    target = kept if server.measure(kept) is None else f"{kept}.{uuid4().hex}"
    try:
        server.rename(path, target)
    except FileExistsError:
        server.rename(path, f"{kept}.{uuid4().hex}")
    except Ambiguous as error:
        raise Transient(error.problem, error.place, "The file is moved by the next attempt.") from error
