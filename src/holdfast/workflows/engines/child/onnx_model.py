"""A copy's ONNX file run by onnxruntime on the processor, with its tokenizer where it has one."""

import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from holdfast.workflows.engines.child.models import (
    PROBE_TEXT,
    Ask,
    CannotTell,
    Facts,
    Probe,
    Refused,
    Said,
    Unsound,
    Vectors,
    digest_floats,
)
from holdfast.workflows.engines.child.pooling import Pooling, read_pooling

_TYPES = {"tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(float)": "float32", "tensor(float16)": "float16",
          "tensor(double)": "float64", "tensor(bool)": "bool"}  # fmt: skip
_SIDES = (3, 224, 224)
_TOKENS = 16


def load(place: str, file: str) -> "OnnxModel":
    """The graph in a file of a folder. onnxruntime refuses what is malformed; custom operators are never loaded."""
    folder = Path(place)
    runtime, numpy = import_module("onnxruntime"), import_module("numpy")
    session = runtime.InferenceSession(str(folder / file), providers=["CPUExecutionProvider"])
    return OnnxModel(runtime, numpy, session, folder)


class OnnxModel:
    """A session with what is known of its inputs and outputs."""

    def __init__(self, runtime: Any, numpy: Any, session: Any, folder: Path) -> None:
        self._numpy, self._session = numpy, session
        self._inputs = {one.name: one for one in session.get_inputs()}
        self._outputs = [one.name for one in session.get_outputs()]
        config = _read_object(folder / "config.json")
        context = config.get("max_position_embeddings", 0)
        self._longest = context if isinstance(context, int) else 0
        self._tokenizer, note = _load_tokenizer(folder / "tokenizer.json", self._longest)
        kind = self._find_kind(config, folder)
        self._pooling = read_pooling(folder) if kind == "embed" else Pooling()
        if self._pooling.is_beyond:
            raise CannotTell("its layers after pooling are not applied here")
        labels = {int(number): str(name) for number, name in dict(config.get("id2label") or {}).items()}
        self.facts = Facts(
            engine="onnxruntime",
            version=f"onnxruntime {runtime.__version__}, Python {'.'.join(map(str, sys.version_info[:3]))}",
            kind=kind,
            context=self._longest,
            labels=tuple(labels[number] for number in sorted(labels)) if kind == "classify" else (),
            notes=(*([note] if note else []), *self._pooling.notes),
        )

    def _find_kind(self, config: dict[str, Any], folder: Path) -> str:
        architecture = str((config.get("architectures") or [""])[0])
        if self._tokenizer is None or "input_ids" not in self._inputs:
            return "forward"
        if architecture.endswith("ForSequenceClassification"):
            return "classify"
        is_encoder = architecture and "For" not in architecture
        return "embed" if (folder / "modules.json").is_file() or is_encoder else "forward"

    def probe(self) -> Probe:
        """One pass over a fixed text, or over fixed numbers where the model takes no text."""
        if self.facts.kind == "forward":
            rows = self._run_made_up()
            what = f"a pass over {', '.join(self._inputs)}"[:200]
        else:
            found = self.embed([PROBE_TEXT]) if self.facts.kind == "embed" else self.classify([PROBE_TEXT])
            rows = self._numpy.array(found.vectors, dtype="float32")
            what = "an embedding of a sentence" if self.facts.kind == "embed" else "the labels of a sentence"
        self._check(rows)
        return Probe(what, tuple(rows.shape), digest_floats(rows.astype("float32").flatten().tolist()))

    def _run_made_up(self) -> Any:
        try:
            return self._run([PROBE_TEXT] if self._tokenizer and "input_ids" in self._inputs else [])
        except Exception as error:  # the numbers are made up: that they do not fit says nothing about the copy
            raise CannotTell(f"a pass over made-up numbers did not work: {error}") from error

    def generate(self, ask: Ask, emit: Callable[[str], None], is_cancelled: Callable[[], bool]) -> Said:  # noqa: ARG002
        """Refused: other engines generate."""
        raise Refused("the engine onnxruntime makes embeddings and labels here, no text")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector for each text."""
        if self.facts.kind != "embed":
            raise Refused("this model makes no embeddings")
        rows: list[tuple[float, ...]] = []
        tokens = 0
        for text in texts:
            states = self._run([text])
            rows.append(self._pooling.apply(states[0].tolist()) if states.ndim == 3 else tuple(states[0].tolist()))
            tokens += len(self._encode(text))
        return Vectors(tuple(rows), tokens)

    def classify(self, texts: Sequence[str]) -> Vectors:
        """The logits of each text's labels."""
        if self.facts.kind != "classify":
            raise Refused("this model does not classify")
        rows = tuple(tuple(self._run([text])[0].tolist()) for text in texts)
        return Vectors(rows, sum(len(self._encode(text)) for text in texts))

    def _run(self, texts: Sequence[str]) -> Any:
        """The first output for one text, or for made-up numbers."""
        ids = self._encode(texts[0]) if texts else []
        given = {name: self._make_input(one, ids) for name, one in self._inputs.items()}
        return self._session.run([self._outputs[0]], given)[0]

    def _encode(self, text: str) -> list[int]:
        ids = list(self._tokenizer.encode(text).ids)
        if not ids:
            raise Refused("the text is empty")
        return ids

    def _make_input(self, one: Any, ids: list[int]) -> Any:
        """Token numbers, their mask and types; an empty past; else fixed numbers of the stated shape."""
        kind = _TYPES.get(one.type)
        if kind is None:
            raise CannotTell(f"no input of the kind {one.type} can be made up ({one.name})")
        numbers = ids or list(range(_TOKENS))
        made = {
            "input_ids": numbers,
            "attention_mask": [1] * len(numbers),
            "token_type_ids": [0] * len(numbers),
            "position_ids": list(range(len(numbers))),
        }
        if one.name in made:
            return self._numpy.array([made[one.name]], dtype=kind)
        shape = [_fill_side(one.name, place, side) for place, side in enumerate(one.shape)]
        if "float" not in kind:
            return self._numpy.zeros(shape, dtype=kind)
        return self._numpy.random.default_rng(0).random(shape).astype(kind)

    def _check(self, rows: Any) -> None:
        if rows.size == 0:
            raise Unsound("the output is empty")
        if not bool(self._numpy.isfinite(rows).all()):
            raise Unsound("the output has numbers that are infinite or none at all")
        if rows.size > 1 and float(rows.astype("float64").std()) == 0.0:
            raise Unsound("the output is one number everywhere")


def _fill_side(name: str, place: int, side: object) -> int:
    """A side of a made-up input: the stated one, else one of a batch, no past, or a picture's."""
    if isinstance(side, int) and side > 0:
        return side
    if place == 0:
        return 1
    if "past" in name:
        return 0
    return _SIDES[place - 1] if "pixel" in name and place <= len(_SIDES) else _TOKENS


def _read_object(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _load_tokenizer(path: Path, longest: int) -> tuple[Any, str]:
    """The tokenizer, cutting off what the model cannot take; else None and why."""
    if not path.is_file():
        return None, "the copy has no tokenizer.json: token numbers are made up"
    if find_spec("tokenizers") is None:
        return None, "the package tokenizers is not in the engine's Python: token numbers are made up"
    tokenizer = import_module("tokenizers").Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    if longest:
        tokenizer.enable_truncation(longest)
    return tokenizer, ""
