#!/usr/bin/env python3
"""Restores files from a holdfast vault without holdfast: a second reader of docs/format.md that shares no code with it.

    python unpack.py VAULT list
    python unpack.py VAULT extract NAME[@REVISION] FOLDER
    python unpack.py VAULT check

Needs Python 3.11, NumPy and zstandard; blake3 makes it faster. Reads packs only, never the catalogue, and writes
nothing into the vault. What a recorded decision has frozen it does not restore.
"""

import argparse
import hashlib
import json
import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

try:
    import blake3
except ImportError:  # the one below does as well
    blake3 = None  # type: ignore[assignment]

FORMAT = 1
FRAME = 1 << 20
GROUP = 64  # frames decoded at once: the more, the faster, and the more memory
HEADER, HEAD, ROW = struct.Struct("<8sHH20x"), struct.Struct("<4sBBHIIQII32s32s16s"), struct.Struct("<32s32sQQB3xIII")
FOOTER = struct.Struct("<8sQQ32sQ")
DATA, DOCUMENT = 1, 2
RAW, ZSTD, PLANES, SAME, DIFFERENCE = range(5)
NO_BASE = bytes(32)
LANES = np.arange(32)
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]
Rows = Callable[[int, int], Words]


class Bad(Exception):
    """Bytes in the vault are not what docs/format.md promises."""


# ---- packs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A frame in a pack."""

    pack: Path
    offset: int
    payload_bytes: int
    base: bytes


@dataclass
class Thing:
    """An object: its frames by their index, each perhaps in several places."""

    kind: int
    size: int
    places: dict[int, list[Place]] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """What one frame says, checked."""

    codec: int
    raw_bytes: int
    payload: bytes
    base: bytes


def read_at(pack: Path, offset: int, length: int) -> bytes:
    with pack.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def parse_head(data: bytes, digest: bytes, index: int) -> Frame:
    """The frame in `data`, which must be this one; every bit of it is under its check."""
    if len(data) < HEAD.size:
        raise Bad("a frame is cut short")
    magic, _, codec, _, raw, payload, size, mine, _, name, base, check = HEAD.unpack_from(data)
    if magic != b"FRAM" or name != digest or mine != index or len(data) != HEAD.size + payload:
        raise Bad("another frame stands where the index says")
    if compute_blake3(data[: HEAD.size - 16] + data[HEAD.size :])[:16] != check:
        raise Bad("a frame is not what was written")
    if raw != min(FRAME, size - index * FRAME):
        raise Bad("a frame of a wrong length")
    return Frame(codec, raw, data[HEAD.size :], base)


def read_index(pack: Path) -> Iterator[tuple[bytes, int, int, int, Place]]:
    """digest, kind, object bytes, index of the frame, place: of every frame, by the pack's index."""
    size = pack.stat().st_size
    magic, version, header_bytes = HEADER.unpack(read_at(pack, 0, HEADER.size).ljust(HEADER.size, b"\0"))
    if magic != b"HOLDPACK" or version > FORMAT or header_bytes != HEADER.size or size < HEADER.size + FOOTER.size:
        raise Bad("no pack of a known version")
    magic, offset, length, digest, _ = FOOTER.unpack(read_at(pack, size - FOOTER.size, FOOTER.size))
    if magic != b"HOLDEND1" or offset + length + FOOTER.size != size:
        raise Bad("its footer is damaged")
    rows = read_at(pack, offset, length)
    if compute_blake3(rows) != digest:
        raise Bad("its index is damaged")
    at = 0
    while at < length:
        name, base, whole, place, kind, first, count, _ = ROW.unpack_from(rows, at)
        at += ROW.size
        for index in range(first, first + count):
            payload_bytes = struct.unpack_from("<xI", rows, at)[0]
            yield name, kind, whole, index, Place(pack, place, payload_bytes, base)
            place += HEAD.size + payload_bytes
            at += 5


