"""Calling the right tool with the right arguments, as the interface's own tool calls."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from holdfast.measure.quality.checks.structured import ToolCalled
from holdfast.measure.quality.families.family import Family, Level, Problem
from holdfast.measure.quality.families.words import CITIES, GOODS, PEOPLE
from holdfast.measure.quality.findings import Output
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.measurement import ToolCall

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_OTHERS: Final = ("get_forecast", "get_time", "find_route", "list_orders", "cancel_order", "send_message")


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        return _make_stock(random)
    return _make_reminder(random) if level is Level.MEDIUM else _make_shipment(random)


def _make_stock(random: Random) -> Problem:
    item, city = random.choice(GOODS), random.choice(CITIES)
    members = {"item": _TEXT, "city": _TEXT}
    tool = _describe("get_stock", "How many of an item are in the store of a city", members, list(members))
    return _ask(f"How many {item} are in the store in {city}?", "get_stock", {"item": item, "city": city}, [tool])


def _make_reminder(random: Random) -> Problem:
    who, minutes, urgency = (
        random.choice(PEOPLE),
        random.randrange(10, 120, 5),
        random.choice(("low", "normal", "high")),
    )
    members = {
        "person": _TEXT,
        "minutes": {"type": "integer", "description": "minutes from now"},
        "urgency": {"type": "string", "enum": ["low", "normal", "high"]},
    }
    tool = _describe("set_reminder", "Remind a person later", members, list(members))
    tools = _mix(random, tool, 2)
    prompt = f"Remind {who} of the meeting in {minutes} minutes, with {urgency} urgency."
    return _ask(prompt, "set_reminder", {"person": who, "minutes": minutes, "urgency": urgency}, tools)


def _make_shipment(random: Random) -> Problem:
    goods, number = random.sample(GOODS, 2), random.randint(100, 999)
    lines = [{"item": item, "quantity": random.randint(2, 40)} for item in sorted(goods)]
    address = {"name": random.choice(PEOPLE), "city": random.choice(CITIES)}
    line = {"type": "object", "properties": {"item": _TEXT, "quantity": _WHOLE}, "required": ["item", "quantity"]}
    place = {"type": "object", "properties": {"name": _TEXT, "city": _TEXT}, "required": ["name", "city"]}
    members = {
        "reference": _WHOLE,
        "address": place,
        "lines": {"type": "array", "items": line, "description": "sorted by item"},
        "insured_value": {"type": "number", "description": "only when the customer states one"},
        "note": {"type": "string", "description": "only when the customer gives one"},
    }
    tool = _describe("create_shipment", "Send goods to an address", members, ["reference", "address", "lines"])
    asked = " and ".join(f"{line['quantity']} {line['item']}" for line in random.sample(lines, 2))
    to = f"{address['name']} in {address['city']}"
    prompt = f"Please send {asked} to {to}; the reference is {number}. No insurance is needed."
    arguments = {"reference": number, "address": address, "lines": lines}
    return _ask(prompt, "create_shipment", arguments, _mix(random, tool, 5))


def _mix(random: Random, tool: Mapping[str, object], count: int) -> list[Mapping[str, object]]:
    others = [
        _describe(name, name.replace("_", " ").capitalize(), {"subject": _TEXT}, ["subject"])
        for name in random.sample(_OTHERS, count)
    ]
    return random.sample([tool, *others], count + 1)


def _describe(name: str, about: str, members: Mapping[str, object], required: Sequence[str]) -> Mapping[str, object]:
    parameters = {"type": "object", "properties": members, "required": required, "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": about, "parameters": parameters}}


def _ask(prompt: str, name: str, arguments: Mapping[str, object], tools: Sequence[Mapping[str, object]]) -> Problem:
    check = ToolCalled(name=name, arguments={"const": arguments})
    solution = Output("", (ToolCall(name, encode_canonical(arguments)),))
    return Problem(prompt, (check,), solution, encode_canonical(tools))


TOOLS = Family("tools", "call the right one of one, three or six tools, with the right arguments", _make, {})
