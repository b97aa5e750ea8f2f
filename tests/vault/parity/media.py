"""A vault in a folder with packs of random bytes, and ways to damage it as disks do."""

import random
from pathlib import Path

from blake3 import blake3

from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Stored


class Medium:
    """A LocalStorage, its staging folder, the packs that were put and their bytes as they were."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.storage = LocalStorage(root)
        self.staging = root / "staging"
        self.staging.mkdir(parents=True, exist_ok=True)
        self.packs = list[Stored]()
        self.original = dict[str, bytes]()

    def add_packs(self, sizes: list[int], seed: int) -> list[Stored]:
        """Put packs of these sizes; the ones that are new."""
        source = random.Random(seed)
        added = [self._put(source.randbytes(size)) for size in sizes]
        self.packs += added
        return added

    def read(self, key: str) -> bytes:
        """A value as it is now."""
        return (self.root / key).read_bytes()

    def flip(self, key: str, offset: int) -> None:
        """Turn one bit."""
        with (self.root / key).open("r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))

    def truncate(self, key: str, size: int) -> None:
        """Cut a value short."""
        with (self.root / key).open("r+b") as file:
            file.truncate(size)

    def remove(self, key: str) -> None:
        """Lose a value."""
        (self.root / key).unlink()

    def all_as_put(self) -> bool:
        """Whether every pack has the bytes that were put."""
        return all(self.read(key) == data for key, data in self.original.items())

    def leftovers(self) -> list[Path]:
        """What stands in staging."""
        return list(self.staging.iterdir())

    def _put(self, data: bytes) -> Stored:
        digest = blake3(data).hexdigest()
        key = f"packs/{digest[:2]}/{digest}.pack"
        path = self.staging / "new"
        path.write_bytes(data)
        self.storage.put(key, path)
        self.original[key] = data
        return Stored(key, len(data))
