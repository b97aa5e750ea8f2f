"""`holdfast sign MODEL`: a copy's files, restored and compared, under a signature that anybody can check."""

import contextlib
import importlib
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.errors import ConfigurationError, InputError, UnreadableFile
from holdfast.records.vault import RevisionManifest
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import RevisionRow
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import restore_revision
from holdfast.vault.signature_file import list_files
from holdfast.vault.signing import SIGNATURE_NAME, sign_model
from holdfast.workflows.folders import cache_folder
from holdfast.workflows.restore import check_usable
from holdfast.workflows.signatures import put_signature
from holdfast.workflows.vaults import Event, VaultAsked, find_revision, holding, log_event, open_vault

Report = Callable[[int, int], None]
PASSWORD = "HOLDFAST_KEY_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class SignAsked:
    """Which copy is signed with which private key. `folder` is where the model is to be restored to and left."""

    vault: VaultAsked
    model: str
    key: Path
    folder: Path | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as it was kept: `key` in the vault, `path` beside the restored model, if there is one."""

    model: str
    revision: str
    manifest: str
    files: int
    key: str
    path: str | None
    notes: tuple[str, ...]


def run_sign(asked: SignAsked, report: Report) -> Signed:
    """Sign a copy. Raises ConfigurationError without the extra, FrozenCopy for a copy that is frozen."""
    check_library()
    if not asked.key.is_file():
        raise UnreadableFile("there is no such key", where=str(asked.key), next_step="Name a PEM file: --key FILE.")
    password = asked.vault.environ.get(PASSWORD) or None
    with open_vault(asked.vault) as vault:
        row = find_revision(vault, asked.model)
        check_usable(vault, row)
        revision = read_revision(vault, row.manifest)
        with restored(vault, revision, asked.folder, asked.vault.environ, report) as folder:
            _check_nothing_else(folder, revision)
            data, files = _sign(folder, asked.key, password)
        with holding(vault, "signatures"):
            key = put_signature(vault, row.manifest, data)
        path = _leave_beside(asked.folder, data) if asked.folder else None
        notes = _remember(vault, asked, row, key)
    where = str(path) if path else None
    return Signed(row.name, row.revision, row.manifest, files, key, where, notes)


def check_library() -> None:
    """Raises ConfigurationError when the extra `signing` is not installed."""
    try:
        importlib.import_module("model_signing")
    except ImportError as error:
        raise ConfigurationError(
            "model signatures need the extra `signing`", next_step="Run pip install 'holdfast[signing]'."
        ) from error


@contextlib.contextmanager
def restored(
    vault: Vault, revision: RevisionManifest, folder: Path | None, environ: Mapping[str, str], report: Report
) -> Generator[Path]:
    """The revision's files in `folder`, or in one that is gone after the `with` block."""
    total, done = sum(file.size for file in revision.files), [0]

    def tell(count: int) -> None:
        done[0] += count
        report(done[0], total)

    if folder is not None:
        restore_revision(vault, revision, folder, tell)
        yield folder
        return
    room = cache_folder(environ=environ) / "restored"
    room.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=room) as parent:
        place = Path(parent) / (revision.name.rpartition("/")[2] or "model")
        restore_revision(vault, revision, place, tell)
        yield place


def _check_nothing_else(folder: Path, revision: RevisionManifest) -> None:
    """A signature speaks of every file in a folder: there must be none but the copy's."""
    strange = sorted(set(list_files(folder)) - {file.path for file in revision.files})
    if strange:
        raise InputError(
            f"the folder holds files that are not the copy's: {', '.join(strange[:5])}",
            where=str(folder),
            next_step="Name an empty or a new folder; a signature would speak of these files too.",
        )


def _sign(folder: Path, key: Path, password: str | None) -> tuple[bytes, int]:
    """The signature's bytes and how many files it speaks of."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / SIGNATURE_NAME
        signed = sign_model(folder, key, target, password)
        return target.read_bytes(), len(signed.files)


def _leave_beside(folder: Path, data: bytes) -> Path:
    names = (SIGNATURE_NAME, *(f"model-{number}.sig" for number in range(2, 1000)))
    path = next(folder / name for name in names if not (folder / name).exists())
    path.write_bytes(data)
    return path


def _remember(vault: Vault, asked: SignAsked, row: RevisionRow, key: str) -> tuple[str, ...]:
    event = Event(LogVerb.SIGN, row.model, "", f"signed: {key}", row.manifest, asked.by)
    fault = log_event(vault, event, asked.vault.environ)
    return (fault,) if fault else ()
