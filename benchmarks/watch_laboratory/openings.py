"""How the laboratory's answers open at sentinels, chosen as the product chooses them: base, changed, and other models.

`write_openings` runs where PyTorch is; `load_openings` reads what it wrote without.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.watch_laboratory.altering import adjust_logits, sharpen_logits
from benchmarks.watch_laboratory.answering import Request, encode
from benchmarks.watch_laboratory.borders import NOISE
from benchmarks.watch_laboratory.catalogue import BASE, MODELS, PLACE, TEMPERATURE, Variant, find_variant
from benchmarks.watch_laboratory.tables import ABSENT
from benchmarks.watch_laboratory.texts import read_pool
from numpy.typing import NDArray

if TYPE_CHECKING:
    from benchmarks.watch_laboratory.shelf import TrainedEngine

Places = NDArray[np.int64]
VARIANTS = ("bf16", "int8", "int4", "tune-8", "swap")
ASKED, FIRST, TOKENS, LETTERS, KEPT = 120, 12, 12, 48, 12
USUAL, CHANGED = 1000, 100  # answers to each prompt
SEED = 21


@dataclass(frozen=True, slots=True)
class Openings:
    """For each variant the openings as numbers (prompts, answers); equal numbers are equal openings of one prompt."""

    prompts: tuple[str, ...]
    answers: Mapping[str, Places]


def load_openings(model: str, place: Path = PLACE) -> Openings | None:
    """None where they were not made."""
    folder = place / model
    if not (folder / "openings.npz").exists():
        return None
    facts = json.loads((folder / "openings.json").read_text(encoding="utf-8"))
    with np.load(folder / "openings.npz", allow_pickle=False) as stored:
        return Openings(tuple(facts["prompts"]), {name: stored[name] for name in stored.files})


def write_openings(model: str, place: Path = PLACE) -> None:
    """`openings.npz`, an array for each variant, and `openings.json`, its prompts."""
    from benchmarks.watch_laboratory.shelf import TrainedShelf

    draws, shelf, pool = np.random.default_rng(SEED), TrainedShelf(place, model), read_pool()
    order: list[int] = draws.permutation(len(pool))[:ASKED].tolist()
    asked = [pool[row] for row in order]
    engine = shelf.take_trained(BASE)
    first = Speaking(engine, BASE).open(asked, FIRST, draws)
    prompts = choose(dict(zip(asked, first, strict=True)))
    said = {"base": Speaking(engine, BASE).open(prompts, USUAL, draws)}
    for name in VARIANTS:
        variant = find_variant(name)
        said[name] = Speaking(shelf.take_trained(variant), variant).open(prompts, CHANGED, draws)
    for other in (one.name for one in MODELS if one.name != model):
        said[f"as {other}"] = Speaking(TrainedShelf(place, other).take_trained(BASE), BASE).open(
            prompts, CHANGED, draws
        )
    with (place / model / "openings.npz").open("wb") as file:
        np.savez_compressed(file, **number(said))  # type: ignore[arg-type]  # names are variants
    (place / model / "openings.json").write_text(json.dumps({"prompts": prompts}), encoding="utf-8")
    print(f"{model}: {len(prompts)} sentinels among {ASKED}", flush=True)


def choose(first: Mapping[str, Sequence[str]]) -> list[str]:
    """As the search does."""
    from holdfast.measure.probing.sentinels import choose_sentinels

    return choose_sentinels(first, FIRST, KEPT)


def number(said: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Places]:
    """Openings become places among all that were said after their prompt."""
    made = {name: np.empty((len(rows), len(rows[0])), np.int64) for name, rows in said.items()}
    for row in range(len(said["base"])):
        usual = Counter(text for rows in said.values() for text in rows[row])
        places = {text: place for place, (text, _) in enumerate(usual.most_common())}
        for name, rows in said.items():
            made[name][row] = [places[text] for text in rows[row]]
    return made


class Speaking:
    """A model whose logits after what was said are remembered."""

    def __init__(self, engine: "TrainedEngine", variant: Variant) -> None:
        self._engine, self._serving = engine, variant.serving
        self._kept: dict[tuple[int, ...], NDArray[np.float32]] = {}

    def open(self, prompts: Sequence[str], times: int, draws: np.random.Generator) -> list[list[str]]:
        """So many openings of answers to each prompt, with noise in every logit."""
        return [[self._open_one(self._encode(prompt), draws) for _ in range(times)] for prompt in prompts]

    def _encode(self, prompt: str) -> tuple[int, ...]:
        return tuple(encode(self._engine, Request((("user", prompt),)), self._serving))

    def _open_one(self, row: tuple[int, ...], draws: np.random.Generator) -> str:
        tokenizer, said = self._engine.tokenizer, list[int]()
        while len(said) < TOKENS:
            logits = self._find_logits((*row, *said))
            shaken = (logits + NOISE * draws.standard_normal(logits.size, np.float32)) / TEMPERATURE
            symbol = int(
                (
                    shaken - np.log(np.maximum(draws.standard_exponential(logits.size, np.float32), np.float32(1e-30)))
                ).argmax()
            )
            if symbol == tokenizer.end:
                break
            said.append(symbol)
        return b"".join(tokenizer.spelling[symbol] for symbol in said).decode(errors="replace").strip()[:LETTERS]

    def _find_logits(self, symbols: tuple[int, ...]) -> NDArray[np.float32]:
        if symbols not in self._kept:
            logits = self._engine.read_many([symbols])[0].astype(np.float64)
            logits[self._engine.tokenizer.end + 1 :] = ABSENT
            logits = adjust_logits(logits, self._serving, np.array(symbols, np.int64))
            self._kept[symbols] = sharpen_logits(logits, self._serving, TEMPERATURE).astype(np.float32)
        return self._kept[symbols]


if __name__ == "__main__":
    import sys

    for one in sys.argv[1:]:
        write_openings(one)
