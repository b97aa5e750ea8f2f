"""Trains the laboratory's models from their recipes, and keeps them: weights, tokenizer, losses. Runs where PyTorch is.

One thread, so that it repeats exactly on one machine; other processors round otherwise.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.watch_laboratory.catalogue import VARIANTS, ModelRecipe, Weights
from benchmarks.watch_laboratory.dialogues import Dialogue
from benchmarks.watch_laboratory.networks import compute_logits, compute_states, make_weights
from benchmarks.watch_laboratory.texts import TUNING, read_corpus
from benchmarks.watch_laboratory.tokens import Tokenizer, learn_merges

torch: Any = import_module("torch")
functional: Any = import_module("torch.nn.functional")

WINDOW, BATCH, TUNING_BATCH = 128, 12, 8
TUNING_RATE, LORA_RATE, LORA_RANK = 2e-5, 3e-4, 8
WARM_UP = 0.05
LEARNED_CHARACTERS = 400_000  # of the corpus, for the tokenizer
Trained = Mapping[str, Any]
Keep = Callable[[int, Trained], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How weights are trained: the rate of each step, and how many windows are in a step."""

    rates: tuple[float, ...]
    batch: int
    seed: int


def make_model(recipe: ModelRecipe, folder: Path) -> None:
    """A model with its older states: `base.pt`, `older-….pt`, `tokenizer.json`, `training.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    dialogues = read_corpus(recipe.corpus)
    tokenizer = make_tokenizer(
        dialogues, recipe.vocabulary, folder.parent / f"{recipe.corpus}-{recipe.vocabulary}.json"
    )
    write_tokenizer(tokenizer, folder / "tokenizer.json")
    weights = make_weights(recipe)
    older = {round(one.amount * recipe.steps): one.name for one in VARIANTS if one.weights is Weights.OLDER}

    def keep(step: int, trained: Trained) -> None:
        if step in older:
            save(trained, folder / f"{older[step]}.pt")

    started = time.process_time()
    rates = tuple(recipe.rate * compute_schedule(step, recipe.steps) for step in range(1, recipe.steps + 1))
    plan = Plan(rates, BATCH, recipe.seed)
    losses = train(recipe, weights, pack(tokenizer, dialogues), plan, keep=keep)
    facts = {
        "parameters": sum(one.numel() for one in weights.values()),
        "steps": recipe.steps,
        "loss": sum(losses[-20:]) / 20,
        "cpu_s": round(time.process_time() - started),
    }
    (folder / "training.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    save(weights, folder / "base.pt")
    print(f"{recipe.name}: {json.dumps(facts)}", flush=True)


def tune_model(recipe: ModelRecipe, folder: Path) -> None:
    """Its fine-tunes, each a state of one run: `tune-….pt`; and its merged low-rank ones: `lora-….pt`."""
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    stream = pack(tokenizer, read_corpus(TUNING))
    for kind, rate in ((Weights.TUNED, TUNING_RATE), (Weights.LORA, LORA_RATE)):
        kept = {round(one.amount): one.name for one in VARIANTS if one.weights is kind}
        weights = load(folder / "base.pt")
        low = make_factors(weights, recipe.seed) if kind is Weights.LORA else {}

        def keep(step: int, trained: Trained, kept: Mapping[int, str] = kept) -> None:
            if step in kept:
                save(trained, folder / f"{kept[step]}.pt")

        plan = Plan((rate,) * max(kept), TUNING_BATCH, recipe.seed + 100)
        train(recipe, weights, stream, plan, low=low, keep=keep)


def train(
    recipe: ModelRecipe, weights: dict[str, Any], stream: Any, plan: Plan, *, low: Trained | None = None, keep: Keep
) -> list[float]:
    """Train in place with AdamW; the losses of all steps, in nats per symbol. With `low` only those factors change."""
    learned = low or weights
    for one in learned.values():
        one.requires_grad_(True)
    optimizer = torch.optim.AdamW(list(learned.values()), lr=1.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    losses = list[float]()
    for step, windows in enumerate(deal(stream, plan), 1):
        whole = merge_factors(weights, low) if low else weights
        loss = compute_loss(recipe, whole, windows)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(learned.values()), 1.0)
        optimizer.param_groups[0]["lr"] = plan.rates[step - 1]
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if step % 100 == 0:
            print(f"{recipe.name}: step {step}, loss {sum(losses[-50:]) / len(losses[-50:]):.3f}", flush=True)
        keep(step, merge_factors(weights, low) if low else weights)
    for one in learned.values():
        one.requires_grad_(False)
    return losses


def compute_loss(recipe: ModelRecipe, weights: Trained, windows: Any) -> Any:
    """The mean over all symbols of windows of shape (batch, length)."""
    logits = compute_logits(weights, compute_states(recipe, weights, windows[:, :-1]))
    return functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def compute_schedule(step: int, steps: int) -> float:
    """The share of the highest rate: up in a straight line, then down to a twentieth along a cosine."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return step / warm
    done = (step - warm) / max(1, steps - warm)
    return 0.05 + 0.95 * (1 + math.cos(math.pi * done)) / 2


