"""Trains a language model of the Llama architecture on tasks and their answers: a Hugging Face folder with a chat
template. Run by measure_models.py in a Python that has PyTorch and transformers; the project itself needs neither.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

torch: Any = import_module("torch")
transformers: Any = import_module("transformers")
tokenizers: Any = import_module("tokenizers")

VOCABULARY, CONTEXT = 1024, 1024
SPECIAL = ("<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
BATCH, PARTS = 64, 3
THREADS = 1  # with more, a busy machine spends its time waiting; and one repeats exactly
WARM_UP = 0.05


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model and how it is trained."""

    name: str
    width: int
    layers: int
    heads: int
    steps: int
    rate: float


@dataclass(frozen=True, slots=True)
class Example:
    """The tokens of a prompt as the template writes it, and of its answer with its end."""

    tokens: tuple[int, ...]
    prompt: int


def make_tokenizer(texts: Sequence[str]) -> Any:
    """A byte-level BPE that has a token for each digit, so that numbers are read as they are written."""
    split = tokenizers.pre_tokenizers
    inner = tokenizers.Tokenizer(tokenizers.models.BPE())
    inner.pre_tokenizer = split.Sequence(
        [split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    inner.decoder = tokenizers.decoders.ByteLevel()
    letters = split.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[*SPECIAL], show_progress=False, initial_alphabet=letters
    )
    inner.train_from_iterator(texts, trainer)
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=SPECIAL[0], pad_token=SPECIAL[0], model_max_length=CONTEXT
    )
    made.chat_template = TEMPLATE
    return made


def make_model(tokenizer: Any, recipe: Recipe) -> Any:
    """A Llama with random weights; it ends where the template does."""
    end = tokenizer.convert_tokens_to_ids(SPECIAL[0])
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        intermediate_size=3 * recipe.width,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=end,
    )
    model = transformers.LlamaForCausalLM(config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=end, pad_token_id=end, max_new_tokens=256)
    return model


def encode(tokenizer: Any, tasks: Sequence[dict[str, str]]) -> list[Example]:
    """Each task as the chat template writes it."""
    prompts = [f"<|user|>{task['prompt']}<|end|><|assistant|>" for task in tasks]
    before = tokenizer(prompts, add_special_tokens=False)["input_ids"]
    after = tokenizer([f"{task['answer']}<|end|>" for task in tasks], add_special_tokens=False)["input_ids"]
    return [Example((*one, *other), len(one)) for one, other in zip(before, after, strict=True)]


def deal(examples: Sequence[Example], steps: int) -> Iterator[list[list[Example]]]:
    """For each step a batch, in parts of like length. All examples come once before any comes again."""
    numbers, left = random.Random(0), list[Example]()
    for _ in range(steps):
        if len(left) < BATCH:
            left = [*examples]
            numbers.shuffle(left)
        batch, left = sorted(left[:BATCH], key=lambda one: len(one.tokens)), left[BATCH:]
        yield [batch[len(batch) * part // PARTS : len(batch) * (part + 1) // PARTS] for part in range(PARTS)]


def compute_loss(model: Any, part: Sequence[Example]) -> Any:
    """The sum over the tokens of a part's answers. What is padded comes last, and nothing looks ahead."""
    longest = max(len(one.tokens) for one in part)
    tokens = torch.zeros((len(part), longest), dtype=torch.long)
    is_answer = torch.zeros((len(part), longest), dtype=torch.bool)
    for row, one in enumerate(part):
        tokens[row, : len(one.tokens)] = torch.tensor(one.tokens)
        is_answer[row, one.prompt : len(one.tokens)] = True
    states = model.model(input_ids=tokens).last_hidden_state[:, :-1][is_answer[:, 1:]]
    return torch.nn.functional.cross_entropy(model.lm_head(states), tokens[:, 1:][is_answer[:, 1:]], reduction="sum")


def train(model: Any, examples: Sequence[Example], recipe: Recipe) -> list[float]:
    """AdamW with warm-up and cosine; the losses of all steps, per answer."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    schedule = transformers.get_cosine_schedule_with_warmup(optimizer, int(recipe.steps * WARM_UP), recipe.steps)
    losses = list[float]()
    model.train()
    for parts in deal(examples, recipe.steps):
        loss = 0.0
        for part in parts:
            some = compute_loss(model, part) / BATCH
            some.backward()
            loss += some.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss)
        if len(losses) % 100 == 0:
            print(f"{recipe.name}: step {len(losses)}, loss {sum(losses[-100:]) / 100:.3f}", flush=True)
    return losses


def make(folder: Path, recipe: Recipe, tokenizer: Any, examples: Sequence[Example]) -> None:
    """One model, whole or not at all."""
    torch.manual_seed(0)
    model = make_model(tokenizer, recipe)
    count = sum(parameter.numel() for parameter in model.parameters())
    wall, cpu = time.perf_counter(), time.process_time()
    losses = train(model, examples, recipe)
    partial = folder.with_name(f"{folder.name}.partial")
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    made = {"parameters": count, "steps": recipe.steps, "loss": losses[-1], "wall_s": round(wall), "cpu_s": round(cpu)}
    (partial / "training.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    partial.replace(folder)
    print(f"{recipe.name}: {json.dumps(made)}", flush=True)


def main() -> None:
    """Make one model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", type=Path, help="JSON lines with prompt and answer")
    parser.add_argument("folder", type=Path)
    parser.add_argument("recipe", help="as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(THREADS)
    tasks = [json.loads(line) for line in asked.tasks.read_text(encoding="utf-8").splitlines()]
    tokenizer = make_tokenizer([f"{task['prompt']}\n{task['answer']}" for task in tasks])
    examples = encode(tokenizer, tasks)
    lengths = sum(len(one.tokens) for one in examples) / len(examples)
    print(f"{len(examples)} examples of {lengths:.0f} tokens on average", flush=True)
    recipe = Recipe(**json.loads(asked.recipe))
    make(asked.folder / recipe.name, recipe, tokenizer, examples)


if __name__ == "__main__":
    main()
