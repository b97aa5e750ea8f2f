"""What goes into a bundle: the documents of copies, and the objects that the receiver lacks, as packs; and the
signatures that are kept of the copies.

Packs that are wanted as a whole travel as they are; of others the wanted frames are copied, still encoded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.records.vault import to_digest
from holdfast.vault.catalogue.database import batch
from holdfast.vault.catalogue.objects import Located, Place, covers, locate
from holdfast.vault.catalogue.revisions import RevisionRow
from holdfast.vault.inventorying import Inventory
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import NO_BASE, FrameHead, Kind
from holdfast.vault.packs.reading import compute_digest, parse_pack_key, read_frame
from holdfast.vault.packs.writing import EncodedFrame, ObjectHead, PackWriter, SealedPack
from holdfast.vault.reading import FrameJob, plan_frames
from holdfast.vault.signature_file import SIGNATURE_BYTES_MAX, SIGNATURES_PREFIX, parse_signature_key
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Storage, Stored

_DOCUMENTS = """
WITH wanted AS (SELECT manifest, name || '@' || revision AS model FROM revisions WHERE manifest IN ({marks}))
SELECT manifest FROM wanted UNION SELECT v.file FROM revision_files v JOIN wanted w ON w.manifest = v.revision
  UNION SELECT j.entry FROM journal j JOIN wanted w ON w.model = j.model
"""
_CONTENT = """
SELECT f.object FROM file_objects f JOIN revision_files v ON v.file = f.file WHERE v.revision IN ({marks})
"""


@dataclass(frozen=True, slots=True)
class Needed:
    """The objects that copies consist of: manifests and decisions, and what their files consist of."""

    documents: frozenset[bytes]
    content: frozenset[bytes]


def find_needed(vault: Vault, revisions: Sequence[RevisionRow]) -> Needed:
    """What these copies consist of, bases not counted: those depend on how an object is stored."""
    numbers = [row.id for row in revisions]
    return Needed(_read_digests(vault, _DOCUMENTS, numbers), _read_digests(vault, _CONTENT, numbers))


def _read_digests(vault: Vault, query: str, numbers: Sequence[int]) -> frozenset[bytes]:
    found: set[int] = set()
    for some in batch(numbers):
        found.update(number for (number,) in vault.database.read(query.format(marks=", ".join("?" * len(some))), some))
    digests: set[bytes] = set()
    for some in batch(sorted(found)):
        marks = ", ".join("?" * len(some))
        rows = vault.database.read(f"SELECT digest FROM objects WHERE id IN ({marks})", some)  # noqa: S608
        digests.update(bytes(digest) for (digest,) in rows)
    return frozenset(digests)


@dataclass(frozen=True, slots=True)
class Load:
    """What travels: objects by digest, and those of them that others are stored against; how many the receiver has."""

    objects: dict[bytes, Located]
    bases: frozenset[bytes]
    left_out: int


def choose_load(vault: Vault, needed: Needed, held: Inventory) -> Load:
    """All documents, the content that the receiver lacks, and bases that it cannot build on. Raises DamagedVault."""
    content = needed.content - held.objects
    objects = _locate_whole(vault, needed.documents | content)
    bases = frozenset(place.base for one in objects.values() for place in one.places) - {NO_BASE}
    objects |= _locate_whole(vault, bases - held.bases - objects.keys())
    return Load(objects, bases, len(needed.content) - len(content))


def _locate_whole(vault: Vault, digests: Iterable[bytes]) -> dict[bytes, Located]:
    wanted = sorted(digests)
    found = locate(vault.database, wanted)
    for digest in wanted:
        if digest not in found or not found[digest].is_whole:
            raise DamagedVault("an object is not whole", where=digest.hex(), next_step="Run `holdfast repair` first.")
    return found


@dataclass(frozen=True, slots=True)
class Parcel:
    """A pack or a signature to bundle: its key, and the storage that it is read from."""

    key: str
    size: int
    storage: Storage


def make_parcels(vault: Vault, load: Load, work: LocalStorage) -> list[Parcel]:
    """Packs that hold these objects and nothing else; new ones are written to `work`. Raises DamagedVault."""
    whole = _find_whole_packs(vault, load.objects)
    travelling = frozenset(whole)
    rest = [one for one in load.objects.values() if not _travels(one, travelling, one.digest in load.bases)]
    parcels = [Parcel(stored.key, stored.size, vault.storage) for stored in whole.values()]
    for kind in (Kind.DATA, Kind.DOCUMENT):  # apart: what says that a copy is kept is taken in last
        some = [one for one in rest if one.kind is kind]
        parcels += [Parcel(pack.key, pack.size, work) for pack in _copy_frames(vault, some, load.bases, work)]
    return sorted(parcels, key=lambda parcel: parcel.key)


def find_signatures(vault: Vault, revisions: Sequence[RevisionRow]) -> list[Parcel]:
    """The signatures that the vault keeps of these copies."""
    return [
        Parcel(stored.key, stored.size, vault.storage)
        for row in revisions
        for stored in vault.storage.iterate(f"{SIGNATURES_PREFIX}{to_digest(row.manifest).hex()}/")
        if parse_signature_key(stored.key) and stored.size <= SIGNATURE_BYTES_MAX
    ]


def _travels(one: Located, packs: frozenset[int], is_base: bool) -> bool:
    """Whether an object is whole in these packs, and without a base if it is one."""
    return covers([place for place in _choose_places(one, is_base) if place.pack in packs], one.size)


def _choose_places(one: Located, is_base: bool) -> list[Place]:
    """Where to read an object's frames, the best first."""
    fitting = [place for place in one.places if not is_base or place.base == NO_BASE]
    return sorted(fitting, key=lambda place: (not place.is_sound, place.base != NO_BASE, place.first))


