"""The catalogue's tables, in SQL that SQLite and PostgreSQL both understand."""

from typing import Final

from holdfast.records.errors import NewerVault
from holdfast.vault.catalogue.database import Database

VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS packs (
  id {identity}, digest {blob} NOT NULL UNIQUE, size BIGINT NOT NULL, state TEXT NOT NULL,
  condemned_at BIGINT, verified_at BIGINT, damage TEXT);
CREATE TABLE IF NOT EXISTS objects (
  id {identity}, digest {blob} NOT NULL UNIQUE, size BIGINT NOT NULL, kind INTEGER NOT NULL, dtype TEXT NOT NULL,
  shape TEXT NOT NULL, condemned_at BIGINT);
CREATE INDEX IF NOT EXISTS objects_by_type ON objects (size, dtype);
CREATE TABLE IF NOT EXISTS runs (
  object BIGINT NOT NULL REFERENCES objects (id), pack BIGINT NOT NULL REFERENCES packs (id), first INTEGER NOT NULL,
  count INTEGER NOT NULL, start BIGINT NOT NULL, stored BIGINT NOT NULL, base BIGINT REFERENCES objects (id),
  frames {blob} NOT NULL, PRIMARY KEY (object, pack, first));
CREATE INDEX IF NOT EXISTS runs_by_pack ON runs (pack);
CREATE INDEX IF NOT EXISTS runs_by_base ON runs (base);
CREATE TABLE IF NOT EXISTS files (
  manifest BIGINT PRIMARY KEY REFERENCES objects (id), size BIGINT NOT NULL, sha256 TEXT NOT NULL,
  git_blob TEXT NOT NULL, format TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS files_by_sha256 ON files (sha256);
CREATE TABLE IF NOT EXISTS file_objects (
  file BIGINT NOT NULL, object BIGINT NOT NULL REFERENCES objects (id),
  position INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (file, position));
CREATE INDEX IF NOT EXISTS file_objects_by_object ON file_objects (object);
CREATE TABLE IF NOT EXISTS revisions (
  manifest BIGINT PRIMARY KEY REFERENCES objects (id), name TEXT NOT NULL, revision TEXT NOT NULL,
  state TEXT NOT NULL, noticed_at BIGINT NOT NULL, kept_at TEXT, sequence BIGINT NOT NULL, damage TEXT);
CREATE INDEX IF NOT EXISTS revisions_by_name ON revisions (name, revision);
CREATE TABLE IF NOT EXISTS revision_files (
  revision BIGINT NOT NULL, path TEXT NOT NULL,
  file BIGINT NOT NULL, PRIMARY KEY (revision, path));
CREATE INDEX IF NOT EXISTS revision_files_by_file ON revision_files (file);
CREATE TABLE IF NOT EXISTS journal (
  entry BIGINT PRIMARY KEY REFERENCES objects (id), sequence BIGINT NOT NULL, verb TEXT NOT NULL, model TEXT NOT NULL,
  manifest {blob}, made_by TEXT NOT NULL, why TEXT NOT NULL, made_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS journal_by_model ON journal (model);
CREATE TABLE IF NOT EXISTS unread (digest {blob} PRIMARY KEY);
CREATE TABLE IF NOT EXISTS owners (name TEXT PRIMARY KEY, began_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS claims (digest {blob} PRIMARY KEY, owner TEXT NOT NULL REFERENCES owners (name));
CREATE TABLE IF NOT EXISTS pins (
  object BIGINT NOT NULL, owner TEXT NOT NULL REFERENCES owners (name), PRIMARY KEY (object, owner));
"""
_NAMES: Final = (
    "pins", "claims", "owners", "unread", "journal", "revision_files", "revisions", "file_objects", "files", "runs",
    "objects", "packs", "meta",
)  # fmt: skip


def make_tables(database: Database) -> None:
    """Make what is missing. Raises NewerVault when a newer holdfast made the catalogue."""
    with database.transaction():
        for statement in _TABLES.format(blob=database.blob, identity=database.identity).split(";"):
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


def drop_tables(database: Database) -> None:
    """Remove every table, to make them anew."""
    with database.transaction():
        for name in _NAMES:
            database.write(f"DROP TABLE IF EXISTS {name}")
