"""The bytes of a bundle: heads of volumes, names, the manifest (docs/format.md, "Bundles"). Reads nothing from disk."""

import re
import struct
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import MalformedFile, UsageError
from holdfast.vault.storage.keys import is_plain_name

FORMAT: Final = 1
HEAD_BYTES: Final = 64
VOLUME_BYTES_MIN: Final = 64 << 10
NAME_BYTES_MAX: Final = 1024

_MAGIC: Final = b"HOLDVOL1"
_HEAD: Final = struct.Struct("<8sHHIIIQ16s")
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class BundledFile:
    """A file in a bundle, by its relative path with `/`."""

    name: str
    size: int
    blake3: str


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume, of data or of parity, and its digests in hexadecimal."""

    name: str
    size: int
    blake3: str
    sha256: str


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """All that a bundle consists of. `parity` has the parity volumes of each group; a group is `group_volumes` volumes
    in order, the last one fewer."""

    id: str
    volume_bytes: int
    parity_percent: float
    group_volumes: int
    files: tuple[BundledFile, ...]
    volumes: tuple[Volume, ...]
    parity: tuple[tuple[Volume, ...], ...]

    @property
    def payload_bytes(self) -> int:
        """Bytes of the stream in every volume but the last."""
        return self.volume_bytes - HEAD_BYTES

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def list_groups(self) -> list[tuple[Volume, ...]]:
        """The data volumes, by the parity that stands for them."""
        step = max(1, self.group_volumes)
        return [self.volumes[start : start + step] for start in range(0, len(self.volumes), step)]


def compute_bundle_id(files: Iterable[tuple[str, int]], volume_bytes: int, parity_percent: float) -> str:
    """The id that a bundle of these names and sizes gets: the same again when its writing goes on."""
    plan = {"files": [list(file) for file in files], "parity_percent": parity_percent, "volume_bytes": volume_bytes}
    return blake3(encode_canonical(plan).encode()).hexdigest(16)


def encode_volume_head(bundle_id: str, number: int, count: int, payload_bytes: int) -> bytes:
    """The first 64 bytes of a data volume."""
    start = _HEAD.pack(_MAGIC, FORMAT, HEAD_BYTES, number, count, 0, payload_bytes, bytes.fromhex(bundle_id))
    return start + blake3(start).digest(HEAD_BYTES - len(start))


def name_volume(bundle_id: str, number: int) -> str:
    """The file name of a data volume."""
    return f"bundle-{bundle_id}.{number:03d}.vol"


def name_parity(bundle_id: str, number: int) -> str:
    """The file name of a parity volume."""
    return f"bundle-{bundle_id}.p{number:02d}.vol"


def name_manifests(bundle_id: str) -> tuple[str, str]:
    """The file names of the manifest and of its copy."""
    return f"bundle-{bundle_id}.json", f"bundle-{bundle_id}.copy.json"


def name_checksums(bundle_id: str) -> str:
    """The file name of the list that sha256sum reads."""
    return f"bundle-{bundle_id}.sha256"


def check_id(bundle_id: str) -> None:
    """Raises UsageError when this is no bundle id; ids become file names."""
    if not _ID.fullmatch(bundle_id):
        raise UsageError(f"{bundle_id!a} is no bundle id.", next_step="Give the 32 digits in the volumes' names.")


def check_names(names: Iterable[str], where: str) -> None:
    """Raises MalformedFile when a name leads out of a folder, or two names can be one file on some system."""
    seen, folders = set[str](), set[str]()
    for name in names:
        parts = name.split("/")
        if not all(is_plain_name(part) for part in parts) or _NOT_IN_NAMES.search(name):
            raise _bad_name(name, "is not a plain relative path", where)
        if any(part.endswith((".", " ")) for part in parts) or len(name.encode(errors="replace")) > NAME_BYTES_MAX:
            raise _bad_name(name, "cannot be kept on every system", where)
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            raise _bad_name(name, "stands twice in it, or differs only by case", where)
        seen.add(folded)
        folders.update(folded[: match.start()] for match in re.finditer("/", folded))
    for name in sorted(seen & folders):
        raise _bad_name(name, "is a file and a folder", where)


def _bad_name(name: str, what: str, where: str) -> MalformedFile:
    return MalformedFile(f"The name {name!a} {what}.", where=where, next_step="Do not use this bundle.")
