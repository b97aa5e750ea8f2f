"""Monitors and visits to fill books with."""

import random

from holdfast.records.measurement import Endpoint, Fault
from holdfast.records.watching import Channel, Fact, Monitor, Prompt, Seen, Visit, WatchSettings

NOON_NS = 1_795_000_000_000_000_000


def make_monitor(name: str = "chat", life: int = 1, budget: float | None = None) -> Monitor:
    endpoint = Endpoint(name, "http://127.0.0.1:1/v1", "made/small", key_variable="KEY")
    prompts = (Prompt(Channel.TOKENS, "Heads or tails?"), Prompt(Channel.FORMAT, "A list", check='{"lines":3}'))
    return Monitor(name, endpoint, WatchSettings(life=life, seed=7), prompts, usd_per_month_max=budget, salt="00ff")


def make_visit(number: int, answers: int = 8, cost_usd: float | None = 0.001) -> Visit:
    draw = random.Random(number)
    seen = [_make_seen(draw, place) for place in range(answers)]
    facts = (Fact("model", "made/small"), Fact("header Server", "one\ttwo"))
    return Visit(
        number, 20_783 + number, draw.getrandbits(40), answers, tuple(seen), facts, 9 * answers, answers, cost_usd
    )


def _make_seen(draw: random.Random, place: int) -> Seen:
    at_ns = NOON_NS + place * 1_500_000_000 + draw.randrange(1_000_000_000)
    if draw.random() < 0.1:
        return Seen(Channel.TOKENS, place % 20, at_ns, fault=draw.choice(list(Fault)[1:]))
    if place % 20 == 19:
        logprobs = tuple((f"{draw.getrandbits(64):016x}", -draw.expovariate(1)) for _ in range(20))
        return Seen(Channel.LOGPROBS, 0, at_ns, logprobs[0][0], None, logprobs)
    return Seen(Channel.TOKENS, place % 20, at_ns, draw.choice(("3f2a9c10", "77e01b5d")), draw.choice((None, 0.25)))
