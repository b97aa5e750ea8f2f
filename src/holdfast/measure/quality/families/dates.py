"""Reckoning with weekdays and dates of the Gregorian calendar."""

from datetime import date, timedelta
from random import Random

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.checks.texts import Exact, OneOf
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.findings import Output

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST = date(1990, 1, 1)
_DAYS = 20_000


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        return _make_weekday(random)
    start = _FIRST + timedelta(days=random.randrange(_DAYS))
    return _make_later(random, start) if level is Level.MEDIUM else _make_span(random, start)


def _make_weekday(random: Random) -> Problem:
    today, days = random.randrange(7), random.randint(1, 6)
    right = WEEKDAYS[(today + days) % 7]
    passed = "1 day" if days == 1 else f"{days} days"
    prompt = f"Today is {WEEKDAYS[today]}. Which weekday is it in {passed}? Answer with one word."
    return Problem(prompt, (OneOf(values=(right,), among=WEEKDAYS),), Output(right))


def _make_later(random: Random, start: date) -> Problem:
    days = random.choice((-1, 1)) * random.randint(20, 400)
    right = (start + timedelta(days=days)).isoformat()
    side = "after" if days > 0 else "before"
    prompt = f"Which date is {abs(days)} days {side} {start.isoformat()}? {ask_for('the date as YYYY-MM-DD')}"
    return Problem(prompt, (Exact(value=right),), Output(f"Answer: {right}"))


def _make_span(random: Random, start: date) -> Problem:
    end = start + timedelta(days=random.randint(40, 200))
    days = (start + timedelta(days=number) for number in range((end - start).days + 1))
    right = sum(day.weekday() < 5 for day in days)
    prompt = (
        f"{start.isoformat()} is a {WEEKDAYS[start.weekday()]}. How many days from {start.isoformat()} to "
        f"{end.isoformat()}, both included, are neither a Saturday nor a Sunday? {ask_for('the number')}"
    )
    return Problem(prompt, (Numeric(value=right),), Output(f"Answer: {right}"))


DATES = Family("dates", "name a later weekday, add days to a date, count working days", _make, {Level.EASY: 1 / 7})
