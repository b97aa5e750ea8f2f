"""Are the bytes what they were? Files by decoding them and comparing sha256, packs by their digest, frame by frame
where that fails. Everything found is named with the files that it hurts."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from holdfast.records.errors import DamagedVault, MissingKey, StorageError
from holdfast.records.vault import Damage, FileManifest, ObjectId, RevisionManifest, to_digest
from holdfast.vault.catalogue.objects import LIVE, PackRow, covers, find_ids, iterate_packs, locate, read_runs
from holdfast.vault.catalogue.revisions import find_hurt
from holdfast.vault.documents import decode_document, decode_warnings
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import HEAD_BYTES, Run
from holdfast.vault.packs.reading import compute_digest, parse_pack_key, read_frame
from holdfast.vault.reading import iterate_bytes, locate_with_bases, read_object
from holdfast.vault.storage.seam import Stored

Report = Callable[[int], None]


def read_revision(vault: Vault, manifest: ObjectId) -> RevisionManifest:
    """The manifest of a revision. Raises DamagedVault."""
    document = _read_document(vault, manifest)
    if not isinstance(document, RevisionManifest):
        raise DamagedVault(
            "this is not the manifest of a revision", where=manifest, next_step="Run `holdfast rebuild`."
        )
    return document


def read_file_manifest(vault: Vault, manifest: ObjectId) -> FileManifest:
    """The manifest of a file. Raises DamagedVault."""
    document = _read_document(vault, manifest)
    if not isinstance(document, FileManifest):
        raise DamagedVault("this is not the manifest of a file", where=manifest, next_step="Run `holdfast rebuild`.")
    return document


def read_warnings(vault: Vault, manifest: ObjectId) -> tuple[str, ...]:
    """What the manifest of a file warns of. Raises DamagedVault."""
    return decode_warnings(read_object(vault, to_digest(manifest)), manifest)


def _read_document(vault: Vault, name: ObjectId) -> object:
    return decode_document(read_object(vault, to_digest(name)), name)


def forget_packs(vault: Vault, files: Iterable[FileManifest]) -> None:
    """Have the packs of these files read from the medium next, not from memory."""
    for pack in find_packs(vault, files):
        vault.storage.forget(pack.key)


def find_packs(vault: Vault, files: Iterable[FileManifest]) -> list[PackRow]:
    """The packs that these files' objects and their bases lie in."""
    return find_packs_of(
        vault, [to_digest(part.object) for file in files for part in file.segments if part.object is not None]
    )


def find_packs_of(vault: Vault, digests: Sequence[bytes]) -> list[PackRow]:
    """The packs that these objects and their bases lie in."""
    found, bases = locate_with_bases(vault, digests)
    numbers = {place.pack for one in (*found.values(), *bases.values()) for place in one.places if place.is_sound}
    return [pack for pack in iterate_packs(vault.database) if pack.id in numbers]


def check_files(
    vault: Vault, pool: ThreadPoolExecutor, files: Mapping[str, FileManifest], report: Report
) -> list[Damage]:
    """Decode files and compare their sha256; what is wrong, by the paths that the files have here."""
    found: list[Damage] = []
    for path, file in files.items():
        try:
            _check_file(vault, pool, file, report)
        except (DamagedVault, StorageError) as error:
            found.append(Damage(error.where, 0, error.what, (path,)))
    return found


def _check_file(vault: Vault, pool: ThreadPoolExecutor, file: FileManifest, report: Report) -> None:
    hasher = hashlib.sha256()
    size = 0
    with ThreadPoolExecutor(1) as beside:
        pending: list[Future[None]] = []
        for piece in iterate_bytes(vault, pool, file.segments):
            pending.append(beside.submit(hasher.update, piece))
            if len(pending) > 8:
                pending.pop(0).result()
            size += len(piece)
            report(len(piece))
        for one in pending:
            one.result()
    if size != file.size or hasher.hexdigest() != file.sha256:
        raise DamagedVault(
            f"its sha256 is {hasher.hexdigest()}, not {file.sha256}", where="the decoded file", next_step=""
        )


def check_pack(vault: Vault, pack: PackRow) -> list[Damage]:
    """Read a pack from the medium and compare its digest; when it differs, every frame that is hurt, with the files."""
    what = "the header, index or footer of the pack is not what was written"
    try:
        stored = vault.storage.find(pack.key)
        if stored is None:
            return _hurt_all(vault, pack)
        vault.storage.forget(pack.key)
        if compute_digest(vault.storage, stored) == parse_pack_key(pack.key):
            return []
    except MissingKey:
        return _hurt_all(vault, pack)
    except StorageError as error:
        what = f"the pack cannot be read: {error.what}"
        stored = Stored(pack.key, pack.size)
    return _find_hurt_frames(vault, pack, stored, what)


def _find_hurt_frames(vault: Vault, pack: PackRow, stored: Stored, otherwise: str) -> list[Damage]:
    found: list[Damage] = []
    if stored.size != pack.size:
        found.append(Damage(pack.key, min(stored.size, pack.size), f"the pack has {stored.size} bytes for {pack.size}"))
    for run in read_runs(vault.database, pack.id):
        found += _check_run(vault, pack, run)
    if not found:
        found.append(Damage(pack.key, 0, otherwise))
    return found


def _check_run(vault: Vault, pack: PackRow, run: Run) -> list[Damage]:
    found: list[Damage] = []
    offset = run.offset
    for index, (_, size) in enumerate(run.frames, run.first):
        try:
            head, _ = read_frame(vault.storage, pack.key, offset, size)
            if head.digest != run.digest or head.index != index:
                raise DamagedVault("another frame lies here", where=pack.key, next_step="")
        except (DamagedVault, StorageError) as error:
            found.append(Damage(pack.key, offset, error.what, _find_hurt_files(vault, pack, [run.digest])))
        offset += HEAD_BYTES + size
    return found


def find_files(vault: Vault, digests: list[bytes]) -> tuple[str, ...]:
    """The files that need one of these objects."""
    hurt = find_hurt(vault.database, list(find_ids(vault.database, digests).values()))
    return tuple(sorted({file for files in hurt.values() for file in files}))


def _hurt_all(vault: Vault, pack: PackRow) -> list[Damage]:
    """The damage of a pack that is not there; none when a prune has taken it away meanwhile."""
    if not vault.database.read("SELECT 1 FROM packs WHERE id = ? AND state = ?", (pack.id, LIVE)):
        return []
    digests = [run.digest for run in read_runs(vault.database, pack.id)]
    return [Damage(pack.key, 0, "the pack is missing", _find_hurt_files(vault, pack, digests))]


def _find_hurt_files(vault: Vault, pack: PackRow, digests: list[bytes]) -> tuple[str, ...]:
    """The files that need one of these objects from this pack, since it lies whole in no other sound one."""
    found = locate(vault.database, digests)
    lying_elsewhere = {
        digest
        for digest, one in found.items()
        if covers([place for place in one.places if place.is_sound and place.pack != pack.id], one.size)
    }
    return find_files(vault, [digest for digest in digests if digest not in lying_elsewhere])
