"""What the folder adapter does beyond the contract of every Transport."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

import pytest

from adapters.errors import Ambiguous, Permanent, Transient
from adapters.folder import FolderSettings, FolderTransport, LocalFiles
from tests.contract.transport_contract import CONTENT, Steps, make_folders


@pytest.fixture
def transport(tmp_path: Path) -> FolderTransport:
    outbox, inbox, done = make_folders(tmp_path)
    return FolderTransport(FolderSettings(outbox_folder=outbox, inbox_folder=inbox, done_folder=done))


@pytest.fixture(params=["in one step", "by link and unlink"])
def files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LocalFiles:
    """Local files with the kernel's one-step rename, and as on systems without it."""
    if request.param == "by link and unlink":
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    return LocalFiles()


def test_a_rename_moves_the_file_to_a_free_name(files: LocalFiles, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(CONTENT)
    files.rename(str(tmp_path / "old"), str(tmp_path / "new"))
    assert [file.name for file in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new").read_bytes() == CONTENT


def test_a_rename_never_overwrites(files: LocalFiles, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(CONTENT)
    (tmp_path / "new").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        files.rename(str(tmp_path / "old"), str(tmp_path / "new"))
    assert (tmp_path / "old").read_bytes() == CONTENT
    assert (tmp_path / "new").read_bytes() == b"other"


def test_a_rename_of_a_file_that_has_gone_is_ambiguous(files: LocalFiles, tmp_path: Path) -> None:
    with pytest.raises(Ambiguous):
        files.rename(str(tmp_path / "old"), str(tmp_path / "new"))


def test_a_rename_into_a_missing_folder_names_the_folder(files: LocalFiles, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(CONTENT)
    with pytest.raises(Permanent) as caught:
        files.rename(str(tmp_path / "old"), str(tmp_path / "absent" / "new"))
    assert caught.value.place == str(tmp_path / "absent")


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, Transient), (errno.EIO, Transient), (errno.EACCES, Permanent), (errno.EROFS, Permanent)],
)
async def test_what_the_disk_says_decides_whether_to_try_again(
    transport: FolderTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind, match=errno.errorcode[number]):
        await transport.send("a.x12", CONTENT, progress=Steps())
    assert list((tmp_path / "outbox").iterdir()) == []


async def test_bytes_and_names_are_on_the_disk_before_a_step_is_told(
    transport: FolderTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        written.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)

    async def progress(step: str) -> None:
        written.append(step)

    await transport.send("a.x12", CONTENT, progress=progress)
    assert written == [".a.x12.tmp", "outbox", "temp_uploaded", "outbox", "renamed"]


def test_a_link_laid_at_the_last_moment_is_neither_written_through_nor_read(
    files: LocalFiles, tmp_path: Path
) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(Permanent, match="ELOOP"):
        files.write(str(tmp_path / "link"), CONTENT)
    with pytest.raises(Permanent, match="ELOOP"):
        files.read(str(tmp_path / "link"), 100)
    assert target.read_bytes() == b"precious"
