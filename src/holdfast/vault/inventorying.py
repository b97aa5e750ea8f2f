"""What a vault holds, written down for whoever makes a bundle for it: a line an object, and whether others can build on
it (what is stored as a difference cannot be a base: depth is one).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.records.errors import MalformedFile, MissingPath
from holdfast.vault.catalogue.database import Database, batch
from holdfast.vault.catalogue.objects import locate
from holdfast.vault.opening import Vault
from holdfast.vault.recovering import is_plain_alone, is_sound_alone

HEAD: Final = "holdfast-inventory 1 "
_DIFFERENCE: Final = " difference"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a receiver holds, and of that what others can be stored against; digests."""

    objects: frozenset[bytes] = frozenset()
    bases: frozenset[bytes] = frozenset()


def find_held(vault: Vault, digests: Iterable[bytes]) -> Inventory:
    """Those of the objects that can be read from packs that nothing is known to be wrong with."""
    found = locate(vault.database, list(digests))
    bases = frozenset(digest for digest, one in found.items() if is_plain_alone(one))
    others = {digest: one for digest, one in found.items() if digest not in bases}
    held = {digest for digest, one in others.items() if is_sound_alone(vault, one, is_base=False)}
    return Inventory(bases | held, bases)


def write_inventory(vault: Vault) -> tuple[str, int]:
    """The inventory as text, and how many objects are in it."""
    lines = sorted(line for some in batch(_iterate_digests(vault.database)) for line in _write_lines(vault, some))
    return f"{HEAD}{vault.id}\n{''.join(lines)}", len(lines)


def _iterate_digests(database: Database) -> Iterator[bytes]:
    rows = database.read("SELECT digest FROM objects WHERE id IN (SELECT object FROM runs)")
    yield from (bytes(digest) for (digest,) in rows)


def _write_lines(vault: Vault, digests: Iterable[bytes]) -> Iterator[str]:
    held = find_held(vault, digests)
    for digest in held.objects:
        yield f"{digest.hex()}{'' if digest in held.bases else _DIFFERENCE}\n"


def read_inventory(path: Path) -> Inventory:
    """What the receiver holds. Raises MissingPath or MalformedFile."""
    if not path.is_file():
        raise MissingPath("there is no such file", where=str(path), next_step="Make it with holdfast bundle inventory.")
    try:
        head, *lines = path.read_text(encoding="ascii").splitlines() or [""]
        if not head.startswith(HEAD):
            raise ValueError("it does not begin as an inventory does")
        objects = {line: _parse_digest(line.removesuffix(_DIFFERENCE)) for line in lines}
    except (ValueError, UnicodeDecodeError, OSError) as error:
        step = "Make it anew with holdfast bundle inventory."
        raise MalformedFile(f"this is no inventory: {error}", where=str(path), next_step=step) from error
    bases = frozenset(digest for line, digest in objects.items() if not line.endswith(_DIFFERENCE))
    return Inventory(frozenset(objects.values()), bases)


def _parse_digest(line: str) -> bytes:
    digest = bytes.fromhex(line)
    if len(digest) != 32:
        raise ValueError(f"{line[:80]!r} is no digest")
    return digest
