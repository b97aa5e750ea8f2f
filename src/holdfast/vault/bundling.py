"""What goes into a bundle: the objects of copies that a receiver lacks, as packs; and what came out of one, taken in.

Packs that are wanted as a whole travel as they are; of others the wanted frames are copied, still encoded.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.records.errors import DamagedVault, MalformedFile, MissingPath
from holdfast.vault.catalogue.database import batch
from holdfast.vault.catalogue.objects import Located, Place, add_pack, locate
from holdfast.vault.catalogue.revisions import RevisionRow
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import HEAD_BYTES, NO_BASE, Run
from holdfast.vault.packs.reading import compute_digest, parse_pack_key, read_frame, read_index
from holdfast.vault.packs.writing import EncodedFrame, ObjectHead, PackWriter, SealedPack
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Storage, Stored

INVENTORY_HEAD: Final = "holdfast-inventory 1 "

_NEEDED: Final = """
WITH wanted AS (SELECT manifest FROM revisions WHERE manifest IN ({marks})),
documents AS (SELECT manifest AS object FROM wanted UNION SELECT v.file FROM revision_files v JOIN wanted w
    ON w.manifest = v.revision
  UNION SELECT j.entry FROM journal j JOIN revisions r ON j.model = r.name || '@' || r.revision
    JOIN wanted w ON w.manifest = r.manifest),
content AS (SELECT f.object FROM file_objects f JOIN documents d ON d.object = f.file)
SELECT object FROM documents UNION SELECT object FROM content
  UNION SELECT u.base FROM runs u JOIN content c ON c.object = u.object WHERE u.base IS NOT NULL
