"""SFTP through paramiko: one connection and one thread per partner, cut when a deadline passes."""

from __future__ import annotations

import asyncio
import errno
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR

from adapters.base import RemoteFile, RemoteFiles
from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.mailbox import FileServer, Folders, MailboxTransport
from adapters.names import find_oddity
from adapters.ssh import WIRE_LOG, SftpSettings, start_session, translated_connect_errors

__all__ = ["WIRE_LOG", "SftpServer", "SftpSettings", "SftpTransport"]

T = TypeVar("T")

_WRITE_SIZE = 32_768
"""Bytes per write: the largest that every SFTP server takes in one packet."""

_READS_AT_ONCE = 64
"""Read requests under way at once; some servers hang when there are more (OpenSSH's client does the same)."""

_RIGHTS = "Ask the partner to give this account the right to write, read, rename and remove there."


class SftpServer:
    """One connection to a partner's server: a blocking `FileServer` for one thread.

    `abort` alone may be called from another thread; it makes whatever is under way fail at once.
    """

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        self._socket: socket.socket | None = None
        self._session: paramiko.Transport | None = None
        self._client: paramiko.SFTPClient | None = None
        self._aborted = False

    @property
    def alive(self) -> bool:
        """Whether the connection was usable when last heard of."""
        session, client = self._session, self._client
        if session is None or client is None or not session.is_active():
            return False
        # A killed SFTP process ends its channel a moment before the session is seen to be gone.
        return not (client.sock.closed or client.sock.eof_received)

    def open(self) -> None:
        """Connect, verify the host key, log in and start SFTP. Raises Transient or Permanent."""
        settings = self._settings
        with translated_connect_errors(settings):
            self._socket = socket.create_connection((settings.host, settings.port), settings.timeout)
            if self._aborted:
                self.abort()
            self._session = start_session(settings, self._socket)
            channel = self._session.open_session(timeout=settings.timeout)
            channel.settimeout(settings.timeout)
            channel.invoke_subsystem("sftp")
            self._client = paramiko.SFTPClient(channel)

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._aborted = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def close(self) -> None:
        """Say goodbye and disconnect."""
        if self._session is not None:
            self._session.close()
        self.abort()

    def place(self, path: str) -> str:
        """Return the URL of a path."""
        return f"{self._settings.place}/{path.lstrip('/')}"

    def measure(self, path: str) -> RemoteFile | None:
        """Return the regular file at `path`, None where nothing is."""
        with self._translated(path):
            try:
                attributes = self._ready.lstat(path)
            except FileNotFoundError:
                return None
            if not _is_regular(attributes):
                raise Permanent(
                    "something that is not a regular file has the name",
                    self.place(path),
                    "Ask the partner to move it away: folders, links and devices are never followed.",
                )
            return _describe(path.rpartition("/")[2], attributes)

    def write(self, path: str, content: bytes) -> None:
        """Write a file, many packets at a time. Errors of single packets show in the size only."""
        with self._translated(path):
            handle = self._ready.open(path, "wb")
            # Not a `with`: closing after a timeout would wait for the frozen server once more.
            handle.set_pipelined(True)
            for start in range(0, len(content), _WRITE_SIZE):
                handle.write(content[start : start + _WRITE_SIZE])
            handle.close()

    def rename(self, old: str, new: str) -> None:
        """Ask for SFTP's own rename, which refuses to overwrite (never the posix-rename extension)."""
        client = self._ready
        try:
            client.rename(old, new)
        except (EOFError, struct.error, UnicodeError, TimeoutError, paramiko.SSHException) as error:
            raise self._unanswered_rename(new) from error
        except OSError as error:
            if not self.alive:
                raise self._unanswered_rename(new) from error
            self._explain_refused_rename(old, new, error)

    def _unanswered_rename(self, new: str) -> Ambiguous:
        self.abort()
        return Ambiguous(
            "the connection ended before the rename was answered",
            self.place(new),
            "The delivery is looked into again before anything is sent.",
        )

    def _explain_refused_rename(self, old: str, new: str, error: OSError) -> None:
        """Raise what a refused rename means; SFTP itself says only "failure" for most reasons."""
        if error.errno == errno.EACCES:
            raise Permanent("the server forbids to rename", self.place(new), _RIGHTS) from error
        if self.measure(new) is not None:
            raise FileExistsError(new) from error
        if self.measure(old) is None:
            raise Ambiguous(
                "the file to rename has gone",
                self.place(old),
                "The delivery is looked into again before anything is sent.",
            ) from error
        self.require_folder(new.rpartition("/")[0] or ".")
        raise Transient(
            "the server refuses to rename and does not say why",
            self.place(new),
            "Ask the partner to look at the server's log if this goes on.",
        ) from error

    def remove(self, path: str) -> None:
        """Remove a file; one already gone is fine."""
        with self._translated(path), suppress(FileNotFoundError):
            self._ready.remove(path)

    def read(self, path: str, limit: int) -> bytes:
        """Read at most `limit` + 1 bytes, many packets at a time."""
        with self._translated(path), self._ready.open(path, "rb") as handle:
            size = handle.stat().st_size or 0
            handle.prefetch(min(size, limit + 1), _READS_AT_ONCE)
            content: bytes = handle.read(limit + 1)
            return content

    def entries(self, folder: str) -> RemoteFiles:
        """Return the regular files of a folder, links not followed."""
        with self._translated(folder):
            listed = list(_read_folder(self._ready, folder))
        return [_describe(name, entry) for name, entry in listed if _is_regular(entry)]

    def require_folder(self, folder: str) -> None:
        """Raise Permanent unless the folder is there."""
        with self._translated(folder):
            self._ready.stat(folder)

    @property
    def _ready(self) -> paramiko.SFTPClient:
        if self._client is None or self._aborted:
            raise EOFError("not connected")
        return self._client

    @contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        """Turn what paramiko raises into the three kinds of DeliveryError."""
        place = self.place(path)
        try:
            yield
        except DeliveryError:
            raise
        except TimeoutError as error:
            self.abort()
            raise Transient(
                f"no answer within {self._settings.timeout:g} seconds",
                place,
                "The server hangs or the network is cut; ask the partner if this goes on.",
            ) from error
        except FileNotFoundError as error:
            raise Permanent(
                "there is no such file or folder", place, "Check the folder names in the partner's settings."
            ) from error
        except PermissionError as error:
            raise Permanent("the server forbids it", place, _RIGHTS) from error
        except (
            EOFError,
            OSError,
            struct.error,
            UnicodeError,
            paramiko.SSHException,
            paramiko.SFTPError,
        ) as error:
            raise self._explain_failure(place, error) from error

    def _explain_failure(self, place: str, error: Exception) -> Transient:
        if not self.alive or isinstance(error, EOFError):
            self.abort()
            return Transient("the connection ended", place, "It is opened again by the next attempt.")
        return Transient(
            "the server refuses and does not say why",
            place,
            "Its disk or quota may be full; ask the partner to look at the server's log if this goes on.",
        )


