"""A copy loaded by transformers on torch: offline, from its folder alone, never with code that the copy brings."""

import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from holdfast.workflows.engines.child.models import (
    PROBE_TEXT,
    PROBE_TOKENS,
    Ask,
    CannotTell,
    Facts,
    Probe,
    Refused,
    Said,
    Unsound,
    Vectors,
    digest_floats,
    digest_integers,
)
from holdfast.workflows.engines.child.pooling import Pooling, read_pooling
from holdfast.workflows.engines.child.stopping import StopWords

_OFFLINE = {"local_files_only": True, "trust_remote_code": False}
_TOKENIZERS = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")
_NAMED_MAX = 5
_SAMPLE_MAX = 200


def load(place: str) -> "TorchModel":
    """The model in a folder. Raises CannotTell for what this engine does not know, Unsound for weights that lack."""
    folder = Path(place)
    torch, transformers = import_module("torch"), import_module("transformers")
    transformers.logging.disable_progress_bar()
    config = _read_config(transformers, folder)
    architecture = (getattr(config, "architectures", None) or [""])[0]
    model = _load_weights(transformers, folder, config, architecture)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    tokenizer = _load_tokenizer(transformers, folder)
    return TorchModel(torch, transformers, model, tokenizer, folder)


def _read_config(transformers: Any, folder: Path) -> Any:
    try:
        return transformers.AutoConfig.from_pretrained(folder, **_OFFLINE)
    except ValueError as error:
        if _brings_code(folder):
            raise CannotTell("the copy needs code of its own (auto_map), which is never run") from error
        raise CannotTell(f"transformers {transformers.__version__} does not know this model: {error}") from error


def _brings_code(folder: Path) -> bool:
    return "auto_map" in json.loads((folder / "config.json").read_text("utf-8"))


def _load_weights(transformers: Any, folder: Path, config: Any, architecture: str) -> Any:
    kind = getattr(transformers, architecture, None) if architecture else transformers.AutoModel
    if kind is None:
        code = "; the copy brings code of its own, which is never run" if _brings_code(folder) else ""
        raise CannotTell(f"transformers {transformers.__version__} does not know {architecture}{code}")
    model, told = kind.from_pretrained(
        folder, config=config, output_loading_info=True, **_dtype(transformers), **_OFFLINE
    )
    for what, says in (("missing_keys", "are not in the copy"), ("mismatched_keys", "have another shape")):
        names = sorted(map(str, told.get(what, ())))
        if names:
            raise Unsound(f"{len(names)} tensors {says}: {', '.join(names[:_NAMED_MAX])}")
    return model


def _dtype(transformers: Any) -> dict[str, str]:
    major, minor = (int(part) for part in transformers.__version__.split(".")[:2])
    return {"dtype" if (major, minor) >= (4, 56) else "torch_dtype": "auto"}


def _load_tokenizer(transformers: Any, folder: Path) -> Any:
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        return None
    return transformers.AutoTokenizer.from_pretrained(folder, **_OFFLINE)


