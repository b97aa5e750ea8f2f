"""A file read once from its first byte to its last: every stretch is named by its digest, the file by its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from holdfast.records.vault import FileLayout, FileManifest, Segment, Stretch, to_object_id
from holdfast.vault.keeping.source import Digests, FileHasher, SourceFile

INLINE_BYTES_MAX: Final = 64
HELD_BYTES_MAX: Final = 128 << 20  # of an object in memory; larger ones, which 7B models have none of, are read twice
Report = Callable[[int], None]


@dataclass(slots=True)
class NamedStretch:
    """A stretch that is an object; `pieces` are its frames when they are held in memory."""

    stretch: Stretch
    digest: bytes
    pieces: list[memoryview] | None


def name_stretches(
    source: SourceFile, stretches: Iterable[Stretch], hasher: FileHasher, segments: list[Segment], report: Report
) -> Iterator[NamedStretch]:
    """Every stretch becomes one of `segments`, and is given out unless its bytes are so few that they stand inline."""
    for stretch in stretches:
        is_held = stretch.length <= HELD_BYTES_MAX
        own, pieces = blake3(), list[memoryview]()
        for piece in source.iterate(stretch):
            hasher.update(piece)
            own.update(piece)
            if is_held:
                pieces.append(piece)
            report(len(piece))
        if stretch.length <= INLINE_BYTES_MAX:
            segments.append(_to_segment(stretch, None, b"".join(pieces)))
            continue
        digest = own.digest()
        segments.append(_to_segment(stretch, digest, b""))
        yield NamedStretch(stretch, digest, pieces if is_held else None)


def describe_file(source: SourceFile, layout: FileLayout) -> tuple[FileManifest, dict[bytes, Stretch]]:
    """The manifest that a file would be kept with, and its stretches by their digests. Writes nothing."""
    hasher = FileHasher(layout.size)
    segments: list[Segment] = []
    found: dict[bytes, Stretch] = {}
    try:
        for named in name_stretches(source, layout.stretches, hasher, segments, lambda _: None):
            found[named.digest] = named.stretch
        digests = hasher.finish()
    finally:
        hasher.close()
    return make_manifest(layout, segments, digests), found


def make_manifest(layout: FileLayout, segments: Sequence[Segment], digests: Digests) -> FileManifest:
    """What is known of a file, together."""
    return FileManifest(layout.format, layout.size, digests.sha256, digests.git_blob, tuple(segments), layout.warnings)


def _to_segment(stretch: Stretch, digest: bytes | None, inline: bytes) -> Segment:
    name = None if digest is None else to_object_id(digest)
    return Segment(stretch.length, stretch.role, name, inline, stretch.name, stretch.dtype, stretch.shape)
