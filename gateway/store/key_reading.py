"""Reads all wrapped data keys on a connection of its own: sealing needs them outside of any operation."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.data_keys import DataKey
from gateway.store.data_key_table import data_key
from gateway.store.errors import StoreUnavailable


def read_data_keys(url: str) -> list[DataKey]:
    """The data keys of every owner; none where there is no database yet. It blocks.

    Raises StoreUnavailable.
    """
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        return []
    engine = create_engine(place, poolclass=NullPool, hide_parameters=True)
    columns = [data_key.c[name] for name in DataKey.__struct_fields__]
    try:
        if not inspect(engine).has_table(data_key.name):
            return []
        with engine.connect() as connection:
            return [DataKey(*row) for row in connection.execute(select(*columns))]
    except SQLAlchemyError as failure:
        raise StoreUnavailable(f"the data keys cannot be read ({type(failure).__name__})") from None
    finally:
        engine.dispose()
