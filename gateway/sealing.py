"""Encryption at rest: every claim body, file and secret is sealed before it reaches a disk.

A sealed value is `version | length of key id | key id | nonce (12) | AES-256-GCM ciphertext and tag`. The
context (which row, which column) derives the message key and is authenticated, so a sealed value moved to
another place does not open. Version 2 is sealed by a data key of its owner and month (`gateway.data_keys`),
version 1 by a key of the key ring itself, where there are no data keys. The ring has one line for each key,
`id:base64 of 32 bytes`. The last line seals and wraps data keys; all of them open. The line `fingerprint:...`
keys the fingerprints and never changes, since equality look-ups depend on it.

Source: 45 CFR 164.312(a)(2)(iv); OWASP ASVS 5.0 V11.3.2; NIST SP 800-38D.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE: Final = "keys"
RING: Final = 1
DATA: Final = 2
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_LINE: Final = re.compile(r"([a-z0-9]{1,32}):([A-Za-z0-9+/=_-]+)")


class SealBroken(Exception):
    """A sealed value does not open: altered, cut short, moved, or its key is not in the ring."""


class KeyRingInvalid(Exception):
    """The key material is missing or malformed, or its file may be read by others."""


class KeyRing:
    """The sealing keys by id, the id of the one that seals, and the key of the fingerprints."""

    def __init__(self, keys: dict[str, bytes], current: str, fingerprint: bytes) -> None:
        if current not in keys:
            raise KeyRingInvalid("the current sealing key is not in the key ring")
        if any(len(key) != _KEY_BYTES for key in (*keys.values(), fingerprint)):
            raise KeyRingInvalid(f"every key must have {_KEY_BYTES} bytes")
        self.keys = dict(keys)
        self.current = current
        self.fingerprint = fingerprint

    def __repr__(self) -> str:
        return f"KeyRing({len(self.keys)} keys, current={self.current})"


def read_key_ring(text: str) -> KeyRing:
    """The key ring of `text` (from a key file or a secret): entries stand apart by white space or commas.

    Raises KeyRingInvalid; no key material is in its text.
    """
    keys: dict[str, bytes] = {}
    for entry in text.replace(",", " ").split():
        match = _KEY_LINE.fullmatch(entry)
        if match is None or match[1] in keys:
            raise KeyRingInvalid("a key entry must be `id:base64`, and its id must be unique")
        keys[match[1]] = _decode(match[2])
    fingerprint = keys.pop("fingerprint", None)
    if fingerprint is None or not keys:
        raise KeyRingInvalid("a key ring needs the entry `fingerprint:...` and at least one sealing key")
    return KeyRing(keys, list(keys)[-1], fingerprint)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise KeyRingInvalid("a key is not base64") from error


def write_key_ring() -> str:
    """The text of a new key ring with fresh keys."""
    names = ("fingerprint", "k1")
    return "".join(f"{name}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n" for name in names)


def load_key_ring(home: Path, secret: str | None = None) -> KeyRing:
    """The key ring of `secret`, else of the key file in `home`, which is made (mode 0600) at first use.

    Raises KeyRingInvalid where the file may be read by others than its owner.
    """
    if secret is not None:
        return read_key_ring(secret)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / KEY_FILE
    _create_key_file(path)
    if path.stat().st_mode & 0o077:
        raise KeyRingInvalid("the key file may be read by others: set its mode to 0600")
    return read_key_ring(path.read_text(encoding="ascii"))


def _create_key_file(path: Path) -> None:
    """Write a new key file unless there is one; two processes that start at once agree on one of the two."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(write_key_ring())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def add_ring_key(path: Path) -> str:
    """Add a fresh key to the key file, which seals and wraps from now on; its id."""
    ring = read_key_ring(path.read_text(encoding="ascii"))
    name = f"k{_last_number(ring) + 1}"
    line = f"{name}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"
    _replace_key_file(path, path.read_text(encoding="ascii").rstrip() + "\n" + line)
    return name


def _last_number(ring: KeyRing) -> int:
    numbers = [int(name[1:]) for name in ring.keys if re.fullmatch(r"k[0-9]{1,9}", name)]
    return max(numbers, default=0)


