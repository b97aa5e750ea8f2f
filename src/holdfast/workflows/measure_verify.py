"""`holdfast measure verify`: every figure of a run file computed again from its samples and answers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from holdfast.workflows.measuring.figures import compute_figures
from holdfast.workflows.measuring.opening import read_run

_ALIKE: Final = 1e-9
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it. `differing` are the places of figures that are not what the samples give, at most twenty."""

    file: str
    samples: int
    answers: int
    figures: int
    differing: tuple[str, ...]
    made_by: str

    @property
    def is_right(self) -> bool:
        """Whether all figures are what the samples give."""
        return not self.differing


def verify_run(path: Path) -> Verified:
    """Compute a run's figures again. Its members are held to their digests when it is read. Raises what reading it
    raises."""
    run = read_run(path)
    stored, found = run.header.figures, compute_figures(run)
    differing = [place for _, place in zip(range(_SHOWN), _compare(stored, found, ""), strict=False)]
    return Verified(
        str(path), len(run.samples), len(run.answers), _count(stored), tuple(differing), run.header.holdfast
    )


def _compare(stored: object, found: object, place: str) -> Iterator[str]:
    one, other = _get_table(stored), _get_table(found)
    if one is not None and other is not None:
        for name in dict.fromkeys((*one, *other)):
            yield from _compare(one.get(name), other.get(name), f"{place}.{name}" if place else name)
    elif isinstance(stored, (list, tuple)) and isinstance(found, (list, tuple)):
        yield from _compare_lists(cast("Sequence[object]", stored), cast("Sequence[object]", found), place)
    elif _differ(stored, found):
        yield place


def _get_table(value: object) -> Mapping[str, object] | None:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None


def _compare_lists(stored: Sequence[object], found: Sequence[object], place: str) -> Iterator[str]:
    if len(stored) != len(found):
        yield place
        return
    for number, (one, other) in enumerate(zip(stored, found, strict=True)):
        yield from _compare(one, other, f"{place}[{number}]")


def _differ(stored: Any, found: Any) -> bool:
    """Numbers to a part in a billion: another machine may add in another order."""
    if isinstance(stored, (int, float)) and isinstance(found, (int, float)):
        return not math.isclose(stored, found, rel_tol=_ALIKE, abs_tol=1e-12)
    return bool(stored != found)


def _count(value: object) -> int:
    """Numbers in the figures."""
    if isinstance(value, Mapping):
        return sum(map(_count, cast("Mapping[str, object]", value).values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_count, cast("Sequence[object]", value)))
    return isinstance(value, (int, float)) and not isinstance(value, bool)
