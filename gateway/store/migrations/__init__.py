"""Brings a database to the newest schema: Alembic, run by the program itself."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

_LOCK = 0x434C41494D  # any number, the same in every process


def migrate(engine: Engine) -> None:
    """Apply every migration that the database lacks, in one transaction.

    Raises alembic.util.CommandError where the database was made by a newer version.
    """
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
