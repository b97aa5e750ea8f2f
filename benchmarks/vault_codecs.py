"""How small and how fast the vault's codecs are: lone tensors beside zipnn, fine-tunes beside XOR with zstd.

Run as `python -m benchmarks.vault_codecs`. Sizes repeat exactly. Speeds are medians of rounds in which every coder has
its turn, on one processor for one thread.
"""

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from benchmarks.vault_corpora import AVERAGED, CACHE, LIGHT, Corpora, Tensor, generate, make_corpora, read_tensors
from numpy.typing import NDArray

from holdfast.vault.codecs.kernel import get_kernel
from holdfast.vault.codecs.types import ElementType, get_element_type

FRAME = 1 << 20
ZSTD_LEVEL = 3
GENERATED_BYTES = 256_000_000
SPEED_BYTES = 64 << 20
ZIPNN_TYPES = {"BF16": "bfloat16", "F16": "float16", "F32": "float32", "F8_E4M3": "float8_e4m3fn"}
LONE_MAX = 1.01  # of the order-0 bound
PAIRS_MAX, LIGHT_MAX = 0.80, 0.75  # of BitX
ENTROPY_MAX = 1.05
ENCODE_MIN, DECODE_MIN, THREADS_MIN = 2.0, 1.0, 1.7

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of one corpus, by coder."""

    raw: float
    ours: float
    peer: float
    bound: float


def main() -> None:
    """Print the tables; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tables", nargs="*", default=["lone", "pairs", "speed"])
    asked = parser.parse_args()
    corpora = make_corpora(asked.cache)
    sys.path.append(str(corpora.packages))
    print(f"kernel: {get_kernel().name}; {os.cpu_count()} processors")
    reached = [
        *(print_lone(corpora, asked.cache) if "lone" in asked.tables else ()),
        *(print_pairs(corpora) if "pairs" in asked.tables else ()),
        *(print_speeds(corpora, asked.cache, asked.rounds) if "speed" in asked.tables else ()),
    ]
    sys.exit(0 if all(reached) else 1)


def print_lone(corpora: Corpora, cache: Path) -> Iterator[bool]:
    """Table A: every tensor by itself; whether each goal is reached."""
    print(f"\n{'lone tensors':<22}{'MB':>7}{'ours':>9}{'zipnn':>9}{'bound':>9}{'to zipnn':>10}{'to bound':>10}")
    for name, tensors in list_lone(corpora, cache):
        sizes = sum_sizes(measure_lone(tensor) for tensor in tensors)
        ours, peer, bound = (part / sizes.raw for part in (sizes.ours, sizes.peer, sizes.bound))
        row = f"{name:<22}{sizes.raw / 1e6:>7.1f}{ours:>9.4f}{peer:>9.4f}{bound:>9.4f}"
        print(f"{row}{ours / peer:>10.4f}{ours / bound:>10.4f}", flush=True)
        yield ours <= peer
        if "bf16" in name:
            yield ours <= LONE_MAX * bound


def list_lone(corpora: Corpora, cache: Path) -> Iterator[tuple[str, Iterable[Tensor]]]:
    """Corpora of one number format each."""
    yield "trained, bf16", read_tensors(corpora.find_model("base"))
    generated = generate(cache, GENERATED_BYTES)
    yield "generated, bf16", (tensor for path in sorted(generated.iterdir()) for tensor in read_tensors(path))
    for name in ("bf16", "f16", "f32", "f32-of-bf16", "f8"):
        yield f"MiniLM, {name}", read_tensors(corpora.copies / f"minilm-{name}.safetensors")


def sum_sizes(parts: Iterable[Sizes]) -> Sizes:
    """The sum of all."""
    rows = [(part.raw, part.ours, part.peer, part.bound) for part in parts]
    return Sizes(*(sum(column) for column in zip(*rows, strict=True)))


def measure_lone(tensor: Tensor) -> Sizes:
    """Our frames, zipnn's buffer, and the sum of the planes' entropies over the whole tensor."""
    kind = get_element_type(tensor.dtype)
    ours = sum(min(len(frame), len_or(encode_alone(frame, kind), len(frame))) for frame in cut(tensor.raw))
    return Sizes(
        tensor.raw.size, ours, len(make_zipnn(tensor.dtype).compress(tensor.raw.tobytes())), bound_lone(tensor)
    )


def cut(raw: Bytes) -> Iterator[Bytes]:
    """Frames as a pack has them."""
    return (raw[start : start + FRAME] for start in range(0, raw.size, FRAME))


def encode_alone(frame: Bytes, kind: ElementType) -> bytes | None:
    """Codec 2."""
    return get_kernel().encode_planes(frame, kind.width, kind.rotation)


def len_or(payload: bytes | None, other: int) -> int:
    """Its length, or `other` when there is none."""
    return other if payload is None else len(payload)


def make_zipnn(dtype: str, threads: int = 1) -> Any:
    """The peer as its documentation says, for buffers of bytes."""
    zipnn: Any = import_module("zipnn")
    return zipnn.ZipNN(input_format="byte", bytearray_dtype=ZIPNN_TYPES[dtype], threads=threads)


