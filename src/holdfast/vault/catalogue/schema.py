"""The catalogue's tables, in SQL that SQLite and PostgreSQL both understand."""

import hashlib
from typing import Final

from holdfast.records.errors import NewerVault, StorageError, VaultError
from holdfast.vault.catalogue.database import Database

VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name {text} PRIMARY KEY, value {text} NOT NULL);
CREATE TABLE IF NOT EXISTS packs (
  id {identity}, digest {blob} NOT NULL UNIQUE, size BIGINT NOT NULL, state {text} NOT NULL,
  condemned_at BIGINT, verified_at BIGINT, damage {text});
CREATE TABLE IF NOT EXISTS objects (
  id {identity}, digest {blob} NOT NULL UNIQUE, size BIGINT NOT NULL, kind INTEGER NOT NULL, dtype {text} NOT NULL,
  shape {text} NOT NULL, condemned_at BIGINT);
CREATE INDEX IF NOT EXISTS objects_by_type ON objects (size, dtype);
CREATE TABLE IF NOT EXISTS runs (
  object BIGINT NOT NULL REFERENCES objects (id), pack BIGINT NOT NULL REFERENCES packs (id), first INTEGER NOT NULL,
  count INTEGER NOT NULL, start BIGINT NOT NULL, stored BIGINT NOT NULL, base BIGINT REFERENCES objects (id),
  frames {blob} NOT NULL, PRIMARY KEY (object, pack, first));
CREATE INDEX IF NOT EXISTS runs_by_pack ON runs (pack);
CREATE INDEX IF NOT EXISTS runs_by_base ON runs (base, object);
CREATE TABLE IF NOT EXISTS files (
  manifest BIGINT PRIMARY KEY REFERENCES objects (id), size BIGINT NOT NULL, sha256 {text} NOT NULL,
  git_blob {text} NOT NULL, format {text} NOT NULL);
CREATE INDEX IF NOT EXISTS files_by_sha256 ON files (sha256);
CREATE INDEX IF NOT EXISTS files_by_git_blob ON files (git_blob);
CREATE TABLE IF NOT EXISTS file_objects (
  file BIGINT NOT NULL, object BIGINT NOT NULL REFERENCES objects (id),
  position INTEGER NOT NULL, name {text} NOT NULL, PRIMARY KEY (file, position));
CREATE INDEX IF NOT EXISTS file_objects_by_object ON file_objects (object, file);
CREATE TABLE IF NOT EXISTS revisions (
  manifest BIGINT PRIMARY KEY REFERENCES objects (id), name {text} NOT NULL, revision {text} NOT NULL,
  state {text} NOT NULL, noticed_at BIGINT NOT NULL, kept_at {text}, sequence BIGINT NOT NULL, damage {text});
CREATE INDEX IF NOT EXISTS revisions_by_name ON revisions (name, revision);
CREATE TABLE IF NOT EXISTS revision_files (
  revision BIGINT NOT NULL, path {text} NOT NULL,
  file BIGINT NOT NULL, PRIMARY KEY (revision, path));
CREATE INDEX IF NOT EXISTS revision_files_by_file ON revision_files (file, revision);
CREATE TABLE IF NOT EXISTS journal (
  entry BIGINT PRIMARY KEY REFERENCES objects (id), sequence BIGINT NOT NULL, verb {text} NOT NULL,
  model {text} NOT NULL, manifest {blob}, made_by {text} NOT NULL, why {text} NOT NULL, made_at {text} NOT NULL);
CREATE INDEX IF NOT EXISTS journal_by_model ON journal (model);
CREATE TABLE IF NOT EXISTS unread (digest {blob} PRIMARY KEY);
CREATE TABLE IF NOT EXISTS owners (name {text} PRIMARY KEY, began_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS claims (digest {blob} PRIMARY KEY, owner {text} NOT NULL REFERENCES owners (name));
CREATE TABLE IF NOT EXISTS pins (
  object BIGINT NOT NULL, owner {text} NOT NULL REFERENCES owners (name), PRIMARY KEY (object, owner));
"""
_NAMES: Final = (
    "pins", "claims", "owners", "unread", "journal", "revision_files", "revisions", "file_objects", "files", "runs",
    "objects", "packs", "meta",
)  # fmt: skip


def make_tables(database: Database) -> None:
    """Make what is missing, without waiting for writers when that is nothing. Raises NewerVault when a newer holdfast
    made the catalogue."""
    if _find_made(database) == _STAMP:
        return
    with database.transaction():
        for statement in _TABLES.format(blob=database.blob, identity=database.identity, text=database.text).split(";"):
            if statement.strip():
                database.write(statement)
        found = database.write("SELECT value FROM meta WHERE name = 'version'")
        if not found:
            database.write("INSERT INTO meta (name, value) VALUES ('version', ?)", (str(VERSION),))
        elif int(found[0][0]) > VERSION:
            raise NewerVault(
                f"the catalogue has version {found[0][0]}; this holdfast knows {VERSION}",
                where="catalogue",
                next_step="Install a newer holdfast.",
            )
        database.write("DELETE FROM meta WHERE name = 'tables'")
        database.write("INSERT INTO meta (name, value) VALUES ('tables', ?)", (_STAMP,))


_STAMP: Final = f"{VERSION} {hashlib.sha256(_TABLES.encode()).hexdigest()[:16]}"


def _find_made(database: Database) -> str | None:
    """Which tables the catalogue has; None when it has none yet, or cannot say."""
    try:
        found = database.read("SELECT value FROM meta WHERE name = 'tables'")
    except (StorageError, VaultError):
        return None
    return str(found[0][0]) if found else None


def drop_tables(database: Database) -> None:
    """Remove every table, to make them anew."""
    with database.transaction():
        for name in _NAMES:
            database.write(f"DROP TABLE IF EXISTS {name}")