def deal(stream: Any, plan: Plan) -> Iterator[Any]:
    """For each step some windows of the stream."""
    generator = torch.Generator().manual_seed(plan.seed)
    for _ in range(len(plan.rates)):
        starts = torch.randint(len(stream) - WINDOW - 1, (plan.batch,), generator=generator).tolist()
        yield torch.stack([stream[start : start + WINDOW + 1] for start in starts])


def pack(tokenizer: Tokenizer, dialogues: Sequence[Dialogue]) -> Any:
    """All dialogues as one row of symbols, as the template writes them."""
    symbols = list[int]()
    for one in dialogues:
        turns = [("system", one.system)] if one.system else []
        symbols += tokenizer.encode_turns([*turns, ("user", one.user)])
        symbols += [*tokenizer.encode(one.assistant), tokenizer.end]
    return torch.tensor(symbols, dtype=torch.long)


def make_factors(weights: Trained, seed: int) -> dict[str, Any]:
    """Low-rank factors for every matrix of a layer: `NAME/down`, random, and `NAME/up`, zero."""
    generator, made = torch.Generator().manual_seed(seed), dict[str, Any]()
    for name, one in weights.items():
        if is_matrix(name, one):
            made[f"{name}/down"] = torch.randn(LORA_RANK, one.shape[1], generator=generator) / one.shape[1] ** 0.5
            made[f"{name}/up"] = torch.zeros(one.shape[0], LORA_RANK)
    return made


def merge_factors(weights: Trained, low: Trained) -> dict[str, Any]:
    """The weights with the products of their factors added."""
    return {
        name: one + low[f"{name}/up"] @ low[f"{name}/down"] if f"{name}/up" in low else one
        for name, one in weights.items()
    }


def is_matrix(name: str, weight: Any) -> bool:
    """Whether it is a matrix of a layer: embeddings, norms and biases are left as they are by every change."""
    return "." in name and weight.dim() == 2


def make_tokenizer(dialogues: Sequence[Dialogue], vocabulary: int, shared: Path) -> Tokenizer:
    """Learned from part of a corpus, once for all models of that corpus and size; bytes where that is all."""
    if shared.exists():
        return read_tokenizer(shared)
    count = vocabulary - Tokenizer().size
    some = random.Random(0).sample(dialogues, len(dialogues) // 3)
    text = "\n".join(f"{one.user}\n{one.assistant}" for one in some)[:LEARNED_CHARACTERS]
    tokenizer = Tokenizer(learn_merges(text, count))
    write_tokenizer(tokenizer, shared)
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """As JSON."""
    path.write_text(json.dumps({"merges": tokenizer.merges}), encoding="utf-8")


def read_tokenizer(path: Path) -> Tokenizer:
    """What write_tokenizer wrote."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Tokenizer(tuple((one, other) for one, other in stored["merges"]))


def save(weights: Trained, path: Path) -> None:
    """Whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save({name: one.detach().clone() for name, one in weights.items()}, partial)
    partial.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Tensors by name; nothing that is read is run."""
    loaded: dict[str, Any] = torch.load(path, weights_only=True)
    return loaded
