"""Load a bundle: verify every volume, repair from parity beside it, extract, and hand over all files or none."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from blake3 import blake3

from holdfast.records.errors import HoldfastError, MalformedFile, MissingPath, OutputError
from holdfast.vault.parity.index import ParitySet, compute_id
from holdfast.vault.parity.reading import find_index
from holdfast.vault.parity.repairing import Lost, repair
from holdfast.vault.volumes.folder import VolumeFolder, flush_folder, output_errors
from holdfast.vault.volumes.layout import HEAD_BYTES, BundledFile, BundleManifest, Volume, check_id, name_manifests
from holdfast.vault.volumes.manifest import decode_manifest
from holdfast.vault.volumes.writing import CHUNK_BYTES, is_whole

MANIFEST_BYTES_MAX: Final = 512 << 20
Report = Callable[[str, int, int], None]
"""Told what is done, and of that the bytes that are done and those that will be."""


def say_nothing(_what: str, _done: int, _total: int) -> None:
    """A report that goes nowhere."""


def read_volumes(folder: Path, bundle_id: str, into: Path, report: Report = say_nothing) -> BundleManifest:
    """Make the folder `into` with the files of a bundle. It must not be there yet, or be empty.

    The bundle's folder is only read. Until all is right the work is in a hidden folder beside `into`; run again, it
    goes on there. Raises MissingPath naming the volumes that are not there, MalformedFile naming damaged bytes.
    """
    manifest = load_manifest(folder, bundle_id)
    if into.is_symlink() or (into.exists() and (not into.is_dir() or any(into.iterdir()))):
        raise OutputError("It is there already.", where=str(into), next_step="Name a folder that is not there.")
    part = into.absolute().with_name(f".{into.absolute().name}.{bundle_id}.part")
    with output_errors(part):
        for name in ("volumes", "staging", "files"):
            (part / name).mkdir(parents=True, exist_ok=True)
        files = VolumeFolder(part / "volumes", folder)
        verify_volumes(manifest, files, part / "staging", report)
        _extract(manifest, files, part / "files", report)
        _hand_over(part / "files", into)
        shutil.rmtree(part)
    return manifest


def load_manifest(folder: Path, bundle_id: str) -> BundleManifest:
    """The manifest of a bundle or, when that is damaged, its copy."""
    check_id(bundle_id)
    first: HoldfastError | None = None
    for name in name_manifests(bundle_id):
        try:
            return decode_manifest(_read_manifest(folder / name), bundle_id, str(folder / name))
        except (MissingPath, MalformedFile) as error:
            first = first or error
    raise first or MissingPath("There is no manifest.", where=str(folder))


def verify_volumes(manifest: BundleManifest, files: VolumeFolder, staging: Path, report: Report = say_nothing) -> None:
    """Compare every volume with its digest, and put what parity gives back into the first of the folders."""
    parity = manifest.parity or ((),) * len(manifest.list_groups())
    tell = _count(partial(report, "verifying volumes"), sum(volume.size for volume in manifest.volumes))
    for volumes, parts in zip(manifest.list_groups(), parity, strict=True):
        bad = [volume for volume in volumes if not is_whole(volume, files, tell)]
        if not bad:
            continue
        lost = _repair_group(volumes, parts, files, staging)
        still_bad = [volume for volume in bad if not is_whole(volume, files)]
        if still_bad:
            raise _beyond_repair(still_bad, lost, files)


def _read_manifest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MANIFEST_BYTES_MAX + 1)
    except OSError as error:
        raise MissingPath(
            f"The manifest cannot be read: {error.strerror}.", where=str(path), next_step="Copy it beside the volumes."
        ) from error
    if len(data) > MANIFEST_BYTES_MAX:
        raise MalformedFile("The manifest is too long.", where=str(path), next_step="Copy the bundle again.")
    return data


def _count(report: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    """Adds up what it is told."""
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        report(done, total)

    return tell


def _repair_group(
    volumes: Sequence[Volume], parts: Sequence[Volume], files: VolumeFolder, staging: Path
) -> tuple[Lost, ...]:
    found = [stored for part in parts if (stored := files.find(part.name)) is not None]
    known = find_index(files, found)
    if known is None:
        return ()
    group, digests = known
    members = [(member.key, member.size) for member in group.members]
    if members != [(volume.name, volume.size) for volume in volumes] or group.files != len(parts):
        return ()
    keys = tuple(part.name for part in parts)
    seen = frozenset(number for number, part in enumerate(parts) if files.find(part.name) is not None)
    expected = {volume.name: volume.blake3 for volume in volumes}
    held = ParitySet(compute_id(group), group, digests, keys, seen)
    return repair(held, files, staging, expected.__getitem__).lost


def _beyond_repair(bad: Sequence[Volume], lost: Sequence[Lost], files: VolumeFolder) -> HoldfastError:
    missing = [volume.name for volume in bad if files.find(volume.name) is None]
    if missing:
        return MissingPath(
            f"Volumes are missing, more than parity can replace: {', '.join(missing)}.",
            where=missing[0],
            next_step="Copy them beside the others, and run again.",
        )
    ranges = [f"{one.key} from byte {one.offset} to {one.offset + one.length}" for one in lost]
    return MalformedFile(
        f"Volumes are damaged, more than parity can repair: {'; '.join(ranges or [volume.name for volume in bad])}.",
        where=bad[0].name,
        next_step="Copy them again, and run again.",
    )


def _extract(manifest: BundleManifest, files: VolumeFolder, target: Path, report: Report) -> None:
    start = 0
    for file in manifest.files:
        path = target / file.name
        if not _is_extracted(path, file):
            _extract_file(manifest, files, file, start, path)
        start += file.size
        report("unpacking", start, manifest.size)
    for folder, _folders, _names in os.walk(target):
        flush_folder(Path(folder))


def _is_extracted(path: Path, file: BundledFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    digest = blake3()
    digest.update_mmap(path)
    return digest.hexdigest() == file.blake3


def _extract_file(manifest: BundleManifest, files: VolumeFolder, file: BundledFile, start: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = blake3()
    with path.open("wb") as out:
        for data in _read_stream(manifest, files, start, file.size):
            digest.update(data)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != file.blake3:
        raise MalformedFile("The file's digest is not what the manifest says.", where=file.name, next_step="Run again.")


def _read_stream(manifest: BundleManifest, files: VolumeFolder, start: int, length: int) -> Iterator[bytes]:
    """A stretch of the stream that the volumes are slices of."""
    while length:
        number, offset = divmod(start, manifest.payload_bytes)
        part = min(length, CHUNK_BYTES, manifest.payload_bytes - offset)
        yield files.read(manifest.volumes[number].name, HEAD_BYTES + offset, part)
        start, length = start + part, length - part


def _hand_over(files: Path, into: Path) -> None:
    if into.exists():
        into.rmdir()
    files.replace(into)
    flush_folder(into.absolute().parent)
