"""An SFTP server that misbehaves on purpose, in ways OpenSSH cannot be made to.

For tests of single faults only; it stands in for no partner (the contract suite runs against OpenSSH).
"""

from __future__ import annotations

import contextlib
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import paramiko

from adapters.sftp import SftpSettings, SftpTransport


@dataclass
class Manners:
    """What the server does wrong, and what it saw."""

    password: str = "right"
    names: tuple[str, ...] = ()
    """Names that every listing holds, unchecked by any file system."""
    silent_at_login: bool = False
    hangs_up_at_login: bool = False
    silent_at_sftp: bool = False
    second_factor: bool = False
    """Wants a password after the key."""
    tells_kinds: bool = True
    """Whether attributes say file, folder or link."""
    logins: list[str] = field(default_factory=list)


class _Login(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, manners: Manners, ended: threading.Event, session: paramiko.Transport) -> None:
        self._manners = manners
        self._ended = ended
        self._session = session

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._manners.logins.append(f"key {key.fingerprint}")
        if self._manners.second_factor:
            return int(paramiko.AUTH_PARTIALLY_SUCCESSFUL)
        return int(paramiko.AUTH_SUCCESSFUL)

    def check_auth_password(self, username: str, password: str) -> int:
        self._manners.logins.append(f"password {password}")
        if self._manners.silent_at_login:
            self._ended.wait()
        if self._manners.hangs_up_at_login:
            self._session.close()
        right = password == self._manners.password
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, channel_id: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        if self._manners.silent_at_sftp:
            self._ended.wait()
        return bool(super().check_channel_subsystem_request(channel, name))


class _Files(paramiko.SFTPServerInterface):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, server: _Login, manners: Manners) -> None:
        super().__init__(server)
        self._manners = manners

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        return [self._regular(name, 1) for name in self._manners.names]

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        return int(paramiko.SFTP_NO_SUCH_FILE)

    def _regular(self, name: str, size: int) -> paramiko.SFTPAttributes:
        attributes = paramiko.SFTPAttributes()
        attributes.filename = name
        attributes.st_mode = stat.S_IFREG | 0o600 if self._manners.tells_kinds else None
        attributes.st_size = size
        return attributes


@dataclass(frozen=True)
class HostileServer:
    """Where the server listens and the key it shows."""

    port: int
    host_key: str
    host: str = "127.0.0.1"


@contextlib.contextmanager
def hostile_server(manners: Manners) -> Iterator[HostileServer]:
    """Serve with these manners for the length of a `with` block."""
    key = paramiko.ECDSAKey.generate(bits=256)
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    sessions: list[paramiko.Transport] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                session = paramiko.Transport(connection)
                session.set_log_channel("tests.hostile_server")
                session.add_server_key(key)
                session.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, manners)
                sessions.append(session)
                with contextlib.suppress(Exception):  # a client that goes away is none of our business
                    session.start_server(server=_Login(manners, ended, session))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield HostileServer(listener.getsockname()[1], f"{key.get_name()} {key.get_base64()}")
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for session in sessions:
            session.close()
        thread.join(5)


def password_transport(server: HostileServer, **changes: object) -> SftpTransport:
    """Make a transport to the server that logs in by password; keyword arguments replace settings."""
    settings: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "host_key": server.host_key,
        "username": "claims",
        "password": "right",
        "outbox_folder": "/out",
        "inbox_folder": "/in",
    }
    return SftpTransport(SftpSettings(**{**settings, **changes}))  # type: ignore[arg-type]  # the names are right
