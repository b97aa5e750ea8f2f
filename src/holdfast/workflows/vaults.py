"""What every verb about the vault begins with: which vault, which model in it, and the log that remembers."""

import contextlib
import difflib
import getpass
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from holdfast.records.errors import BusyVault, HoldfastError, MissingPath, UnknownName
from holdfast.records.vault import ObjectId
from holdfast.records.vault_log import LogEvent, LogVerb
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import CATALOGUE_NAME, open_catalogue, place_catalogue, set_aside_catalogue
from holdfast.vault.catalogue.revisions import DROPPED, RevisionRow, iterate_revisions
from holdfast.vault.opening import (
    Clock,
    Vault,
    find_identity,
    make_vault,
    making_alone,
    no_vault,
    sweep_rubbish,
    tell_time,
)
from holdfast.vault.refs import HEADS, TAGS, read_refs
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.opening import open_storage
from holdfast.workflows.folders import cache_folder, config_folder, vault_folder

if TYPE_CHECKING:  # with its signatures it takes its time, and verbs that only read do not need it
    from holdfast.vault.log.log import VaultLog

LOCK_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class VaultAsked:
    """Which vault: as the user wrote it (empty: from the environment or the default), and the environment."""

    location: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = tell_time


@contextlib.contextmanager
def open_vault(asked: VaultAsked, *, make: bool = False, adopt: bool = True) -> Generator[Vault]:
    """The vault, open for the time of a `with` block; packs that its catalogue does not know are taken in first.

    Raises MissingPath when there is none and `make` is not given.
    """
    location = find_location(asked)
    storage = open_storage(location, staging=cache_folder(environ=asked.environ) / "staging")
    identity = find_identity(storage)
    if identity is None and not make:
        raise no_vault(location)
    if identity is None:
        with making_alone(storage):
            identity = make_vault(storage, asked.clock)
    database = open_catalogue(_find_catalogue(asked, storage, identity), identity, asked.environ)
    vault = Vault(location, identity, storage, database, asked.clock)
    try:
        sweep_rubbish(vault)
        if adopt:
            adopt_packs(vault)
        yield vault
    finally:
        vault.close()


def set_aside_damaged(asked: VaultAsked) -> str | None:
    """Move a catalogue that cannot be opened out of the way; what it is called now, None when it can be opened."""
    location = find_location(asked)
    storage = open_storage(location, staging=cache_folder(environ=asked.environ) / "staging")
    identity = find_identity(storage)
    if identity is None:
        raise no_vault(location)
    return set_aside_catalogue(_find_catalogue(asked, storage, identity), identity, asked.clock(), asked.environ)


def reopen_catalogue(asked: VaultAsked, vault: Vault) -> Database:
    """Another connection to a vault's catalogue. Raises StorageError or VaultError."""
    return open_catalogue(_find_catalogue(asked, vault.storage, vault.id), vault.id, asked.environ)


def find_location(asked: VaultAsked) -> str:
    """`--vault`, else HOLDFAST_VAULT, else the user's data folder."""
    return asked.location or asked.environ.get("HOLDFAST_VAULT") or str(vault_folder(asked.environ))


def _find_catalogue(asked: VaultAsked, storage: object, identity: str) -> Path | str:
    """Where HOLDFAST_CATALOGUE says; else beside a local vault's packs, and for a bucket in the user's cache."""
    beside = storage.root / CATALOGUE_NAME if isinstance(storage, LocalStorage) else None
    cached = cache_folder(environ=asked.environ) / "catalogues" / identity / CATALOGUE_NAME
    return place_catalogue(asked.environ.get("HOLDFAST_CATALOGUE", ""), identity, beside or cached)


def split_model(text: str) -> tuple[str, str]:
    """`org/name@rev` into both; the revision is empty when none is given."""
    name, _, revision = text.partition("@")
    return name, revision


