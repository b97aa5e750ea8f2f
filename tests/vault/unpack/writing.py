"""A writer of vaults from docs/format.md alone, as plain as can be: what proves that the document is enough."""

import hashlib
import json
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard
from blake3 import blake3

FRAME = 1 << 20
NO_BASE = bytes(32)
RAW, ZSTD, PLANES, SAME, DIFFERENCE = range(5)


def hash_blake3(data: bytes) -> bytes:
    return blake3(data).digest()


def name_object(digest: bytes) -> str:
    return "blake3-256:" + digest.hex()


@dataclass
class Pack:
    """Frames, and the rows of their index."""

    data: bytearray = field(default_factory=lambda: bytearray(struct.pack("<8sHH20x", b"HOLDPACK", 1, 32)))
    rows: bytearray = field(default_factory=bytearray)
    frames: int = 0

    def add_run(self, kind: int, digest: bytes, base: bytes, size: int, first: int, frames: Sequence[Any]) -> None:
        """Frames `first` and so on of an object: (codec, raw bytes, payload) each."""
        count = max(1, -(-size // FRAME))
        self.rows += struct.pack("<32s32sQQB3xIII", digest, base, size, len(self.data), kind, first, len(frames), count)
        for index, (codec, raw_bytes, payload) in enumerate(frames, first):
            head = b"FRAM" + struct.pack("<BBH", kind, codec, 0)
            head += struct.pack("<IIQII", raw_bytes, len(payload), size, index, count) + digest + base
            self.data += head + hash_blake3(head + payload)[:16] + payload
            self.rows += struct.pack("<BI", codec, len(payload))
            self.frames += 1

    def write(self, folder: Path) -> Path:
        footer = struct.pack("<8sQQ", b"HOLDEND1", len(self.data), len(self.rows))
        whole = bytes(self.data + self.rows + footer + hash_blake3(bytes(self.rows)) + struct.pack("<Q", self.frames))
        name = hash_blake3(whole).hex()
        path = folder / "packs" / name[:2] / f"{name}.pack"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole)
        return path


class VaultWriter:
    """Writes one pack of data and one of documents."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.data, self.documents = folder, Pack(), Pack()
        self.sequence = 0
        about = {"format": 1, "id": "00000000-0000-4000-8000-000000000000", "created_at": "2026-01-01T00:00:00Z"}
        (folder / "vault.json").write_text(json.dumps(about))

    def add_object(self, raw: bytes, encode: Any = None, base: bytes = NO_BASE, base_raw: bytes = b"") -> bytes:
        """`encode` gives codec and payload of a frame and the same frame of the base; without it frames are raw."""
        digest = hash_blake3(raw)
        frames = []
        for at in range(0, max(len(raw), 1), FRAME):
            piece, against = raw[at : at + FRAME], base_raw[at : at + FRAME]
            codec, payload = encode(piece, against) if encode else (RAW, piece)
            frames.append((codec, len(piece), payload))
        self.data.add_run(1, digest, base, len(raw), 0, frames)
        return digest

    def add_document(self, document: dict[str, Any]) -> str:
        data = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        digest = hash_blake3(data)
        self.documents.add_run(2, digest, NO_BASE, len(data), 0, [(ZSTD, len(data), encode_zstd(data, b"")[1])])
        return name_object(digest)

    def add_file(self, path: str, content: bytes, header: bytes, objects: list[tuple[bytes, int]]) -> dict[str, Any]:
        """A file of a header that is kept inline and objects (digest, length); returns its entry."""
        rows: list[Any] = [[len(header), "header", None, header.hex(), "", "", []]] if header else []
        rows += [[size, "tensor", name_object(digest), "", "w", "BF16", [size // 2]] for digest, size in objects]
        sha256 = hashlib.sha256(content).hexdigest()
        git_blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        manifest = self.add_document(
            {"document": "file", "format": "bytes", "git_blob": git_blob, "segments": rows, "sha256": sha256,
             "size": len(content), "warnings": []}
        )  # fmt: skip
        return {"path": path, "manifest": manifest, "size": len(content), "sha256": sha256}

    def keep(self, name: str, revision: str, files: list[dict[str, Any]]) -> None:
        manifest = self.add_document(
            {"document": "revision", "name": name, "revision": revision, "files": files, "origin": {}}
        )
        self.decide("keep", f"{name}@{revision}", manifest)

    def decide(self, verb: str, model: str, manifest: str | None = None) -> None:
        self.sequence += 1
        self.add_document(
            {"document": "journal", "verb": verb, "model": model, "manifest": manifest, "by": "counsel",
             "why": "a test", "at": f"2026-01-02T00:00:{self.sequence:02}Z", "sequence": self.sequence}
        )  # fmt: skip

    def write(self) -> tuple[Path, Path]:
        return self.data.write(self.folder), self.documents.write(self.folder)


def encode_zstd(raw: bytes, _base: bytes) -> tuple[int, bytes]:
    return ZSTD, zstandard.ZstdCompressor().compress(raw)


def encode_same(_raw: bytes, _base: bytes) -> tuple[int, bytes]:
    return SAME, b""


def encode_bf16_planes(raw: bytes, _base: bytes) -> tuple[int, bytes]:
    """Both planes of rotated bf16: the high one by rANS, the low one as it is."""
    elements = [(u << 1 | u >> 15) & 0xFFFF for (u,) in struct.iter_unpack("<H", raw)]
    high, low = [u >> 8 for u in elements], bytes(u & 255 for u in elements)
    table = make_table(high)
    stream = write_table(table) + encode_rans([(table, symbol) for symbol in high])
    return PLANES, bytes((2, 1)) + struct.pack("<BI", 2, len(stream)) + stream + struct.pack("<BI", 0, len(low)) + low


def encode_bf16_difference(raw: bytes, base: bytes) -> tuple[int, bytes]:
    """Two tables: one for contexts below 120 of the base's exponent, one for those from there on."""
    symbols, contexts, extra, held = [], [], 0, 0
    for (u,), (b,) in zip(struct.iter_unpack("<H", raw), struct.iter_unpack("<H", base), strict=True):
        difference = (to_order(u) - to_order(b) + 0x8000) % 0x10000 - 0x8000
        z = 2 * difference if difference >= 0 else -2 * difference - 1
        k = z.bit_length() - 1
        symbols.append(z if z < 32 else 32 + 8 * (k - 5) + (z >> (k - 3) & 7))
        contexts.append(int((b >> 7 & 255) >= 120))
        if z >= 32:
            extra |= (z & ((1 << (k - 3)) - 1)) << held
            held += k - 3
    tables = [make_table([s for s, c in zip(symbols, contexts, strict=True) if c == mine] or [0]) for mine in (0, 1)]
    packed = extra.to_bytes((held + 7) // 8, "little")
    head = bytes((2, 0, 7, 8, 2, 100, 255)) + bytes(int(c >= 120) for c in range(100, 256))
    stream = encode_rans([(tables[context], symbol) for context, symbol in zip(contexts, symbols, strict=True)])
    return DIFFERENCE, head + b"".join(map(write_table, tables)) + struct.pack("<I", len(packed)) + packed + stream


def to_order(element: int) -> int:
    return element ^ (0xFFFF if element & 0x8000 else 0x8000)


Table = dict[int, tuple[int, int]]  # symbol: start, frequency


def make_table(symbols: list[int]) -> Table:
    counts = Counter(symbols)
    frequencies = {symbol: max(1, count * 4096 // len(symbols)) for symbol, count in sorted(counts.items())}
    frequencies[max(frequencies, key=lambda symbol: frequencies[symbol])] += 4096 - sum(frequencies.values())
    table, start = {}, 0
    for symbol, frequency in frequencies.items():
        table[symbol] = (start, frequency)
        start += frequency
    return table


def write_table(table: Table) -> bytes:
    return struct.pack("<H", len(table)) + b"".join(struct.pack("<BH", s, table[s][1]) for s in sorted(table))


def encode_rans(symbols: list[tuple[Table, int]]) -> bytes:
    """The decoder's steps undone, from the last symbol to the first."""
    states, words = [65536] * 32, []
    for number in range(len(symbols) - 1, -1, -1):
        table, symbol = symbols[number]
        start, frequency = table[symbol]
        x = states[number % 32]
        if x >= frequency << 20:
            words.append(x & 0xFFFF)
            x >>= 16
        states[number % 32] = (x // frequency << 12) + x % frequency + start
    return struct.pack("<32I", *states) + b"".join(struct.pack("<H", word) for word in reversed(words))