def remove_ring_keys(path: Path, names: Collection[str]) -> None:
    """Take keys out of the key file: what they sealed or wrapped opens no more. Raises KeyRingInvalid."""
    kept = [it for it in path.read_text(encoding="ascii").split() if it.partition(":")[0] not in names]
    text = "\n".join(kept) + "\n"
    read_key_ring(text)
    _replace_key_file(path, text)


def _replace_key_file(path: Path, text: str) -> None:
    """The file is the old one or the new one, whenever the machine dies."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class DataKeys(Protocol):
    """The data keys by owner and month."""

    def find_current(self, owner: str, period: str = "") -> tuple[str, bytes] | None: ...
    def find(self, key_id: str) -> bytes: ...
    def list_wrapping(self) -> tuple[str, ...]: ...
    def knows(self, wrapping: str) -> bool: ...


class Sealer:
    """Seals, opens and fingerprints with data keys, or with the ring alone. Safe to use from several threads.

    Where the data keys cannot be reached, sealing and opening raise what `data_keys` raises.
    """

    def __init__(self, ring: KeyRing, data_keys: DataKeys | None = None) -> None:
        self._ring = ring
        self._data_keys = data_keys

    def seal(self, content: bytes, context: str, *, owner: str = "", period: str = "") -> bytes:
        """`content` sealed for the place that `context` names (`claim:ten_…:clm_…:body`).

        It is sealed by the owner's key of this month, or of the month `period`.
        """
        header, key = self._choose(owner, period)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = context.encode("utf-8")
        return header + nonce + AESGCM(_derive(key, place)).encrypt(nonce, content, header + place)

    def _choose(self, owner: str, period: str) -> tuple[bytes, bytes]:
        """The header that names a key, and the key."""
        found = self._data_keys.find_current(owner, period) if self._data_keys is not None else None
        if found is not None:
            return write_header(DATA, found[0]), found[1]
        return write_header(RING, self._ring.current), self._ring.keys[self._ring.current]

    def open(self, sealed: bytes, context: str) -> bytes:
        """The content sealed by `seal` for the same context. Raises SealBroken."""
        length = sealed[1] if len(sealed) > 1 else 0
        header, rest = sealed[: 2 + length], sealed[2 + length :]
        if len(rest) <= _NONCE_BYTES:
            raise SealBroken("not a sealed value")
        key = self._find_key(sealed[0], header[2:].decode("ascii", "replace"))
        place = context.encode("utf-8")
        try:
            return AESGCM(_derive(key, place)).decrypt(
                rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + place
            )
        except InvalidTag:
            raise SealBroken("a sealed value was altered or stands in another place") from None

    def _find_key(self, version: int, key_id: str) -> bytes:
        if version == DATA and self._data_keys is not None:
            return self._data_keys.find(key_id)
        key = self._ring.keys.get(key_id) if version == RING else None
        if key is None:
            raise SealBroken("not a value sealed by a key of this ring")
        return key

    def list_wrapping(self) -> tuple[str, ...]:
        """The ids of the wrapping keys that the data keys need, in order."""
        return self._data_keys.list_wrapping() if self._data_keys is not None else ()

    def knows(self, wrapping: str) -> bool:
        """True where the wrapping key of this id is at hand."""
        return self._data_keys.knows(wrapping) if self._data_keys is not None else wrapping in self._ring.keys

    def is_current(self, sealed: bytes, owner: str = "") -> bool:
        """True where `sealed` was sealed by the current key; others want sealing anew after a rotation."""
        return sealed.startswith(self._choose(owner, "")[0])

    def fingerprint(self, text: str, context: str = "") -> str:
        """A keyed digest (64 hex digits): equal for equal texts of one context, and telling no more.

        It lets the database look up a patient control number that it does not know.
        """
        message = f"{len(context)}:{context}{text}".encode()
        return hmac.digest(self._ring.fingerprint, message, hashlib.sha256).hex()


def write_header(version: int, key_id: str) -> bytes:
    """What a value begins with that was sealed by this key."""
    return bytes((version, len(key_id))) + key_id.encode("ascii")


def _derive(key: bytes, place: bytes) -> bytes:
    """The message key of one place: a step of HKDF-Expand (RFC 5869), so no key meets many random nonces."""
    return hmac.digest(key, b"claimwire seal " + place + b"\x01", hashlib.sha256)
