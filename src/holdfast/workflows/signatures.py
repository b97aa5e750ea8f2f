"""Signatures of a copy: those that its publisher put among its files, and those that the vault holds beside it.

Which of them were checked, and with what answer, the vault's log tells.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.records.signature import ModelSignature, SigningMethod
from holdfast.records.vault import ObjectId, to_digest, to_object_id
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import FileRow, RevisionRow
from holdfast.vault.opening import Vault, put_bytes, read_bytes
from holdfast.vault.restoring import read_file
from holdfast.vault.signature_file import (
    SIGNATURE_BYTES_MAX,
    SIGNATURE_SUFFIX,
    SIGNATURES_PREFIX,
    parse_signature_key,
    read_signature,
)
from holdfast.workflows.log import has_log, iterate_events
from holdfast.workflows.vaults import holding

PUBLISHER: Final = "publisher"
OURS: Final = "vault"


@dataclass(frozen=True, slots=True)
class KnownSignature:
    """A signature of a copy. `path` is a file of the copy (its publisher's) or a key of the vault; `checked` is what
    the last check of it said, empty when there was none."""

    origin: str
    path: str
    method: SigningMethod
    files: int
    checked: str = ""


def list_signatures(vault: Vault, row: RevisionRow, files: list[FileRow]) -> tuple[KnownSignature, ...]:
    """Every signature of a copy, with what was found when it was last checked."""
    found = (*_list_publishers(vault, files), *_list_ours(vault, row.manifest))
    if not found:
        return ()
    try:
        checks = _read_checks(vault, row)
    except HoldfastError as error:
        return tuple(replace(one, checked=f"unknown, for the log cannot be read: {error.what}") for one in found)
    return tuple(replace(one, checked=checks.get(one.path, one.checked)) for one in found)


def _list_publishers(vault: Vault, files: list[FileRow]) -> Iterator[KnownSignature]:
    for file in files:
        if file.path.endswith(SIGNATURE_SUFFIX) and file.size <= SIGNATURE_BYTES_MAX:
            try:
                yield _describe(PUBLISHER, file.path, read_file(vault, file.manifest))
            except HoldfastError as error:
                yield KnownSignature(PUBLISHER, file.path, SigningMethod.OTHER, 0, f"cannot be read: {error.what}")


def _list_ours(vault: Vault, manifest: ObjectId) -> Iterator[KnownSignature]:
    for key in _list_keys(vault, manifest):
        yield _describe(OURS, key, read_bytes(vault.storage, key))


def _list_keys(vault: Vault, manifest: ObjectId) -> list[str]:
    """Where the signatures of a copy lie that the vault holds."""
    prefix = f"{SIGNATURES_PREFIX}{to_digest(manifest).hex()}/"
    found = vault.storage.iterate(prefix)
    return [one.key for one in found if parse_signature_key(one.key) and one.size <= SIGNATURE_BYTES_MAX]


def _describe(origin: str, path: str, data: bytes) -> KnownSignature:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.sig"
        file.write_bytes(data)
        claimed = read_signature(file, Path(folder))
    return KnownSignature(origin, path, claimed.method, len(claimed.files))


def _read_checks(vault: Vault, row: RevisionRow) -> dict[str, str]:
    """By signature, what its last check said and when."""
    found: dict[str, str] = {}
    for event in iterate_events(vault, (LogVerb.VERIFY,)) if has_log(vault) else ():
        if event.verb == LogVerb.VERIFY and event.object == row.manifest and event.outcome.startswith(_CHECKED):
            path, _, said = event.outcome.removeprefix(_CHECKED).partition(": ")
            found[path] = f"{said}, by {event.by} at {event.at}"
    return found


_CHECKED: Final = "signature "


def say_check(path: str, said: str) -> str:
    """The outcome of a check as the log remembers it."""
    return f"{_CHECKED}{path}: {said}"


def put_signature(vault: Vault, manifest: ObjectId, data: bytes) -> str:
    """Keep a signature of a copy in the vault; its key. The caller holds the name `signatures`."""
    prefix = f"{SIGNATURES_PREFIX}{to_digest(manifest).hex()}/"
    taken = {stored.key for stored in vault.storage.iterate(prefix)}
    key = next(key for number in range(len(taken) + 1) if (key := f"{prefix}{number}{SIGNATURE_SUFFIX}") not in taken)
    put_bytes(vault.storage, key, data)
    return key


def list_signed(vault: Vault) -> list[ObjectId]:
    """The copies, of this vault or of another, that it holds signatures of."""
    found = (parse_signature_key(stored.key) for stored in vault.storage.iterate(SIGNATURES_PREFIX))
    return list(dict.fromkeys(to_object_id(digest) for digest in found if digest is not None))


def copy_signatures(source: Vault, target: Vault, manifests: Iterable[ObjectId]) -> int:
    """Bring the signatures of copies into the target, those left out that it has; how many. Two vaults may have given
    one number to different ones."""
    wanted = {manifest: keys for manifest in manifests if (keys := _list_keys(source, manifest))}
    if not wanted:
        return 0
    copied = 0
    with holding(target, "signatures"):
        for manifest, keys in wanted.items():
            held = {read_bytes(target.storage, key) for key in _list_keys(target, manifest)}
            new = dict.fromkeys(read_bytes(source.storage, key) for key in keys)
            for data in new:
                if data not in held:
                    put_signature(target, manifest, data)
                    copied += 1
    return copied


def note_signature(claimed: ModelSignature) -> str:
    """A signature that came with a model, as `holdfast keep` tells of it."""
    if claimed.method is SigningMethod.OTHER:
        return f"{claimed.path} is a signature of a kind that cannot be checked here"
    return f"its publisher signed it: {claimed.path}, by {claimed.method}; not checked, see holdfast sign verify"
