"""Trains a small language model and fine-tunes of it, as Hugging Face folders in bf16: real pairs for the vault.

Run by vault_corpora.py in a virtual environment that has PyTorch and transformers; the project itself needs neither.
Repeats from its seeds on one machine with the same texts; other processors round otherwise.
"""

import argparse
import gzip
import json
import random
import sysconfig
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

torch: Any = import_module("torch")
transformers: Any = import_module("transformers")
tokenizers: Any = import_module("tokenizers")

VOCABULARY = 4096
WINDOW = 256
THREADS = 1  # with more, a busy machine spends its time waiting; and one repeats exactly
TEXT_BYTES_MAX = 2_500_000
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2 * WINDOW,
    "tie_word_embeddings": False,
}
LORA_RANK = 16
LORA_SCALE = 2.0
LORA_TARGETS = ("q_proj", "v_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run. `way` is full (float32 masters), lora (merged at the end) or native (all in bf16)."""

    name: str
    text: str
    steps: int
    learning_rate: float
    way: str = "full"
    batch: int = 4
    seed: int = 0


BASE = Recipe("base", "python", 260, 1e-3, batch=6)
FINE_TUNES = (
    Recipe("light", "prose", 40, 1e-5, seed=1),
    Recipe("lora", "prose", 80, 5e-4, way="lora", seed=4),
    Recipe("full", "prose", 150, 1e-4, seed=3),
    Recipe("continued", "changes", 200, 3e-4, seed=5),
    Recipe("light-longer", "prose", 100, 1e-5, seed=2),
    Recipe("native", "prose", 40, 5e-5, way="native", seed=6),
)


def read_texts(kind: str) -> bytes:
    """Text that lies on any Debian machine with Python: its sources, its documentation, its packages' change logs."""
    library, documents = Path(sysconfig.get_paths()["stdlib"]), Path("/usr/share/doc")
    if kind == "python":
        paths = [path for path in sorted(library.rglob("*.py")) if not {"site-packages", "pydoc_data"} & {*path.parts}]
    elif kind == "prose":
        licences = sorted(Path("/usr/share/common-licenses").iterdir())
        pages = [path for ending in ("rst", "txt", "md") for path in sorted(documents.rglob(f"*.{ending}"))]
        paths = [library / "pydoc_data" / "topics.py", *licences, *pages]
    else:
        paths = sorted(documents.rglob("changelog*.gz"))
    random.Random(0).shuffle(paths)
    return b"".join(_read_all(paths))[:TEXT_BYTES_MAX]


def _read_all(paths: Iterable[Path]) -> Iterable[bytes]:
    for path in paths:
        if path.is_file():
            yield gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def make_tokenizer(texts: Iterable[bytes]) -> Any:
    """A byte-level BPE of the texts' first megabytes."""
    tokenizer = tokenizers.ByteLevelBPETokenizer()
    samples = [text[i : i + 65536].decode(errors="replace") for text in texts for i in range(0, len(text), 65536)]
    tokenizer.train_from_iterator(samples, vocab_size=VOCABULARY, special_tokens=["<s>", "</s>"], show_progress=False)
    wrapped = transformers.PreTrainedTokenizerFast
    return wrapped(tokenizer_object=tokenizer._tokenizer, bos_token="<s>", eos_token="</s>")


def encode(tokenizer: Any, text: bytes) -> Any:
    """All of a text as one row of token numbers."""
    pieces = [text[i : i + 65536].decode(errors="replace") for i in range(0, len(text), 65536)]
    rows = tokenizer(pieces, add_special_tokens=False)["input_ids"]
    return torch.tensor([number for row in rows for number in row], dtype=torch.long)


def train(model: Any, parameters: list[Any], tokens: Any, recipe: Recipe) -> list[float]:
    """AdamW with warm-up and cosine; the losses of all steps."""
    generator = torch.Generator().manual_seed(recipe.seed)
    optimizer = torch.optim.AdamW(parameters, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=True)
    schedule = transformers.get_cosine_schedule_with_warmup(optimizer, recipe.steps // 10, recipe.steps)
    losses = []
    for _ in range(recipe.steps):
        starts = torch.randint(len(tokens) - WINDOW, (recipe.batch,), generator=generator).tolist()
        rows = torch.stack([tokens[start : start + WINDOW] for start in starts])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(input_ids=rows, labels=rows).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def add_lora(model: Any, recipe: Recipe) -> tuple[list[Any], Callable[[], None]]:
    """Low-rank factors beside the frozen weights; returns what is trained, and what merges it in."""
    torch.manual_seed(recipe.seed)
    factors: list[tuple[Any, Any, Any]] = []
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for name, module in model.named_modules():
        if name.endswith(LORA_TARGETS):
            down = torch.nn.Parameter(torch.randn(LORA_RANK, module.in_features) / module.in_features**0.5)
            up = torch.nn.Parameter(torch.zeros(module.out_features, LORA_RANK))
            module.register_forward_hook(_make_hook(down, up))
            factors.append((module, down, up))

    def merge() -> None:
        with torch.no_grad():
            for module, down, up in factors:
                module.weight += LORA_SCALE * up @ down

    return [factor for _, down, up in factors for factor in (down, up)], merge


def _make_hook(down: Any, up: Any) -> Callable[[Any, Any, Any], Any]:
    return lambda _module, inputs, output: output + LORA_SCALE * (inputs[0] @ down.T @ up.T)


def run_recipe(model: Any, tokens: Any, recipe: Recipe) -> list[float]:
    """Train in place."""
    if recipe.way != "lora":
        return train(model, list(model.parameters()), tokens, recipe)
    parameters, merge = add_lora(model, recipe)
    losses = train(model, parameters, tokens, recipe)
    merge()
    return losses


def save(model: Any, tokenizer: Any, folder: Path, recipe: Recipe, losses: list[float], seconds: float) -> None:
    """Weights rounded to bf16, configuration, tokenizer, and how it was made; whole or not at all."""
    partial = folder.with_name(folder.name + ".partial")
    model.to(torch.bfloat16).save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    mean = [sum(part) / len(part) for part in (losses[:5], losses[-5:])]
    made = asdict(recipe) | {"loss_first": mean[0], "loss_last": mean[1], "seconds": seconds}
    (partial / "training.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    partial.replace(folder)
    print(f"{recipe.name}: {recipe.steps} steps, loss {mean[0]:.3f} to {mean[1]:.3f}, {seconds:.0f} s", flush=True)


def load(folder: Path, recipe: Recipe) -> Any:
    """The base as it was saved, as masters of the wanted width."""
    dtype = torch.bfloat16 if recipe.way == "native" else torch.float32
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)


def make(folder: Path, recipe: Recipe, model: Any, tokenizer: Any) -> None:
    """Train by the recipe and save under its name."""
    tokens = encode(tokenizer, read_texts(recipe.text))
    started = time.perf_counter()
    losses = run_recipe(model, tokens, recipe)
    save(model, tokenizer, folder / recipe.name, recipe, losses, time.perf_counter() - started)


def main() -> None:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[recipe.name for recipe in FINE_TUNES], help="these fine-tunes")
    asked = parser.parse_args()
    folder: Path = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(THREADS)
    if not (folder / BASE.name).exists():
        torch.manual_seed(BASE.seed)
        tokenizer = make_tokenizer(read_texts(kind) for kind in ("python", "prose", "changes"))
        make(folder, BASE, transformers.LlamaForCausalLM(transformers.LlamaConfig(**SHAPE)), tokenizer)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder / BASE.name)
    for recipe in FINE_TUNES:
        if recipe.name in asked.only and not (folder / recipe.name).exists():
            make(folder, recipe, load(folder / BASE.name, recipe), tokenizer)


if __name__ == "__main__":
    main()
