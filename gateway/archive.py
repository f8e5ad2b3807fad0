"""The archive: every file received or sent, byte for byte, found again by its SHA-256 digest.

A file's name is the digest of its plain bytes and nothing else. Its content is compressed (zstd) and sealed.
A file is on disk, name and content, before `put` returns. The calls block: use `asyncio.to_thread` on an
event loop.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

import zstandard

from gateway.sealing import SealBroken, Sealer
from gateway.store.errors import StoreBroken, StoreError, StoreUnavailable

_LEVEL: Final = 3
_SUFFIX: Final = ".zst.sealed"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class ArchiveDamaged(Exception):
    """An archived file does not open or its content has another digest. The text holds the digest only."""


class NotArchived(Exception):
    """No file with this digest is in the archive. The text holds the digest only."""


class Archive:
    """A folder of sealed files, each named by the digest of its plain bytes."""

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, content: bytes) -> str:
        """Keep `content` durably and return its SHA-256 in hex. To put it twice is to put it once.

        Raises StoreUnavailable where the disk takes no more, StoreBroken where it fails to flush.
        """
        digest = hashlib.sha256(content).hexdigest()
        if not self._is_sound(digest):
            packed = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
            try:
                self._write(self._place(digest), self._sealer.seal(packed, _context(digest)))
            except OSError as failure:
                raise _name_failure(failure) from None
        return digest

    def get(self, digest: str) -> bytes:
        """The content with this digest, verified. Raises NotArchived, ArchiveDamaged."""
        try:
            sealed = self._place(digest).read_bytes()
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
        left = [draft for draft in self._folder.glob("*/.*") if draft.stat().st_mtime < before.timestamp()]
        for draft in left:
            draft.unlink(missing_ok=True)
        return len(left)

    def list_settled(self, before: datetime) -> list[str]:
        """The digests of all files that were last put before then."""
        return [
            place.parent.name + place.name.partition(".")[0]
            for place in self._folder.glob(f"*/*{_SUFFIX}")
            if place.stat().st_mtime < before.timestamp()
        ]

    def remove(self, digest: str, before: datetime) -> bool:
        """Delete the file unless it was put again since then; True where it was deleted."""
        place = self._place(digest)
        if not place.exists() or place.stat().st_mtime >= before.timestamp():
            return False
        place.unlink(missing_ok=True)
        return True

    def __contains__(self, digest: str) -> bool:
        return self._place(digest).exists()

    def _is_sound(self, digest: str) -> bool:
        """True where the archive holds this digest and the file opens: a damaged one is written anew."""
        try:
            os.utime(self._place(digest))  # first: a sweep leaves what was put of late
            self.get(digest)
        except (FileNotFoundError, NotArchived, ArchiveDamaged):
            return False
        return True

    def _place(self, digest: str) -> Path:
        if _DIGEST.fullmatch(digest) is None:
            raise ValueError("not a SHA-256 digest in hex")
        return self._folder / digest[:2] / f"{digest[2:]}{_SUFFIX}"

    def _write(self, place: Path, sealed: bytes) -> None:
        """Write a draft, flush, rename, flush the folder: a name is there whole or not at all."""
        place.parent.mkdir(mode=0o700, exist_ok=True)
        draft = place.with_name(f".{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
        _flush_folder(place.parent)
        _flush_folder(self._folder)


def _name_failure(failure: OSError) -> StoreError:
    kind = StoreBroken if failure.errno == errno.EIO else StoreUnavailable
    return kind(f"the archive cannot be written ({errno.errorcode.get(failure.errno or 0, 'no code')})")


def _context(digest: str) -> str:
    return f"archive:{digest}"


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
