"""What earlier scans read, kept on disk by path, size, time and inode, so that unchanged files are not parsed again.

One file a root, replaced whole; plain JSON, never pickle. A damaged or outdated one is dropped and read again.
"""

import json
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from holdfast.formats.plain import is_object
from holdfast.inventory.codec import decode_record, encode_record
from holdfast.inventory.sighting import FileReport
from holdfast.inventory.walking import Found, Walk
from holdfast.records.use import Inventory

_MAGIC: Final = b"holdfast scan cache 1\n"
_YOUNG_NS: Final = 2_000_000_000  # a file changed this shortly before it was read may change again unseen
_MASK: Final = (1 << 64) - 1

Row = tuple[int, int, int, str, Any]  # size, mtime_ns, inode, digest, encoded report (None: nothing for a detector)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a file from an earlier scan."""

    digest: str
    report: FileReport | None


@dataclass(frozen=True, slots=True)
class ScanCache:
    """The content of one cache file. `note` says why an existing file could not be used."""

    tree: str = ""  # digest of the whole walk that `_inventory` belongs to
    note: str = ""
    _inventory: bytes = b""
    _files: bytes = b""

    def find_inventory(self, tree: str) -> Inventory | None:
        """The earlier result, when nothing that the walk sees has changed since."""
        if not self._inventory or tree != self.tree:
            return None
        try:
            return decode_record(Inventory, json.loads(self._inventory))
        except ValueError:
            return None

    def read_rows(self) -> dict[str, Row]:
        """Rows of all files of the earlier scan; empty when they cannot be read."""
        try:
            rows: Any = json.loads(self._files) if self._files else {}
        except ValueError:
            return {}
        return rows if is_object(rows) else {}


@dataclass(slots=True)
class Draft:
    """What a scan will write: rows by path. Built while files are read."""

    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    settled: bool = True  # false: some file could not be read this time, or may still change

    def add(self, found: Found, kept: Kept, now_ns: int) -> None:
        """Remember one file. A young one gets an impossible time, so that its content is compared next time."""
        young = found.mtime_ns >= now_ns - _YOUNG_NS
        self.settled = self.settled and not young
        report = None if kept.report is None else encode_record(kept.report)
        self.rows[found.path] = (found.size, -1 if young else found.mtime_ns, found.inode, kept.digest, report)


def find_kept(row: Row | None, found: Found) -> Kept | None:
    """What is known of an unchanged file; None when it is new, changed or unreadable in the cache."""
    try:
        if row is None or (row[0], row[1], row[2]) != (found.size, found.mtime_ns, found.inode):
            return None
        return decode_row(row)
    except (ValueError, IndexError, TypeError):
        return None


def decode_row(row: Row) -> Kept:
    """The report of a row, whatever the file looks like now."""
    return Kept(row[3], None if row[4] is None else decode_record(FileReport, row[4]))


def get_cache_path(folder: Path, root: str) -> Path:
    """Name of the cache file of a root inside the cache folder."""
    return folder / f"scan-{blake2b(os.fsencode(root), digest_size=12).hexdigest()}.bin"


def read_cache(path: Path, version: str) -> ScanCache:
    """The cache at `path`; empty, with a note when there is something wrong with it, if it cannot be used."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ScanCache()
    except OSError as error:
        return ScanCache(note=f"cache cannot be read and is not used: {error.strerror}")
    if not data.startswith(_MAGIC):
        return ScanCache(note="cache is damaged and was discarded: not a cache of this form")
    return _decode(data[len(_MAGIC) :], version)


def _decode(data: bytes, version: str) -> ScanCache:
    try:
        head_length, inventory_length, files_length = struct.unpack_from("<IQQ", data)
        sums = data[20:36]
        body = data[36:]
        head = json.loads(body[:head_length])
        inventory = body[head_length : head_length + inventory_length]
        files = body[head_length + inventory_length :]
        damaged = len(files) != files_length or _sum(body) != sums
        kept_version, tree = str(head["version"]), str(head["tree"])
    except (ValueError, KeyError, TypeError, struct.error):
        damaged, kept_version, tree, inventory, files = True, "", "", b"", b""
    if damaged:
        return ScanCache(note="cache is damaged and was discarded")
    return ScanCache(tree, "", inventory, files) if kept_version == version else ScanCache()


def write_cache(path: Path, version: str, tree: str, inventory: Inventory, draft: Draft) -> str:
    """Replace the cache file in one step; empty text, or why it could not be written."""
    result = _dump(encode_record(inventory)) if tree and draft.settled else b""
    head = _dump({"version": version, "tree": tree if result else ""})
    files = _dump(draft.rows)
    body = head + result + files
    lengths = struct.pack("<IQQ", len(head), len(result), len(files))
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(_MAGIC + lengths + _sum(body) + body)
        partial.replace(path)
    except OSError as error:
        return f"cache could not be written: {error.strerror}"
    return ""


def compute_tree_digest(seen: Walk, settings: str) -> str:
    """One digest over everything a walk saw: equal digests mean equal inventories."""
    total = blake2b(settings.encode(), digest_size=16)
    total.update("\0".join([found.path for found in seen.files]).encode())
    numbers = [number & _MASK for found in seen.files for number in (found.size, found.mtime_ns, found.inode)]
    total.update(struct.pack(f"<{len(numbers)}Q", *numbers))
    rest: Iterable[object] = (seen.files_seen, seen.skipped, seen.markers, seen.folders)
    total.update(repr(tuple(rest)).encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def compute_version(package: Path) -> str:
    """Digest of the code and the words that decide what a report says: any change makes old reports worthless."""
    total = blake2b(digest_size=16)
    for path in _list_deciding_files(package):
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _list_deciding_files(package: Path) -> Sequence[Path]:
    code = [path for name in ("inventory", "formats") for path in (package / name).rglob("*.py")]
    words = (package / "data").glob("*.yaml")
    records = [package / "records" / "use.py", package / "records" / "model.py"]
    return sorted([*code, *words, *records])


def _dump(plain: Mapping[str, object] | object) -> bytes:
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=True).encode()


def _sum(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