"""


def list_digests(vault: Vault) -> Iterator[bytes]:
    """Every object that is whole in a vault."""
    for some in batch(vault.database.read("SELECT digest FROM objects WHERE id IN (SELECT object FROM runs)")):
        found = locate(vault.database, [bytes(digest) for (digest,) in some])
        yield from (digest for digest, one in found.items() if one.is_whole)


def write_inventory(vault: Vault, path: Path) -> int:
    """Write down what a vault holds, for whoever makes a bundle for it; how many objects."""
    digests = sorted(list_digests(vault))
    lines = "".join(f"{digest.hex()}\n" for digest in digests)
    path.write_text(f"{INVENTORY_HEAD}{vault.id}\n{lines}", encoding="ascii")
    return len(digests)


def read_inventory(path: Path) -> frozenset[bytes]:
    """What the receiver holds. Raises MissingPath or MalformedFile."""
    if not path.is_file():
        raise MissingPath("there is no such file", where=str(path), next_step="Make it with holdfast bundle inventory.")
    try:
        head, *lines = path.read_text(encoding="ascii").splitlines()
        if not head.startswith(INVENTORY_HEAD):
            raise ValueError("it does not begin as an inventory does")
        return frozenset(_parse_digest(line) for line in lines)
    except (ValueError, UnicodeDecodeError) as error:
        step = "Make it anew with holdfast bundle inventory."
        raise MalformedFile(f"this is no inventory: {error}", where=str(path), next_step=step) from error


def _parse_digest(line: str) -> bytes:
    digest = bytes.fromhex(line)
    if len(digest) != 32:
        raise ValueError(f"{line[:80]!r} is no digest")
    return digest


def find_needed(vault: Vault, revisions: Sequence[RevisionRow]) -> list[bytes]:
    """Every object that these copies consist of: documents, decisions, content and bases."""
    numbers: set[int] = set()
    for some in batch([row.id for row in revisions]):
        marks = ", ".join("?" * len(some))
        numbers.update(number for (number,) in vault.database.read(_NEEDED.format(marks=marks), some))
    digests: list[bytes] = []
    for some in batch(sorted(numbers)):
        marks = ", ".join("?" * len(some))
        rows = vault.database.read(f"SELECT digest FROM objects WHERE id IN ({marks})", some)  # noqa: S608
        digests += [bytes(digest) for (digest,) in rows]
    return digests


@dataclass(frozen=True, slots=True)
class Parcel:
    """A pack to bundle: its key, and the storage that it is read from."""

    key: str
    size: int
    storage: Storage


def make_parcels(vault: Vault, digests: Iterable[bytes], work: LocalStorage) -> list[Parcel]:
    """Packs that hold these objects and nothing else; new ones are written to `work`. Raises DamagedVault."""
    located = locate(vault.database, list(digests))
    for digest, found in located.items():
        if not found.is_whole:
            raise DamagedVault("an object is not whole", where=digest.hex(), next_step="Run `holdfast repair` first.")
    whole = _find_whole_packs(vault, located)
    parcels = [Parcel(stored.key, stored.size, vault.storage) for stored in whole.values()]
    rest = [found for found in located.values() if not any(place.pack in whole for place in found.places)]
    parcels += [Parcel(pack.key, pack.size, work) for pack in _copy_frames(vault, rest, work)]
    return sorted(parcels, key=lambda parcel: parcel.key)


def _find_whole_packs(vault: Vault, located: dict[bytes, Located]) -> dict[int, Stored]:
    """Packs of which every object is wanted, by number."""
    numbers = {found.id for found in located.values()}
    keys = {place.pack: place.key for found in located.values() for place in found.places}
    whole: dict[int, Stored] = {}
    for pack, key in keys.items():
        stored = vault.storage.find(key)
        if stored is None or not numbers.issuperset(_read_pack_objects(vault, pack)):
            continue
        if compute_digest(vault.storage, stored) == parse_pack_key(key):  # of a damaged one what is whole is copied
            whole[pack] = stored
    return whole


def _read_pack_objects(vault: Vault, pack: int) -> set[int]:
    return {number for (number,) in vault.database.read("SELECT object FROM runs WHERE pack = ?", (pack,))}


def _copy_frames(vault: Vault, objects: Sequence[Located], work: LocalStorage) -> Iterator[SealedPack]:
    writer: PackWriter | None = None
    for found in sorted(objects, key=lambda one: (one.places[0].key, one.places[0].offset)):
        for head, index, frame in _read_encoded(vault, found):
            if writer is not None and writer.is_full:
                yield writer.seal()
                writer = None
            writer = writer or PackWriter(work)
            writer.add(head, index, frame)
    if writer is not None:
        yield writer.seal()


def _read_encoded(vault: Vault, found: Located) -> Iterator[tuple[ObjectHead, int, EncodedFrame]]:
    """Every frame of an object once, as it is stored."""
    done: set[int] = set()
    for place in sorted(found.places, key=lambda one: one.first):
        head: ObjectHead | None = None
        for index, offset, size in _list_frames(place):
            if index in done:
                continue
            done.add(index)
            said, payload = read_frame(vault.storage, place.key, offset, size)
            head = head or ObjectHead(said.digest, said.base, said.object_bytes, said.count, said.kind)
            yield head, index, EncodedFrame(said.codec, said.raw_bytes, payload)


def _list_frames(place: Place) -> Iterator[tuple[int, int, int]]:
    offset = place.offset
    for index, (_, size) in enumerate(place.frames, place.first):
        yield index, offset, size
        offset += HEAD_BYTES + size


def check_arrived(vault: Vault, work: LocalStorage, report: Callable[[int, int], None]) -> list[SealedPack]:
    """Packs that arrived, each compared with its name; every base they need is there or in the vault. Raises
    DamagedVault, and then nothing was taken in."""
    stored = list(work.iterate("packs/"))
    packs: list[SealedPack] = []
    for done, pack in enumerate(stored, 1):
        digest = parse_pack_key(pack.key)
        if digest is None or compute_digest(work, pack) != digest:
            raise DamagedVault("a pack is not what its name says", where=pack.key, next_step="Copy the bundle again.")
        packs.append(SealedPack(pack.key, digest, pack.size, read_index(work, pack)))
        report(done, len(stored))
    _check_bases(vault, [run for pack in packs for run in pack.runs])
    return packs


def _check_bases(vault: Vault, runs: Sequence[Run]) -> None:
    arrived = {run.digest for run in runs}
    needed = {run.base for run in runs if run.base != NO_BASE} - arrived
    held = {digest for digest, one in locate(vault.database, sorted(needed)).items() if one.is_whole}
    if needed - held:
        raise DamagedVault(
            f"{len(needed - held)} objects that it builds on are neither in the bundle nor in this vault",
            where=vault.location,
            next_step="Ask for a bundle made for this vault's inventory: holdfast bundle inventory.",
        )


def take_in(vault: Vault, work: LocalStorage, packs: Sequence[SealedPack], report: Callable[[int, int], None]) -> int:
    """Put packs that were checked into the vault; how many it lacked."""
    new = 0
    for done, pack in enumerate(packs, 1):
        if vault.storage.find(pack.key) is None:
            copy_pack(work, Stored(pack.key, pack.size), vault)
            new += 1
        add_pack(vault.database, pack)
        report(done, len(packs))
    return new


def copy_pack(source: Storage, pack: Stored, vault: Vault) -> None:
    """Copy a pack from another medium. Raises DamagedVault when what arrives is not what its name says."""
    step = 8 << 20
    with vault.storage.create_staging(f"{pack.key.rpartition('/')[2]}.arriving-{vault.now}") as file:
        for offset in range(0, pack.size, step):
            file.write(source.read(pack.key, offset, min(step, pack.size - offset)))
    vault.storage.put(pack.key, file.path)
    vault.storage.forget(pack.key)
    if compute_digest(vault.storage, pack) != parse_pack_key(pack.key):
        vault.storage.delete(pack.key)
        raise DamagedVault("a pack did not arrive as it was sent", where=pack.key, next_step="Run it again.")
