"""A vault of many models without their weights: families, each a base and fine-tunes of it that share some of its
tensors and hold others as differences.

Packs have their real size, headers and indexes; the frames of tensors are holes in the file, which a rebuild skips.
Documents are real, since a rebuild reads them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from blake3 import blake3

from holdfast.records.vault import (
    Decision,
    FileEntry,
    FileManifest,
    ObjectId,
    Origin,
    RevisionManifest,
    Role,
    Segment,
    to_object_id,
)
from holdfast.vault.codecs.choosing import Codec, encode_frame
from holdfast.vault.codecs.types import get_element_type
from holdfast.vault.documents import encode_document
from holdfast.vault.journal import cut_into_frames
from holdfast.vault.opening import make_vault, tell_time
from holdfast.vault.packs.layout import (
    FRAME_BYTES,
    HEADER,
    NO_BASE,
    PACK_BYTES_MAX,
    Kind,
    Run,
    count_frames,
    encode_footer,
    encode_index,
)
from holdfast.vault.packs.writing import ObjectHead, PackWriter, get_pack_key
from holdfast.vault.storage.local import LocalStorage

TUNES = 9  # of every base
TENSORS = 1300
SHARED = 355  # that a fine-tune leaves as they are in its base
SHARDS = 8


@dataclass(frozen=True, slots=True)
class Tensor:
    """An object: its name, size in bytes, and the object that it is a difference from."""

    digest: bytes
    size: int
    base: bytes = NO_BASE


@dataclass
class Made:
    """What was generated; bytes as the packs' sizes say."""

    objects: int = 0
    packs: int = 0
    size: int = 0
    digests: list[bytes] = field(default_factory=list[bytes])


def generate(root: Path, objects: int) -> Made:
    """A vault of about so many objects, without a catalogue."""
    storage = LocalStorage(root)
    make_vault(storage, tell_time)
    made, random, sequence = Made(), Random(0), 0
    for family in range(max(1, round(objects / (TENSORS + TUNES * (TENSORS - SHARED) + 180)))):
        base = [Tensor(random.randbytes(32), choose_size(random)) for _ in range(TENSORS)]
        for tune in range(TUNES + 1):
            tensors = [tune_one(random, one, number) for number, one in enumerate(base)] if tune else base
            new = tensors[SHARED:] if tune else tensors
            write_packs(root, random, new, made)
            sequence += 1
            write_documents(storage, random, f"family-{family}/model-{tune}", tensors, sequence, made)
    return made


def choose_size(random: Random) -> int:
    """Every third tensor is a norm or a bias, the others are matrices."""
    return 8192 if random.random() < 0.3 else 2 * random.randrange(1 << 19, 4 << 20)


def tune_one(random: Random, base: Tensor, number: int) -> Tensor:
    """The same tensor in a fine-tune."""
    return base if number < SHARED else Tensor(random.randbytes(32), base.size, base.digest)


def write_packs(root: Path, random: Random, tensors: Sequence[Tensor], made: Made) -> None:
    """Packs with these tensors, frames left out."""
    made.objects += len(tensors)
    made.digests += [one.digest for one in tensors[::50]]
    for runs in fill_packs(random, tensors):
        index = encode_index(runs)
        end = runs[-1].offset + runs[-1].stored_bytes
        path = root / get_pack_key(random.randbytes(32))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(HEADER)
            file.seek(end)
            file.write(index + encode_footer(end, index, sum(len(run.frames) for run in runs)))
            made.size += file.tell()
        made.packs += 1


def fill_packs(random: Random, tensors: Sequence[Tensor]) -> Iterator[list[Run]]:
    """The runs of pack after pack; an object that does not fit goes on in the next one."""
    runs: list[Run] = []
    offset = len(HEADER)
    for tensor in tensors:
        count, first = count_frames(tensor.size), 0
        frames = [choose_frame(random, tensor, index) for index in range(count)]
        while first < count:
            held: list[tuple[int, int]] = []
            size = 0
            while first + len(held) < count and offset + size + FRAME_BYTES < PACK_BYTES_MAX:
                held.append(frames[first + len(held)])
                size += 112 + held[-1][1]
            if held:
                runs.append(Run(tensor.digest, tensor.base, tensor.size, offset, Kind.DATA, first, count, tuple(held)))
                offset, first = offset + size, first + len(held)
            if first < count:
                yield runs
                runs, offset = [], len(HEADER)
    if runs:
        yield runs


def choose_frame(random: Random, tensor: Tensor, index: int) -> tuple[int, int]:
    """Codec and bytes as bf16 takes them: two thirds alone, a third as a difference."""
    raw = min(FRAME_BYTES, tensor.size - index * FRAME_BYTES)
    if tensor.base == NO_BASE:
        return Codec.PLANES, int(raw * random.uniform(0.65, 0.69))
    return Codec.DIFFERENCE, int(raw * random.uniform(0.25, 0.4))


def write_documents(
    storage: LocalStorage, random: Random, name: str, tensors: Sequence[Tensor], sequence: int, made: Made
) -> None:
    """A pack with the manifests of a revision and the decision to keep it."""
    files = [make_file(random, tensors[shard::SHARDS]) for shard in range(SHARDS)]
    encoded = [encode_document(file) for file in files]
    entries = tuple(
        FileEntry(f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors", name_document(data), file.size, file.sha256)
        for shard, (file, data) in enumerate(zip(files, encoded, strict=True))
    )
    at = "2026-01-02T03:04:05Z"
    commit = random.randbytes(20).hex()
    revision = encode_document(RevisionManifest(name, commit, Origin("generated", at), entries))
    keep = encode_document(Decision("keep", f"{name}@{commit}", "Ana", "", at, sequence, name_document(revision)))
    writer = PackWriter(storage)
    for data in (*encoded, revision, keep):
        write_document(writer, data)
    pack = writer.seal()
    made.objects += len(pack.runs)
    made.packs += 1
    made.size += pack.size


def make_file(random: Random, tensors: Sequence[Tensor]) -> FileManifest:
    """A shard with these tensors."""
    segments = tuple(
        Segment(
            one.size, Role.TENSOR, to_object_id(one.digest), b"", f"model.layers.{n}.weight", "BF16", (one.size // 2,)
        )
        for n, one in enumerate(tensors)
    )
    header = Segment(40, Role.HEADER, None, random.randbytes(40))
    size = 40 + sum(one.size for one in tensors)
    return FileManifest(
        "safetensors", size, random.randbytes(32).hex(), random.randbytes(20).hex(), (header, *segments)
    )


def name_document(data: bytes) -> ObjectId:
    """A document's id."""
    return to_object_id(blake3(data).digest())


def write_document(writer: PackWriter, data: bytes) -> None:
    """A document's frames."""
    head = ObjectHead(blake3(data).digest(), NO_BASE, len(data), count_frames(len(data)), Kind.DOCUMENT)
    for index, piece in enumerate(cut_into_frames(data)):
        writer.add(head, index, encode_frame(piece, get_element_type(""), None))
