"""Write a bundle. An interrupted write goes on: a volume that equals what would be written is kept as it stands."""

import contextlib
import dataclasses
import hashlib
import itertools
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from blake3 import blake3

from holdfast.records.errors import ChangedWhileRead, NotVerified, UsageError
from holdfast.vault.parity.files import read_if_possible
from holdfast.vault.parity.group import Group, check_percent, cut_group
from holdfast.vault.parity.index import HEAD_BYTES as PARITY_HEAD_BYTES
from holdfast.vault.parity.index import compute_file_bytes, compute_index_bytes
from holdfast.vault.parity.writing import write_parity
from holdfast.vault.storage.seam import Stored
from holdfast.vault.volumes.folder import VolumeFolder, drop_cache, flush_folder, output_errors
from holdfast.vault.volumes.layout import (
    HEAD_BYTES,
    VOLUME_BYTES_MIN,
    BundledFile,
    BundleManifest,
    Volume,
    check_names,
    compute_bundle_id,
    encode_volume_head,
    name_checksums,
    name_manifests,
    name_parity,
    name_volume,
)
from holdfast.vault.volumes.manifest import encode_manifest

CHUNK_BYTES: Final = 4 << 20
GROUP_VOLUMES_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Item:
    """A file to bundle. `read` gives exactly so many bytes (second argument) from an offset (first argument)."""

    name: str
    size: int
    read: Callable[[int, int], bytes]


def write_volumes(items: Iterable[Item], to: Path, volume_bytes: int, parity_percent: float) -> BundleManifest:
    """Write a bundle into the folder `to`, read it back, and only then write its manifest.

    `parity_percent` of 0 means no parity. Run again after an interruption with the same items, it goes on.
    """
    chosen = tuple(items)
    check_names((item.name for item in chosen), "the bundle")
    if volume_bytes < VOLUME_BYTES_MIN:
        raise UsageError(
            f"A volume of {volume_bytes} bytes is too small.", next_step=f"Give {VOLUME_BYTES_MIN} or more."
        )
    percent = float(parity_percent)
    if percent:
        check_percent(percent)
    bundle_id = compute_bundle_id(((item.name, item.size) for item in chosen), volume_bytes, percent)
    staging = to / f".bundle-{bundle_id}.part"
    with output_errors(to):
        staging.mkdir(parents=True, exist_ok=True)
        stream = _Stream(chosen)
        volumes = tuple(_write_data(stream, bundle_id, to, volume_bytes))
        manifest = BundleManifest(
            bundle_id, volume_bytes, percent, _choose_group_volumes(len(volumes)), stream.finish(), volumes, ()
        )
        whole = _write_rest(manifest, to, staging)
        shutil.rmtree(staging)
    return whole


class _Stream:
    """The items' bytes one after the other, digested as they pass."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.left = sum(item.size for item in items)
        self._items = items
        self._files = list[BundledFile]()
        self._offset = 0
        self._digest = blake3()

    def take(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes, in parts."""
        while count:
            self._close_items()
            item = self._items[len(self._files)]
            data = self._read(item, min(count, CHUNK_BYTES, item.size - self._offset))
            count -= len(data)
            yield data

    def finish(self) -> tuple[BundledFile, ...]:
        """All items with their digests, after all bytes were taken."""
        self._close_items()
        return tuple(self._files)

    def _read(self, item: Item, length: int) -> bytes:
        data = item.read(self._offset, length)
        if len(data) != length:
            raise ChangedWhileRead(
                f"The file ends {length - len(data)} bytes early.", where=item.name, next_step="Run again."
            )
        self._digest.update(data)
        self._offset += length
        self.left -= length
        return data

    def _close_items(self) -> None:
        while len(self._files) < len(self._items) and self._offset == self._items[len(self._files)].size:
            item = self._items[len(self._files)]
            self._files.append(BundledFile(item.name, item.size, self._digest.hexdigest()))
            self._offset, self._digest = 0, blake3()


def _write_data(stream: _Stream, bundle_id: str, to: Path, volume_bytes: int) -> Iterator[Volume]:
    payload_bytes = volume_bytes - HEAD_BYTES
    count = math.ceil(stream.left / payload_bytes)
    for number in range(count):
        payload = min(stream.left, payload_bytes)
        head = encode_volume_head(bundle_id, number, count, payload)
        digests = _Digests(itertools.chain([head], stream.take(payload)))
        path = to / name_volume(bundle_id, number)
        _keep_or_write(path, digests, HEAD_BYTES + payload)
        yield digests.describe(path.name)