def find_revision(vault: Vault, text: str, *, dropped: bool = False) -> RevisionRow:
    """The copy that a user means: the revision that is named, by itself or by a branch or tag, or begins so; without a
    revision that of the branch main, or else the newest kept.

    Raises UnknownName with the nearest names.
    """
    name, revision = split_model(text)
    rows = [row for row in iterate_revisions(vault.database, name) if dropped or row.state != DROPPED]
    fitting = (
        [row for row in rows if row.revision == revision]
        or _find_named(vault, name, revision or "main", rows)
        or [row for row in rows if row.revision.startswith(revision)]
    )
    kept = [row for row in fitting if row.kept_at is not None]
    if kept or fitting:
        return (kept or fitting)[0]
    raise _unknown(vault, text, [row.revision for row in rows])


def _find_named(vault: Vault, name: str, ref: str, rows: list[RevisionRow]) -> list[RevisionRow]:
    """What a branch or tag of this name means, the branch first."""
    wanted = (ref, f"{HEADS}{ref}", f"{TAGS}{ref}")
    named = {one.ref: one.manifest for one in read_refs(vault.database, name)}
    return [row for one in wanted for row in rows if row.manifest == named.get(one)]


def _unknown(vault: Vault, text: str, revisions: list[str]) -> UnknownName:
    name, revision = split_model(text)
    if revisions:
        return UnknownName(
            f"the vault holds no revision {revision!r} of {name}",
            where=vault.location,
            next_step=f"It holds: {', '.join(revisions[:5])}.",
        )
    known = sorted({row.name for row in iterate_revisions(vault.database)})
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:3]
    held = f"Nearest: {', '.join(near)}." if near else "It is empty."
    return UnknownName(f"the vault holds no model {name!r}", where=vault.location, next_step=held)


def tell_who(environ: Mapping[str, str] = os.environ) -> str:
    """The user's name, as decisions record it."""
    try:
        return environ.get("HOLDFAST_BY") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@contextlib.contextmanager
def holding(vault: Vault, name: str) -> Generator[None]:
    """Hold a name that one process has at a time. Raises BusyVault after a minute."""
    deadline = monotonic() + LOCK_WAIT_S
    while True:
        with vault.database.hold(name) as is_held:
            if is_held:
                yield
                return
        if monotonic() > deadline:
            raise BusyVault(f"another process holds the vault's {name}", where=vault.location, next_step="Try later.")
        sleep(0.05)


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be remembered in the log."""

    verb: LogVerb
    subject: str
    why: str = ""
    outcome: str = "done"
    object: ObjectId | None = None
    by: str = ""


def log_event(vault: Vault, event: Event, environ: Mapping[str, str] = os.environ) -> str:
    """Append to the vault's log; empty, or what went wrong in words. What was done stands either way."""
    from holdfast.vault.log.events import encode_event

    by = event.by or tell_who(environ)
    entry = LogEvent(event.verb, event.subject, by, event.why, vault.timestamp, event.outcome, event.object)
    try:
        with holding(vault, "log"):
            log = open_log(vault, environ)
            log.append([encode_event(entry)])
    except HoldfastError as error:
        return f"not in the log: {error.what} ({error.where})"
    return ""


def open_log(vault: Vault, environ: Mapping[str, str] = os.environ) -> "VaultLog":
    """The log, ready to append for who holds its name: begun if it is new, this user's key among those that may
    sign."""
    from holdfast.vault.log.events import encode_event
    from holdfast.vault.log.growing import sweep_staging
    from holdfast.vault.log.keys import open_log_key
    from holdfast.vault.log.log import VaultLog

    key = open_log_key(config_folder(environ) / "log-keys", vault.id)
    sweep_staging(vault.storage)
    log = VaultLog(vault.storage, vault.id, key=key)
    log.start()
    known = log.keys()
    if key.key.verifier not in known:
        said = LogEvent(LogVerb.LOG, key.key.verifier.encode(), tell_who(environ), "a new key", vault.timestamp, "done")
        log.add_key(encode_event(said))
    return log


def check_path(path: Path) -> None:
    """Raises MissingPath."""
    if not path.exists():
        raise MissingPath("there is no such file or folder", where=str(path), next_step="Check the path.")
