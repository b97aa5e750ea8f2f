"""Answers one request as the conditions are: the model's logits, what noise and days do to them, and a draw."""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from benchmarks.watch_laboratory.altering import adjust_logits, sharpen_logits
from benchmarks.watch_laboratory.catalogue import BASE, SYSTEM, Serving, Variant, find_variant
from benchmarks.watch_laboratory.conditions import Behaviour, Conditions
from benchmarks.watch_laboratory.engines import Engine, Shelf
from benchmarks.watch_laboratory.tables import ABSENT, compute_softmax
from benchmarks.watch_laboratory.tokens import MARKS
from numpy.typing import NDArray

KEPT_MAX = 8192  # logits that are remembered, for probes are asked again and again
COLDEST = 1e-3  # below it, the most likely symbol is taken
Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, whichever interface it came by. `turns` are (role, content); a completion has one, of role ""."""

    turns: tuple[tuple[str, str], ...]
    tokens_max: int = 16
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    top_logprobs: int | None = None  # None: no logprobs


@dataclass(frozen=True, slots=True)
class Token:
    """A symbol of an answer: its bytes, the natural logarithm of its chance, and the most likely ones'."""

    spelling: bytes
    logprob: float
    top: tuple[tuple[bytes, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`finish` is stop or length. `reasoning` is how many tokens were thought before it."""

    tokens: tuple[Token, ...]
    finish: str
    prompt_tokens: int
    reasoning: int
    variant: str

    @property
    def text(self) -> str:
        """As a client reads it: bytes that are no UTF-8 become replacement characters."""
        return b"".join(one.spelling for one in self.tokens).decode(errors="replace")


@dataclass(frozen=True, slots=True)
class _Place:
    """A model in a variant, and how far its state is steered: only before the first token of an answer."""

    engine: Engine
    variant: Variant
    steering: float


class Answerer:
    """Answers requests, one at a time. `draws` decide everything that a request's own seed does not."""

    def __init__(self, shelf: Shelf, draws: np.random.Generator) -> None:
        self._shelf, self._draws = shelf, draws
        self._kept = OrderedDict[tuple[str, bytes], Logits]()

    def answer(self, request: Request, conditions: Conditions) -> Answer:
        """One answer. Some share of them is the variant's."""
        variant = find_variant(conditions.variant) if self._draws.random() < conditions.share else BASE
        engine = self._shelf.take(variant)
        symbols = encode(engine, request, variant.serving)
        reasoning = conditions.reasoning_tokens if conditions.has(Behaviour.REASONS) else 0
        room = max(0, request.tokens_max - reasoning)
        draws = self._draws if request.seed is None else np.random.default_rng(request.seed)
        tokens, finish = list[Token](), "length"
        seen, steering = [*symbols], variant.serving.steering
        while len(tokens) < room:
            logits = self._find_logits(_Place(engine, variant, steering), seen, conditions)
            symbol = draw(logits, request, variant.serving, conditions, draws)
            if symbol == engine.tokenizer.end:
                finish = "stop"
                break
            tokens.append(describe(engine, logits, symbol, request.top_logprobs))
            seen.append(symbol)
            steering = 0.0
        counted = len(symbols) if not conditions.has(Behaviour.OTHER_TOKENIZER) else count_bytes(request)
        return Answer(tuple(tokens), finish, counted, min(reasoning, request.tokens_max), variant.name)

    def _find_logits(self, asked: _Place, symbols: list[int], conditions: Conditions) -> Logits:
        """What is sampled from before temperature: of the model, shifted by the day and by noise."""
        engine, serving, row = asked.engine, asked.variant.serving, np.array(symbols, np.int64)
        if serving.context_max:
            row = row[-serving.context_max :]
        key = (f"{asked.variant.weights} {asked.variant.amount} {asked.steering}", row.tobytes())
        logits = self._kept.get(key)
        if logits is None:
            logits = self._kept[key] = engine.read_logits(row.tolist(), asked.steering).astype(np.float64)
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        logits = logits + shift_of_day(row, len(logits), conditions)
        if conditions.noise:
            logits += conditions.noise * self._draws.standard_normal(len(logits))
        logits[engine.tokenizer.end + 1 :] = ABSENT
        return adjust_logits(logits, serving, row)


def encode(engine: Engine, request: Request, serving: Serving) -> list[int]:
    """The request as the template writes it; the provider's own words are added to the system prompt."""
    if request.turns and not request.turns[0][0]:
        return [engine.tokenizer.end, *engine.tokenizer.encode(request.turns[0][1])]
    systems = [content for role, content in request.turns if role == "system"]
    others = [(role, content) for role, content in request.turns if role != "system"]
    system = f"{' '.join(systems) or SYSTEM}{serving.system}"
    return engine.tokenizer.encode_turns([("system", system), *others])


def shift_of_day(row: NDArray[np.int64], size: int, conditions: Conditions) -> Logits:
    """What a day does to the logits after some symbols: always the same on the same day, or in the same spell."""
    shift = np.zeros(size)
    spell = conditions.day // conditions.lasting_days
    for name, number, spread in (
        ("day", conditions.day, conditions.day_effect),
        ("spell", spell, conditions.lasting_effect),
    ):
        if spread:
            digest = hashlib.blake2b(f"{name} {number}".encode() + row.tobytes(), digest_size=8).digest()
            shift += spread * np.random.default_rng(int.from_bytes(digest, "big")).standard_normal(size)
    return shift


def draw(logits: Logits, request: Request, serving: Serving, conditions: Conditions, draws: np.random.Generator) -> int:
    """A symbol, at the temperature asked for where the endpoint minds it."""
    temperature = 1.0 if conditions.has(Behaviour.IGNORES_TEMPERATURE) else request.temperature
    if temperature < COLDEST or conditions.has(Behaviour.GREEDY):
        return int(logits.argmax())
    served = sharpen_logits(logits, serving, temperature)
    if request.top_p < 1.0:
        served = sharpen_logits(served, Serving(top_p=request.top_p), temperature)
    sums: Logits = np.cumsum(compute_softmax(served, temperature))
    place: np.intp = np.searchsorted(sums, draws.random() * float(sums[-1]), side="right")
    return min(int(place), len(sums) - 1)


def describe(engine: Engine, logits: Logits, symbol: int, top: int | None) -> Token:
    """The symbol drawn, with the log probabilities asked for: of the model, before temperature."""
    spelt = engine.tokenizer.spelling
    if top is None:
        return Token(spelt[symbol], math.nan)
    logprobs = logits - logits.max()
    logprobs -= np.log(np.exp(logprobs).sum())
    best: list[int] = np.argsort(-logprobs, kind="stable")[:top].tolist()
    return Token(spelt[symbol], float(logprobs[symbol]), tuple((spelt[one], float(logprobs[one])) for one in best))


def count_bytes(request: Request) -> int:
    """The prompt's tokens as another tokenizer counts them."""
    return sum(len(content.encode()) + len(MARKS) // 2 for _, content in request.turns)
