"""Opening an SSH connection: settings, the pinned host key, algorithms, login.

The host key is never learned from the network. An unknown or changed key ends the attempt before any
credential or byte of a file is sent.
"""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from adapters.errors import DeliveryError, Permanent, Refused, Transient

# No CBC, no SHA-1, no MD5, no 1024-bit group. paramiko 5 itself no longer knows ssh-rsa with SHA-1
# (CVE-2026-44405) and uses strict key exchange (CVE-2023-48795).
_CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
_DIGESTS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
_KEY_EXCHANGES = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
)
_HOST_KEY_ALGORITHMS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Signature algorithms by the key type that a key calls itself (an RSA key always says "ssh-rsa")."""

_BY_PASSWORD = {"password", "keyboard-interactive"}
_WAYS_TO_LOG_IN = _BY_PASSWORD | {"publickey"}

WIRE_LOG = "adapters.sftp.wire"
# The library's own log repeats file names and words of the other end, and prints a traceback for every lost
# connection; all it knows reaches the caller as a DeliveryError.
logging.getLogger(WIRE_LOG).addHandler(logging.NullHandler())
logging.getLogger(WIRE_LOG).propagate = False


@dataclass(frozen=True, kw_only=True)
class SftpSettings:
    """How to reach one partner over SFTP.

    Exactly one of `host_key` (lines `ssh-ed25519 AAAA...` as in a .pub file, or fingerprints `SHA256:...`;
    several while the partner changes keys) and `known_hosts` (an OpenSSH file) is needed, and at least one
    of `key_file` and `password`; with both, the key comes first. `timeout` is the longest wait in seconds
    for any one answer and for connecting; `deadline` the longest time for a whole transfer, after which the
    connection is cut; `idle` how long an unused connection is kept for the next call. With `done_folder`
    None, read files are deleted.

    Raises Permanent when a needed part is missing.
    """

    host: str
    port: int = 22
    username: str
    outbox_folder: str
    inbox_folder: str
    done_folder: str | None = None
    host_key: str | None = None
    known_hosts: Path | None = None
    key_file: Path | None = None
    key_passphrase: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    timeout: float = 20.0
    deadline: float = 600.0
    idle: float = 30.0

    def __post_init__(self) -> None:
        if (self.host_key is None) == (self.known_hosts is None):
            raise Permanent(
                "the host key of the server is not pinned exactly once",
                self.place,
                f"Set host_key or known_hosts. {_HOW_TO_LEARN_A_KEY}",
            )
        if self.key_file is None and self.password is None:
            raise Permanent("no way to log in is set", self.place, "Set key_file or password.")

    @property
    def place(self) -> str:
        """The server as a URL without user or path."""
        return f"sftp://{self.host}:{self.port}"


_HOW_TO_LEARN_A_KEY = (
    "Ask the partner for the fingerprint over another channel (phone, portal, contract), compare it with "
    "`ssh-keyscan -p PORT HOST | ssh-keygen -lf -`, and pin the key only if they agree."
)


@dataclass(frozen=True)
class PinnedKeys:
    """The host keys a server may show: whole keys, and fingerprints of keys."""

    keys: tuple[paramiko.PKey, ...]
    fingerprints: tuple[str, ...]

    def allows(self, key: paramiko.PKey) -> bool:
        """Say whether this very key is pinned."""
        return key.fingerprint in self.fingerprints or any(key == pinned for pinned in self.keys)

    def describe(self) -> str:
        """Return the pinned keys as fingerprints, for a person to compare."""
        whole = [f"{key.get_name()} {key.fingerprint}" for key in self.keys]
        return ", ".join([*whole, *self.fingerprints]) or "no key"

    def algorithms(self) -> tuple[str, ...]:
        """Return all accepted host key algorithms, those of the pinned keys first.

        The others stay in the list so that a server which changed its key type gets the answer "another
        key", with the fingerprint, instead of "nothing in common".
        """
        pinned = [key.get_name() for key in self.keys]
        ordered = sorted(_HOST_KEY_ALGORITHMS, key=lambda name: name not in pinned)
        return tuple(algorithm for name in ordered for algorithm in _HOST_KEY_ALGORITHMS[name])


def load_pinned_keys(settings: SftpSettings) -> PinnedKeys:
    """Read the pinned host keys. Raises Permanent if they cannot be read."""
    try:
        if settings.known_hosts is not None:
            return PinnedKeys(_find_in_known_hosts(settings, settings.known_hosts), ())
        lines = [line.strip() for line in (settings.host_key or "").splitlines() if line.strip()]
        fingerprints = tuple(line.rstrip("=") for line in lines if line.startswith("SHA256:"))
        keys = tuple(_parse_key(line) for line in lines if not line.startswith("SHA256:"))
    except (OSError, ValueError, paramiko.SSHException, paramiko.hostkeys.InvalidHostKey) as error:
        raise Permanent(
            "the pinned host key cannot be read",
            settings.place,
            "host_key takes lines like `ssh-ed25519 AAAA...` or `SHA256:...`; "
            "known_hosts takes an OpenSSH file without @ markers.",
        ) from error
    return PinnedKeys(keys, fingerprints)


def _parse_key(line: str) -> paramiko.PKey:
    entry = paramiko.hostkeys.HostKeyEntry.from_line(f"host {line}")
    if entry is None:
        raise ValueError("not a public key that is known here")
    return entry.key


def _find_in_known_hosts(settings: SftpSettings, path: Path) -> tuple[paramiko.PKey, ...]:
    # paramiko skips marked lines, so that a @revoked key would count where a second line trusts it.
    if any(line.lstrip().startswith("@") for line in path.read_text("utf-8").splitlines()):
        raise ValueError("a known_hosts file with markers")
    name = settings.host if settings.port == 22 else f"[{settings.host}]:{settings.port}"
    found = paramiko.HostKeys(str(path)).lookup(name)
    return tuple(found.values()) if found is not None else ()


@contextmanager
def translated_connect_errors(settings: SftpSettings) -> Iterator[None]:
    """Turn what the network and paramiko raise while connecting into Transient or Permanent."""
    try:
        yield
    except DeliveryError:
        raise
    except IncompatiblePeer as error:
        raise Permanent(
            "the server offers no algorithm that is safe today",
            settings.place,
            "Ask the partner to offer SHA-2 host keys (ed25519, ecdsa or rsa-sha2), AES-GCM or AES-CTR and "
            "SHA-2 key exchange; SHA-1 and CBC are refused.",
        ) from error
    except (OSError, EOFError, UnicodeError, struct.error, paramiko.SSHException) as error:
        raise Transient(
            "no connection" if not isinstance(error, TimeoutError) else "no answer while connecting",
            settings.place,
            "Check that the server is up and that its firewall lets this machine in.",
        ) from error


def start_session(settings: SftpSettings, connection: socket.socket) -> paramiko.Transport:
    """Shake hands over an open socket, verify the host key and log in.

    Raises as `translated_connect_errors` says, and Permanent for a host key or login that is refused.
    """
    pinned = load_pinned_keys(settings)
    session = paramiko.Transport(connection)
    try:
        session.set_log_channel(WIRE_LOG)
        session.banner_timeout = session.auth_timeout = session.channel_timeout = settings.timeout
        _restrict_algorithms(session, pinned)
        session.start_client(timeout=settings.timeout)
        _verify_host_key(settings, pinned, session.get_remote_server_key())
        _log_in(settings, session)
    except BaseException:
        session.close()
        raise
    return session


def _restrict_algorithms(session: paramiko.Transport, pinned: PinnedKeys) -> None:
    options = session.get_security_options()
    options.ciphers = _CIPHERS
    options.digests = _DIGESTS
    # The post-quantum exchange is there only where the installed cryptography has it.
    options.kex = tuple(name for name in _KEY_EXCHANGES if name in options.kex)
    options.key_types = pinned.algorithms()


def _verify_host_key(settings: SftpSettings, pinned: PinnedKeys, shown: paramiko.PKey) -> None:
    if pinned.allows(shown):
        return
    is_pinned = bool(pinned.keys or pinned.fingerprints)
    raise Refused(
        f"the server {'shows another' if is_pinned else 'has no known'} host key: expected "
        f"{pinned.describe()}, got {shown.get_name()} {shown.fingerprint}",
        settings.place,
        f"Nothing was sent. Somebody may be in between. {_HOW_TO_LEARN_A_KEY}",
    )


def _log_in(settings: SftpSettings, session: paramiko.Transport) -> None:
    try:
        remaining = ["password"]
        if settings.key_file is not None:
            remaining = session.auth_publickey(settings.username, _load_private_key(settings))
        if settings.password is not None and _BY_PASSWORD & set(remaining):
            # Answers a keyboard-interactive question for the password, too.
            session.auth_password(settings.username, settings.password)
    except paramiko.AuthenticationException as error:
        # paramiko says "authentication failed" for a server that went away or fell silent, too.
        if not session.is_active() or "timeout" in str(error):
            raise
        raise _refused_login(settings, getattr(error, "allowed_types", [])) from error
    if not session.is_authenticated():
        raise _refused_login(settings, remaining)


def _refused_login(settings: SftpSettings, accepted: Collection[str]) -> Refused:
    ways = " and ".join(sorted(_WAYS_TO_LOG_IN & set(accepted)))
    return Refused(
        f"the server refuses the login of {settings.username}{f' (it asks for {ways})' if ways else ''}",
        settings.place,
        "Check user name, key and password with the partner: the key may have been revoked or the password "
        "may have expired. Do not try again and again: servers lock accounts.",
    )


def _load_private_key(settings: SftpSettings) -> paramiko.PKey:
    # paramiko passes the passphrase on to cryptography, which takes bytes only.
    passphrase = settings.key_passphrase.encode() if settings.key_passphrase is not None else None
    try:
        return paramiko.PKey.from_path(settings.key_file, passphrase)
    except (OSError, ValueError, TypeError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
        raise Permanent(
            "the private key cannot be read",
            settings.place,
            "Check that key_file names a readable private key (OpenSSH or PEM) and that its passphrase fits.",
        ) from error
