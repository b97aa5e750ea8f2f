"""`holdfast watch compare`: does this host serve the model as the team's own copy does? One test of one moment; nothing
is kept."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from holdfast.measure.drift.comparing import compare_served
from holdfast.measure.probing.battery import make_battery
from holdfast.measure.probing.border import Quest, find_border_prompts
from holdfast.measure.probing.examining import Examined, examine_endpoint
from holdfast.measure.probing.planning import Doses, plan_visit
from holdfast.measure.probing.pool import make_pool, read_pool
from holdfast.measure.probing.search import Search
from holdfast.measure.probing.speaking import HttpSpeaker, Speaking, Tongue, make_speaker
from holdfast.measure.probing.spending import Meter
from holdfast.measure.probing.visiting import pay_visit
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Api, Endpoint
from holdfast.records.watching import Conformance, Monitor, Outcome, Prompt, Visit, WatchSettings
from holdfast.vault.opening import Clock, tell_time
from holdfast.workflows.measuring.endpoints import complete, parse_endpoints
from holdfast.workflows.watching.moments import count_ns
from holdfast.workflows.watching.report import count_day
from holdfast.workflows.watching.visiting import Tell

REFERENCE, HOST = "reference", "host"
_BORDER_MIN: Final = 4
_TURNS: Final = 2  # both are asked in turns, so that what comes and goes meets both


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAsked:
    """`reference` and `host` are URL[#MODEL]; keys are in the named variables. Each border prompt is asked `rounds`
    times on average at both, and `alpha` is the chance that a faithful host is called changed."""

    reference: str
    host: str
    api: str = "chat"
    reference_key: str = ""
    host_key: str = ""
    rounds: int = 30
    border: int = 20
    alpha: float = 0.01
    pool: Path | None = None
    seed: int = field(default_factory=lambda: secrets.randbelow(1 << 31))
    clock: Clock = tell_time
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it. `remarks` begin with which of the two they are about."""

    reference: Endpoint
    host: Endpoint
    conformance: Conformance
    border: int
    prompt_tokens: int
    output_tokens: int
    remarks: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Whether the host serves as the reference does."""
        return self.conformance.outcome


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two, met."""

    name: str
    endpoint: Endpoint
    speaker: HttpSpeaker
    examined: Examined
    meter: Meter


def compare_hosts(asked: CompareAsked, tell: Tell) -> Compared:
    """Find border prompts at the reference, then ask both. Raises UsageError where there are too few of them, and what
    meeting an endpoint raises."""
    texts = (f"{REFERENCE}={asked.reference}", f"{HOST}={asked.host}")
    keys = {name: key for name, key in ((REFERENCE, asked.reference_key), (HOST, asked.host_key)) if key}
    named = parse_endpoints(texts, keys, asked.environ, _parse_api(asked.api))
    reference, host = (_meet(complete(endpoint, asked.environ), asked, tell) for endpoint in named)
    salt = secrets.token_hex(16)
    border = _find_border(reference, asked, salt, tell)
    sides = [(side, _make_monitor(side, (reference, host), border, asked, salt)) for side in (reference, host)]
    visits: dict[str, list[Visit]] = {REFERENCE: [], HOST: []}
    for turn in range(_TURNS):
        for side, monitor in sides:
            tell(f"asking the {side.name}", turn, _TURNS)
            doses = Doses(asked.rounds / _TURNS, 0, has_battery=turn == 0)
            plan = plan_visit(monitor, turn + 1, count_day(asked.clock()), doses)
            visits[side.name].append(pay_visit(monitor, side.speaker, plan, count_ns(asked.clock)))
    conformance = compare_served(visits[REFERENCE], visits[HOST], asked.alpha, asked.seed)
    return _conclude((reference, host), visits, conformance, len(border))


def _conclude(
    sides: tuple[_Side, _Side], visits: Mapping[str, list[Visit]], conformance: Conformance, border: int
) -> Compared:
    paid = [visit for own in visits.values() for visit in own]
    remarks = [f"{side.name}: {words}" for side in sides for words in side.examined.remarks]
    remarks += [f"{name}: {words}" for name, own in visits.items() for visit in own for words in visit.remarks]
    return Compared(
        sides[0].endpoint,
        sides[1].endpoint,
        conformance,
        border,
        sum(visit.prompt_tokens for visit in paid) + sum(side.meter.prompt_tokens for side in sides),
        sum(visit.output_tokens for visit in paid) + sum(side.meter.output_tokens for side in sides),
        tuple(dict.fromkeys(remarks)),
    )


def _meet(endpoint: Endpoint, asked: CompareAsked, tell: Tell) -> _Side:
    tell(f"examining the {endpoint.name}", 0, 0)
    how = Speaking(environ=asked.environ, concurrency=asked.concurrency, seed=asked.seed)
    speaker, meter = make_speaker(endpoint, how), Meter()
    return _Side(endpoint.name, endpoint, speaker, examine_endpoint(endpoint, speaker, meter), meter)


def _find_border(side: _Side, asked: CompareAsked, salt: str, tell: Tell) -> tuple[Prompt, ...]:
    pool = read_pool(asked.pool) if asked.pool else make_pool(asked.seed)
    tongue = Tongue(side.endpoint.api, side.examined.dialect, WatchSettings().temperature)
    search = Search(kept=asked.border, spares=0, pool=len(pool), seed=asked.seed)
    seeking = find_border_prompts(pool, side.speaker, Quest(tongue, salt, search))
    while True:
        try:
            state = next(seeking)
        except StopIteration as end:
            found = end.value
            break
        tell("searching for border prompts at the reference", state.asked, len(pool))
    side.meter.prompt_tokens += found.state.prompt_tokens
    side.meter.output_tokens += found.state.output_tokens
    if len(found.kept) < _BORDER_MIN:
        raise UsageError(
            f"only {len(found.kept)} border prompts were found at the reference: {found.why}",
            where=side.endpoint.url,
            next_step="Give --prompts of your own, or another reference.",
        )
    return tuple(one.prompt for one in found.kept)


def _make_monitor(
    side: _Side, sides: tuple[_Side, _Side], border: tuple[Prompt, ...], asked: CompareAsked, salt: str
) -> Monitor:
    """Both are asked the same: tools only where both take them."""
    takes_tools = all(one.examined.dialect.takes_tools for one in sides)
    battery = make_battery(side.endpoint.api, replace(side.examined.dialect, takes_tools=takes_tools))
    settings = WatchSettings(alpha=asked.alpha, seed=asked.seed)
    return Monitor(side.name, side.endpoint, settings, (*border, *battery), salt=salt, dialect=side.examined.dialect)


def _parse_api(text: str) -> Api:
    if text not in {Api.CHAT.value, Api.COMPLETIONS.value, Api.RESPONSES.value}:
        raise UsageError(f"answers of {text} are not compared", where="--api", next_step="Choose chat or completions.")
    return Api(text)
