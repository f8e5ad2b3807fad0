"""The archive keeps its promises in a folder and in a bucket alike."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.archive import Archive, ArchiveDamaged, NotArchived
from gateway.s3_vault import BucketSettings, BucketVault
from gateway.sealing import Sealer, read_key_ring, write_key_ring
from gateway.settings import ArchiveSettings, Settings
from gateway.settings_source import SettingsError
from gateway.store.errors import StoreUnavailable
from gateway.vault import FolderVault, Vault
from gateway.wiring import make_vault
from tests.api_rig import make_settings, run_gateway
from tests.buckets import BucketServer, running_bucket_server

CONTENT = b"ISA*00*MARKED-NAME~" * 50
BUCKET = "claims"
FUTURE, PAST = (datetime.now(UTC) + timedelta(hours=sign) for sign in (1, -1))
COUNT = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with running_bucket_server() as running:
        running.make_bucket(BUCKET)
        yield running


def open_vault(server: BucketServer, prefix: str, **changes: object) -> BucketVault:
    settings = {"endpoint": server.endpoint, "region": "us-east-1", "access_key": "k", "secret_key": "s"}
    return BucketVault(BucketSettings(bucket=BUCKET, prefix=prefix, **{**settings, **changes}))  # type: ignore[arg-type]  # given by name


@pytest.fixture(params=["folder", "bucket"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    if request.param == "folder":
        return FolderVault(tmp_path / "archive")
    return open_vault(request.getfixturevalue("server"), f"home-{next(COUNT)}")


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(read_key_ring(write_key_ring()))


@pytest.fixture
def archive(vault: Vault, sealer: Sealer) -> Archive:
    return Archive(vault, sealer)


@pytest.mark.parametrize("content", [CONTENT, b"", bytes(range(256)), bytes(9 * 1024 * 1024)])
def test_what_was_put_is_found_by_its_digest_and_by_another_archive_on_the_same_vault(
    archive: Archive, vault: Vault, sealer: Sealer, content: bytes
) -> None:
    digest = archive.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert digest in archive
    assert Archive(vault, sealer).get(digest) == content


def test_nothing_of_the_content_is_kept_in_clear(archive: Archive, vault: Vault) -> None:
    digest = archive.put(CONTENT)
    [(name, _)] = vault.list_all()
    assert name == f"{digest[:2]}/{digest[2:]}.zst.sealed"
    assert b"MARKED" not in vault.read(name)


def test_to_put_twice_is_to_put_once(archive: Archive, vault: Vault) -> None:
    assert archive.put(CONTENT) == archive.put(CONTENT)
    assert len(list(vault.list_all())) == 1


def test_an_unknown_digest_is_not_archived(archive: Archive) -> None:
    assert "0" * 64 not in archive
    with pytest.raises(NotArchived):
        archive.get("0" * 64)


def test_a_file_that_was_changed_is_noticed_and_putting_again_heals_it(
    archive: Archive, vault: Vault
) -> None:
    digest = archive.put(CONTENT)
    [(name, _)] = vault.list_all()
    vault.write(name, vault.read(name)[:-1] + b"!")
    with pytest.raises(ArchiveDamaged):
        archive.get(digest)
    archive.put(CONTENT)
    assert archive.get(digest) == CONTENT


def test_a_sweep_sees_what_was_put_before_a_moment_and_leaves_what_came_later(archive: Archive) -> None:
    one, two = archive.put(b"one"), archive.put(b"two")
    assert archive.list_settled(PAST) == []
    assert sorted(archive.list_settled(FUTURE)) == sorted([one, two])
    assert (archive.remove(one, PAST), one in archive) == (False, True)
    assert (archive.remove(one, FUTURE), archive.remove(one, FUTURE), one in archive) == (True, False, False)
    assert archive.get(two) == b"two"


def test_to_put_again_makes_a_file_young(archive: Archive, vault: Vault) -> None:
    archive.put(CONTENT)
    [(name, _)] = vault.list_all()
    before = vault.find_age(name)
    archive.put(CONTENT)
    after = vault.find_age(name)
    assert before is not None and after is not None and after >= before


def test_many_files_are_all_listed(archive: Archive) -> None:
    put = {archive.put(str(number).encode()) for number in range(1100)}
    assert set(archive.list_settled(FUTURE)) == put


def test_two_prefixes_of_one_bucket_see_nothing_of_each_other(server: BucketServer, sealer: Sealer) -> None:
    one, other = (Archive(open_vault(server, prefix), sealer) for prefix in ("apart-1", "apart-12"))
    digest = one.put(CONTENT)
    assert digest not in other
    assert other.list_settled(FUTURE) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda archive: archive.put(CONTENT),
        lambda archive: archive.get("0" * 64),
        lambda archive: "0" * 64 in archive,
        lambda archive: archive.list_settled(FUTURE),
        lambda archive: archive.remove("0" * 64, FUTURE),
    ],
    ids=["put", "get", "contains", "list", "remove"],
)
def test_a_bucket_that_cannot_be_reached_is_a_store_that_is_away(
    sealer: Sealer, ask: Callable[[Archive], object]
) -> None:
    with running_bucket_server() as server:
        archive = Archive(open_vault(server, "away", timeout_seconds=1.0), sealer)
        server.stop()
        with pytest.raises(StoreUnavailable) as away:
            ask(archive)
    assert str(server.port) not in str(away.value), "no address in the words"


def test_a_bucket_that_is_not_there_is_told(server: BucketServer, sealer: Sealer) -> None:
    settings = BucketSettings(
        bucket="nobody", endpoint=server.endpoint, region="us-east-1", access_key="k", secret_key="s"
    )
    archive = Archive(BucketVault(settings), sealer)
    for ask in (lambda: archive.put(CONTENT), lambda: archive.get("0" * 64)):
        with pytest.raises(StoreUnavailable, match="not there"):
            ask()


async def test_a_gateway_keeps_its_files_in_the_bucket_of_its_settings(
    tmp_path: Path, server: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    archive = ArchiveSettings(bucket=BUCKET, prefix="gateway", endpoint=server.endpoint, region="us-east-1")
    base = make_settings(tmp_path)
    settings = Settings(home=base.home, server=base.server, tenants=base.tenants, archive=archive)
    async with run_gateway(settings) as rig:
        answer = await rig.call("POST", "/v1/files", b"no X12")
        shown = (await rig.call("GET", f"/v1/files/{answer.json['file']}")).json
        assert rig.gateway.services.archive.get(shown["sha256"]) == b"no X12"
    assert not (tmp_path / "archive").exists()
    assert [name[:2] for name, _ in open_vault(server, "gateway").list_all()] == [shown["sha256"][:2]]


def test_without_its_package_the_bucket_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gateway.s3_vault", None)
    settings = Settings(home=Path(), archive=ArchiveSettings(bucket=BUCKET))
    with pytest.raises(SettingsError, match=r"claimwire\[s3\]"):
        make_vault(settings)