def walk_frames(pack: Path) -> Iterator[tuple[bytes, int, int, int, Place]]:
    """The same by the frames' heads, for a pack whose index is damaged; finds its way again behind damage."""
    data = pack.read_bytes()
    at = data.find(b"FRAM")
    while 0 <= at <= len(data) - HEAD.size:
        _, kind, _, _, _, payload, size, index, _, name, base, _ = HEAD.unpack_from(data, at)
        end = at + HEAD.size + payload
        try:
            parse_head(data[at:end], name, index)
        except Bad:
            at = data.find(b"FRAM", at + 4)
            continue
        yield name, kind, size, index, Place(pack, at, payload, base)
        at = data.find(b"FRAM", end)


# ---- vaults ----------------------------------------------------------------------------------------------------------


class Vault:
    """All frames of a vault, by the objects that they belong to."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "vault.json").read_bytes())
        if about["format"] > FORMAT:
            raise Bad(f"this vault has format {about['format']}; this reader knows {FORMAT}")
        self.packs = sorted(folder.glob("packs/*/*.pack"))
        self.things: dict[bytes, Thing] = {}
        self.damage: list[str] = []
        for pack in self.packs:
            self._take_pack(pack)

    def _take_pack(self, pack: Path) -> None:
        try:
            found = list(read_index(pack))
        except (Bad, struct.error) as error:
            self.damage.append(f"{pack.name}: {error}; its frames are looked for one by one")
            found = list(walk_frames(pack))
        for digest, kind, size, index, place in found:
            thing = self.things.setdefault(digest, Thing(kind, size))
            thing.places.setdefault(index, []).append(place)

    def read_frame(self, digest: bytes, index: int) -> Frame:
        fault = Bad(f"frame {index} of {digest.hex()} is nowhere in the vault")
        thing = self.things.get(digest)
        for place in thing.places.get(index, []) if thing else []:
            try:
                return parse_head(read_at(place.pack, place.offset, HEAD.size + place.payload_bytes), digest, index)
            except Bad as error:
                fault = Bad(f"{place.pack.name} at byte {place.offset}: {error}")
        raise fault

    def decode(self, wanted: Iterable[tuple[bytes, int]], depth: int = 0) -> dict[tuple[bytes, int], bytes]:
        """The raw bytes of frames, many at a time; bases first, which are never differences themselves."""
        frames = {key: self.read_frame(*key) for key in wanted}
        needs = {(frame.base, key[1]) for key, frame in frames.items() if frame.codec in (SAME, DIFFERENCE)}
        if needs and depth:
            raise Bad("a base is stored as a difference itself")
        bases = self.decode(needs, depth + 1) if needs else {}
        jobs = [(frame, bases.get((frame.base, key[1]))) for key, frame in frames.items()]
        return dict(zip(frames, decode_frames(jobs), strict=True))

    def read_object(self, digest: bytes) -> bytes:
        frames = [(digest, index) for index in range(count_frames(self.things[digest].size))]
        return b"".join(self.decode(frames).values())

    def read_documents(self) -> Iterator[tuple[bytes, Any]]:
        for digest, thing in self.things.items():
            if thing.kind != DOCUMENT:
                continue
            try:
                yield digest, json.loads(self.read_object(digest))
            except Bad as error:
                self.damage.append(f"a document is lost: {error}")


def count_frames(size: int) -> int:
    return max(1, -(-size // FRAME))


@dataclass
class Copy:
    """A kept revision: what the journal says of it, and its manifest."""

    model: str
    state: str
    note: str
    kept_at: tuple[int, str]
    manifest: Any


def to_digest(name: str) -> bytes:
    return bytes.fromhex(name.removeprefix("blake3-256:"))


def replay_journal(vault: Vault) -> tuple[dict[str, Copy], dict[bytes, Any]]:
    """Every known revision by `name@revision`, and every file's manifest by its digest."""
    documents = dict(vault.read_documents())
    journal = [(d["sequence"], d["at"], digest, d) for digest, d in documents.items() if d["document"] == "journal"]
    copies: dict[str, Copy] = {}
    for sequence, at, _, entry in sorted(journal, key=lambda row: row[:3]):
        model, verb = entry["model"], entry["verb"]
        copy = copies.setdefault(model, Copy(model, "", "", (0, ""), None))
        if verb == "keep":
            copy.manifest, copy.kept_at = documents.get(to_digest(entry["manifest"])), (sequence, at)
            copy.state = "frozen" if copy.state == "frozen" else "kept"
        elif verb in ("freeze", "thaw", "drop"):
            copy.state = {"freeze": "frozen", "thaw": "kept", "drop": "dropped"}[verb]
            copy.note = f"{verb} by {entry['by']} at {at}: {entry['why']}"
    files = {digest: document for digest, document in documents.items() if document["document"] == "file"}
    return {model: copy for model, copy in copies.items() if copy.kept_at[1]}, files