def bound_lone(tensor: Tensor) -> float:
    """Bytes by the order-0 entropy of each plane of codec 2."""
    kind = get_element_type(tensor.dtype)
    values = tensor.raw.view(f"<u{kind.width}")
    if kind.rotation:
        values = values << np.array(1, values.dtype) | values >> np.array(8 * kind.width - 1, values.dtype)
    planes = values.view(np.uint8).reshape(-1, kind.width)
    return sum(count_bits(np.bincount(planes[:, plane])) for plane in range(kind.width)) / 8


def count_bits(counts: NDArray[np.int64]) -> float:
    """Bits of so many symbols at their own frequencies."""
    present = counts[counts > 0].astype(np.float64)
    return float(present.sum() * np.log2(present.sum()) - (present * np.log2(present)).sum())


def print_pairs(corpora: Corpora) -> Iterator[bool]:
    """Table B: every fine-tune against the base; whether each goal is reached."""
    print(f"\n{'fine-tunes':<16}{'same':>7}{'ours':>9}{'BitX':>9}{'entropy':>9}{'to BitX':>9}{'to entropy':>12}")
    base = {tensor.name: tensor for tensor in read_tensors(corpora.find_model("base"))}
    ratios = {}
    for name in (*AVERAGED, *(path.name for path in sorted(corpora.models.iterdir()) if path.name not in AVERAGED)):
        if name == "base":
            continue
        pairs = [(tensor, base[tensor.name]) for tensor in read_tensors(corpora.find_model(name))]
        sizes = sum_sizes(measure_pair(new.raw, old.raw, get_element_type(new.dtype)) for new, old in pairs)
        same = sum(count_same(new.raw, old.raw) for new, old in pairs) / sizes.raw * 2
        ours, peer, bound = (part / sizes.raw for part in (sizes.ours, sizes.peer, sizes.bound))
        ratios[name] = ours / peer
        row = f"{name:<16}{same:>7.3f}{ours:>9.4f}{peer:>9.4f}{bound:>9.4f}{ours / peer:>9.4f}{ours / bound:>12.4f}"
        print(row, flush=True)
        yield bool(ours <= ENTROPY_MAX * bound)
    averaged = statistics.fmean(ratios[name] for name in AVERAGED)
    print(f"{'average of ' + ', '.join(AVERAGED):<50}{averaged:>9.4f}   goal {PAIRS_MAX}; light {LIGHT_MAX}")
    yield averaged <= PAIRS_MAX
    yield all(ratios[name] <= LIGHT_MAX for name in LIGHT)


def count_same(new: Bytes, old: Bytes) -> int:
    """Elements of two bytes that did not move."""
    return int((new.view(np.uint16) == old.view(np.uint16)).sum())


def measure_pair(new: Bytes, old: Bytes, kind: ElementType) -> Sizes:
    """Our frames, BitX over the whole tensor, and the difference's entropy given the base's exponent."""
    ours = sum(encode_pair(frame, base, kind) for frame, base in zip(cut(new), cut(old), strict=True))
    return Sizes(new.size, ours, encode_bitx(new, old), bound_pair(new.view(np.uint16), old.view(np.uint16)))


def encode_pair(frame: Bytes, base: Bytes, kind: ElementType) -> int:
    """Bytes of the smallest of: nothing for a frame that is the same, codec 4, codec 2, the frame itself."""
    if np.array_equal(frame, base):
        return 0
    assert kind.difference is not None
    difference = get_kernel().encode_difference(frame, base, kind.difference)
    return min(len(frame), len_or(difference, len(frame)), len_or(encode_alone(frame, kind), len(frame)))


def encode_bitx(new: Bytes, old: Bytes) -> int:
    """Bytes of XOR, split into exponents and into signs with mantissas, zstd on each."""
    flipped = new.view(np.uint16) ^ old.view(np.uint16)
    exponents = (flipped >> 7 & 0xFF).astype(np.uint8)
    others = (flipped >> 8 & 0x80 | flipped & 0x7F).astype(np.uint8)
    return sum(len(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(p.tobytes())) for p in (exponents, others))


def bound_pair(new: NDArray[np.uint16], old: NDArray[np.uint16]) -> float:
    """Bytes by the entropy of the integer difference given the exponent of the base, one table a tensor."""
    difference = order(new) - order(old)
    groups = old >> 7 & 0xFF
    bits = 0.0
    for exponent in np.unique(groups):
        members = difference[groups == exponent]
        bits += count_bits(np.unique(members, return_counts=True)[1].astype(np.int64))
    return bits / 8


