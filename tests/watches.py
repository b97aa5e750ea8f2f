"""Watched endpoints as records: a quiet one, a swapped one with an accepted change before, one in doubt, one new."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from holdfast.records.measurement import Endpoint, Fault
from holdfast.records.watchbook import Alarm, Decision, Life, Spending
from holdfast.records.watching import (
    Channel,
    Evidence,
    Fact,
    Judgement,
    Likeness,
    Monitor,
    Moved,
    Outcome,
    Seen,
    Triage,
    Visit,
    WatchSettings,
)
from holdfast.workflows.watching.report import Plain, Reported, make_watch_report

FIRST = 20_400  # 2025-11-08
TODAY = 20_480  # 2026-01-27
NOW = datetime(2026, 1, 27, 18, 30, tzinfo=UTC)
LINE = math.log(1 / 0.00045)
HOSTILE = '"><img src=x onerror=window.hacked=1></script><!-- $title \u202e`|@everyone <b>\ud800'
NS_A_DAY = 86_400_000_000_000


def make_monitor(name: str, life: int = 1, **fields: object) -> Monitor:
    """A monitor of a hosted model."""
    endpoint = Endpoint(name, f"https://{name}.example/v1", f"{name}-large", key_variable="KEY")
    settings = WatchSettings(life=life, alpha=0.001 / (life * (life + 1)))
    monitor = Monitor(name, endpoint, settings, (), usd_per_month_max=1.0)
    return replace(monitor, **fields)  # type: ignore[arg-type]


def make_visit(number: int, day: int, answered: int = 60, model: str = "large-2025", **fields: object) -> Visit:
    """A visit of a day; what was not answered was rate-limited."""
    start = day * NS_A_DAY + 3_600_000_000_000
    seen = tuple(
        Seen(
            Channel.TOKENS,
            at % 20,
            start + at * 1_000_000_000,
            "a",
            fault=Fault.NONE if at < answered else Fault.LIMITED,
        )
        for at in range(60)
    )
    facts = (Fact("model", model), Fact("fingerprint", "fp_1"))
    visit = Visit(number, day, number, 60, seen, facts, 1200, 60, 0.012)
    return replace(visit, **fields)  # type: ignore[arg-type]


def make_visits(days: Sequence[int], swapped_from: int = 10**9) -> tuple[Visit, ...]:
    """A visit for each day, with another model name from a day on."""
    return tuple(
        make_visit(number, day, model="large-2025" if day < swapped_from else "large-2026")
        for number, day in enumerate(days)
    )


def make_evidence(days: Sequence[int], swapped_from: int = 10**9) -> tuple[Evidence, ...]:
    """Evidence that wavers near 1, and grows by a factor of e^3 a day from a day on."""
    rows: list[Evidence] = []
    for number, day in enumerate(days):
        grown = max(0, day - swapped_from + 1) * 3.0
        log_wealth = grown - 0.3 + 0.2 * math.sin(number)
        rows.append(Evidence(day, Channel.TOKENS, 60, log_wealth, grown + 0.8 * math.sin(number / 2)))
    return tuple(rows)


def make_judgement(outcome: Outcome = Outcome.SAME, **fields: object) -> Judgement:
    """A judgement that has no evidence yet."""
    judgement = Judgement(
        outcome, "no evidence of a change", 0.0005, 0.1, LINE, 0, 0, shift_found=0.18,
        blind=("int8 and finer by tokens alone", "a diverted share of 10 % or less"),
    )  # fmt: skip
    return replace(judgement, **fields)  # type: ignore[arg-type]


def make_quiet(name: str = "quiet") -> Reported:
    """Two weeks of reference, then quiet days, with a day that was missed and one of too few answers."""
    days = [day for day in range(FIRST, TODAY + 1) if day != FIRST + 40]
    visits = list(make_visits(days))
    visits[50] = make_visit(50, days[50], answered=20, remarks=("rate-limited: 40 of 60 answers are missing",))
    evidence = make_evidence(days[14:])
    judgement = make_judgement(evidence=evidence, days=66, answers=3920, log_wealth=evidence[-1].log_wealth)
    life = Life(make_monitor(name), 1, "2025-11-08T01:00:00Z", None, tuple(visits), ())
    return Reported((life,), (judgement,), Spending("2026-01", 0.324, 34_020, 0), next_visit="2026-01-28T01:00:00Z")


def make_triage() -> Triage:
    """Of a swap."""
    moved = (
        Moved(Channel.TOKENS, 0.42, 0.36, 0.48, 180, "distance of first tokens"),
        Moved(Channel.TOKENIZER, 3.0, 3.0, 3.0, 12, "token counts that differ"),
        Moved(Channel.REFUSALS, 0.05, -0.04, 0.15, 40),
        Moved(Channel.LENGTH, 12.4, -3.0, 28.0, 24),
        Moved(Channel.LOGPROBS, None, None, None, 0, "unusual log probabilities"),
    )
    weights = ((Likeness.MODEL, 0.86), (Likeness.PROMPT, 0.09), (Likeness.UNKNOWN, 0.05))
    return Triage(Likeness.MODEL, weights, moved, (("another model", 0.12), ("int4", 0.7)), "Token counts differ.")


def make_swapped(name: str = "swapped") -> Reported:
    """A first life with an alarm that was accepted, and a second one that alarmed."""
    first_days, later_days = range(FIRST, FIRST + 30), range(FIRST + 30, TODAY + 1)
    begun = make_evidence(first_days[14:], FIRST + 27)
    earlier = make_judgement(
        Outcome.CHANGED, why="first tokens differ", evidence=begun, log_wealth=begun[-1].log_wealth, days=16,
        answers=960, alarm_day=FIRST + 29, start_day=FIRST + 27,
    )  # fmt: skip
    alarm = Alarm(1, FIRST + 29, f"{name}: the served distribution changed", ())
    one = Life(make_monitor(name), 1, "2025-11-08T01:00:00Z", None, make_visits(first_days), (alarm,))
    evidence = make_evidence(later_days[14:], TODAY - 4)
    judgement = make_judgement(
        Outcome.CHANGED, why="first tokens differ from the reference", alpha=0.001 / 6, evidence=evidence,
        log_wealth=evidence[-1].log_wealth, log_threshold=LINE + 1.1, days=37, answers=2220, alarm_day=TODAY - 1,
        alarm_answers=2200, start_day=TODAY - 4, start_low=TODAY - 6, start_high=TODAY - 3, triage=make_triage(),
    )  # fmt: skip
    decision = Decision("Ada", "the vendor announced the new snapshot; our suite passes")
    two = Life(make_monitor(name, 2), 90, "2025-12-08T09:00:00Z", decision, make_visits(later_days, TODAY - 4), ())
    return Reported((one, two), (earlier, judgement), Spending("2026-01", 0.81, 34_020, 0))


def make_doubtful(name: str = "doubtful") -> Reported:
    """A monitor whose resolution is not good enough, with a suspicion and without prices."""
    days = range(FIRST + 50, TODAY + 1)
    visits = tuple(make_visit(number, day, cost_usd=None) for number, day in enumerate(days))
    evidence = tuple(
        replace(one, log_suspicion=8.6) if one.day > TODAY - 2 else one for one in make_evidence(days[14:])
    )
    logprobs = tuple(replace(one, channel=Channel.LOGPROBS, log_wealth=one.log_wealth + 0.7) for one in evidence)
    judgement = make_judgement(
        Outcome.COULD_NOT_TELL, why="its resolution is a shift of 0.4, and 0.25 was asked for",
        evidence=evidence + logprobs, log_wealth=0.3, days=17, answers=1020, is_suspected=True, shift_found=0.4,
    )  # fmt: skip
    monitor = make_monitor(name, usd_per_month_max=None)
    life = Life(monitor, 3, "2025-12-28T01:00:00Z", None, visits, ())
    return Reported(
        (life,), (judgement,), Spending("2026-01", 0.0, 34_020, 27), notices=("its host retires it on 2026-06-01",)
    )


def make_new(name: str = "new") -> Reported:
    """Enrolled and never visited."""
    judgement = make_judgement(
        Outcome.COULD_NOT_TELL, why="the reference is not yet collected", shift_found=None, blind=()
    )
    return Reported((Life(make_monitor(name), 9, "2026-01-27T09:00:00Z", None, (), ()),), (judgement,))


def make_watches() -> tuple[Reported, ...]:
    """All four."""
    return make_quiet(), make_swapped(), make_doubtful(), make_new()


def make_document(watches: Sequence[Reported] | None = None) -> Plain:
    """The report of some of them."""
    return make_watch_report(make_watches() if watches is None else watches, NOW, "1.2.3")
