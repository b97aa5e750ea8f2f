"""Trains the help desk's own model, examples/helpdesk/models/ticket-language: which language a text is written in.

From Django's translations (a wheel of the package Django, BSD-3-Clause). Run in a Python that has PyTorch, transformers
and onnx; the project needs none of them: python tools/train_example_model.py django-5.2.19-py3-none-any.whl OUT
"""

import argparse
import ast
import json
import random
import re
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

torch: Any = import_module("torch")
transformers: Any = import_module("transformers")
tokenizers: Any = import_module("tokenizers")

LANGUAGES = {
    "ar": "ar", "bg": "bg", "cs": "cs", "da": "da", "de": "de", "el": "el", "en": "en", "es": "es", "fi": "fi",
    "fr": "fr", "he": "he", "hu": "hu", "id": "id", "it": "it", "ja": "ja", "ko": "ko", "nb": "nb", "nl": "nl",
    "pl": "pl", "pt": "pt", "ro": "ro", "ru": "ru", "sk": "sk", "sv": "sv", "tr": "tr", "uk": "uk", "vi": "vi",
    "zh": "zh_Hans",
}  # fmt: skip
VOCABULARY, WINDOW = 2048, 96
SHAPE = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
BATCH, RATE, HELD_OUT = 64, 3e-3, 10
_ENTRY = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', re.MULTILINE)
_PLACES = re.compile(r"%\(\w+\)[sd]|%[sdr]|\{\w*\}|<[^>]+>|&\w+;")


def read_texts(wheel: Path) -> dict[str, list[str]]:
    """The messages of each language, each once, without their placeholders."""
    found: dict[str, dict[str, None]] = {language: {} for language in LANGUAGES}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.endswith(".po"):
                continue
            folder = name.split("/locale/")[1].split("/")[0]
            text = archive.read(name).decode("utf-8")
            for language in [key for key, place in LANGUAGES.items() if place == folder or key == "en"]:
                for message in _list_messages(text, 1 if language == "en" else 2):
                    found[language].setdefault(message)
    return {language: list(texts) for language, texts in found.items()}


def _list_messages(text: str, group: int) -> Iterator[str]:
    for entry in _ENTRY.finditer(text):
        message = "".join(ast.literal_eval(line) for line in entry[group].splitlines())
        plain = " ".join(_PLACES.sub(" ", message).split())
        if len(plain) >= 4 and not plain.startswith("Project-Id-Version"):
            yield plain


def split(texts: dict[str, list[str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Messages to learn from, and one in ten that are never learned from."""
    kept = {language: [one for i, one in enumerate(some) if i % HELD_OUT] for language, some in texts.items()}
    return kept, {language: some[::HELD_OUT] for language, some in texts.items()}


def draw(texts: dict[str, list[str]], numbers: random.Random) -> tuple[str, int]:
    """One to three messages of one language, or a piece of them, and the number of the language."""
    language = numbers.choice(sorted(texts))
    words = " ".join(numbers.sample(texts[language], numbers.randint(1, 3))).split(" ")
    start = numbers.randint(0, len(words) // 3)
    text = " ".join(words[start:])[: numbers.randint(20, 160)]
    return (text.lower() if numbers.random() < 0.2 else text), sorted(LANGUAGES).index(language)


def make_tokenizer(texts: dict[str, list[str]]) -> Any:
    """A byte-level BPE: every text can be written with it."""
    tokenizer = tokenizers.ByteLevelBPETokenizer(add_prefix_space=True)
    special = ["<s>", "</s>", "<pad>"]
    every = [one for some in texts.values() for one in some]
    tokenizer.train_from_iterator(every, vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    inner = tokenizer._tokenizer
    ends = [(word, inner.token_to_id(word)) for word in special[:2]]
    inner.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=WINDOW, **names)


def make_model() -> Any:
    labels = dict(enumerate(sorted(LANGUAGES)))
    config = transformers.BertConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=WINDOW,
        pad_token_id=2,
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
        **SHAPE,
    )
    return transformers.BertForSequenceClassification(config)


def train(model: Any, tokenizer: Any, texts: dict[str, list[str]], steps: int) -> None:
    numbers = random.Random(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = transformers.get_cosine_schedule_with_warmup(optimizer, steps // 20, steps)
    model.train()
    for step in range(steps):
        drawn = [draw(texts, numbers) for _ in range(BATCH)]
        given = tokenizer([text for text, _ in drawn], padding=True, truncation=True, return_tensors="pt")
        loss = model(**given, labels=torch.tensor([label for _, label in drawn])).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 100 == 0:
            print(step, round(loss.item(), 3), flush=True)


def measure(model: Any, tokenizer: Any, texts: dict[str, list[str]], count: int = 4000) -> float:
    """The share of texts from messages never learned from whose language is told rightly."""
    numbers, right = random.Random(1), 0
    model.eval()
    for _ in range(count // BATCH):
        drawn = [draw(texts, numbers) for _ in range(BATCH)]
        given = tokenizer([text for text, _ in drawn], padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            found = model(**given).logits.argmax(-1).tolist()
        right += sum(one == label for one, (_, label) in zip(found, drawn, strict=True))
    return right / (count // BATCH * BATCH)


def export(model: Any, tokenizer: Any, folder: Path) -> None:
    """The same weights as an ONNX graph of any batch and length."""
    given = tokenizer(["one text", "another, longer text"], padding=True, return_tensors="pt")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    given["token_type_ids"] = torch.zeros_like(given["input_ids"])
    (folder / "onnx").mkdir(exist_ok=True)
    torch.onnx.export(
        model,
        tuple(given[name] for name in names),
        str(folder / "onnx" / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={**{name: {0: "batch", 1: "tokens"} for name in names}, "logits": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    asked = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    learned, held_out = split(read_texts(asked.wheel))
    tokenizer, model = make_tokenizer(learned), make_model()
    train(model, tokenizer, learned, asked.steps)
    told = measure(model, tokenizer, held_out)
    model.half().save_pretrained(asked.folder)
    tokenizer.save_pretrained(asked.folder)
    export(model.float(), tokenizer, asked.folder)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(json.dumps({"accuracy": round(told, 4), "parameters": count, "messages": sum(map(len, learned.values()))}))


if __name__ == "__main__":
    main()
