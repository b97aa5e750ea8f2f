"""From where a catalogue lies to a database with its tables: a file of SQLite, or a schema in PostgreSQL."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from holdfast.records.errors import BusyVault, ConfigurationError, NewerVault, VaultError
from holdfast.vault.catalogue.database import Database, SqliteDatabase
from holdfast.vault.catalogue.postgres_address import is_postgres, read_postgres_address
from holdfast.vault.catalogue.schema import make_tables

CATALOGUE_NAME = "catalogue.sqlite"


def open_catalogue(location: Path | str, vault_id: str, environ: Mapping[str, str] = os.environ) -> Database:
    """The catalogue of a vault, its tables made: in the SQLite file at a path, or in the database at a
    `postgresql://` URL, where every vault has a schema of its own. Raises ConfigurationError for another URL."""
    database = _open_database(location, vault_id, environ)
    try:
        make_tables(database)
    except BaseException:
        database.close()
        raise
    return database


def _open_database(location: Path | str, vault_id: str, environ: Mapping[str, str]) -> Database:
    if isinstance(location, Path):
        return SqliteDatabase(location)
    if is_postgres(location):
        from holdfast.vault.catalogue.postgres import PostgresDatabase, name_schema  # takes its time, and few need it

        return PostgresDatabase(read_postgres_address(location, environ), name_schema(vault_id))
    raise ConfigurationError(
        "A catalogue lies in a folder or in a PostgreSQL database.",
        where="HOLDFAST_CATALOGUE",
        next_step="Write a folder or postgresql://HOST:PORT/DATABASE.",
    )


def place_catalogue(named: str, vault_id: str, default: Path) -> Path | str:
    """Where a vault's catalogue lies: at the URL or in the folder that was named, where every vault has a folder of its
    own; else at `default`."""
    if "://" in named:
        return named
    return Path(named).expanduser() / vault_id / CATALOGUE_NAME if named else default


def set_aside_catalogue(
    location: Path | str, vault_id: str, now: datetime, environ: Mapping[str, str] = os.environ
) -> str | None:
    """Move a catalogue that is damaged out of the way; what it is called now, None when it can be opened."""
    try:
        open_catalogue(location, vault_id, environ).close()
    except (BusyVault, NewerVault):
        raise
    except VaultError:
        stamp = f"damaged_{now:%Y%m%dT%H%M%S}"
        if isinstance(location, Path):
            return _move_file(location, stamp)
        return _rename_schema(location, vault_id, stamp, environ)
    return None


def _move_file(path: Path, stamp: str) -> str:
    aside = path.with_name(f"{path.name}.{stamp}")
    path.replace(aside)
    for left in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        left.unlink(missing_ok=True)
    return str(aside)


def _rename_schema(url: str, vault_id: str, stamp: str, environ: Mapping[str, str]) -> str:
    from holdfast.vault.catalogue.postgres import PostgresDatabase, name_schema

    schema = name_schema(vault_id)
    database = PostgresDatabase(read_postgres_address(url, environ), schema)
    try:
        database.set_aside(f"{schema}_{stamp.lower()}")
    finally:
        database.close()
    return f"{schema}_{stamp.lower()}"
