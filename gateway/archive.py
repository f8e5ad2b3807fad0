"""The archive: every file received or sent, byte for byte, found again by its SHA-256 digest.

A file's name is the digest of its plain bytes and nothing else. Its content is compressed (zstd) and sealed,
and kept in a vault: a folder, or a bucket. It is durable before `put` returns. The calls block: use
`asyncio.to_thread` on an event loop.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import zstandard

from gateway.data_keys import ARCHIVE
from gateway.sealing import SealBroken, Sealer
from gateway.vault import FolderVault, Vault

_LEVEL: Final = 3
_SUFFIX: Final = ".zst.sealed"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"([0-9a-f]{2})/([0-9a-f]{62})" + re.escape(_SUFFIX))


class ArchiveDamaged(Exception):
    """An archived file does not open or its content has another digest. The text holds the digest only."""


class NotArchived(Exception):
    """No file with this digest is in the archive. The text holds the digest only."""


class Archive:
    """Sealed files in a vault (a path is a folder of its own), each named by the digest of its plain bytes.

    Every call raises StoreUnavailable where the vault cannot be reached.
    """

    def __init__(self, vault: Vault | Path, sealer: Sealer) -> None:
        self._vault: Vault = FolderVault(vault) if isinstance(vault, Path) else vault
        self._sealer = sealer

    def put(self, content: bytes) -> str:
        """Keep `content` durably and return its SHA-256 in hex. To put it twice is to put it once.

        Raises StoreUnavailable where the disk takes no more, StoreBroken where it fails to flush.
        """
        digest = hashlib.sha256(content).hexdigest()
        if not self._is_sound(digest):
            packed = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
            self._vault.write(_name(digest), self._sealer.seal(packed, _context(digest), owner=ARCHIVE))
        return digest

    def get(self, digest: str) -> bytes:
        """The content with this digest, verified. Raises NotArchived, ArchiveDamaged."""
        try:
            sealed = self._vault.read(_name(digest))
        except FileNotFoundError:
            raise NotArchived(digest) from None
        try:
            packed = self._sealer.open(sealed, _context(digest))
            content = zstandard.ZstdDecompressor().decompress(packed)
        except (SealBroken, zstandard.ZstdError) as error:
            raise ArchiveDamaged(digest) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise ArchiveDamaged(digest)
        return content

    def remove_drafts(self, before: datetime) -> int:
        """Delete what processes that died left half written, if last touched before then; how many."""
        return self._vault.remove_drafts(before)

    def list_settled(self, before: datetime) -> list[str]:
        """The digests of all files that were last put before then."""
        named = ((_NAME.fullmatch(name), age) for name, age in self._vault.list_all())
        return [name[1] + name[2] for name, age in named if name is not None and age < before]

    def remove(self, digest: str, before: datetime) -> bool:
        """Delete the file unless it was put again since then; True where it was deleted."""
        age = self._vault.find_age(_name(digest))
        if age is None or age >= before:
            return False
        self._vault.remove(_name(digest))
        return True

    def list_sealed(self, headers: Collection[bytes]) -> Iterator[str]:
        """The digests of all files that begin with one of these headers: those that a key sealed."""
        for name, _ in self._vault.list_all():
            matched = _NAME.fullmatch(name)
            if matched is not None and self._vault.read(name).startswith(tuple(headers)):
                yield matched[1] + matched[2]

    def reseal(self, digest: str) -> bool:
        """Seal a file anew by the key of today; False where it is gone. Raises SealBroken."""
        try:
            sealed = self._vault.read(_name(digest))
        except FileNotFoundError:
            return False
        packed = self._sealer.open(sealed, _context(digest))
        self._vault.write(_name(digest), self._sealer.seal(packed, _context(digest), owner=ARCHIVE))
        return True

    def __contains__(self, digest: str) -> bool:
        return self._vault.find_age(_name(digest)) is not None

    def _is_sound(self, digest: str) -> bool:
        """True where the archive holds this digest and the file opens: a damaged one is written anew."""
        if not self._vault.touch(_name(digest)):  # first: a sweep leaves what was put of late
            return False
        try:
            self.get(digest)
        except (NotArchived, ArchiveDamaged):
            return False
        return True


def _name(digest: str) -> str:
    if _DIGEST.fullmatch(digest) is None:
        raise ValueError("not a SHA-256 digest in hex")
    return f"{digest[:2]}/{digest[2:]}{_SUFFIX}"


def _context(digest: str) -> str:
    return f"archive:{digest}"
