"""Runs a measurement: loads first, endpoint by endpoint within each repetition, then the suites. What was seen before
it was stopped is kept and marked."""

import datetime
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import holdfast
from holdfast.measure.load.address import hide_credentials
from holdfast.measure.load.asking import Manner, ask_all
from holdfast.measure.load.plans import LoadPlan, LoadResult, Progress
from holdfast.measure.load.prices import Budget
from holdfast.measure.load.running import Watching, run_load
from holdfast.measure.quality.asking import Examination, run_suite
from holdfast.measure.quality.findings import Means
from holdfast.measure.quality.opinions import Judge, Opinion
from holdfast.measure.quality.sandbox.running import Sandbox
from holdfast.measure.quality.tasks import Suite
from holdfast.measure.results.file import KeptText, RunFile
from holdfast.measure.results.header import EndpointWindows, JsonObject, RunHeader, ServedModel
from holdfast.records.measurement import Answer, Ask, Endpoint, Reply, Sample, TokenPrice, Window
from holdfast.workflows.measuring.asked import MeasureAsked
from holdfast.workflows.measuring.joules import describe_energy, measure_energy
from holdfast.workflows.measuring.machine import describe_machine, list_software

STOPPED: Final = "stopped before its end"


@dataclass(frozen=True, slots=True)
class Step:
    """How far a measurement is: `what` is being done at an endpoint, `done` of `total` parts (0: not known)."""

    what: str
    endpoint: str
    done: int
    total: int
    spent_usd: float = 0.0


@dataclass(slots=True)
class _Seen:
    samples: list[Sample] = field(default_factory=list[Sample])
    answers: list[Answer] = field(default_factory=list[Answer])
    texts: list[KeptText] = field(default_factory=list[KeptText])
    windows: dict[str, list[Window]] = field(default_factory=dict[str, list[Window]])
    notes: list[str] = field(default_factory=list[str])
    opinions: list[JsonObject] = field(default_factory=list[JsonObject])
    energy: list[JsonObject] = field(default_factory=list[JsonObject])
    served: dict[str, ServedModel] = field(default_factory=dict[str, ServedModel])


def run_measure(asked: MeasureAsked, tell: Callable[[Step], None], environ: Mapping[str, str]) -> RunFile:
    """Measure, and give the run without its figures. Raises what naming endpoints, prompts and prices raises, before
    anything is sent; UnreachableEndpoint when one cannot be reached at the beginning."""
    run = _Run(asked, tell, environ)
    run.offer_loads()
    run.ask_suites()
    return run.finish()


