"""Vaults: where the archive keeps its sealed files, each under a name of its own.

A folder here; `gateway/s3_vault.py` is a bucket. Both pass one contract suite. The calls block.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from gateway.store.errors import StoreBroken, StoreError, StoreUnavailable


class Vault(Protocol):
    """Sealed files by name, such as `ab/cd....zst.sealed`.

    What cannot be reached or takes no more raises StoreUnavailable, a failed flush StoreBroken.
    """

    def write(self, name: str, sealed: bytes) -> None:
        """Keep a file, whole or not at all, in place of one that is there; durable when it returns."""

    def read(self, name: str) -> bytes:
        """The file. Raises FileNotFoundError."""

    def touch(self, name: str) -> bool:
        """Let the file count as put now; False where it is not there, or must be written again for that."""

    def find_age(self, name: str) -> datetime | None:
        """When the file was last put, or None where it is not there."""

    def list_all(self) -> Iterator[tuple[str, datetime]]:
        """Every whole file and when it was last put."""

    def remove(self, name: str) -> None:
        """Delete the file; one that is gone is fine."""

    def remove_drafts(self, before: datetime) -> int:
        """Delete what processes that died left half written, if last touched before then; how many."""


class FolderVault:
    """A folder on this machine, or one that all machines share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, name: str, sealed: bytes) -> None:
        """The disk's refusals are told as those of the store."""
        try:
            self._write(self._folder / name, sealed)
        except OSError as failure:
            raise _name_failure(failure) from None

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

    def read(self, name: str) -> bytes:
        """The file. Raises FileNotFoundError."""
        return (self._folder / name).read_bytes()

    def touch(self, name: str) -> bool:
        """Set its time to now."""
        try:
            os.utime(self._folder / name)
        except FileNotFoundError:
            return False
        return True

    def find_age(self, name: str) -> datetime | None:
        """The time that the file system keeps."""
        try:
            return datetime.fromtimestamp((self._folder / name).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def list_all(self) -> Iterator[tuple[str, datetime]]:
        """Every file but drafts."""
        for place in self._folder.glob("*/[!.]*"):
            age = self.find_age(str(place.relative_to(self._folder)))
            if age is not None:
                yield place.relative_to(self._folder).as_posix(), age

    def remove(self, name: str) -> None:
        """Delete the file."""
        (self._folder / name).unlink(missing_ok=True)

    def remove_drafts(self, before: datetime) -> int:
        """Delete the old ones of the files whose names begin with a dot."""
        left = [draft for draft in self._folder.glob("*/.*") if draft.stat().st_mtime < before.timestamp()]
        for draft in left:
            draft.unlink(missing_ok=True)
        return len(left)


def _name_failure(failure: OSError) -> StoreError:
    kind = StoreBroken if failure.errno == errno.EIO else StoreUnavailable
    return kind(f"the archive cannot be written ({errno.errorcode.get(failure.errno or 0, 'no code')})")


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
