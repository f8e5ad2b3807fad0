"""The archive of bytes."""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.archive import Archive, ArchiveDamaged, NotArchived
from gateway.sealing import Sealer, read_key_ring, write_key_ring
from gateway.store.errors import StoreBroken, StoreUnavailable

CONTENT = b"ISA*00*MARKED-NAME~" * 50


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(read_key_ring(write_key_ring()))


@pytest.fixture
def archive(tmp_path: Path, sealer: Sealer) -> Archive:
    return Archive(tmp_path / "archive", sealer)


def list_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [CONTENT, b"", bytes(range(256))])
def test_what_was_put_is_found_by_its_digest(archive: Archive, content: bytes) -> None:
    digest = archive.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert digest in archive
    assert archive.get(digest) == content


def test_nothing_of_the_content_is_on_disk_in_clear(archive: Archive, tmp_path: Path) -> None:
    digest = archive.put(CONTENT)
    (file,) = list_files(tmp_path)
    assert b"MARKED" not in file.read_bytes()
    assert file.name == f"{digest[2:]}.zst.sealed"
    assert file.stat().st_mode & 0o077 == 0


def test_to_put_twice_is_to_put_once(archive: Archive, tmp_path: Path) -> None:
    assert archive.put(CONTENT) == archive.put(CONTENT)
    assert len(list_files(tmp_path)) == 1


def test_every_flipped_byte_is_noticed_and_putting_again_heals(archive: Archive, tmp_path: Path) -> None:
    digest = archive.put(b"short")
    (file,) = list_files(tmp_path)
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(bytes(byte ^ (1 if at == place else 0) for at, byte in enumerate(whole)))
        with pytest.raises(ArchiveDamaged) as damage:
            archive.get(digest)
        assert str(damage.value) == digest
    archive.put(b"short")
    assert archive.get(digest) == b"short"


def test_a_file_under_anothers_name_is_noticed(archive: Archive, tmp_path: Path) -> None:
    one, other = archive.put(b"one"), archive.put(b"other")
    folder = tmp_path / "archive"
    place = folder / one[:2] / f"{one[2:]}.zst.sealed"
    place.write_bytes((folder / other[:2] / f"{other[2:]}.zst.sealed").read_bytes())
    with pytest.raises(ArchiveDamaged):
        archive.get(one)


def test_an_unknown_digest_is_not_archived(archive: Archive) -> None:
    assert "0" * 64 not in archive
    with pytest.raises(NotArchived):
        archive.get("0" * 64)


def test_a_digest_that_is_none_never_becomes_a_path(archive: Archive) -> None:
    with pytest.raises(ValueError, match="digest"):
        archive.get("../../../etc/passwd")


def test_drafts_of_dead_processes_are_removed_and_whole_files_stay(archive: Archive, tmp_path: Path) -> None:
    archive.put(CONTENT)
    (file,) = list_files(tmp_path)
    old, fresh = file.with_name(".old"), file.with_name(".fresh")
    for draft in (old, fresh):
        draft.write_bytes(b"half")
    for aged in (old, file):
        os.utime(aged, (0, 0))
    assert archive.remove_drafts(datetime(2020, 1, 1, tzinfo=UTC)) == 1
    assert sorted(list_files(tmp_path)) == sorted([file, fresh])


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StoreUnavailable), (errno.EIO, StoreBroken)])
def test_a_failing_disk_leaves_no_half_file_and_is_told_as_the_stores(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, "said by the system", "a name")

    monkeypatch.setattr("gateway.vault.os.fsync", fail)
    with pytest.raises(kind, match=errno.errorcode[number]):
        archive.put(CONTENT)
    assert list_files(tmp_path) == []


def test_a_sweep_removes_what_was_put_long_ago_and_leaves_what_was_put_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Sealer(read_key_ring(write_key_ring())))
    old, again = archive.put(b"old"), archive.put(b"again")
    for place in tmp_path.rglob("*.sealed"):
        os.utime(place, (0, 0))
    limit = datetime(2000, 1, 1, tzinfo=UTC)
    assert sorted(archive.list_settled(limit)) == sorted([old, again])
    archive.put(b"again")
    assert archive.list_settled(limit) == [old]
    assert (archive.remove(old, limit), archive.remove(again, limit), archive.remove(old, limit)) == (
        True,
        False,
        False,
    )
    assert (old in archive, archive.get(again)) == (False, b"again")
