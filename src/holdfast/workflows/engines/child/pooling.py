"""How a sentence's vector comes of its tokens', as sentence-transformers' small files beside the weights say."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.workflows.engines.child.models import CannotTell

_KNOWN = "sentence_transformers."
_WAYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_lasttoken": "last",
}


@dataclass(frozen=True)
class Pooling:
    """`way` is mean, cls, max or last. `is_beyond` is true where layers follow that only their own library applies."""

    way: str = "mean"
    is_normal: bool = False
    is_beyond: bool = False
    notes: tuple[str, ...] = ()

    def apply(self, states: Sequence[Sequence[float]]) -> tuple[float, ...]:
        """One vector of a text's states, one a token."""
        vector = _WAY[self.way](states)
        length = math.sqrt(sum(number * number for number in vector))
        return tuple(number / length for number in vector) if self.is_normal and length else tuple(vector)


def _mean(states: Sequence[Sequence[float]]) -> list[float]:
    return [sum(column) / len(states) for column in zip(*states, strict=True)]


def _max(states: Sequence[Sequence[float]]) -> list[float]:
    return [max(column) for column in zip(*states, strict=True)]


def _first(states: Sequence[Sequence[float]]) -> list[float]:
    return list(states[0])


def _last(states: Sequence[Sequence[float]]) -> list[float]:
    return list(states[-1])


_WAY = {"mean": _mean, "max": _max, "cls": _first, "last": _last}


def read_pooling(folder: Path) -> Pooling:
    """What a folder says. Raises CannotTell when it names code that is not sentence-transformers' own."""
    path = folder / "modules.json"
    if not path.is_file():
        return Pooling(notes=("the copy does not say how to pool: the mean of the tokens is taken",))
    modules: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    kinds = [str(module.get("type", "")) for module in modules]
    if not all(kind.startswith(_KNOWN) for kind in kinds):
        raise CannotTell("the copy needs code of its own (modules.json), which is never run")
    names = [kind.rpartition(".")[2] for kind in kinds]
    pooled = [module for module, name in zip(modules, names, strict=True) if name == "Pooling"]
    way = _read_way(folder / str(pooled[0].get("path", "")) / "config.json") if pooled else ""
    beyond = not way or names[0] != "Transformer" or bool(set(names[1:]) - {"Pooling", "Normalize"})
    return Pooling(way or "mean", "Normalize" in names, beyond)


def _read_way(path: Path) -> str:
    """Empty when it is none of those that are applied here."""
    if not path.is_file():
        return ""
    said: dict[str, Any] = json.loads(path.read_text("utf-8"))
    chosen = [_WAYS.get(name, "") for name, value in said.items() if name.startswith("pooling_mode") and value is True]
    if not chosen and said.get("pooling_mode") in _WAY:
        return str(said["pooling_mode"])
    return chosen[0] if len(chosen) == 1 else ""
