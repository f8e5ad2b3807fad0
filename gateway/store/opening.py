"""Opens the store that a URL names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from gateway.store.engine import Store
from gateway.store.errors import StoreError
from gateway.store.scope import Means
from gateway.store.sqlite import SqliteStore


def open_store(url: str, means: Means) -> Store:
    """The store at `sqlite:///FILE` or `postgresql+psycopg://…`, its schema brought up to date. It blocks.

    Raises StoreOwned where another process has the SQLite file open, StoreError for any other URL.
    """
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and place.database:
        return SqliteStore(Path(place.database), means)
    if place.get_backend_name() == "postgresql":
        from gateway.store.postgres import PostgresStore  # its driver is an optional dependency

        return PostgresStore(url, means)
    raise StoreError("a store is `sqlite:///FILE` or `postgresql+psycopg://USER@HOST/DATABASE`")
