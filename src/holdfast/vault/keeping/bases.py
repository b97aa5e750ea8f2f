"""Which kept model is this one a fine-tune of? A few tensors are sampled and compared with what the vault holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.records.vault import FileLayout, Role, Stretch
from holdfast.vault.catalogue.database import Database, batch
from holdfast.vault.catalogue.objects import Located, locate
from holdfast.vault.catalogue.revisions import write_shape
from holdfast.vault.codecs.kinds import DifferenceKind
from holdfast.vault.codecs.types import get_element_type
from holdfast.vault.keeping.source import SourceFile
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FRAME_BYTES
from holdfast.vault.reading import load_frame, plan_frames

TENSOR_BYTES_MIN: Final = 16 << 10
_PROBES: Final = 3
_CANDIDATES_MAX: Final = 64
_SAMPLE: Final = 16384
_SAVING_MIN: Final = 0.97  # of what the elements' own bits cost; a fine-tune is far below, a stranger above


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A tensor in the vault like the probe: `root` is what a difference would be taken against."""

    root: int
    revisions: tuple[int, ...]


def find_bases(vault: Vault, source: SourceFile, layout: FileLayout, named: int | None) -> dict[int, Located]:
    """By a stretch's offset, the object that it may be a difference against: from the named revision (its manifest's
    number), or from the one in the vault that is nearest."""
    tensors = [stretch for stretch in layout.stretches if _may_have_base(stretch)]
    if not tensors:
        return {}
    revision = named if named is not None else _find_nearest(vault, source, tensors)
    if revision is None:
        return {}
    return _match(vault.database, revision, tensors)


def _may_have_base(stretch: Stretch) -> bool:
    return (
        stretch.role is Role.TENSOR
        and stretch.length >= TENSOR_BYTES_MIN
        and get_element_type(stretch.dtype).difference is not None
    )


def _find_nearest(vault: Vault, source: SourceFile, tensors: Sequence[Stretch]) -> int | None:
    costs: dict[int, list[float]] = {}
    for probe in _choose_probes(tensors):
        for revision, cost in _compare(vault, source, probe).items():
            costs.setdefault(revision, []).append(cost)
    if not costs:
        return None
    nearest = min(costs, key=lambda revision: (sum(costs[revision]) / len(costs[revision]), -revision))
    return nearest if min(costs[nearest]) < _SAVING_MIN else None


