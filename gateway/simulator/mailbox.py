"""One sender's mailbox: the only folder its SFTP session can see.

`inbound/` takes the sender's files, `outbound/` holds the payer's answers, `done/` those that
the sender has taken. Files live directly in these three folders; a path that leads anywhere else, or
through a symbolic link, is refused. A rename never overwrites.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

INBOUND = "inbound"
OUTBOUND = "outbound"
DONE = "done"
FOLDERS = (INBOUND, OUTBOUND, DONE)
TEMPORARY_SUFFIX = ".tmp"
RENAMES = ((INBOUND, INBOUND), (OUTBOUND, DONE))


def refusal(reason: str) -> PermissionError:
    """The error for a path or an operation that the mailbox does not allow; `reason` names no path."""
    return PermissionError(errno.EACCES, reason)


@dataclass(frozen=True)
class Mailbox:
    """A mailbox on disk under `root`."""

    root: Path

    def create(self) -> None:
        """Make the folders where they do not exist yet."""
        for folder in FOLDERS:
            (self.root / folder).mkdir(parents=True, exist_ok=True, mode=0o700)

    def locate(self, path: str) -> Path:
        """The place on disk of an SFTP path (absolute or relative to the mailbox root).

        Raises PermissionError where the path leads into a folder that is not one of the mailbox's own.
        """
        virtual = canonical(path).lstrip("/")
        if "\0" in virtual:
            raise refusal("path holds a null byte")
        folder = str(PurePosixPath(virtual).parent)
        if virtual not in ("", *FOLDERS) and folder not in (".", *FOLDERS):
            raise refusal("path is outside the mailbox")
        real = self.root / virtual
        if real.parent != self.root.parent and real.parent.resolve() != real.parent:
            raise refusal("path goes through a link")
        return real

    def folder_of(self, path: str) -> str:
        """The mailbox folder that directly holds `path` ("" for the root)."""
        folder = str(PurePosixPath(canonical(path).lstrip("/")).parent)
        return "" if folder == "." else folder

    def rename(self, old: str, new: str) -> None:
        """Move a file within `inbound`, or from `outbound` to `done`; never onto another file.

        Link and unlink, as OpenSSH does: link fails where the new name exists, so nothing is overwritten.
        Raises PermissionError, FileExistsError, FileNotFoundError.
        """
        if (self.folder_of(old), self.folder_of(new)) not in RENAMES:
            raise refusal("rename between these folders")
        move_without_overwriting(self.locate(old), self.locate(new))

    def remove(self, path: str) -> None:
        """Remove a file of the mailbox."""
        if self.folder_of(path) not in FOLDERS:
            raise refusal("remove outside the mailbox folders")
        require_regular(self.locate(path))
        self.locate(path).unlink()

    def open(self, path: str, flags: int) -> int:
        """A file descriptor; writing is allowed in `inbound` only, and links are never followed."""
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        if writes and self.folder_of(path) != INBOUND:
            raise refusal("write outside inbound")
        descriptor = os.open(self.locate(path), flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise refusal("not a regular file")
        return descriptor


def canonical(path: str) -> str:
    """The absolute SFTP path with `.` and `..` resolved inside the mailbox."""
    return posixpath.normpath("/" + path.lstrip("/"))


def require_regular(place: Path) -> None:
    """Raise PermissionError where `place` is not a plain file, FileNotFoundError where it does not exist."""
    if not stat.S_ISREG(place.lstat().st_mode):
        raise refusal("not a regular file")


def move_without_overwriting(old: Path, new: Path) -> None:
    """Move a plain file. Raises FileExistsError where `new` exists, and leaves both as they are."""
    require_regular(old)
    os.link(old, new, follow_symlinks=False)
    old.unlink()
    sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
