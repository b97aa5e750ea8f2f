"""Which packs to make parity of, and which parity is no longer needed. Decides from sizes alone."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from holdfast.vault.parity.group import Group, check_percent, compute_blocks_max, cut_group
from holdfast.vault.parity.index import ParitySet
from holdfast.vault.storage.seam import Stored

PACK_BYTES: Final = 256 << 20
GROUP_BYTES_MIN: Final = 1 << 30
GROUP_BYTES_MAX: Final = 8 << 30
PARITY_FILES: Final = 4


def plan_groups(packs: Sequence[Stored], existing: Sequence[ParitySet], percent: float) -> list[Group]:
    """Groups for the packs that no existing set serves, in order of their keys; none when all are served.

    A group is large enough that a whole lost pack of the usual size is within its parity. Small sets are taken into new
    groups only when as many new bytes join them, so that a byte is worked on a few times at most.
    """
    check_percent(percent)
    present = {pack.key: pack.size for pack in packs if pack.size}
    serving = [held for held in existing if _serves(held, present, percent)]
    covered = {member.key for held in serving for member in held.group.members}
    fresh = {key for key in present if key not in covered}
    _absorb_small_sets(fresh, serving, present, compute_group_bytes_max(percent))
    members = [Stored(key, present[key]) for key in sorted(fresh)]
    return [cut_group(part, percent, PARITY_FILES) for part in _divide(members, percent)]


def find_stale_sets(packs: Sequence[Stored], existing: Sequence[ParitySet], percent: float) -> list[ParitySet]:
    """Sets that can be deleted: all that is left of their packs is served by other sets at `percent` %."""
    present = {pack.key: pack.size for pack in packs if pack.size}
    covered = set[str]()
    stale = list[ParitySet]()
    for held in sorted(existing, key=lambda held: (not _serves(held, present, percent), -held.group.size, held.id)):
        needed = {member.key for member in held.group.members if member.key in present} - covered
        if not needed:
            stale.append(held)
        elif _serves(held, present, percent):
            covered |= needed
    return stale


def compute_group_bytes_max(percent: float) -> int:
    """Bytes after which a group is closed: so many that one pack of the usual size is `percent` % of them."""
    wanted = math.ceil(100 / percent) * PACK_BYTES
    return min(max(wanted, GROUP_BYTES_MIN), GROUP_BYTES_MAX)


def _serves(held: ParitySet, present: dict[str, int], percent: float) -> bool:
    whole = held.complete and all(present.get(member.key) == member.size for member in held.group.members)
    return whole and held.group.parity_blocks >= round(len(held.group.blocks) * percent / 100, 9)


def _absorb_small_sets(fresh: set[str], serving: Iterable[ParitySet], present: dict[str, int], limit: int) -> None:
    size = sum(present[key] for key in fresh)
    for held in sorted(serving, key=lambda held: held.group.size):
        if held.group.size <= size and held.group.size < limit // 2:
            fresh.update(member.key for member in held.group.members)
            size += held.group.size


def _divide(members: Sequence[Stored], percent: float) -> Iterator[list[Stored]]:
    limit, count_max = compute_group_bytes_max(percent), compute_blocks_max(percent) // 2
    part, size = list[Stored](), 0
    for member in members:
        if part and (size + member.size > limit or len(part) == count_max):
            yield part
            part, size = [], 0
        part.append(member)
        size += member.size
    if part:
        yield part