class _Run:
    """One measurement under way."""

    def __init__(self, asked: MeasureAsked, tell: Callable[[Step], None], environ: Mapping[str, str]) -> None:
        self._asked, self._tell, self._environ = asked, tell, environ
        self._started = datetime.datetime.now(datetime.UTC)
        self._salt = f"{time.time_ns():x}-{os.getpid():x}"
        self._seen = _Seen()
        usd_max = asked.cost.usd_max
        self._budget = None if usd_max is None else Budget(usd_max)

    @property
    def _is_stopped(self) -> bool:
        return bool(self._seen.notes)

    def offer_loads(self) -> None:
        """Every load to every endpoint, `runs` times; who is first changes with each repetition."""
        load = self._asked.load
        if not load.loads or not load.asks:
            return
        endpoints = self._asked.endpoints
        for number in range(load.runs):
            turned = number % len(endpoints)
            for endpoint in endpoints[turned:] + endpoints[:turned]:
                if not self._is_stopped:
                    self._offer(endpoint, number)

    def _offer(self, endpoint: Endpoint, number: int) -> None:
        load = self._asked.load
        plan = LoadPlan(
            endpoint, load.asks, load.loads, f"{self._salt}-{number}", self._asked.seed, number,
            workers=load.workers, timeout_s=load.timeout_s, is_cached=load.is_cached,
            keeps_replies=self._asked.keeps_texts, price=self._find_price(endpoint), tokenizer_file=load.tokenizer_file,
        )  # fmt: skip
        watching = Watching(self._show(endpoint, number), budget=self._find_budget(endpoint))
        watts = load.watts.get(endpoint.name)
        result, energy = measure_energy(endpoint, watts, lambda: run_load(plan, watching))
        self._seen.energy.append(describe_energy(endpoint, number, energy, result.samples))
        self._take(endpoint, result)

    def _show(self, endpoint: Endpoint, number: int) -> Callable[[Progress], None]:
        def show(progress: Progress) -> None:
            load = self._asked.load.loads[progress.level]
            what = f"run {number + 1} of {self._asked.load.runs}, load {progress.level + 1} of {progress.levels}"
            self._tell(Step(what, endpoint.name, progress.ended, load.requests, progress.spent_usd))

        return show

    def _take(self, endpoint: Endpoint, result: LoadResult) -> None:
        seen = self._seen
        seen.samples.extend(result.samples)
        seen.windows.setdefault(endpoint.name, []).extend(result.windows)
        self._keep_texts(endpoint, "load", result.replies, self._asked.load.asks)
        self._note_served(endpoint, result.samples)
        if result.stopped:
            seen.notes.append(f"{endpoint.name}: the loads were {STOPPED}: {result.stopped}")

    def ask_suites(self) -> None:
        """Every suite to every endpoint."""
        for suite in self._asked.quality.suites:
            for endpoint in self._asked.endpoints:
                if not self._is_stopped:
                    self._seen.answers += run_suite(suite, endpoint, self._asker(endpoint), self._examine())

    def _asker(self, endpoint: Endpoint) -> Callable[[Sequence[Ask]], Iterator[Reply]]:
        quality = self._asked.quality
        manner = Manner(
            timeout_s=quality.timeout_s,
            seed=self._asked.seed,
            price=self._find_price(endpoint),
            purse=self._find_budget(endpoint),
        )

        def ask(asks: Sequence[Ask]) -> Iterator[Reply]:
            for done, reply in enumerate(ask_all(endpoint, asks, quality.concurrency, manner)):
                self._tell(Step("suite", endpoint.name, done + 1, len(asks)))
                self._note_served(endpoint, (reply.sample,))
                self._keep_texts(endpoint, "suite", (reply,), asks)
                yield reply

        return ask

    def _examine(self) -> Examination:
        quality = self._asked.quality
        judge = None if quality.judge is None else Judge(quality.judge, self._asker(quality.judge))
        return Examination(
            replicates=quality.replicates,
            temperature=quality.temperature,
            seed=self._asked.seed,
            means=Means(Sandbox(quality.isolation).run),
            judge=judge,
            on_opinion=lambda opinion: self._seen.opinions.append(_describe_opinion(opinion)),
        )

    def _find_price(self, endpoint: Endpoint) -> TokenPrice | None:
        money = self._asked.cost.money.get(endpoint.name)
        return None if money is None else money.price

    def _find_budget(self, endpoint: Endpoint) -> Budget | None:
        """The purse, where requests to the endpoint are paid."""
        return self._budget if self._find_price(endpoint) is not None else None

    def _keep_texts(self, endpoint: Endpoint, what: str, replies: Sequence[Reply], asks: Sequence[Ask]) -> None:
        if not self._asked.keeps_texts:
            return
        for reply in replies:
            ask = asks[reply.number % len(asks)]
            prompt = "\n\n".join(message.content for message in ask.messages)
            self._seen.texts.append(KeptText(endpoint.name, f"{what} {reply.number}", prompt, reply.text))

    def _note_served(self, endpoint: Endpoint, samples: Sequence[Sample]) -> None:
        if endpoint.name not in self._seen.served:
            for sample in samples:
                if sample.model_served:
                    self._seen.served[endpoint.name] = ServedModel(
                        endpoint.name, sample.model_served, sample.fingerprint
                    )
                    return

    def finish(self) -> RunFile:
        """The run as it is, without calibrations and figures."""
        asked, seen = self._asked, self._seen
        header = RunHeader(
            started_at=self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            holdfast=holdfast.__version__,
            machine=describe_machine(),
            endpoints=tuple(hide_credentials(endpoint) for endpoint in asked.endpoints),
            seed=asked.seed,
            loads=asked.load.loads,
            runs=asked.load.runs,
            objective=asked.objective,
            software=list_software(),
            served=tuple(seen.served.values()),
            prompts=() if asked.load.source is None else (asked.load.source,),
            windows=tuple(EndpointWindows(name, tuple(windows)) for name, windows in seen.windows.items()),
            prices={name: money.price for name, money in asked.cost.money.items() if money.price is not None},
            energy=tuple(seen.energy),
            suites=tuple(_describe_suite(suite) for suite in asked.quality.suites),
            opinions=tuple(seen.opinions),
            spent_usd=None if self._budget is None else self._budget.spent_usd,
            keeps_texts=asked.keeps_texts,
            is_whole=not seen.notes,
            notes=tuple(seen.notes),
        )
        return RunFile(header, tuple(seen.samples), tuple(seen.answers), tuple(seen.texts))


def _describe_opinion(opinion: Opinion) -> JsonObject:
    """A judge's opinion is kept as one: whose it is, of what, and the digest of what it was asked."""
    return {
        "judge": opinion.judge,
        "model": opinion.model,
        "task": opinion.question.task.id,
        "attempt": opinion.question.attempt,
        "verdict": str(opinion.finding.verdict),
        "reason": opinion.finding.reason,
        "prompt_sha256": sha256(opinion.prompt.encode("utf-8", "replace")).hexdigest(),
    }


def _describe_suite(suite: Suite) -> dict[str, object]:
    return {"name": suite.name, "origin": suite.origin, "sha256": suite.sha256, "tasks": len(suite.tasks)}
