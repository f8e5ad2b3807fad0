"""A real SFTP server on paramiko: one host key, one jailed mailbox for each sender.

Its threads are its own: `start` returns once the port listens, `stop` once every session is closed.
Nothing of a file's content, of a password or of a key is logged.
"""

from __future__ import annotations

import errno
import functools
import hmac
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

import paramiko

from gateway.simulator.mailbox import Mailbox, canonical

P = ParamSpec("P")
R = TypeVar("R")

WIRE_LOG = "gateway.simulator.wire"
# paramiko's own log repeats file names and quotes what clients send; what matters is answered to them.
logging.getLogger(WIRE_LOG).addHandler(logging.NullHandler())
logging.getLogger(WIRE_LOG).propagate = False

HANDSHAKE_SECONDS = 15.0
CONNECTION_LIMIT = 64


@dataclass(frozen=True)
class SenderAccount:
    """Who may sign in: a name with a password, public key lines (`ssh-ed25519 AAAA...`), or both."""

    name: str
    password: str | None = field(default=None, repr=False)
    public_keys: tuple[str, ...] = ()

    def accepts_password(self, password: str) -> bool:
        """True for this sender's password, compared in constant time."""
        return self.password is not None and hmac.compare_digest(self.password.encode(), password.encode())

    def accepts_key(self, key: paramiko.PKey) -> bool:
        """True where the key's type and body stand in one of the public key lines."""
        return [key.get_name(), key.get_base64()] in [line.split()[:2] for line in self.public_keys]


class Uploads:
    """The files that some session has open for writing; the payer leaves them alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Path] = []

    def begin(self, place: Path) -> None:
        """Note that `place` is being written."""
        with self._lock:
            self._open.append(place)

    def end(self, place: Path) -> None:
        """Note that one writer of `place` has closed it."""
        with self._lock:
            self._open.remove(place)

    @contextmanager
    def opening(self, place: Path) -> Iterator[None]:
        """Hold `place` while it is being opened: it is never on disk without being known here."""
        self.begin(place)
        try:
            yield
        finally:
            self.end(place)

    def __contains__(self, place: Path) -> bool:
        with self._lock:
            return place in self._open


class SignIn(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko ships no types
    """Who may open a session, and which mailbox the session sees. Only the sftp subsystem exists."""

    def __init__(self, accounts: dict[str, SenderAccount]) -> None:
        self._accounts = accounts
        self.sender = ""

    def get_allowed_auths(self, username: str) -> str:
        """The same answer for every name, so that names cannot be guessed by it."""
        return "publickey,password"

    def check_auth_password(self, username: str, password: str) -> int:
        """Accept a known sender's password."""
        account = self._accounts.get(username)
        return self._decide(username, account is not None and account.accepts_password(password))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Accept a known sender's key (paramiko has already verified the signature where one came)."""
        account = self._accounts.get(username)
        return self._decide(username, account is not None and account.accepts_key(key))

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Sessions only: no forwarding of any kind."""
        if kind == "session":
            return int(paramiko.OPEN_SUCCEEDED)
        return int(paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED)

    def _decide(self, username: str, accepted: bool) -> int:
        if not accepted:
            return int(paramiko.AUTH_FAILED)
        self.sender = username
        return int(paramiko.AUTH_SUCCESSFUL)


def status_of_failure(operation: Callable[P, R]) -> Callable[P, R | int]:
    """Turn an OSError of the operation into its SFTP status code."""

    @functools.wraps(operation)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R | int:
        try:
            return operation(*args, **kwargs)
        except OSError as failure:
            return int(paramiko.SFTPServer.convert_errno(failure.errno or errno.EACCES))

    return answer


class OpenFile(paramiko.SFTPHandle):  # type: ignore[misc]  # paramiko ships no types
    """An open file of a mailbox; durable on close."""

    def __init__(self, place: Path, descriptor: int, flags: int, uploads: Uploads) -> None:
        super().__init__(flags)
        self._place = place
        self._uploads = uploads
        self.writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        if self.writes:
            self._uploads.begin(place)
        stream = os.fdopen(descriptor, "r+b" if self.writes else "rb", buffering=0)
        self.readfile = stream
        self.writefile = stream if self.writes else None

    @status_of_failure
    def stat(self) -> paramiko.SFTPAttributes:
        """The open file's size and times."""
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def close(self) -> None:
        """Write through to disk and close; a second close does nothing."""
        if self.readfile.closed:
            return
        if self.writes:
            os.fsync(self.readfile.fileno())
            self._uploads.end(self._place)
        self.readfile.close()