def stream_file(vault: Vault, manifest: Any) -> Iterator[bytes]:
    """A file's bytes in order."""
    pieces: list[bytes | tuple[bytes, int]] = []
    for _, _, name, inline, *_ in manifest["segments"]:
        if name is None:
            pieces.append(bytes.fromhex(inline))
        elif to_digest(name) not in vault.things:
            raise Bad(f"object {name} is nowhere in the vault")
        else:
            digest = to_digest(name)
            pieces += [(digest, index) for index in range(count_frames(vault.things[digest].size))]
    for at in range(0, len(pieces), GROUP):
        group = pieces[at : at + GROUP]
        decoded = vault.decode(dict.fromkeys(piece for piece in group if isinstance(piece, tuple)))
        yield from (decoded[piece] if isinstance(piece, tuple) else piece for piece in group)


def restore_file(vault: Vault, manifest: Any, target: Path | None) -> None:
    """Writes the file, or only reads it; raises Bad when its size or its sha256 is not as kept."""
    whole, size = hashlib.sha256(), 0
    with target.open("xb") if target else open(os.devnull, "wb") as file:
        for piece in stream_file(vault, manifest):
            whole.update(piece)
            size += len(piece)
            file.write(piece)
    if size != manifest["size"] or whole.hexdigest() != manifest["sha256"]:
        raise Bad("what came out has another sha256")


# ---- frames ----------------------------------------------------------------------------------------------------------


@dataclass
class Stream:
    """rANS: `count` symbols, of each the row of `frequencies` (tables × 256) that it was coded with, or row 0."""

    data: bytes
    count: int
    frequencies: Words
    rows: Bytes | None = None
    symbols: Bytes | None = None


def decode_frames(jobs: list[tuple[Frame, bytes | None]]) -> list[bytes]:
    """Raw bytes of frames with their bases. All rANS in them is decoded side by side."""
    parsed = [WORKS[frame.codec](frame, base) if frame.codec in WORKS else None for frame, base in jobs]
    decode_streams([stream for work in parsed if work for stream in work.streams])
    out: list[bytes] = []
    for (frame, base), work in zip(jobs, parsed, strict=True):
        raw = work.finish() if work else decode_simple(frame, base)
        if len(raw) != frame.raw_bytes:
            raise Bad("a frame came out with another length")
        out.append(raw)
    return out


def decode_simple(frame: Frame, base: bytes | None) -> bytes:
    if frame.codec == RAW:
        return frame.payload
    if frame.codec == ZSTD:
        try:
            return zstandard.ZstdDecompressor().stream_reader(frame.payload).read(frame.raw_bytes + 1)
        except zstandard.ZstdError as error:
            raise Bad(f"zstd: {error}") from error
    if frame.codec == SAME and base is not None:
        return base
    raise Bad(f"codec {frame.codec} is not known to this reader")


