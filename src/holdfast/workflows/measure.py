"""`holdfast measure`: endpoints under load, asked what they can, and priced; one run file comes of it."""

import dataclasses
import datetime
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.measure.load.prompts import Made, make_prompts, parse_lengths, read_prompts
from holdfast.measure.results.file import RunFile
from holdfast.measure.results.header import PromptSource
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Api, Arrivals, Ask, Endpoint, Load
from holdfast.workflows.measuring.asked import CostAsked, LoadAsked, MeasureAsked, QualityAsked
from holdfast.workflows.measuring.costing import check_demand
from holdfast.workflows.measuring.endpoints import check_names, complete, is_local, parse_endpoints, parse_pairs
from holdfast.workflows.measuring.finishing import finish_run
from holdfast.workflows.measuring.joules import parse_watts
from holdfast.workflows.measuring.money import MoneyAsked, find_money
from holdfast.workflows.measuring.running import Step, run_measure
from holdfast.workflows.measuring.wording import (
    LoadWords,
    find_suites,
    make_loads,
    parse_demand,
    parse_isolation,
    parse_objective,
)

_PROMPTS_MADE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureWords:
    """What stands on the command line."""

    endpoints: Sequence[str]
    api: str = "chat"
    keys: Sequence[str] = ()
    ca_file: str = ""
    is_streaming: bool = True
    concurrency: str = ""
    rate: str = ""
    trace: Path | None = None
    ramp: str = ""
    is_constant: bool = False
    duration_s: float = 30.0
    requests: int = 0
    warmup_s: float = 5.0
    in_flight_max: int = 0
    runs: int = 3
    workers: int = 1
    timeout_s: float = 600.0
    prompts: Path | None = None
    prompt_tokens: str = "128"
    answer_tokens: str = "64"
    ignores_end: bool = False
    is_cached: bool = False
    tokenizer: str = ""
    is_calibrated: bool = True
    suites: Sequence[str] = ()
    tasks: int = 5
    replicates: int = 1
    temperature: float | None = None
    judge: str = ""
    code: str = "isolated"
    slo: str = ""
    share: float = 0.99
    prices: Sequence[str] = ()
    price_file: Path | None = None
    hardware: Sequence[str] = ()
    watts: Sequence[str] = ()
    demand: str = ""
    wrong_usd: float | None = None
    usd_max: float | None = None
    seed: int = 0
    keeps_texts: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def measure(words: MeasureWords, out: Path, tell: Callable[[Step], None], now: datetime.datetime) -> RunFile:
    """Measure, and write the run file, whole or marked as stopped. Raises before anything is sent where something asked
    for cannot be, and OutputError where the file cannot be written."""
    asked = prepare(words, now)
    return finish_run(run_measure(asked, tell, words.environ), asked, out, tell)


def prepare(words: MeasureWords, now: datetime.datetime) -> MeasureAsked:
    """Everything that is asked for, read and checked; endpoints are asked for their models, and for nothing else."""
    if not words.endpoints:
        raise UsageError(
            "no endpoint is named", where="--endpoint", next_step="Write --endpoint local=http://127.0.0.1:8000/v1."
        )
    api = _parse_api(words.api)
    load = _read_load(words, api)
    suites = find_suites(words.suites, words.tasks, words.seed)
    objective = parse_objective(words.slo, words.share)
    parsed = parse_endpoints(words.endpoints, parse_pairs("key", words.keys), words.environ, api)
    judge, asked_of = _split_judge(words.judge, parsed)
    money_asked = MoneyAsked(
        parse_pairs("price", words.prices), parse_pairs("hardware", words.hardware), words.price_file
    )
    found = [_set(complete(endpoint, words.environ), words) for endpoint in (*asked_of, *judge)]
    endpoints = tuple(found[: len(asked_of)])
    money = find_money(found, money_asked, now)
    cost = CostAsked(money, parse_demand(words.demand), words.wrong_usd, words.usd_max)
    check_demand(cost)
    _check_limit(found, cost)
    check_names("power", load.watts, [endpoint.name for endpoint in endpoints])
    quality = QualityAsked(
        suites, words.replicates, words.temperature, judge=found[-1] if judge else None, timeout_s=words.timeout_s,
        isolation=parse_isolation(words.code),
    )  # fmt: skip
    return MeasureAsked(endpoints, load, quality, cost, objective, words.seed, words.keeps_texts)


def _check_limit(endpoints: Sequence[Endpoint], cost: CostAsked) -> None:
    """What is to be limited must be known: a request of unknown price could cost anything."""
    if cost.usd_max is None:
        return
    for endpoint in endpoints:
        money = cost.money[endpoint.name]
        if money.cost is None and not is_local(endpoint):
            raise UsageError(
                f"what requests to {endpoint.name} cost is not known: {money.reason}",
                where="--max-usd",
                next_step=f"Give its price: --price {endpoint.name}=IN/OUT.",
            )


def _parse_api(text: str) -> Api:
    if text not in set(Api):
        raise UsageError(f"there is no interface {text}", where="--api", next_step=f"Choose one of {', '.join(Api)}.")
    return Api(text)


def _set(endpoint: Endpoint, words: MeasureWords) -> Endpoint:
    return dataclasses.replace(endpoint, is_streaming=words.is_streaming, ca_file=words.ca_file)


def _split_judge(name: str, endpoints: tuple[Endpoint, ...]) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    """The endpoint that judges, and those that are measured."""
    if not name:
        return (), endpoints
    judge = tuple(endpoint for endpoint in endpoints if endpoint.name == name)
    if not judge:
        raise UsageError("the judge is not among the endpoints", where=name, next_step=f"Add --endpoint {name}=URL.")
    return judge, tuple(endpoint for endpoint in endpoints if endpoint.name != name)


def _read_load(words: MeasureWords, api: Api) -> LoadAsked:
    base = Load(
        Arrivals.CONSTANT if words.is_constant else Arrivals.POISSON,
        duration_s=words.duration_s, requests=words.requests, warmup_s=words.warmup_s,
        in_flight_max=words.in_flight_max, cooldown_s=min(words.duration_s, 10.0),
    )  # fmt: skip
    concurrency = words.concurrency
    if not (concurrency or words.rate or words.trace or words.ramp or words.suites):
        concurrency = "1,4,16"
    loads = make_loads(base, LoadWords(concurrency, words.rate, words.trace, words.ramp), words.seed)
    if not loads:
        return LoadAsked()
    asks, source = _find_prompts(words)
    return LoadAsked(
        loads, asks, source, words.runs, words.workers, words.timeout_s, words.is_cached, words.tokenizer,
        words.is_calibrated and words.is_streaming and api is not Api.EMBEDDINGS,
        parse_watts(parse_pairs("watts", words.watts)),
    )  # fmt: skip


def _find_prompts(words: MeasureWords) -> tuple[tuple[Ask, ...], PromptSource]:
    answers = parse_lengths(words.answer_tokens)
    if words.prompts is not None:
        asks = read_prompts(words.prompts, max(1, round(answers.first)))
        return asks, _describe("file", words.prompts.name, asks, words)
    made = Made(_PROMPTS_MADE, parse_lengths(words.prompt_tokens), answers, words.seed, words.ignores_end)
    return make_prompts(made), _describe(
        "made", f"{words.prompt_tokens} tokens for {words.answer_tokens}", make_prompts(made), words
    )


def _describe(kind: str, name: str, asks: tuple[Ask, ...], words: MeasureWords) -> PromptSource:
    digest = hashlib.sha256(encode_canonical(asks).encode()).hexdigest()
    return PromptSource(kind, name, digest, len(asks), has_nonce=not words.is_cached)