class MailboxSession(paramiko.SFTPServerInterface):  # type: ignore[misc]  # paramiko ships no types
    """The file operations of one session, all inside its sender's mailbox.

    What is not defined here (links, making and removing folders, changing modes, overwriting renames)
    paramiko answers with "unsupported".
    """

    def __init__(self, sign_in: SignIn, mailboxes: dict[str, Mailbox], uploads: Uploads) -> None:
        super().__init__(sign_in)
        self._mailbox = mailboxes[sign_in.sender]
        self._uploads = uploads

    def canonicalize(self, path: str) -> str:
        """The absolute path inside the mailbox."""
        return canonical(path)

    @status_of_failure
    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        """What a folder holds, links not followed."""
        with os.scandir(self._mailbox.locate(path)) as entries:
            return [attributes for entry in entries if (attributes := describe_entry(entry)) is not None]

    @status_of_failure
    def stat(self, path: str) -> paramiko.SFTPAttributes:
        """A file's size and times; a link is described, never followed."""
        return describe(self._mailbox.locate(path))

    lstat = stat

    @status_of_failure
    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> OpenFile:
        """Open for reading anywhere in the mailbox, for writing in `inbound`."""
        place = self._mailbox.locate(path)
        with self._uploads.opening(place):
            return OpenFile(place, self._mailbox.open(path, flags), flags, self._uploads)

    @status_of_failure
    def remove(self, path: str) -> int:
        """Remove a file."""
        self._mailbox.remove(path)
        return int(paramiko.SFTP_OK)

    @status_of_failure
    def rename(self, oldpath: str, newpath: str) -> int:
        """Rename; refused with a plain failure where the new name exists."""
        self._mailbox.rename(oldpath, newpath)
        return int(paramiko.SFTP_OK)


def describe(place: Path) -> paramiko.SFTPAttributes:
    """Size, times and kind of a file, not following links."""
    return paramiko.SFTPAttributes.from_stat(place.lstat(), place.name)


def describe_entry(entry: os.DirEntry[str]) -> paramiko.SFTPAttributes | None:
    """Like `describe`; None where the file has gone since the folder was read."""
    try:
        return paramiko.SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), name_on_wire(entry.name))
    except FileNotFoundError:
        return None


def name_on_wire(name: str) -> str | bytes:
    """The name as the wire wants it: text where it is UTF-8, else the bytes that stand on disk."""
    raw = os.fsencode(name)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


class SftpServer:
    """Listens on `host:port` (0 picks a free port) and serves `folder/<sender>/` to each sender."""

    def __init__(
        self,
        folder: Path,
        host_key: paramiko.PKey,
        accounts: Iterable[SenderAccount],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._accounts = {account.name: account for account in accounts}
        self.mailboxes = {name: Mailbox((folder / name).resolve()) for name in self._accounts}
        self.uploads = Uploads()
        self._host_key = host_key
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._sessions: list[paramiko.Transport] = []

    @property
    def port(self) -> int:
        """The port that is listened on; only while started."""
        if self._listener is None:
            raise RuntimeError("the server is not started")
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Make the mailboxes and listen. Raises OSError where the port is taken."""
        for mailbox in self.mailboxes.values():
            mailbox.create()
        self._listener = socket.create_server(self._address, backlog=CONNECTION_LIMIT)
        self._accepting = threading.Thread(target=self._accept, args=(self._listener,), name="sftp-accept")
        self._accepting.start()

    def stop(self) -> None:
        """Close the port and every session, and wait for their threads. Calling it again does nothing."""
        if self._listener is None or self._accepting is None:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for session in self._sessions:
            session.close()
        for session in self._sessions:
            session.join(HANDSHAKE_SECONDS)
        self._listener = self._accepting = None
        self._sessions = []

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._sessions = [session for session in self._sessions if session.is_alive()]
            if len(self._sessions) >= CONNECTION_LIMIT:
                connection.close()
                continue
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        session = paramiko.Transport(connection)
        session.daemon = True
        session.set_log_channel(WIRE_LOG)
        session.banner_timeout = session.auth_timeout = session.handshake_timeout = HANDSHAKE_SECONDS
        session.add_server_key(self._host_key)
        session.set_subsystem_handler(
            "sftp", paramiko.SFTPServer, MailboxSession, self.mailboxes, self.uploads
        )
        self._sessions.append(session)
        # With an event, start_server returns at once and the handshake runs in the session's own thread.
        session.start_server(event=threading.Event(), server=SignIn(self._accounts))