def order(values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The map that keeps the order of bf16 numbers, one to one."""
    return np.where(values >> 15, ~values, values | np.uint16(0x8000)).astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing to time: `run` in one process that may use so many processors."""

    name: str
    processors: int
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Speed:
    """Medians in GB/s of raw bytes, by the clock and by processor time."""

    wall: float
    cpu: float


def print_speeds(corpora: Corpora, cache: Path, rounds: int) -> Iterator[bool]:
    """Table C: encode and decode on bf16; whether each goal is reached."""
    shard = next(iter(sorted(generate(cache, GENERATED_BYTES).iterdir())))
    raw = np.concatenate([tensor.raw for tensor in read_tensors(shard)])[:SPEED_BYTES]
    trained = [np.concatenate([t.raw for t in read_tensors(corpora.find_model(name))]) for name in ("base", "full")]
    turns = [*list_lone_turns(raw), *list_pair_turns(trained[1], trained[0])]
    sizes = {turn.name: trained[0].size if turn.name.startswith("pair") else raw.size for turn in turns}
    speeds = time_turns(turns, sizes, rounds)
    print(f"\n{'bf16, GB/s':<34}{'wall':>8}{'cpu':>8}")
    for name, speed in speeds.items():
        print(f"{name:<34}{speed.wall:>8.2f}{speed.cpu:>8.2f}")
    for what, least in (("encode", ENCODE_MIN), ("decode", DECODE_MIN)):
        ratio = speeds[f"{what}, one thread"].cpu / speeds[f"zipnn {what}, one thread"].cpu
        doubled = speeds[f"{what}, two threads"].wall / speeds[f"{what}, one thread"].wall
        print(f"{what}: {ratio:.2f} x zipnn (goal {least}); two threads {doubled:.2f} x one (goal {THREADS_MIN})")
        yield ratio >= least
        yield doubled >= THREADS_MIN


def list_lone_turns(raw: Bytes) -> list[Turn]:
    """Codec 2 and zipnn, one thread and two."""
    kind, kernel = get_element_type("BF16"), get_kernel()
    frames = list(cut(raw))
    payloads = [encode_alone(frame, kind) or frame.tobytes() for frame in frames]
    whole = raw.tobytes()
    turns = []
    for count, words in ((1, "one thread"), (2, "two threads")):
        pool, peer = ThreadPoolExecutor(count), make_zipnn("BF16", count)
        turns += [
            Turn(f"encode, {words}", count, spread(pool, frames, lambda frame: encode_alone(frame, kind))),
            Turn(f"zipnn encode, {words}", count, partial(peer.compress, whole)),
            Turn(f"decode, {words}", count, spread(pool, payloads, lambda part: kernel.decode_planes(part, FRAME))),
            Turn(f"zipnn decode, {words}", count, partial(peer.decompress, peer.compress(whole))),
        ]
    return turns


def list_pair_turns(new: Bytes, old: Bytes) -> list[Turn]:
    """Codec 4 on a really trained pair, one thread and two."""
    kernel, kind = get_kernel(), get_element_type("BF16").difference
    assert kind is not None
    frames = list(zip(cut(new), cut(old), strict=True))

    def encode(both: tuple[Bytes, Bytes]) -> bytes | None:
        return kernel.encode_difference(both[0], both[1], kind)

    def decode(both: tuple[bytes | None, Bytes]) -> bytes | memoryview:
        return b"" if both[0] is None else kernel.decode_difference(both[0], both[1], both[1].size)

    payloads = [(encode(both), both[1]) for both in frames]
    turns = []
    for count, words in ((1, "one thread"), (2, "two threads")):
        pool = ThreadPoolExecutor(count)
        turns.append(Turn(f"pair encode, {words}", count, spread(pool, frames, encode)))
        turns.append(Turn(f"pair decode, {words}", count, spread(pool, payloads, decode)))
    return turns


def spread(pool: ThreadPoolExecutor, parts: list[Any], work: Callable[[Any], object]) -> Callable[[], object]:
    """Each thread takes every so-many-th part; results are dropped as they come, as a writer of packs does."""
    count = pool._max_workers

    def run_share(first: int) -> None:
        for part in parts[first::count]:
            work(part)

    return lambda: list(pool.map(run_share, range(count)))


def time_turns(turns: list[Turn], sizes: dict[str, int], rounds: int) -> dict[str, Speed]:
    """Every turn once a round; the first round only warms up."""
    walls: dict[str, list[float]] = {turn.name: [] for turn in turns}
    cpus: dict[str, list[float]] = {turn.name: [] for turn in turns}
    for number, turn in itertools.product(range(rounds + 1), turns):
        confine(turn.processors)
        wall, cpu = time.perf_counter(), time.process_time()
        turn.run()
        if number:
            walls[turn.name].append(time.perf_counter() - wall)
            cpus[turn.name].append(time.process_time() - cpu)
    return {
        name: Speed(size / statistics.median(walls[name]) / 1e9, size / statistics.median(cpus[name]) / 1e9)
        for name, size in sizes.items()
    }


def confine(processors: int) -> None:
    """All threads of this process on so many processors, as taskset does."""
    allowed = set(range(min(processors, os.cpu_count() or 1)))
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), allowed)


if __name__ == "__main__":
    main()
