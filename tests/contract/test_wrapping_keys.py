"""Data keys are wrapped alike by a key ring and by a key management service (moto's, over HTTP)."""

from __future__ import annotations

from collections.abc import Iterator

import boto3  # type: ignore[import-untyped]  # it ships no types
import pytest

from gateway.data_keys import RingKeys, WrappingKeys
from gateway.kms import KmsKeys, KmsSettings
from gateway.sealing import SealBroken, read_key_ring, write_key_ring
from gateway.settings import SealingSettings, Settings
from gateway.store.errors import StoreUnavailable
from gateway.wiring import make_wrapping_keys
from tests.buckets import BucketServer, running_bucket_server

KEY = bytes(range(32))
REGION = "us-east-1"


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with running_bucket_server() as running:
        yield running


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


def make_key(server: BucketServer) -> str:
    client = boto3.client("kms", region_name=REGION, endpoint_url=server.endpoint)
    made: str = client.create_key()["KeyMetadata"]["Arn"]
    return made


def open_kms(server: BucketServer, key: str) -> KmsKeys:
    return KmsKeys(KmsSettings(key=key, region=REGION, endpoint=server.endpoint))


@pytest.fixture(params=["ring", "service"])
def keys(request: pytest.FixtureRequest) -> WrappingKeys:
    if request.param == "ring":
        return RingKeys(read_key_ring(write_key_ring()))
    server = request.getfixturevalue("server")
    return open_kms(server, make_key(server))


def test_a_wrapped_key_unwraps_in_its_place_and_shows_nothing(keys: WrappingKeys) -> None:
    wrapped = keys.wrap(KEY, "data key:clinic:d1")
    assert KEY not in wrapped
    assert wrapped != keys.wrap(KEY, "data key:clinic:d1")
    assert keys.unwrap(wrapped, keys.current, "data key:clinic:d1") == KEY


def test_a_wrapped_key_that_was_moved_or_altered_does_not_unwrap(keys: WrappingKeys) -> None:
    wrapped = keys.wrap(KEY, "data key:clinic:d1")
    with pytest.raises(SealBroken):
        keys.unwrap(wrapped, keys.current, "data key:other:d1")
    with pytest.raises(SealBroken):
        keys.unwrap(wrapped[:-1] + bytes((wrapped[-1] ^ 1,)), keys.current, "data key:clinic:d1")


def test_the_current_key_is_known_and_another_is_not(keys: WrappingKeys) -> None:
    assert keys.knows(keys.current)
    assert not keys.knows("k99")


def test_a_key_that_was_switched_off_in_the_service_is_not_known(
    server: BucketServer,
) -> None:
    key = make_key(server)
    keys = open_kms(server, key)
    keys.wrap(KEY, "a")
    client = boto3.client("kms", region_name=REGION, endpoint_url=server.endpoint)
    client.disable_key(KeyId=key.rpartition("/")[2])
    assert not keys.knows(key)


def test_a_service_that_does_not_answer_is_a_trouble_that_passes() -> None:
    keys = KmsKeys(
        KmsSettings(key="arn:aws:kms:x", region=REGION, endpoint="http://127.0.0.1:1", timeout_seconds=0.2)
    )
    with pytest.raises(StoreUnavailable, match="does not answer"):
        keys.wrap(KEY, "a")


def test_the_settings_choose_who_wraps(server: BucketServer, tmp_path) -> None:  # type: ignore[no-untyped-def]
    ring = read_key_ring(write_key_ring())
    by_service = SealingSettings(kms_key=make_key(server), kms_region=REGION, kms_endpoint=server.endpoint)
    assert isinstance(make_wrapping_keys(Settings(home=tmp_path, sealing=by_service), ring), KmsKeys)
    assert isinstance(make_wrapping_keys(Settings(home=tmp_path), ring), RingKeys)
    with pytest.raises(ValueError, match="alias"):
        SealingSettings(kms_key="alias/claims")