def _read_folder(client: paramiko.SFTPClient, folder: str) -> Iterator[tuple[str, paramiko.SFTPAttributes]]:
    """Yield name and attributes of each entry.

    paramiko's own listing decodes names strictly, so that one name which is not UTF-8 would hide the whole
    mailbox; hence its packet calls are used here, and such bytes become lone surrogates (which are odd).
    """
    _, message = _expect(client._request(CMD_OPENDIR, folder), CMD_HANDLE)
    handle = message.get_binary()
    while True:
        try:
            _, message = _expect(client._request(CMD_READDIR, handle), CMD_NAME)
        except EOFError:
            break
        for _ in range(message.get_int()):
            name = message.get_binary().decode("utf-8", "surrogateescape")
            message.get_binary()  # the same as text for people, as `ls -l` prints it
            yield name, paramiko.SFTPAttributes._from_msg(message)
    client._request(CMD_CLOSE, handle)


def _expect(answer: tuple[int, paramiko.Message], kind: int) -> tuple[int, paramiko.Message]:
    if answer[0] != kind:
        raise paramiko.SFTPError("an answer of another kind")
    return answer


def _is_regular(attributes: paramiko.SFTPAttributes) -> bool:
    # The mode is optional in the protocol; a server that never sends it lists files only, as far as we know.
    return attributes.st_mode is None or stat.S_ISREG(attributes.st_mode)


def _describe(name: str, attributes: paramiko.SFTPAttributes) -> RemoteFile:
    seconds = attributes.st_mtime
    modified = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    return RemoteFile(name, attributes.st_size or 0, modified, find_oddity(name))


class SftpTransport(MailboxTransport):
    """A partner's SFTP mailbox. Connects at the first call and again after a loss."""

    def __init__(self, settings: SftpSettings) -> None:
        super().__init__(Folders(settings.outbox_folder, settings.inbox_folder, settings.done_folder))
        self._settings = settings
        self._server: SftpServer | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._turn = asyncio.Lock()
        self._hang_up: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """Disconnect and end the thread."""
        async with self._turn:
            if self._server is not None:
                await self._job(self._server.close, self._settings.timeout, Transient)
            self._drop()

    async def _run(self, operation: Callable[[FileServer], T], *, uncertain: bool = False) -> T:
        async with self._turn:
            server = await self._connect()
            kind = Ambiguous if uncertain else Transient
            try:
                return await self._job(partial(operation, server), self._settings.deadline, kind)
            except (Transient, Ambiguous):
                self._drop()
                raise
            finally:
                self._hang_up_later()

    def _hang_up_later(self) -> None:
        """Leave the line open for the next call, but not for long: an idle one costs both ends."""
        self._hang_up = asyncio.get_running_loop().call_later(self._settings.idle, self._drop)

    async def _connect(self) -> SftpServer:
        if self._hang_up is not None:
            self._hang_up.cancel()
        if self._server is None or not self._server.alive:
            self._drop()
            self._server = SftpServer(self._settings)
            try:
                await self._job(self._server.open, self._settings.timeout, Transient)
            except BaseException:
                self._drop()
                raise
        return self._server

    async def _job(self, work: Callable[[], T], seconds: float, kind: type[DeliveryError]) -> T:
        """Run blocking work in this partner's thread; when time is up, cut the line and raise `kind`."""
        if self._worker is None:
            self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sftp")
        running = asyncio.get_running_loop().run_in_executor(self._worker, work)
        try:
            return await asyncio.wait_for(running, seconds)
        except TimeoutError as error:
            self._drop()
            raise kind(
                f"not finished within {seconds:g} seconds",
                self._settings.place,
                "The connection was cut; ask the partner about the server's speed if this goes on.",
            ) from error
        except asyncio.CancelledError:
            self._drop()
            raise

    def _drop(self) -> None:
        """Forget the connection and its thread; a thread still at work ends with its socket."""
        if self._hang_up is not None:
            self._hang_up.cancel()
        if self._server is not None:
            self._server.abort()
            self._server = None
        if self._worker is not None:
            self._worker.shutdown(wait=False)
            self._worker = None
