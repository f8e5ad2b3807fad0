"""Brings a database to the newest schema: Alembic, run by the program itself."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from gateway.store.errors import StoreNewer

_LOCK = 0x434C41494D  # any number, the same in every process


def migrate(engine: Engine) -> None:
    """Apply every migration that the database lacks, in one transaction.

    Raises StoreNewer, and changes nothing, where the database was made by a newer version.
    """
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _refuse_newer(settings, connection)
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def _refuse_newer(settings: Config, connection: Connection) -> None:
    """A schema that no migration of ours made is one of a later version."""
    known = {revision.revision for revision in ScriptDirectory.from_config(settings).walk_revisions()}
    if set(MigrationContext.configure(connection).get_current_heads()) - known:
        raise StoreNewer(
            "the database was made by a newer version of claimwire: run that version, "
            "or restore a backup of this one"
        )