def _find_whole_packs(vault: Vault, located: dict[bytes, Located]) -> dict[int, Stored]:
    """Packs of which every object is wanted, by number."""
    numbers = {found.id for found in located.values()}
    keys = {place.pack: place.key for found in located.values() for place in found.places if place.is_sound}
    whole: dict[int, Stored] = {}
    for pack, key in keys.items():
        stored = vault.storage.find(key)
        if stored is None or not numbers.issuperset(_read_pack_objects(vault, pack)) or _mixes(vault, pack):
            continue
        if compute_digest(vault.storage, stored) == parse_pack_key(key):  # of a damaged one what is whole is copied
            whole[pack] = stored
    return whole


def _read_pack_objects(vault: Vault, pack: int) -> set[int]:
    return {number for (number,) in vault.database.read("SELECT object FROM runs WHERE pack = ?", (pack,))}


def _mixes(vault: Vault, pack: int) -> bool:
    """Whether a pack holds both decisions and content, which are taken in at different times."""
    decides = "SELECT 1 FROM runs WHERE pack = ? AND object IN (SELECT entry FROM journal)"
    content = "SELECT 1 FROM runs r JOIN objects o ON o.id = r.object WHERE r.pack = ? AND o.kind = ?"
    return bool(vault.database.read(decides, (pack,)) and vault.database.read(content, (pack, Kind.DATA)))


def _copy_frames(
    vault: Vault, objects: Sequence[Located], bases: frozenset[bytes], work: LocalStorage
) -> Iterator[SealedPack]:
    writer: PackWriter | None = None
    for one in sorted(objects, key=lambda one: (one.places[0].key, one.places[0].offset)):
        for head, index, frame in _read_encoded(vault.storage, one, one.digest in bases):
            if writer is not None and writer.is_full:
                yield writer.seal()
                writer = None
            writer = writer or PackWriter(work)
            writer.add(head, index, frame)
    if writer is not None:
        yield writer.seal()


def _read_encoded(storage: Storage, one: Located, is_base: bool) -> Iterator[tuple[ObjectHead, int, EncodedFrame]]:
    """Every frame of an object once, as it is stored; frames of one head form a run."""
    head: ObjectHead | None = None
    for job in plan_frames(replace(one, places=tuple(_choose_places(one, is_base))), {}):
        said, payload = _read_one(storage, job)
        if head is None or head.base != said.base:
            head = ObjectHead(said.digest, said.base, said.object_bytes, said.count, said.kind)
        yield head, job.index, EncodedFrame(said.codec, said.raw_bytes, payload)


def _read_one(storage: Storage, job: FrameJob) -> tuple[FrameHead, memoryview]:
    """A frame from the first of its places that is whole. Raises DamagedVault."""
    for place in job.places:
        try:
            head, payload = read_frame(storage, place.key, place.offset, place.payload_bytes)
        except (DamagedVault, StorageError):
            continue
        if head.digest == job.digest and head.index == job.index:
            return head, payload
    raise DamagedVault(
        f"frame {job.index} of an object cannot be read",
        where=", ".join(dict.fromkeys(place.key for place in job.places)) or job.digest.hex(),
        next_step="Run `holdfast repair` first.",
    )
