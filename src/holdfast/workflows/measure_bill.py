"""`holdfast measure bill`: what a month's work would have cost elsewhere."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.cost.bills.bill import join_bills
from holdfast.measure.cost.bills.reading import read_bill
from holdfast.measure.cost.elsewhere import BillElsewhere, HostedPlace, OwnPlace, price_elsewhere
from holdfast.measure.cost.hardware_file import read_hardware_file
from holdfast.measure.cost.places import make_listed_place, make_model_place
from holdfast.measure.cost.price_asked import PriceAsked
from holdfast.measure.cost.price_file import read_price_file
from holdfast.measure.cost.prices import PriceBook
from holdfast.measure.cost.simulation import Settings
from holdfast.measure.cost.workload import Capacity
from holdfast.records.errors import UsageError
from holdfast.workflows.measuring.capacity import read_measured
from holdfast.workflows.measuring.wording import parse_numbers

LISTED: Final = "as listed"


@dataclass(frozen=True, slots=True)
class BillAsked:
    """A bill's files, and where its work could have been done: `models` as PROVIDER/MODEL (all of it by that one) or
    PROVIDER (the same models there); `hardware` with the highest good rate, as a number or from a run file."""

    files: Sequence[Path]
    models: Sequence[str] = ()
    price_file: Path | None = None
    hardware: Path | None = None
    rate_max: str = ""
    run_file: Path | None = None
    peak_factor: float | None = None
    seed: int = 0


def price_bill(asked: BillAsked) -> BillElsewhere:
    """The bill in each place. Raises what reading its files raises, and UsageError for a place that is none."""
    if not asked.files:
        raise UsageError("no export is named", where="FILE", next_step="Name a usage export, CSV or JSON.")
    bill = join_bills(tuple(read_bill(path) for path in asked.files))
    book = PriceBook(read_price_file(asked.price_file) if asked.price_file is not None else ())
    places: list[HostedPlace | OwnPlace] = [make_listed_place(LISTED, book)]
    last = max((row.day for row in bill.rows), default=None)
    for name in asked.models:
        provider, _, model = name.partition("/")
        if not model:
            places.append(make_listed_place(name, book, provider))
        elif last is not None:
            places.append(_make_model(name, book, PriceAsked(model, _noon(last), provider)))
    if asked.hardware is not None:
        places.append(_make_own(asked, asked.hardware))
    return price_elsewhere(bill, places, Settings(seed=asked.seed))


def _make_model(name: str, book: PriceBook, wanted: PriceAsked) -> HostedPlace:
    found = book.find_price(wanted)
    if found.price is None:
        near = f" Near it: {', '.join(found.nearest)}." if found.nearest else ""
        raise UsageError(found.reason, where=name, next_step=f"Name another, or give --price-file.{near}")
    return make_model_place(name, found.price)


def _make_own(asked: BillAsked, path: Path) -> OwnPlace:
    hardware = read_hardware_file(path)
    if asked.run_file is not None:
        measured = read_measured(asked.run_file)
        return OwnPlace(hardware.name, hardware, measured.capacity, measured.lengths, asked.peak_factor)
    runs = parse_numbers("--rate-max", asked.rate_max) if asked.rate_max else ()
    return OwnPlace(
        hardware.name, hardware, Capacity(runs, said="as stated") if runs else None, None, asked.peak_factor
    )


def _noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
