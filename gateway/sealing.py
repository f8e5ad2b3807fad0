"""Encryption at rest: every claim body, file and secret is sealed before it reaches a disk.

A sealed value is `1 | length of key id | key id | nonce (12) | AES-256-GCM ciphertext and tag`. The context
(which row, which column) derives the message key and is authenticated, so a sealed value moved to another
place does not open. Keys live in a key ring: one line for each key, `id:base64 of 32 bytes`. The last line
seals; all of them open. The line `fingerprint:...` keys the fingerprints and never changes, since equality
look-ups depend on it.

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
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE: Final = "keys"
_VERSION: Final = 1
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


class Sealer:
    """Seals, opens and fingerprints with the keys of one ring. Safe to use from several threads."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal(self, content: bytes, context: str) -> bytes:
        """`content` sealed for the place that `context` names (`claim:ten_…:clm_…:body`)."""
        key_id = self._ring.current.encode("ascii")
        header = bytes((_VERSION, len(key_id))) + key_id
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = context.encode("utf-8")
        cipher = AESGCM(_derive(self._ring.keys[self._ring.current], place))
        return header + nonce + cipher.encrypt(nonce, content, header + place)

    def open(self, sealed: bytes, context: str) -> bytes:
        """The content sealed by `seal` for the same context. Raises SealBroken."""
        length = sealed[1] if len(sealed) > 1 else 0
        header, rest = sealed[: 2 + length], sealed[2 + length :]
        key = self._ring.keys.get(header[2:].decode("ascii", "replace"))
        if not sealed or sealed[0] != _VERSION or key is None or len(rest) <= _NONCE_BYTES:
            raise SealBroken("not a value sealed by a key of this ring")
        place = context.encode("utf-8")
        try:
            return AESGCM(_derive(key, place)).decrypt(
                rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + place
            )
        except InvalidTag:
            raise SealBroken("a sealed value was altered or stands in another place") from None

    def is_current(self, sealed: bytes) -> bool:
        """True where `sealed` was sealed by the current key; others want sealing anew after a rotation."""
        key_id = self._ring.current.encode("ascii")
        return sealed.startswith(bytes((_VERSION, len(key_id))) + key_id)

    def fingerprint(self, text: str, context: str = "") -> str:
        """A keyed digest (64 hex digits): equal for equal texts of one context, and telling no more.

        It lets the database look up a patient control number that it does not know.
        """
        message = f"{len(context)}:{context}{text}".encode()
        return hmac.digest(self._ring.fingerprint, message, hashlib.sha256).hex()


def _derive(key: bytes, place: bytes) -> bytes:
    """The message key of one place: a step of HKDF-Expand (RFC 5869), so no key meets many random nonces."""
    return hmac.digest(key, b"claimwire seal " + place + b"\x01", hashlib.sha256)
