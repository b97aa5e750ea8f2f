"""Numbers about what the server does, in the text that Prometheus reads. Counts; knows nothing of HTTP or vaults.

Of several worker processes each writes its numbers into one folder, and whichever is asked adds them up.
"""

import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, cast

Labels: TypeAlias = tuple[str, ...]
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number with labels. `kind` is counter, gauge or histogram; `buckets` are the bounds of a histogram.

    `is_of_vault`: every worker would say the same, so that the numbers of several are not added up.
    """

    name: str
    kind: str
    help: str
    labels: Labels = ()
    buckets: tuple[float, ...] = ()
    is_of_vault: bool = False


class Numbers:
    """The values of a set of metrics."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = {metric.name: metric for metric in metrics}
        self._values: dict[str, dict[Labels, list[float]]] = {name: {} for name in self._metrics}

    def add(self, name: str, labels: Sequence[object] = (), value: float = 1) -> None:
        """Count up a counter, or a gauge up or down."""
        self._find(name, labels)[0] += value

    def set(self, name: str, value: float, labels: Sequence[object] = ()) -> None:
        """What a gauge is now."""
        self._find(name, labels)[0] = value

    def clear(self, name: str) -> None:
        """Forget all values of a gauge, before it is set anew for whatever labels there are now."""
        self._values[name].clear()

    def observe(self, name: str, value: float, labels: Sequence[object] = ()) -> None:
        """One more value in a histogram."""
        metric = self._metrics[name]
        found = self._find(name, labels)
        found[bisect_left(metric.buckets, value)] += 1
        found[-1] += value

    def get(self, name: str, labels: Sequence[object] = ()) -> float:
        """A value; of a histogram how many values it has seen."""
        found = self._values[name].get(tuple(map(str, labels)), [0.0])
        return sum(found[:-1]) if self._metrics[name].buckets else found[0]

    def _find(self, name: str, labels: Sequence[object]) -> list[float]:
        metric = self._metrics[name]
        key = tuple(map(str, labels))
        assert len(key) == len(metric.labels), "a value for every label"
        width = len(metric.buckets) + 2 if metric.buckets else 1  # the last bucket has no bound; then the sum
        return self._values[name].setdefault(key, [0.0] * width)

    def dump(self) -> str:
        """All values as JSON, for `load`."""
        return json.dumps(
            {name: [[*key, *found] for key, found in sets.items()] for name, sets in self._values.items()}
        )

    def load(self, text: str) -> None:
        """Add the values that another process dumped. Raises ValueError."""
        said = cast("dict[str, list[list[object]]]", json.loads(text))
        for name, rows in said.items():
            metric = self._metrics.get(name)
            for row in rows if metric is not None and not metric.is_of_vault else ():
                count = len(metric.labels) if metric else 0
                found = self._find(name, row[:count])
                for place, value in enumerate(cast("list[float]", row[count:])):
                    found[place] += value

    def render(self) -> str:
        """The text that Prometheus reads, version 0.0.4."""
        return "".join(line for name in self._metrics for line in self._render(self._metrics[name]))

    def _render(self, metric: Metric) -> Iterator[str]:
        if not self._values[metric.name]:
            return
        yield f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"
        for key, found in sorted(self._values[metric.name].items()):
            pairs = dict(zip(metric.labels, key, strict=True))
            if metric.buckets:
                yield from _render_histogram(metric, pairs, found)
            else:
                yield f"{metric.name}{_write(pairs)} {_number(found[0])}\n"


def _render_histogram(metric: Metric, pairs: Mapping[str, str], found: list[float]) -> Iterator[str]:
    total = 0.0
    for bound, count in zip((*map(_number, metric.buckets), "+Inf"), found, strict=False):
        total += count
        yield f"{metric.name}_bucket{_write({**pairs, 'le': bound})} {_number(total)}\n"
    yield f"{metric.name}_sum{_write(pairs)} {_number(found[-1])}\n"
    yield f"{metric.name}_count{_write(pairs)} {_number(total)}\n"


def _write(pairs: Mapping[str, str]) -> str:
    if not pairs:
        return ""
    escaped = (
        (key, value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")) for key, value in pairs.items()
    )
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(slots=True)
class Pool:
    """The numbers of several workers: each writes its own into `folder`, under its number."""

    folder: Path
    own: str

    def write(self, numbers: Numbers) -> None:
        """Let the others know, whole or not at all."""
        part = self.folder / f".{self.own}.{os.getpid()}"
        part.write_text(numbers.dump(), encoding="utf-8")
        part.replace(self.folder / f"{self.own}.json")

    def read_others(self) -> Iterator[str]:
        """What the others wrote last."""
        for path in sorted(self.folder.glob("*.json")):
            if path.stem != self.own:
                yield path.read_text(encoding="utf-8")