class PlanesWork:
    """Codec 2: the bytes of every element apart."""

    def __init__(self, frame: Frame, _base: bytes | None) -> None:
        self.width, self.rotation = frame.payload[0], frame.payload[1]
        if self.width not in (1, 2, 4, 8) or frame.raw_bytes % self.width:
            raise Bad("planes of an unknown width")
        self.count = frame.raw_bytes // self.width
        self.planes: list[Bytes | Stream] = []
        at = 2
        for _ in range(self.width):
            mode, size = struct.unpack_from("<BI", frame.payload, at)
            self.planes.append(self._parse_plane(mode, frame.payload[at + 5 : at + 5 + size]))
            at += 5 + size
        self.streams = [plane for plane in self.planes if isinstance(plane, Stream)]

    def _parse_plane(self, mode: int, content: bytes) -> Bytes | Stream:
        if mode == 0:
            return np.frombuffer(content, dtype=np.uint8)
        if mode == 1:
            return np.full(self.count, content[0], dtype=np.uint8)
        if mode != 2:
            raise Bad(f"a plane of mode {mode}")
        frequencies, at = parse_table(content, 0)
        return Stream(content[at:], self.count, frequencies[None])

    def finish(self) -> bytes:
        bits = 8 * self.width
        elements = np.zeros(self.count, dtype=f"<u{self.width}")
        for number, plane in enumerate(self.planes):
            octets = plane.symbols if isinstance(plane, Stream) else plane
            assert octets is not None
            elements |= octets.astype(elements.dtype) << (bits - 8 - 8 * number)
        if self.rotation:
            elements = elements >> 1 | elements << (bits - 1)
        return elements.tobytes()


class DifferenceWork:
    """Codec 4: integer differences from the base, in an order-preserving map, coded given the base's exponent."""

    def __init__(self, frame: Frame, base: bytes | None) -> None:
        if base is None or len(base) != frame.raw_bytes:
            raise Bad("a base of another length")
        data = frame.payload
        width, self.map, shift, bits, tables, first, last = struct.unpack_from("<7B", data)
        self.base = np.frombuffer(base, dtype=f"<u{width}")
        at = 7 + last - first + 1
        row_of = np.zeros(256, dtype=np.uint8)
        row_of[first : last + 1] = np.frombuffer(data[7:at], dtype=np.uint8)
        frequencies = np.empty((tables, 256), dtype=np.uint32)
        for table in range(tables):
            frequencies[table], at = parse_table(data, at)
        (extra_bytes,) = struct.unpack_from("<I", data, at)
        self.extra = np.frombuffer(data[at + 4 : at + 4 + extra_bytes], dtype=np.uint8)
        rows = row_of[self.base >> shift & ((1 << bits) - 1)]
        self.streams = [Stream(data[at + 4 + extra_bytes :], self.base.size, frequencies, rows)]

    def finish(self) -> bytes:
        symbols = self.streams[0].symbols
        assert symbols is not None
        z = self._read_zigzags(symbols)
        bits = 8 * self.base.itemsize
        sign = 1 << (bits - 1)
        base = self.base.astype(np.int64)
        if not self.map:
            base = np.where(base & sign, ~base, base ^ sign) & (2 * sign - 1)
        order = (base + np.where(z & 1, -(z >> 1) - 1, z >> 1)) & (2 * sign - 1)
        if not self.map:
            order = np.where(order & sign, order ^ sign, ~order)
        return (order & (2 * sign - 1)).astype(self.base.dtype).tobytes()

    def _read_zigzags(self, symbols: Bytes) -> NDArray[np.int64]:
        z = symbols.astype(np.int64)
        large = np.flatnonzero(symbols >= 32)
        k = 5 + (z[large] - 32) // 8
        starts = np.cumsum(k - 3) - (k - 3)
        octets = np.concatenate([self.extra, np.zeros(8, dtype=np.uint8)]).astype(np.int64)
        window = np.zeros(large.size, dtype=np.int64)
        for number in range(5):
            window |= octets[np.minimum((starts >> 3) + number, octets.size - 1)] << 8 * number
        low = window >> (starts & 7) & ((1 << (k - 3)) - 1)
        z[large] = (8 + (z[large] - 32) % 8) << (k - 3) | low
        return z


WORKS: dict[int, type[PlanesWork] | type[DifferenceWork]] = {PLANES: PlanesWork, DIFFERENCE: DifferenceWork}


def parse_table(data: bytes, at: int) -> tuple[Words, int]:
    """256 frequencies that add up to 4096, and where the table ends."""
    (count,) = struct.unpack_from("<H", data, at)
    frequencies = np.zeros(256, dtype=np.uint32)
    for symbol, frequency in struct.iter_unpack("<BH", data[at + 2 : at + 2 + 3 * count]):
        frequencies[symbol] = frequency
    if frequencies.sum() != 4096:
        raise Bad("a table that does not add up")
    return frequencies, at + 2 + 3 * count


