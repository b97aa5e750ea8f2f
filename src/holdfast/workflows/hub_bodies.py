"""The bytes of a kept file, as they are sent: planned when they are asked for, checked as they are read."""

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.vault.opening import Vault
from holdfast.vault.sending import Layout, Loader, Part, SharedFrames, Stretch, plan_parts

__all__ = ["Body", "BodySource", "Stretch"]


@dataclass(frozen=True, slots=True)
class BodySource:
    """Where bodies come from: the vault, what its readers share, and since when (in seconds since 1970) verified packs
    are trusted; None for never."""

    vault: Vault
    shared: SharedFrames
    trusted_since: int | None = None


class Body:
    """Bytes `begin` to `end` of a file. It is read by one thread at a time, and must be closed."""

    def __init__(self, source: BodySource, layout: Layout, begin: int, end: int) -> None:
        self.length = end - begin
        self._parts: Iterator[Part] = plan_parts(source.vault, layout, begin, end, source.trusted_since)
        self._loader = Loader(source.vault, source.shared)

    def read_piece(self) -> memoryview | Stretch | None:
        """The next bytes, at most 1 MiB, each of them checked; a stretch of a file where those are trusted (its
        descriptor is open until the next piece is read); None at the end.

        Raises DamagedVault or StorageError when they cannot be had as they were kept."""
        part = next(self._parts, None)
        return None if part is None else self._loader.load(part)

    def read_all(self) -> bytes:
        """What is left, at once."""
        pieces: list[bytes] = []
        while (piece := self.read_piece()) is not None:
            assert isinstance(piece, memoryview), "a small body is never trusted"
            pieces.append(bytes(piece))
        return b"".join(pieces)

    def close(self) -> None:
        """Let go of what is open."""
        self._loader.close()