class TorchModel:
    """A model of transformers with its tokenizer, if it has one."""

    def __init__(self, torch: Any, transformers: Any, model: Any, tokenizer: Any, folder: Path) -> None:
        self._torch, self._transformers = torch, transformers
        self._model, self._tokenizer = model, tokenizer
        kind = _find_kind(model, tokenizer, folder)
        self._pooling = read_pooling(folder) if kind == "embed" else Pooling()
        self._sentences = _load_sentence_transformer(folder) if kind == "embed" and self._pooling.is_beyond else None
        python = ".".join(map(str, sys.version_info[:3]))
        self.facts = Facts(
            engine="transformers",
            version=f"transformers {transformers.__version__}, torch {torch.__version__}, Python {python}",
            kind=kind,
            context=_find_context(model.config),
            chat=bool(tokenizer is not None and getattr(tokenizer, "chat_template", None)),
            labels=_list_labels(model.config) if kind == "classify" else (),
            notes=(*(["the copy has no tokenizer"] if tokenizer is None else []), *self._pooling.notes),
        )

    # --- a probe ------------------------------------------------------------------------------------------------------

    def probe(self) -> Probe:
        """One pass over a fixed text, or over fixed numbers where the model takes no text."""
        if self.facts.kind == "generate":
            return self._probe_text()
        if self.facts.kind in ("embed", "classify"):
            found = self.embed([PROBE_TEXT]) if self.facts.kind == "embed" else self.classify([PROBE_TEXT])
            (vector,) = found.vectors
            what = "an embedding of a sentence" if self.facts.kind == "embed" else "the labels of a sentence"
            _check_vector(vector)
            return Probe(what, (1, len(vector)), digest_floats(vector))
        return self._probe_numbers()

    def _probe_text(self) -> Probe:
        given = self._encode(PROBE_TEXT)
        with self._torch.inference_mode():
            made = self._model.generate(
                **given,
                max_new_tokens=PROBE_TOKENS,
                do_sample=False,
                output_logits=True,
                return_dict_in_generate=True,
                pad_token_id=self._find_pad(),
            )
        logits = self._torch.stack(made.logits)
        self._check_finite(logits)
        numbers = made.sequences[0, -len(made.logits) :].tolist()
        text = self._tokenizer.decode(numbers, skip_special_tokens=True)
        what = f"{len(numbers)} tokens generated after {given['input_ids'].shape[1]}"
        return Probe(what, tuple(logits.shape), digest_integers(numbers), text[:_SAMPLE_MAX])

    def _probe_numbers(self) -> Probe:
        name = self._model.main_input_name
        given = self._encode(PROBE_TEXT) if name == "input_ids" and self._tokenizer else {name: self._make_input(name)}
        if self._model.config.is_encoder_decoder:
            given["decoder_input_ids"] = self._torch.zeros((1, 1), dtype=self._torch.long, device=self._model.device)
        try:
            with self._torch.inference_mode():
                output = self._model(**given)[0]
        except (TypeError, ValueError, RuntimeError) as error:
            raise CannotTell(f"a pass over made-up {name} did not work: {error}") from error
        self._check_finite(output)
        return Probe(f"a pass over {name}", tuple(output.shape), digest_floats(output.float().flatten().tolist()))

    def _make_input(self, name: str) -> Any:
        config = self._model.config
        generator = self._torch.Generator().manual_seed(0)
        if name == "input_ids":
            size = config.get_text_config().vocab_size
            return self._torch.arange(16, device=self._model.device).remainder(size).unsqueeze(0)
        shape = _find_input_shape(name, config)
        if not shape:
            raise CannotTell(f"no input of the kind {name} can be made up")
        return self._torch.rand(shape, generator=generator).to(self._model.device, self._model.dtype)

    def _check_finite(self, tensor: Any) -> None:
        if tensor.numel() == 0:
            raise Unsound("the output is empty")
        if not bool(self._torch.isfinite(tensor).all()):
            raise Unsound("the output has numbers that are infinite or none at all")
        if float(tensor.float().std()) == 0.0:
            raise Unsound("the output is one number everywhere")

    # --- requests -----------------------------------------------------------------------------------------------------

    def generate(self, ask: Ask, emit: Callable[[str], None], is_cancelled: Callable[[], bool]) -> Said:
        """Text after a prompt or in a chat, given out as it comes."""
        if self.facts.kind != "generate":
            raise Refused("this model does not generate text")
        given = self._encode_chat(ask) if ask.messages else self._encode(ask.prompt)
        length = given["input_ids"].shape[1]
        limit = self._find_limit(ask, length)
        stop = StopWords(ask.stop)
        streamer = _make_streamer(self._transformers, self._tokenizer, lambda text: _pass_on(stop.feed(text), emit))
        if ask.seed is not None:
            self._torch.manual_seed(ask.seed)
        with self._torch.inference_mode():
            made = self._model.generate(
                **given,
                **_choose_sampling(ask),
                max_new_tokens=limit,
                pad_token_id=self._find_pad(),
                streamer=streamer,
                stopping_criteria=[self._make_criterion(lambda: stop.found or is_cancelled())],
            )
        _pass_on(stop.end(), emit)
        new = made[0] if self._model.config.is_encoder_decoder else made[0, length:]
        finish = "length" if len(new) >= limit and not stop.found and int(new[-1]) not in self._list_ends() else "stop"
        return Said(finish, length, len(new))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A vector for each text, pooled as the copy says."""
        if self.facts.kind != "embed":
            raise Refused("this model makes no embeddings")
        if self._sentences is not None:
            found = self._sentences.encode(list(texts), convert_to_numpy=True)
            tokens = sum(len(one) for one in self._sentences.tokenizer(list(texts))["input_ids"])
            return Vectors(tuple(tuple(map(float, row)) for row in found), tokens)
        given = self._encode(list(texts), padding=True)
        with self._torch.inference_mode():
            states = self._model(**given)[0].float()
        rows = [
            self._pooling.apply(states[row, mask.bool()].tolist()) for row, mask in enumerate(given["attention_mask"])
        ]
        return Vectors(tuple(rows), int(given["attention_mask"].sum()))

    def classify(self, texts: Sequence[str]) -> Vectors:
        """The logits of each text's labels."""
        if self.facts.kind != "classify":
            raise Refused("this model does not classify")
        given = self._encode(list(texts), padding=len(texts) > 1)
        with self._torch.inference_mode():
            logits = self._model(**given).logits.float()
        return Vectors(tuple(tuple(row) for row in logits.tolist()), int(given["attention_mask"].sum()))

    # --- parts --------------------------------------------------------------------------------------------------------

    def _encode(self, text: "str | list[str]", *, padding: bool = False) -> Any:
        if self._tokenizer is None:
            raise Refused("the copy has no tokenizer")
        if padding and self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        longest = {"truncation": True, "max_length": self.facts.context} if padding and self.facts.context else {}
        given = self._tokenizer(text, return_tensors="pt", padding=padding, **longest)
        if given["input_ids"].shape[1] == 0:
            raise Refused("the text is empty")
        return given.to(self._model.device)

    def _encode_chat(self, ask: Ask) -> Any:
        if not self.facts.chat:
            raise Refused("the copy has no chat template: ask for a completion of a prompt")
        given = self._tokenizer.apply_chat_template(
            list(ask.messages), add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        return given.to(self._model.device)

    def _find_limit(self, ask: Ask, length: int) -> int:
        room = self.facts.context - length if self.facts.context else 1024
        if room < 1:
            raise Refused(f"the prompt has {length} tokens, and the model takes {self.facts.context}")
        return min(room, ask.max_tokens) if ask.max_tokens is not None else room

    def _find_pad(self) -> int | None:
        pad: int | None = self._tokenizer.pad_token_id
        end: int | None = self._tokenizer.eos_token_id
        return end if pad is None else pad

    def _list_ends(self) -> set[int]:
        end = self._model.generation_config.eos_token_id
        return {end} if isinstance(end, int) else set(end or ())

    def _make_criterion(self, is_over: Callable[[], bool]) -> Callable[[Any, Any], Any]:
        def tell(ids: Any, _: Any) -> Any:
            return self._torch.full((ids.shape[0],), is_over(), device=ids.device, dtype=self._torch.bool)

        return tell


def _pass_on(text: str, emit: Callable[[str], None]) -> None:
    if text:
        emit(text)


def _make_streamer(transformers: Any, tokenizer: Any, give: Callable[[str], None]) -> Any:
    streamer = transformers.TextStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)

    def tell(text: str, stream_end: bool = False) -> None:  # noqa: ARG001
        give(text)

    streamer.on_finalized_text = tell
    return streamer


