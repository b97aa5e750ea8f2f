"""Facts in sentences, to be written as JSON: persons, orders with their lines, orders of which some were changed."""

from collections.abc import Mapping, Sequence
from random import Random

from holdfast.measure.quality.checks.structured import JsonSchema
from holdfast.measure.quality.families.family import Family, Level, Problem
from holdfast.measure.quality.families.words import CITIES, GOODS, PEOPLE, SURNAMES, join
from holdfast.measure.quality.findings import Output
from holdfast.records.canonical_json import encode_canonical


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        return _make_person(random)
    return _make_order(random) if level is Level.MEDIUM else _make_orders(random)


def _make_person(random: Random) -> Problem:
    name, age, city = _draw_name(random), random.randint(19, 80), random.choice(CITIES)
    told = f"{name} is {age} years old and lives in {city}."
    return _ask(
        told, "one object with the members name, age (a number) and city", {"name": name, "age": age, "city": city}
    )


def _make_order(random: Random) -> Problem:
    name, number = _draw_name(random), random.randint(1000, 9999)
    goods = sorted(random.sample(GOODS, 3))
    lines: list[dict[str, object]] = [{"item": item, "quantity": random.randint(2, 60)} for item in goods]
    bought = join([f"{line['quantity']} {line['item']}" for line in random.sample(lines, 3)])
    city = random.choice(CITIES)
    told = f"On the phone {name} ordered {bought}, to be sent to {city} as order {number}."
    what = (
        "one object with the members order (a number), customer, city and lines; lines is a list of objects with the "
        "members item and quantity (a number), sorted by item"
    )
    return _ask(told, what, {"order": number, "customer": name, "city": city, "lines": lines})


def _make_orders(random: Random) -> Problem:
    numbers = sorted(random.sample(range(1000, 10_000), 5))
    names = [_draw_name(random) for _ in numbers]
    orders: list[dict[str, object]] = [
        {"order": number, "customer": name, "city": random.choice(CITIES), "paid": random.random() < 0.5}
        for number, name in zip(numbers, names, strict=True)
    ]
    told = [_tell_order(random, order) for order in orders]
    random.shuffle(told)
    what = (
        "a list of objects with the members order (a number), customer, city and paid (true or false), sorted by "
        "order; leave cancelled orders out"
    )
    cancelled = random.choice(numbers)
    told.append(f"Order {cancelled} was cancelled this morning.")
    return _ask(" ".join(told), what, [order for order in orders if order["order"] != cancelled])


def _tell_order(random: Random, order: Mapping[str, object]) -> str:
    paid = "is paid" if order["paid"] else "is not paid yet"
    if random.random() < 0.5:
        earlier = random.choice([city for city in CITIES if city != order["city"]])
        place = f"was to go to {earlier}, but now goes to {order['city']}"
    else:
        place = f"goes to {order['city']}"
    return f"Order {order['order']} of {order['customer']} {place} and {paid}."


def _draw_name(random: Random) -> str:
    return f"{random.choice(PEOPLE)} {random.choice(SURNAMES)}"


def _ask(told: str, what: str, value: Mapping[str, object] | Sequence[object]) -> Problem:
    prompt = f"{told}\n\nWrite this as JSON: {what}. Write the JSON alone."
    return Problem(prompt, (JsonSchema(schema={"const": value}),), Output(encode_canonical(value)))


EXTRACTION = Family("extraction", "write what sentences tell as JSON of a given form", _make, {})
