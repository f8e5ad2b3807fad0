"""A local or mounted directory as a partner's mailbox, with the same promises as SFTP."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from adapters.base import RemoteFile, RemoteFiles
from adapters.errors import Ambiguous, DeliveryError, Permanent, Transient
from adapters.mailbox import FileServer, Folders, MailboxTransport
from adapters.names import find_oddity

T = TypeVar("T")

_CURRENT_FOLDER = -100  # AT_FDCWD of fcntl.h
_REFUSE_TO_OVERWRITE = 1  # RENAME_NOREPLACE of linux/fs.h
_ANEW = os.O_CREAT | os.O_TRUNC
_NOT_OFFERED_HERE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
_NEEDS_SOMEBODY = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP}


@dataclass(frozen=True, kw_only=True)
class FolderSettings:
    """The directories of one partner; `done_folder` None means that read files are deleted."""

    outbox_folder: Path
    inbox_folder: Path
    done_folder: Path | None = None


class LocalFiles:
    """A blocking `FileServer` on this machine; what it writes is on the disk when it returns."""

    def place(self, path: str) -> str:
        """Return the path as it is."""
        return path

    def measure(self, path: str) -> RemoteFile | None:
        """Return the regular file at `path`, None where nothing is."""
        with _translated(path):
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                return None
            if not stat.S_ISREG(status.st_mode):
                raise Permanent(
                    "something that is not a regular file has the name",
                    path,
                    "Move it away: folders, links and devices are never followed.",
                )
            return _describe(path.rpartition("/")[2], status)

    def write(self, path: str, content: bytes) -> None:
        """Write a file through to the disk."""
        with _translated(path), os.fdopen(_open_no_link(path, os.O_WRONLY | _ANEW), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            # A recorded temporary file that a power cut took away would look like one that was renamed.
            _write_folder_through(path.rpartition("/")[0])

    def rename(self, old: str, new: str) -> None:
        """Rename without overwriting, in one step where the file system can."""
        try:
            _rename_to_free_name(old, new)
        except FileNotFoundError as error:
            self.require_folder(new.rpartition("/")[0])
            raise Ambiguous(
                "the file to rename has gone",
                old,
                "The delivery is looked into again before anything is sent.",
            ) from error
        except FileExistsError:
            raise
        except OSError as error:
            raise _explain(error, new) from error
        with _translated(new):
            for folder in {old.rpartition("/")[0], new.rpartition("/")[0]}:
                _write_folder_through(folder)

    def remove(self, path: str) -> None:
        """Remove a file; one already gone is fine."""
        with _translated(path), suppress(FileNotFoundError):
            Path(path).unlink()

    def read(self, path: str, limit: int) -> bytes:
        """Read at most `limit` + 1 bytes."""
        with _translated(path), os.fdopen(_open_no_link(path, os.O_RDONLY), "rb") as file:
            return file.read(limit + 1)

    def entries(self, folder: str) -> RemoteFiles:
        """Return the regular files of a folder, links not followed."""
        with _translated(folder), os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
            return [_describe(entry.name, entry.stat(follow_symlinks=False)) for entry in files]

    def require_folder(self, folder: str) -> None:
        """Raise Permanent unless the folder is there."""
        with _translated(folder):
            os.scandir(folder).close()


def _open_no_link(path: str, flags: int) -> int:
    """Open a file unless it is a link, which whoever writes to the folder may have laid to another file."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o660)


def _describe(name: str, status: os.stat_result) -> RemoteFile:
    return RemoteFile(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC), find_oddity(name))


def _rename_to_free_name(old: str, new: str) -> None:
    """Rename, raising FileExistsError where the new name is taken.

    Link and unlink are two steps: a crash between them followed by a reader who takes the file would look
    like a file that was never delivered. So the kernel's one-step rename comes first, and the two steps are
    for file systems without it (NFS, other kernels than Linux).
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        answer = rename(
            _CURRENT_FOLDER, os.fsencode(old), _CURRENT_FOLDER, os.fsencode(new), _REFUSE_TO_OVERWRITE
        )
        if answer == 0:
            return
        if ctypes.get_errno() not in _NOT_OFFERED_HERE:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), new)
    os.link(old, new, follow_symlinks=False)
    Path(old).unlink()


def _write_folder_through(folder: str) -> None:
    """Make a rename durable: the names of a folder are written to the disk apart from its files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except DeliveryError:
        raise
    except OSError as error:
        raise _explain(error, path) from error


def _explain(error: OSError, path: str) -> DeliveryError:
    if error.errno in _NEEDS_SOMEBODY:
        return Permanent(
            f"the file or folder cannot be used ({errno.errorcode[error.errno]})",
            path,
            "Check the folder names in the partner's settings and the rights of this account there.",
        )
    name = errno.errorcode.get(error.errno or 0, "unknown")
    return Transient(f"the file system refuses ({name})", path, "Check its free space and its mount.")


class FolderTransport(MailboxTransport):
    """A partner's mailbox in directories that another program fills and empties."""

    def __init__(self, settings: FolderSettings) -> None:
        done = settings.done_folder
        super().__init__(
            Folders(
                str(settings.outbox_folder),
                str(settings.inbox_folder),
                str(done) if done is not None else None,
            )
        )
        self._files = LocalFiles()
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Nothing is held open."""

    async def _run(self, operation: Callable[[FileServer], T], *, uncertain: bool = False) -> T:
        async with self._turn:
            return await asyncio.to_thread(operation, self._files)