def _choose_sampling(ask: Ask) -> dict[str, Any]:
    if ask.temperature == 0:
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    said = {"temperature": ask.temperature, "top_p": ask.top_p}
    found = {name: value for name, value in said.items() if value is not None}
    return {"do_sample": True, **found} if found else {}


def _find_kind(model: Any, tokenizer: Any, folder: Path) -> str:
    architecture = type(model).__name__
    if (folder / "modules.json").is_file():
        return "embed"
    if tokenizer is not None and model.main_input_name == "input_ids":
        if model.can_generate():
            return "generate"
        if architecture.endswith("ForSequenceClassification"):
            return "classify"
        if "For" not in architecture:
            return "embed"
    return "forward"


def _find_context(config: Any) -> int:
    found = getattr(config.get_text_config(), "max_position_embeddings", 0)
    return found if isinstance(found, int) and found > 0 else 0


def _list_labels(config: Any) -> tuple[str, ...]:
    return tuple(str(config.id2label[number]) for number in sorted(config.id2label))


def _find_input_shape(name: str, config: Any) -> tuple[int, ...]:
    """The shape of one picture or one sound, as the configuration states it."""
    if name == "pixel_values":
        side = getattr(config, "image_size", 224)
        height, width = (side, side) if isinstance(side, int) else side
        return (1, getattr(config, "num_channels", 3), height, width)
    if name == "input_features":
        return (1, getattr(config, "num_mel_bins", 80), 2 * getattr(config, "max_source_positions", 1500))
    return (1, 16_000) if name == "input_values" else ()


def _check_vector(vector: Sequence[float]) -> None:
    if not vector:
        raise Unsound("the output is empty")
    if not all(number - number == 0 for number in vector):  # neither infinite nor no number
        raise Unsound("the output has numbers that are infinite or none at all")
    if len(vector) > 1 and len(set(vector)) == 1:
        raise Unsound("the output is one number everywhere")


def _load_sentence_transformer(folder: Path) -> Any:
    if find_spec("sentence_transformers") is None:
        raise CannotTell("its layers after pooling need the package sentence-transformers in the engine's Python")
    kind = import_module("sentence_transformers").SentenceTransformer
    return kind(str(folder), local_files_only=True, trust_remote_code=False)
