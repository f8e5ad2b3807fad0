"""What every adapter can do, whatever the wire, and the values it speaks in.

`Transport` is a mailbox: files are left and fetched. `RealTimeTransport` is a conversation: one inquiry, one
answer, within a deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

TEMP_UPLOADED = "temp_uploaded"
"""Step: all bytes are at the other end under the temporary name and their number was checked there."""

RENAMED = "renamed"
"""Step: the file has its final name; the other end may take it at any moment."""

Progress = Callable[[str], Awaitable[None]]
"""Called after each step; when it returns, the caller has recorded the step durably."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A regular file at the other end.

    `name` is as the other end wrote it: hostile, never a local path, never printed raw (see
    `adapters.names.show_name`). `odd` says why the file cannot be fetched under that name, "" if it can.
    `size` is in bytes; `modified` is in UTC, None where the other end does not say.
    """

    name: str
    size: int
    modified: datetime | None = None
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a file was delivered.

    `size` in bytes; `sha256` in hex of the bytes sent, None where `resume` did not see them;
    `detail` says in words how the delivery is known.
    """

    name: str
    size: int
    sha256: str | None
    detail: str


RemoteFiles = list[RemoteFile]
"""A listing (inside `Transport`, `list` is the method)."""


class Transport(Protocol):
    """One partner's mailbox: an outbox that we fill and an inbox that we empty.

    All methods raise the three kinds of `adapters.errors.DeliveryError` and nothing else. Calls on one
    transport run one after the other. Blocking work runs in threads; none blocks the event loop.
    """

    async def send(self, name: str, content: bytes, *, progress: Progress) -> Receipt:
        """Deliver `content` under `name`: temporary file, size check, rename that never overwrites.

        Awaits `progress("temp_uploaded")` before the rename is asked for and `progress("renamed")` after
        it. A file that is already there with the same bytes counts as delivered, without any step.
        Raises Transient before the rename was asked for, Ambiguous when its answer is missing, Permanent
        when another file has the name or the other end forbids the transfer.
        """
        ...

    async def resume(self, name: str, size: int, *, temp_uploaded: bool) -> Receipt | None:
        """Find out what became of an interrupted `send` and finish it without sending a byte twice.

        `temp_uploaded` says whether that step was recorded. Returns None if nothing was delivered and
        `send` may safely be called again; else the receipt. Raises as `send` does.
        """
        ...

    async def list(self) -> RemoteFiles:
        """Return the regular files in the inbox, oldest first; hidden and half-written ones are left out.

        Odd names are included with `odd` set, so that somebody hears of them.
        """
        ...

    async def fetch(self, name: str, *, limit: int) -> bytes:
        """Return the bytes of an inbox file.

        Raises Permanent if it is gone, odd or larger than `limit` bytes, Transient if it changed while
        it was read.
        """
        ...

    async def acknowledge(self, name: str) -> None:
        """Take an inbox file out of the way, after its bytes are safe here. A file already gone is fine."""
        ...

    async def close(self) -> None:
        """Let go of the connection. The transport may be used again; it then connects anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One request that is answered at once.

    `id` is a UUID, the same where the same inquiry is sent again; `kind` says what `content` is in the words
    of the wire (CAQH CORE: a PayloadType); `moment` is when it is sent, aware.
    """

    id: str
    kind: str
    content: bytes
    moment: datetime


class RealTimeTransport(Protocol):
    """One partner that answers while we wait. Any number of inquiries may be under way at once."""

    async def ask(self, inquiry: Inquiry, *, seconds: float) -> bytes:
        """Send the inquiry and return the bytes of its answer, all within `seconds`.

        Raises Transient where the other end took nothing, Permanent where it refuses or its answer cannot be
        taken, Ambiguous where the inquiry went out and no answer came: it may be sent again, under the same
        id, when the rule of the wire allows it.
        """
        ...

    async def close(self) -> None:
        """Let go of the connections. The transport may be used again; it then connects anew."""
        ...
