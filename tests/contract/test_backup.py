"""A backup taken beside a running store comes back whole, on both databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import make_url

from gateway.archive import Archive
from gateway.backup import MANIFEST, BackupUnusable, make_backup, restore_backup
from gateway.clock import VirtualClock
from gateway.sealing import Sealer, load_key_ring, write_key_ring
from gateway.settings import Settings, StoreSettings
from gateway.store import Means, Store, TenantScope, events, files, open_store
from gateway.store.copies import CopyFailed, copy_database
from gateway.upkeep import Verdict, verify_home
from tests.contract.conftest import NOON, administer
from tests.postgres import find_binaries


@pytest.fixture
def settings(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the store under test, whose keys stand in its home."""
    binaries = find_binaries()
    if binaries is not None:
        monkeypatch.setenv("PATH", f"{binaries}{os.pathsep}{os.environ['PATH']}")
    return Settings(home=tmp_path / "home", store=StoreSettings(url=url))


@pytest.fixture
def sealer(settings: Settings) -> Sealer:
    return Sealer(load_key_ring(settings.home))


@pytest.fixture
def means(clock: VirtualClock, sealer: Sealer, means: Means) -> Means:
    return msgspec.structs.replace(means, sealer=sealer)


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, settings: Settings, sealer: Sealer, tmp_path: Path
) -> Iterator[Settings]:
    """Another home with the same keys, and another database without a table."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "keys").write_text((settings.home / "keys").read_text())
    (home / "keys").chmod(0o600)
    if make_url(settings.database_url).get_backend_name() == "sqlite":
        yield Settings(home=home)
        return
    server, name = request.getfixturevalue("postgres"), f"test_{uuid4().hex}"
    administer(server, f"CREATE DATABASE {name}")
    yield Settings(home=home, store=StoreSettings(url=f"{server}{name}"))
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


async def keep_file(store: Store, archive: Archive, tenant: str, content: bytes) -> None:
    """One received file, archived, with its row and its event."""
    digest = archive.put(content)

    def receive(scope: TenantScope) -> None:
        new = files.NewFile(direction="in", partner="payer", name="a.835", sha256=digest, size=len(content))
        kept = files.add(scope, new)
        events.append(scope, events.NewEvent(type="file.received", file=kept.id, body=b"{}"))

    await store.write(receive, tenant=tenant)


async def verify(settings: Settings, means: Means) -> Verdict:
    store = open_store(settings.database_url, means)
    try:
        return await verify_home(store, Archive(settings.home / "archive", means.sealer))
    finally:
        await store.close()


async def test_a_backup_beside_a_running_store_comes_back_as_it_was_at_that_moment(
    settings: Settings, elsewhere: Settings, store: Store, means: Means, tenant: str, tmp_path: Path
) -> None:
    archive = Archive(settings.home / "archive", means.sealer)
    for number in range(20):
        await keep_file(store, archive, tenant, b"before %d" % number)
    (settings.home / "payers.json").write_text("[]")
    made = make_backup(settings, means.sealer, tmp_path / "backup", NOON)
    await keep_file(store, archive, tenant, b"after")
    restored = restore_backup(elsewhere, means.sealer, tmp_path / "backup")
    assert (made, made.files, restored.made_at) == (restored, 21, NOON)
    verdict = await verify(elsewhere, means)
    assert (verdict.events, verdict.files, verdict.faults) == (20, 20, ())
    assert (elsewhere.home / "payers.json").read_text() == "[]"
    assert not (tmp_path / "backup" / "keys").exists()


async def test_a_backup_is_restored_into_an_empty_database_alone(
    settings: Settings, store: Store, sealer: Sealer, tenant: str, tmp_path: Path
) -> None:
    make_backup(settings, sealer, tmp_path / "backup", NOON)
    with pytest.raises(CopyFailed, match="not empty"):
        restore_backup(settings, sealer, tmp_path / "backup")
    with pytest.raises(BackupUnusable, match="a folder of its own"):
        make_backup(settings, sealer, tmp_path / "backup", NOON + timedelta(days=1))


def spoil_keys(home: Path, _backup: Path) -> None:
    (home / "keys").write_text(write_key_ring())


def lose_keys(home: Path, _backup: Path) -> None:
    (home / "keys").unlink()


def lose_manifest(_home: Path, backup: Path) -> None:
    (backup / MANIFEST).unlink()


def spoil_manifest(_home: Path, backup: Path) -> None:
    (backup / MANIFEST).write_text("{}")


def spoil_database(_home: Path, backup: Path) -> None:
    (backup / "database").write_bytes((backup / "database").read_bytes()[:-1] + b"?")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_keys, "not the keys of the backup"),
        (lose_keys, "put the keys of the backup"),
        (lose_manifest, "was not finished"),
        (spoil_manifest, "is damaged"),
        (spoil_database, "is not the file that the manifest describes"),
    ],
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_backup_that_does_not_fit_changes_nothing(
    spoil: Callable[[Path, Path], None],
    told: str,
    settings: Settings,
    elsewhere: Settings,
    store: Store,
    sealer: Sealer,
    tenant: str,
    tmp_path: Path,
) -> None:
    make_backup(settings, sealer, tmp_path / "backup", NOON)
    spoil(elsewhere.home, tmp_path / "backup")
    with pytest.raises(BackupUnusable, match=told):
        ring = load_key_ring(elsewhere.home) if (elsewhere.home / "keys").exists() else None
        restore_backup(elsewhere, Sealer(ring) if ring else sealer, tmp_path / "backup")
    assert not (elsewhere.home / "claimwire.db").exists()


def test_what_cannot_be_copied_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CopyFailed, match="no database to copy"):
        copy_database(f"sqlite:///{tmp_path / 'absent.db'}", tmp_path / "copy")
    (tmp_path / "damaged.db").write_bytes(b"SQLite format 3\0" + b"?" * 8192)
    with pytest.raises(CopyFailed, match="SQLite cannot copy the database"):
        copy_database(f"sqlite:///{tmp_path / 'damaged.db'}", tmp_path / "copy")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CopyFailed, match="install PostgreSQL's client programs"):
        copy_database("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path / "copy")
