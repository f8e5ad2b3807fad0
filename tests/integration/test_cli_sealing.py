"""`claimwire sealing`: keys rotated, values sealed anew, old keys destroyed; backups from before end."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import canaries
from tests.cli import Ran, claimwire


def run(home: Path, *arguments: str | Path) -> Ran:
    return claimwire(*arguments, CLAIMWIRE_HOME=str(home))


def make_new_home(home: Path, keys: Path, place: Path) -> Path:
    place.mkdir()
    shutil.copy(home / "claimwire.toml", place)
    shutil.copy(keys, place / "keys")
    (place / "keys").chmod(0o600)
    return place


def read_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_backup_opens_with_its_keys_alone_and_not_after_they_were_retired(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "claimwire.toml").write_text("[tenants.clinic]\n")
    partner = run(home, "db", "migrate")
    assert partner.status == 0, partner.err
    assert run(home, "keys", "create", canaries.LAST_NAME).status == 0
    old_keys = tmp_path / "old-keys"
    shutil.copy(home / "keys", old_keys)
    assert run(home, "db", "backup", tmp_path / "before").status == 0
    assert "k2" in run(home, "sealing", "rotate").out
    assert run(home, "sealing", "reseal").status == 0
    retired = run(home, "sealing", "retire")
    assert (retired.status, "k1" in retired.out) == (0, True), retired.out
    assert "k1:" not in (home / "keys").read_text()
    assert run(home, "db", "backup", tmp_path / "after").status == 0
    late = make_new_home(home, home / "keys", tmp_path / "late")
    refused = run(late, "db", "restore", tmp_path / "before")
    assert (refused.status, "were retired (k1)" in refused.err) == (2, True), refused.err
    assert run(late, "db", "restore", tmp_path / "after").status == 0
    strange = make_new_home(home, old_keys, tmp_path / "strange")
    assert run(strange, "db", "restore", tmp_path / "after").status == 2
