"""A vault in a bucket of an S3-style store, through obstore (`pip install claimwire[s3]`).

A file is one object, put in one request with its SHA-256, which the store checks. What is sent was sealed
before: the store sees neither content nor keys. The calls block; obstore does its own retries in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from gateway.store.errors import StoreUnavailable

T = TypeVar("T")
RETRIES: Final = 3
NO_BUCKET: Final = "<Code>NoSuchBucket</Code>"  # S3's error code, which obstore passes on in its text


class BucketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which bucket, and how to reach it. Without keys the machine's own AWS credentials are used."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str | None = None
    secret_key: str | None = None
    timeout_seconds: float = 20.0


class BucketVault:
    """The objects of a bucket below a prefix."""

    def __init__(self, settings: BucketSettings) -> None:
        self._store = open_bucket(settings)

    def write(self, name: str, sealed: bytes) -> None:
        """Put the object; the store has it on its disks when it answers."""
        self._call(partial(obstore.put, self._store, name, sealed, use_multipart=False))

    def read(self, name: str) -> bytes:
        """The object. Raises FileNotFoundError."""
        return self._call(lambda: bytes(obstore.get(self._store, name).bytes()))

    def touch(self, name: str) -> bool:
        """An object's time changes only when it is put again."""
        return False

    def find_age(self, name: str) -> datetime | None:
        """The store's time of the object, in whole seconds."""
        try:
            found: datetime = self._call(lambda: obstore.head(self._store, name))["last_modified"]
        except FileNotFoundError:
            return None
        return found

    def list_all(self) -> Iterator[tuple[str, datetime]]:
        """Every object below the prefix, page by page."""
        pages = iter(obstore.list(self._store))
        while page := self._call(lambda: next(pages, None)):
            yield from ((str(entry["path"]), entry["last_modified"]) for entry in page)

    def remove(self, name: str) -> None:
        """Delete the object."""
        self._call(lambda: obstore.delete(self._store, name))

    def remove_drafts(self, before: datetime) -> int:
        """An object is there whole or not at all."""
        return 0

    def _call(self, operation: Callable[[], T]) -> T:
        """Raises FileNotFoundError, StoreUnavailable for all else; texts of the store stay out of it."""
        try:
            return operation()
        except FileNotFoundError as absent:
            if NO_BUCKET in str(absent):
                raise StoreUnavailable("the bucket of the archive is not there") from None
            raise FileNotFoundError("there is no such object") from None
        except (BaseError, OSError) as failure:
            raise StoreUnavailable(
                f"the bucket of the archive does not answer ({type(failure).__name__})"
            ) from None


def open_bucket(settings: BucketSettings) -> S3Store:
    """The bucket, without asking it anything yet. An endpoint of one's own is addressed by path."""
    given: dict[str, Any] = {
        "endpoint": settings.endpoint,
        "region": settings.region,
        "access_key_id": settings.access_key,
        "secret_access_key": settings.secret_key,
    }
    seconds = timedelta(seconds=settings.timeout_seconds)
    return S3Store(
        settings.bucket,
        prefix=settings.prefix or None,
        virtual_hosted_style_request=not settings.endpoint,
        checksum_algorithm="SHA256",
        client_options={
            "timeout": seconds,
            "connect_timeout": seconds,
            "allow_http": settings.endpoint.startswith("http://"),
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": seconds * RETRIES},
        **{name: value for name, value in given.items() if value},
    )
