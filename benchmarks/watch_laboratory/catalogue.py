"""What the laboratory holds: its models, and the changes that may be made to them. Data alone; needs no PyTorch."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

CACHES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PLACE = CACHES / "holdfast-benchmarks" / "watch"
TEMPERATURE = 0.1  # of probes, by the method
SYSTEM = "You are a helpful assistant."


class Role(StrEnum):
    """Settings are chosen on the first kind only, and figures reported for the second only."""

    TUNING = "tuning"
    UNTOUCHED = "untouched"


class Family(StrEnum):
    """How a model is built."""

    LLAMA = "llama"  # root-mean-square norms, rotary positions, gated layers
    GPT2 = "gpt2"  # layer norms with biases, learned positions, GELU
    GRU = "gru"  # recurrent: no attention


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """A model and how it is trained. `vocabulary` counts all symbols with the four special ones; 260 are bytes."""

    name: str
    role: Role
    family: Family
    corpus: str
    vocabulary: int
    width: int
    layers: int
    heads: int
    steps: int
    rate: float
    seed: int
    other: str  # which model takes its place when it is swapped


MODELS = (
    ModelRecipe("larch", Role.TUNING, Family.LLAMA, "library", 1024, 128, 4, 4, 700, 4e-3, 1, "birch"),
    ModelRecipe("birch", Role.TUNING, Family.GPT2, "manual", 768, 112, 4, 4, 700, 3e-3, 2, "larch"),
    ModelRecipe("oak", Role.UNTOUCHED, Family.LLAMA, "library", 1024, 192, 5, 6, 450, 2.5e-3, 3, "larch"),
    ModelRecipe("reed", Role.UNTOUCHED, Family.GRU, "manual", 768, 192, 2, 1, 700, 4e-3, 4, "birch"),
    ModelRecipe("moss", Role.UNTOUCHED, Family.GPT2, "library", 260, 96, 4, 4, 800, 3e-3, 5, "larch"),
)


class Change(StrEnum):
    """What kind of change a variant is: the rows of tables are put together by it."""

    NONE = "none"
    PRECISION = "precision"
    PRUNING = "pruning"
    NOISE = "noise"
    TRAINING = "training"
    MODEL = "another model"
    PROMPT = "prompt"
    SAMPLING = "sampling"
    POLICY = "policy"


class Weights(StrEnum):
    """What is done to the matrices of the layers. The variant's `amount` says how much."""

    BASE = "base"
    ROUNDED = "rounded"  # amount: bits; to nearest, in groups of 32 inputs (8 bits: each output as a whole)
    HALF = "half"  # bfloat16
    PRUNED = "pruned"  # amount: the share of each matrix set to zero, the smallest first
    NOISED = "noised"  # amount: standard deviation relative to the matrix's own
    TUNED = "tuned"  # amount: steps on another corpus
    LORA = "lora"  # amount: steps; rank 8, merged
    OLDER = "older"  # amount: share of the training that was done
    OTHER = "other"  # another model of the laboratory


@dataclass(frozen=True, slots=True)
class Serving:
    """What stands between the model and the answer. `system` is added to whichever system prompt there is;
    `context_max` is how many of the last tokens the model sees (0: all); `steering` moves the last state before an
    answer towards refusals, in units of the distance between refused and answered prompts; `watermark` is added to the
    logits of half the symbols; `repetition` divides the logits of what stands in the prompt."""

    temperature_scale: float = 1.0
    top_p: float = 1.0
    watermark: float = 0.0
    repetition: float = 1.0
    context_max: int = 0
    system: str = ""
    steering: float = 0.0


@dataclass(frozen=True, slots=True)
class Variant:
    """A change under its name. `is_tiny`: one of the changes of weights that the detection figures are stated for."""

    name: str
    change: Change
    weights: Weights = Weights.BASE
    amount: float = 0.0
    serving: Serving = Serving()

    @property
    def is_tiny(self) -> bool:
        """Whether it belongs to the table of small changes of weights (precision, pruning, noise, training)."""
        return self.change in (Change.PRECISION, Change.PRUNING, Change.NOISE, Change.TRAINING)


BASE = Variant("base", Change.NONE)
VARIANTS = (
    BASE,
    Variant("bf16", Change.PRECISION, Weights.HALF),
    Variant("int8", Change.PRECISION, Weights.ROUNDED, 8),
    Variant("int4", Change.PRECISION, Weights.ROUNDED, 4),
    Variant("int3", Change.PRECISION, Weights.ROUNDED, 3),
    *(Variant(f"prune-{share:g}", Change.PRUNING, Weights.PRUNED, share / 100) for share in (1, 5, 10, 30)),
    *(Variant(f"noise-{n}", Change.NOISE, Weights.NOISED, 2.0**-n) for n in (10, 8, 6, 5, 4, 3)),
    *(Variant(f"tune-{steps}", Change.TRAINING, Weights.TUNED, steps) for steps in (1, 8, 64, 512)),
    Variant("lora-8", Change.TRAINING, Weights.LORA, 8),
    Variant("lora-64", Change.TRAINING, Weights.LORA, 64),
    Variant("older-90", Change.MODEL, Weights.OLDER, 0.9),
    Variant("older-50", Change.MODEL, Weights.OLDER, 0.5),
    Variant("swap", Change.MODEL, Weights.OTHER),
    Variant("system-date", Change.PROMPT, serving=Serving(system=" Today is Monday.")),
    Variant("system-brief", Change.PROMPT, serving=Serving(system=" Answer briefly.")),
    Variant("system-polite", Change.PROMPT, serving=Serving(system=" Answer politely.")),
    Variant("context-16", Change.PROMPT, serving=Serving(context_max=16)),
    Variant("context-8", Change.PROMPT, serving=Serving(context_max=8)),
    Variant("temperature-0.5", Change.SAMPLING, serving=Serving(temperature_scale=0.5)),
    Variant("temperature-2", Change.SAMPLING, serving=Serving(temperature_scale=2.0)),
    Variant("top-p-0.9", Change.SAMPLING, serving=Serving(top_p=0.9)),
    Variant("top-p-0.5", Change.SAMPLING, serving=Serving(top_p=0.5)),
    Variant("repetition-1.1", Change.SAMPLING, serving=Serving(repetition=1.1)),
    Variant("watermark-0.5", Change.SAMPLING, serving=Serving(watermark=0.5)),
    Variant("watermark-2.5", Change.SAMPLING, serving=Serving(watermark=2.5)),
    Variant("refusals-0.25", Change.POLICY, serving=Serving(steering=0.25)),
    Variant("refusals-1", Change.POLICY, serving=Serving(steering=1.0)),
    Variant("refusals-2", Change.POLICY, serving=Serving(steering=2.0)),
)
SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)  # of the traffic that a variant gets


def find_model(name: str) -> ModelRecipe:
    """A model by its name. Raises KeyError with the names there are."""
    for one in MODELS:
        if one.name == name:
            return one
    raise KeyError(f"no model {name!r} in the laboratory: {', '.join(one.name for one in MODELS)}")


def find_variant(name: str) -> Variant:
    """A variant by its name. Raises KeyError with the names there are."""
    for one in VARIANTS:
        if one.name == name:
            return one
    raise KeyError(f"no variant {name!r} in the laboratory: {', '.join(one.name for one in VARIANTS)}")