def _choose_probes(tensors: Sequence[Stretch]) -> list[Stretch]:
    """Large ones from the first, the middle and the last third: embeddings, a middle layer, the end."""
    third = max(1, -(-len(tensors) // _PROBES))
    parts = [tensors[begin : begin + third] for begin in range(0, len(tensors), third)]
    return [max(part, key=lambda stretch: stretch.length) for part in parts]


def _compare(vault: Vault, source: SourceFile, probe: Stretch) -> dict[int, float]:
    """By revision, what the probe's middle frame costs against that revision's tensor, relative to its own cost."""
    kind = get_element_type(probe.dtype).difference
    assert kind is not None
    frame = (probe.length // FRAME_BYTES) // 2
    begin = probe.offset + frame * FRAME_BYTES
    mine = source.read(begin, min(FRAME_BYTES, probe.offset + probe.length - begin))
    found: dict[int, float] = {}
    for candidate in _find_candidates(vault.database, probe):
        theirs = _read_frame_of(vault, candidate.root, frame)
        if theirs is None or len(theirs) != len(mine):
            continue
        cost = estimate_saving(mine, theirs, kind)
        for revision in candidate.revisions:
            found[revision] = min(cost, found.get(revision, cost))
    return found


def _find_candidates(database: Database, probe: Stretch) -> list[_Candidate]:
    """Tensors of the same name, type and shape, each root once, the newest revisions first."""
    rows = database.read(
        "SELECT COALESCE(MAX(u.base), o.id), v.revision FROM objects o JOIN file_objects f ON f.object = o.id"
        " JOIN revision_files v ON v.file = f.file JOIN revisions r ON r.manifest = v.revision"
        " JOIN runs u ON u.object = o.id"
        " WHERE o.size = ? AND o.dtype = ? AND o.shape = ? AND f.name = ? AND r.state <> 'dropped'"
        " GROUP BY o.id, v.revision ORDER BY v.revision DESC LIMIT 2000",
        (probe.length, probe.dtype, write_shape(probe.shape), probe.name),
    )
    roots: dict[int, list[int]] = {}
    for root, revision in rows:
        roots.setdefault(root, []).append(revision)
    return [_Candidate(root, tuple(revisions)) for root, revisions in list(roots.items())[:_CANDIDATES_MAX]]


def _read_frame_of(vault: Vault, number: int, frame: int) -> memoryview | None:
    found = _locate_by_id(vault.database, [number]).get(number)
    if found is None or not found.is_whole:
        return None
    for job in plan_frames(found, {}):
        if job.index == frame:
            try:
                return load_frame(vault.storage, job)
            except (DamagedVault, StorageError):
                return None
    return None


def estimate_saving(mine: memoryview, theirs: memoryview, kind: DifferenceKind) -> float:
    """Bits that the differences of some elements need, over the bits that these elements need alone (order 0, high
    byte apart): well below 1 for a fine-tune, above for strangers."""
    dtype = np.dtype(f"<u{kind.width}")
    count = len(mine) // kind.width
    step = max(1, count // _SAMPLE)
    one, other = np.frombuffer(mine, dtype)[::step], np.frombuffer(theirs, dtype)[::step]
    alone = _entropy(one >> (8 * (kind.width - 1))) + 8.0 * (kind.width - 1)
    distance = _to_order(one, kind).astype(np.int64) - _to_order(other, kind).astype(np.int64)
    magnitude = np.floor(np.log2(np.abs(distance).astype(np.float64) + 1)).astype(np.int64)
    bits = _entropy(magnitude) + float(magnitude.mean()) + float((distance != 0).mean())
    return bits / max(alone, 1e-9)


def _to_order(values: NDArray[np.unsignedinteger], kind: DifferenceKind) -> NDArray[np.unsignedinteger]:
    if kind.map:
        return values
    sign = values.dtype.type(1 << (8 * kind.width - 1))
    return np.where(values & sign, ~values, values | sign)


def _entropy(values: NDArray[np.integer]) -> float:
    counts = np.bincount(values.astype(np.int64))  # of small numbers
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _match(database: Database, revision: int, tensors: Sequence[Stretch]) -> dict[int, Located]:
    """The roots of the revision's tensors of the same name, by the offset of the stretch that may use them."""
    rows = database.read(
        "SELECT f.name, o.id, o.size, o.dtype FROM revision_files v JOIN file_objects f ON f.file = v.file"
        " JOIN objects o ON o.id = f.object WHERE v.revision = ?",
        (revision,),
    )
    by_name = {(name, size, dtype): number for name, number, size, dtype in rows if name}
    wanted = {
        stretch.offset: by_name[key]
        for stretch in tensors
        if (key := (stretch.name, stretch.length, stretch.dtype)) in by_name
    }
    roots = _find_roots(database, sorted(set(wanted.values())))
    found = _locate_by_id(database, sorted(set(roots.values())))
    return {
        offset: found[roots[number]]
        for offset, number in wanted.items()
        if number in roots and roots[number] in found and found[roots[number]].is_sound
    }


def _find_roots(database: Database, numbers: Sequence[int]) -> dict[int, int]:
    """For each object itself, or the base it is stored against: no difference is taken against a difference."""
    roots: dict[int, int] = {}
    for some in batch(numbers):
        marks = ", ".join("?" * len(some))
        rows = database.read(
            f"SELECT object, MAX(base) FROM runs WHERE object IN ({marks}) GROUP BY object",  # noqa: S608
            some,
        )
        roots.update((number, base if base is not None else number) for number, base in rows)
    return roots


def _locate_by_id(database: Database, numbers: Sequence[int]) -> Mapping[int, Located]:
    found: dict[int, Located] = {}
    for some in batch(numbers):
        marks = ", ".join("?" * len(some))
        rows = database.read(f"SELECT digest FROM objects WHERE id IN ({marks})", some)  # noqa: S608
        for one in locate(database, [bytes(digest) for (digest,) in rows]).values():
            found[one.id] = one
    return found