class _Digests:
    """Hands parts on, and digests them as they pass."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._size = 0
        self._blake3, self._sha256 = blake3(), hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self._size += len(part)
            self._blake3.update(part)
            self._sha256.update(part)
            yield part

    def describe(self, name: str) -> Volume:
        """The volume that all these parts are."""
        return Volume(name, self._size, self._blake3.hexdigest(), self._sha256.hexdigest())


def _keep_or_write(path: Path, parts: Iterable[bytes], size: int) -> None:
    """Leave a file that consists of these parts as it stands; otherwise write it, whole or not at all."""
    new = path.with_name(f".{path.name}.part")
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(path.open("rb")) if path.is_file() and path.stat().st_size == size else None
        out: BinaryIO | None = None
        same = 0
        for part in parts:
            if out is None and old is not None and old.read(len(part)) == part:
                same += len(part)
                continue
            if out is None:
                out = stack.enter_context(new.open("wb"))
                _copy_start(path, out, same)
            out.write(part)
        if out is not None:
            out.flush()
            os.fsync(out.fileno())
    if out is not None:
        new.replace(path)
        flush_folder(path.parent)
    drop_cache(path)


def _copy_start(path: Path, out: BinaryIO, length: int) -> None:
    if not length:
        return
    with path.open("rb") as old:
        while length and (data := old.read(min(length, CHUNK_BYTES))):
            out.write(data)
            length -= len(data)


def _write_rest(manifest: BundleManifest, to: Path, staging: Path) -> BundleManifest:
    """Parity if it is wanted, the proof that all volumes read back as they were written, then the manifest."""
    files = VolumeFolder(to)
    parity = tuple(_write_parity(manifest, files, staging)) if manifest.parity_percent else ()
    whole = dataclasses.replace(manifest, parity=parity)
    for volume in () if parity else manifest.volumes:
        check_written(volume, files)
    text = encode_manifest(whole)
    names = name_manifests(manifest.id)
    volumes = [*manifest.volumes, *(volume for part in parity for volume in part)]
    sums = [(volume.sha256, volume.name) for volume in volumes] + [(hashlib.sha256(text).hexdigest(), n) for n in names]
    lines = "".join(f"{digest}  {name}\n" for digest, name in sums)
    _keep_or_write(to / name_checksums(manifest.id), [lines.encode()], len(lines))
    for name in reversed(names):
        _keep_or_write(to / name, [text], len(text))
    return whole


def check_written(volume: Volume, files: VolumeFolder) -> None:
    """Read a volume back; raises NotVerified when it is not what was written."""
    if not is_whole(volume, files):
        raise NotVerified(
            "The volume reads back differently from how it was written.",
            where=volume.name,
            next_step="Check the medium, delete the volume, and run again.",
        )


def is_whole(volume: Volume, files: VolumeFolder, report: Callable[[int], None] = lambda _: None) -> bool:
    """Whether a volume on the medium is the one described: its size and its BLAKE3, which says all that sha256 does.

    `report` is told how many bytes were read since the last call.
    """
    found = files.find(volume.name)
    if found is None or found.size != volume.size:
        return False
    digest = blake3()
    for offset in range(0, volume.size, CHUNK_BYTES):
        part = read_if_possible(files, volume.name, offset, min(CHUNK_BYTES, volume.size - offset))
        if part is None:
            return False
        digest.update(part)
        report(len(part))
    return digest.hexdigest() == volume.blake3


def _describe_volume(name: str, size: int, files: VolumeFolder) -> Volume:
    starts = range(0, size, CHUNK_BYTES)
    digests = _Digests(files.read(name, start, min(CHUNK_BYTES, size - start)) for start in starts)
    for _part in digests:
        pass
    return digests.describe(name)


def _write_parity(manifest: BundleManifest, files: VolumeFolder, staging: Path) -> Iterator[tuple[Volume, ...]]:
    digests = {volume.name: volume.blake3 for volume in manifest.volumes}
    number = 0
    for volumes in manifest.list_groups():
        group = _cut(volumes, manifest)
        keys = tuple(name_parity(manifest.id, number + place) for place in range(group.files))
        number += len(keys)
        # Writing parity compares every volume with its digest, read from the medium.
        write_parity(group, files, staging, digests.__getitem__, keys)
        yield tuple(_describe_volume(key, compute_file_bytes(group, n), files) for n, key in enumerate(keys))


def _cut(volumes: Sequence[Volume], manifest: BundleManifest) -> Group:
    """A group of volumes, with as many parity blocks in a parity volume as fit, but never all of them in one."""
    group = cut_group([Stored(volume.name, volume.size) for volume in volumes], manifest.parity_percent, 1)
    room = manifest.volume_bytes - 2 * (PARITY_HEAD_BYTES + compute_index_bytes(group))
    fitting = max(1, room // group.block_bytes)
    return dataclasses.replace(group, blocks_per_file=min(fitting, math.ceil(group.parity_blocks / 2)))


def _choose_group_volumes(count: int) -> int:
    groups = math.ceil(count / GROUP_VOLUMES_MAX)
    return math.ceil(count / groups) if groups else 0