# ---- rANS ------------------------------------------------------------------------------------------------------------


def decode_streams(streams: list[Stream]) -> None:
    """Fills `symbols` of every stream: a round is one step of all lanes of all streams that are that long."""
    streams = sorted((stream for stream in streams if stream.count), key=lambda stream: -stream.count)
    if not streams:
        return
    rounds = np.array([-(-stream.count // 32) for stream in streams])
    active = np.searchsorted(-rounds, -np.arange(rounds[0]), side="left")  # streams with more rounds than this one
    offsets = np.cumsum(active) - active
    slots, rows = lay_out_tables(streams, rounds, offsets)
    words, states, places, ends = lay_out_words(streams)
    symbols = np.empty((int(active.sum()), 32), dtype=np.uint8)
    lengths = np.array([stream.count for stream in streams])
    for number, (k, offset) in enumerate(zip(active.tolist(), offsets.tolist(), strict=True)):
        x = states[:k]
        entry = slots.take((x & 4095) + rows(k, offset), mode="clip")
        symbols[offset : offset + k] = entry & 255
        x = ((entry >> 20) + 1) * (x >> 12) + (entry >> 8 & 4095)
        needs = x < 65536
        if lengths[k - 1] < 32 * number + 32:  # a last round is short: lanes beyond its end rest
            rests = LANES + 32 * number >= lengths[:k, None]
            needs &= ~rests
            x = np.where(rests, states[:k], x)
        taken = needs.cumsum(axis=1)
        word = words.take(places[:k, None] + taken - 1, mode="clip")
        states[:k] = np.where(needs, x << 16 | word, x)
        places[:k] += taken[:, -1]
    if np.any(places != ends) or np.any(states != 65536):
        raise Bad("an rANS stream does not end as it should")
    for number, stream in enumerate(streams):
        mine = offsets[: rounds[number]] + number
        stream.symbols = symbols[mine].reshape(-1)[: stream.count]


def lay_out_words(streams: list[Stream]) -> tuple[Words, Words, NDArray[np.int64], NDArray[np.int64]]:
    """All words in one row, the states of all lanes, and where each stream's words begin and end."""
    parts = [np.frombuffer(stream.data, dtype="<u2", offset=128).astype(np.uint32) for stream in streams]
    states = np.stack([np.frombuffer(stream.data, dtype="<u4", count=32) for stream in streams]).astype(np.uint32)
    ends = np.cumsum([part.size for part in parts])
    return np.concatenate([*parts, np.zeros(1, dtype=np.uint32)]), states, ends - [part.size for part in parts], ends


def lay_out_tables(streams: list[Stream], rounds: NDArray[np.int64], offsets: NDArray[np.int64]) -> tuple[Words, Rows]:
    """The slots of all tables in one row (frequency - 1, slot - start and symbol in 12, 12 and 8 bits), and what finds
    the first slot of every lane's table in a round."""
    tables = np.concatenate([stream.frequencies for stream in streams])
    starts = np.cumsum(tables, axis=1, dtype=np.uint32) - tables
    counts = tables.ravel()
    symbol = np.tile(np.arange(256, dtype=np.uint32), len(tables))
    head = np.repeat((counts - 1) << 20 | symbol, counts)
    slots = head | (np.tile(np.arange(4096, dtype=np.uint32), len(tables)) - np.repeat(starts.ravel(), counts)) << 8
    sizes = [len(stream.frequencies) for stream in streams]
    firsts = ((np.cumsum(sizes, dtype=np.int64) - np.array(sizes)) << 12).astype(np.uint32)[:, None]
    if all(stream.rows is None for stream in streams):
        return slots, lambda k, _: firsts[:k]
    row_of = np.zeros((int(rounds.sum()), 32), dtype=np.uint8)
    for number, stream in enumerate(streams):
        if stream.rows is not None:
            padded = np.zeros(32 * rounds[number], dtype=np.uint8)
            padded[: stream.count] = stream.rows
            row_of[offsets[: rounds[number]] + number] = padded.reshape(-1, 32)
    return slots, lambda k, offset: firsts[:k] + (row_of[offset : offset + k].astype(np.uint32) << 12)


# ---- BLAKE3 ----------------------------------------------------------------------------------------------------------

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def compute_blake3(data: bytes) -> bytes:
    """BLAKE3-256, by the library when there is one."""
    return blake3.blake3(data).digest() if blake3 else compute_blake3_slowly(data)


def compute_blake3_slowly(data: bytes) -> bytes:
    """BLAKE3-256 in NumPy: chunks side by side, then the tree level by level."""
    whole = (len(data) - 1) // 1024 if data else 0  # the last chunk may be short, and is the root when alone
    parts = [hash_chunks(data[at << 10 : min(at + 2048, whole) << 10], at, 1024, 0) for at in range(0, whole, 2048)]
    tail = data[whole << 10 :]
    level = np.concatenate([*parts, hash_chunks(tail, whole, len(tail), 0 if whole else ROOT)], axis=1)
    while level.shape[1] > 1:
        pairs = level.shape[1] // 2
        flags = PARENT | (ROOT if level.shape[1] == 2 else 0)
        block = np.concatenate([level[:, 0 : 2 * pairs : 2], level[:, 1 : 2 * pairs : 2]])
        key = np.repeat(np.array(IV, dtype=np.uint32)[:, None], pairs, axis=1)
        parents = compress(key, block, np.zeros(pairs, dtype=np.uint64), 64, flags)
        level = np.concatenate([parents, level[:, 2 * pairs :]], axis=1)
    return level[:, 0].astype("<u4").tobytes()


def hash_chunks(data: bytes, first: int, size: int, root: int) -> Words:
    """Chaining values (8 × chunks) of chunks that are all `size` bytes long."""
    count, blocks = max(1, len(data) // max(size, 1)), max(1, -(-size // 64))
    padded = np.zeros((count, 64 * blocks), dtype=np.uint8)
    padded[:, :size] = np.frombuffer(data, dtype=np.uint8).reshape(count, size)
    words = padded.view("<u4").reshape(count, blocks, 16)
    value = np.repeat(np.array(IV, dtype=np.uint32)[:, None], count, axis=1)
    numbers = np.arange(first, first + count, dtype=np.uint64)
    for block in range(blocks):
        last = block == blocks - 1
        flags = (CHUNK_START if block == 0 else 0) | (CHUNK_END | root if last else 0)
        value = compress(value, words[:, block].T, numbers, size - 64 * block if last else 64, flags)
    return value


def compress(value: Words, block: Words, counter: NDArray[np.uint64], length: int, flags: int) -> Words:
    """BLAKE3's compression of many blocks at once: rows are words, columns are blocks."""
    count = value.shape[1]
    a, b = value[:4], value[4:]
    c = np.repeat(np.array(IV[:4], dtype=np.uint32)[:, None], count, axis=1)
    low, high = (counter & 0xFFFFFFFF).astype(np.uint32), (counter >> 32).astype(np.uint32)
    d = np.stack([low, high, np.full(count, length, np.uint32), np.full(count, flags, np.uint32)])
    words = np.ascontiguousarray(block)
    for _ in range(7):
        a, b, c, d = mix(a, b, c, d, words[0:8:2], words[1:8:2])
        b, c, d = b[[1, 2, 3, 0]], c[[2, 3, 0, 1]], d[[3, 0, 1, 2]]
        a, b, c, d = mix(a, b, c, d, words[8:16:2], words[9:16:2])
        b, c, d = b[[3, 0, 1, 2]], c[[2, 3, 0, 1]], d[[1, 2, 3, 0]]
        words = words[ORDER]
    return np.concatenate([a ^ c, b ^ d])


def mix(a: Words, b: Words, c: Words, d: Words, first: Words, second: Words) -> tuple[Words, Words, Words, Words]:
    for words, left, right in ((first, 16, 12), (second, 8, 7)):
        a = a + b + words
        d = rotate(d ^ a, left)
        c = c + d
        b = rotate(b ^ c, right)
    return a, b, c, d


def rotate(words: Words, bits: int) -> Words:
    return words >> np.uint32(bits) | words << np.uint32(32 - bits)


# ---- commands --------------------------------------------------------------------------------------------------------


def list_copies(vault: Vault) -> int:
    copies, _ = replay_journal(vault)
    for copy in sorted(copies.values(), key=lambda copy: copy.model):
        files = copy.manifest["files"] if copy.manifest else []
        size = sum(entry["size"] for entry in files)
        print(f"{copy.model}\t{copy.state if copy.manifest else 'damaged'}\t{len(files)} files\t{size} bytes")
    return report(vault.damage)


def extract(vault: Vault, wanted: str, folder: Path) -> int:
    copies, files = replay_journal(vault)
    fits = [copy for copy in copies.values() if wanted in (copy.model, copy.model.rpartition("@")[0])]
    held = [copy for copy in fits if copy.state == "kept" and copy.manifest]
    if not held:
        notes = [f"{copy.model} is {copy.state}; {copy.note}" for copy in fits]
        return report(notes or [f"no copy of {wanted} is known here"])
    copy = max(held, key=lambda copy: copy.kept_at)
    for entry in copy.manifest["files"]:
        try:
            target = find_target(folder, entry["path"])
            target.parent.mkdir(parents=True, exist_ok=True)
            restore_or_discard(vault, files, entry, target)
            print(f"{entry['path']}\t{entry['size']} bytes\tsha256 matches")
        except (Bad, OSError, struct.error, KeyError, IndexError, ValueError) as error:
            vault.damage.append(f"{copy.model}:{entry['path']}: {error}")
    return report(vault.damage)


def find_target(folder: Path, path: str) -> Path:
    parts = path.split("/")
    if "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise Bad("its path leads out of the folder")
    return folder.joinpath(*parts)


def restore_or_discard(vault: Vault, files: dict[bytes, Any], entry: Any, target: Path | None) -> None:
    """No file is left that is not whole and right."""
    manifest = files.get(to_digest(entry["manifest"]))
    if manifest is None or manifest["sha256"] != entry["sha256"]:
        raise Bad("its manifest is lost")
    if target and target.exists():
        raise Bad("there is a file of that name already")
    try:
        restore_file(vault, manifest, target)
    except BaseException:
        if target:
            target.unlink(missing_ok=True)
        raise


def check(vault: Vault) -> int:
    for pack in vault.packs:
        if compute_blake3(pack.read_bytes()).hex() != pack.stem:
            vault.damage.append(f"{pack.name}: its bytes are not those of its name")
    copies, files = replay_journal(vault)
    done: set[str] = set()
    for copy in copies.values():
        if copy.state == "dropped":
            continue
        if copy.manifest is None:
            vault.damage.append(f"{copy.model}: its manifest is lost")
        for entry in copy.manifest["files"] if copy.manifest else []:
            try:
                if entry["manifest"] not in done:
                    restore_or_discard(vault, files, entry, None)
                    done.add(entry["manifest"])
            except (Bad, struct.error, KeyError, IndexError, ValueError) as error:
                vault.damage.append(f"{copy.model}:{entry['path']}: {error}")
    print(f"{len(vault.packs)} packs, {len(copies)} copies, {len(done)} files read and right")
    return report(vault.damage)


def report(faults: list[str]) -> int:
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Restores files from a holdfast vault without holdfast.")
    parser.add_argument("vault", type=Path)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="the copies in the vault")
    extraction = verbs.add_parser("extract", help="restore a copy's files")
    extraction.add_argument("model", help="NAME or NAME@REVISION")
    extraction.add_argument("folder", type=Path)
    verbs.add_parser("check", help="read every file and compare its digest")
    chosen = parser.parse_args(arguments)
    try:
        vault = Vault(chosen.vault)
    except (OSError, Bad, ValueError, KeyError) as error:
        return report([f"{chosen.vault}: {error}"])
    if chosen.verb == "extract":
        return extract(vault, chosen.model, chosen.folder)
    return list_copies(vault) if chosen.verb == "list" else check(vault)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
