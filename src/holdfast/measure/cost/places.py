"""Where a bill's work could have been done: the same models at list prices, all of it at one price, one provider's."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from holdfast.measure.cost.bills.bill import BillRow
from holdfast.measure.cost.elsewhere import HostedPlace
from holdfast.measure.cost.price_asked import PriceAsked, PriceFound
from holdfast.measure.cost.prices import PriceBook
from holdfast.records.measurement import TokenPrice


def make_listed_place(name: str, book: PriceBook, provider: str = "") -> HostedPlace:
    """The same models at the book's prices of each day: at their own providers (so the bill is checked), or at another
    one that has them."""
    return HostedPlace(name, _remember(book.find_price, provider))


def make_model_place(name: str, price: TokenPrice) -> HostedPlace:
    """All of it by one model at one price."""
    found = PriceFound(price, snapshot=price.as_of)
    return HostedPlace(name, lambda _: found)


def _remember(find: Callable[[PriceAsked], PriceFound], provider: str) -> Callable[[BillRow], PriceFound]:
    """One look-up for each model, service and day. A maker's name before the model's is left off when the whole is not
    known there."""
    remembered = lru_cache(maxsize=65_536)(find)

    def price_of(row: BillRow) -> PriceFound:
        when = datetime.datetime.combine(row.day, datetime.time(row.hour or 0), datetime.UTC)
        asked = PriceAsked(row.model, when, provider or row.provider, service=row.service)
        found = remembered(asked)
        if found.price is None and "/" in row.model:
            found = remembered(replace(asked, model=row.model.rpartition("/")[2]))
        return found

    return price_of
