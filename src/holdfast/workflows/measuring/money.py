"""What each endpoint costs: a price per token, or a machine. What nobody stated is unknown, and the reason is kept."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.cost.hardware import Hardware
from holdfast.measure.cost.hardware_file import read_hardware_file
from holdfast.measure.cost.price_asked import PriceAsked
from holdfast.measure.cost.price_file import TeamPrice, read_price_file
from holdfast.measure.cost.prices import PriceBook
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Endpoint, TokenPrice
from holdfast.workflows.measuring.endpoints import check_names, is_local

_STATED: Final = "stated on the command line"
_NO_HARDWARE: Final = "its machine was not described; give --hardware NAME=FILE or a --price"


@dataclass(frozen=True, slots=True)
class Money:
    """What one endpoint costs. With neither price nor machine `reason` says why; `notes` are for readers of prices."""

    price: TokenPrice | None = None
    hardware: Hardware | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def cost(self) -> TokenPrice | Hardware | None:
        """Whichever is known."""
        return self.hardware or self.price


@dataclass(frozen=True, slots=True)
class MoneyAsked:
    """By endpoint's name: `prices` as IN/OUT, IN/OUT/CACHED (US dollars per million tokens) or PROVIDER/MODEL to look
    up, `hardware` as a file. `price_file` holds the team's own prices, for all."""

    prices: Mapping[str, str]
    hardware: Mapping[str, str]
    price_file: Path | None = None


def find_money(endpoints: Sequence[Endpoint], asked: MoneyAsked, now: datetime.datetime) -> dict[str, Money]:
    """What each endpoint costs now, by name. Raises UsageError for what cannot be a price, and what reading files of
    prices and machines raises."""
    names = [endpoint.name for endpoint in endpoints]
    check_names("price", asked.prices, names)
    check_names("machine", asked.hardware, names)
    for name in asked.prices.keys() & asked.hardware.keys():
        raise UsageError(
            "an endpoint has a price or a machine, not both", where=name, next_step="Leave one of them out."
        )
    book = PriceBook(read_price_file(asked.price_file) if asked.price_file is not None else ())
    return {endpoint.name: _find(endpoint, asked, book, now) for endpoint in endpoints}


def _find(endpoint: Endpoint, asked: MoneyAsked, book: PriceBook, now: datetime.datetime) -> Money:
    if endpoint.name in asked.hardware:
        return Money(hardware=read_hardware_file(Path(asked.hardware[endpoint.name])))
    stated = asked.prices.get(endpoint.name, "")
    numbers = _read_numbers(stated)
    if numbers is not None:
        cached = numbers[2] if len(numbers) > 2 else None
        return Money(TokenPrice(numbers[0], numbers[1], cached, as_of=now.date().isoformat(), source=_STATED))
    if stated:
        provider, _, model = stated.partition("/")
        return _look_up(book, PriceAsked(model or endpoint.model, now, provider, api=endpoint.api))
    if is_local(endpoint) and not _is_in(book.team, endpoint):
        return Money(reason=_NO_HARDWARE)
    return _look_up(book, PriceAsked(endpoint.model, now, url=endpoint.url, api=endpoint.api))


def _look_up(book: PriceBook, asked: PriceAsked) -> Money:
    found = book.find_price(asked)
    near = f"; near it: {', '.join(found.nearest)}" if found.nearest else ""
    return Money(found.price, reason="" if found.price else f"{found.reason}{near}", notes=found.notes)


def _is_in(team: Sequence[TeamPrice], endpoint: Endpoint) -> bool:
    return any(one.model.lower() == endpoint.model.lower() for one in team)


def _read_numbers(text: str) -> list[float] | None:
    """The two or three numbers of IN/OUT[/CACHED]; None where the text is a name."""
    parts = text.split("/")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) not in (2, 3) or not all(0 <= number < 1e6 for number in numbers):
        raise UsageError(
            "a price is two or three numbers: input, output and cached input",
            where=text,
            next_step="Write US dollars per million tokens: --price hosted=0.15/0.60.",
        )
    return numbers
