"""Backup and restore: the database at one moment, and every archived file that it names.

A file is archived before any row names it, and no file is ever changed: so the archive copied after the
database holds all that the copy of the database names, whatever a running gateway adds meanwhile. The keys
stay out: a backup opens only beside the key ring that its manifest describes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from gateway.sealing import KEY_FILE, Sealer
from gateway.settings import Settings
from gateway.store.copies import copy_database, name_kind, restore_database

MANIFEST: Final = "manifest.json"
DATABASE: Final = "database"
PARTS: Final = ("archive", "codes", "payers.json")
"""What a home keeps beside its database and its keys: archive, imported code tables, payer directory."""

_CHECK: Final = "claimwire backup"


class BackupUnusable(Exception):
    """A backup cannot be made or restored; the text says why and what to do."""


class KeysNeeded(msgspec.Struct, frozen=True):
    """Which keys open a backup: where the ring stood, and a value that only the same ring gives again.

    `wrapping` are the ids of the wrapping keys of its data keys: one that was retired opens nothing more.
    """

    reference: str
    check: str
    wrapping: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds. It is written last: a folder without it is no backup."""

    made_at: datetime
    kind: str
    database_sha256: str
    files: int
    keys: KeysNeeded


def make_backup(settings: Settings, sealer: Sealer, folder: Path, now: datetime) -> Manifest:
    """Copy everything into the new folder. The gateway may run.

    It blocks. Raises BackupUnusable, CopyFailed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupUnusable(f"{folder} is not empty: each backup has a folder of its own")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy_database(settings.database_url, folder / DATABASE)
    files = sum(copy_part(settings.home / name, folder / name) for name in PARTS)
    manifest = Manifest(
        made_at=now,
        kind=name_kind(settings.database_url),
        database_sha256=_digest(folder / DATABASE),
        files=files,
        keys=KeysNeeded(name_keys(settings), sealer.fingerprint(_CHECK), sealer.list_wrapping()),
    )
    os.sync()  # one flush for all files, before the manifest says that they are there
    draft = folder / f".{MANIFEST}"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    draft.replace(folder / MANIFEST)
    os.sync()
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """What the backup in `folder` holds. Raises BackupUnusable where it is none, or was not finished."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BackupUnusable(f"{folder} has no {MANIFEST}: it is no backup, or was not finished") from None
    except msgspec.DecodeError:
        raise BackupUnusable(f"{folder / MANIFEST} is damaged") from None


def check_backup(settings: Settings, folder: Path) -> Manifest:
    """The manifest of a backup that fits these settings and is whole. Raises BackupUnusable."""
    manifest = read_manifest(folder)
    if manifest.kind != name_kind(settings.database_url):
        raise BackupUnusable(f"the backup is of {manifest.kind}, and [store] url names another database")
    if _digest(folder / DATABASE) != manifest.database_sha256:
        raise BackupUnusable(f"{folder / DATABASE} is not the file that the manifest describes")
    if settings.sealing.keys is None and not (settings.home / KEY_FILE).is_file():
        raise BackupUnusable(
            f"put the keys of the backup ({manifest.keys.reference}) to {settings.home} first"
        )
    return manifest


def restore_backup(settings: Settings, sealer: Sealer, folder: Path) -> Manifest:
    """Bring a backup into a home without a database. It blocks; after a failure it may be run again.

    Raises BackupUnusable, CopyFailed.
    """
    manifest = check_backup(settings, folder)
    if sealer.fingerprint(_CHECK) != manifest.keys.check:
        raise BackupUnusable(f"these are not the keys of the backup, which were {manifest.keys.reference}")
    gone = [name for name in manifest.keys.wrapping if not sealer.knows(name)]
    if gone:
        raise BackupUnusable(f"the keys of this backup were retired ({', '.join(gone)}): it opens no more")
    for name in PARTS:
        copy_part(folder / name, settings.home / name)
    os.sync()  # the files before the rows that name them
    restore_database(settings.database_url, folder / DATABASE)
    return manifest


def name_keys(settings: Settings) -> str:
    """Where the key ring stands, as the settings say it."""
    reference = settings.sealing.keys
    if reference is None:
        return f"file:{settings.home / KEY_FILE}"
    return f"{reference.scheme}:{reference.target}"


def copy_part(source: Path, target: Path) -> int:
    """Copy every finished file, with its time; what is there already in full stays. How many there are."""
    count = 0
    for place in list_files(source):
        copy = target / place.relative_to(source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if not copy.exists() or copy.stat().st_size != place.stat().st_size:
                shutil.copy2(place, copy)
        except FileNotFoundError:  # a purge took it away meanwhile
            continue
        count += 1
    return count


def list_files(folder: Path) -> Iterator[Path]:
    """The files below `folder`, or itself, in order; without drafts, whose names begin with a dot."""
    for place in [folder] if folder.is_file() else sorted(folder.rglob("*")):
        if place.is_file() and not place.name.startswith("."):
            yield place


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise BackupUnusable(f"{path} is missing") from None
