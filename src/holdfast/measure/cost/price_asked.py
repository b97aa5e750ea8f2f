"""The question for a price and its answer."""

import datetime
from dataclasses import dataclass

from holdfast.records.measurement import Api, TokenPrice


@dataclass(frozen=True, slots=True)
class PriceAsked:
    """Which model, at whom, when. `provider` is a provider's id; empty: the one whose API `url` is. With neither the
    model's name decides, and the answer says so. `service` is `batch`, `priority`, `flex`…; empty: the usual one."""

    model: str
    when: datetime.datetime
    provider: str = ""
    url: str = ""
    service: str = ""
    api: Api = Api.CHAT


@dataclass(frozen=True, slots=True)
class PriceFound:
    """A price, or None with the `reason` and the `nearest` names. `model` and `provider` are those that the price is
    of, `snapshot` the day of the data it was found in, `notes` what a reader of a bill must know."""

    price: TokenPrice | None
    provider: str = ""
    model: str = ""
    snapshot: str = ""
    reason: str = ""
    nearest: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
