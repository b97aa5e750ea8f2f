"""What a hosted model costs on a day: by the team's contracts, else by dated public data that comes with holdfast.

Never asks the network. A model that is not found is unknown, with the names it is nearest to; never free.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.measure.cost.library_prices import find_library_price
from holdfast.measure.cost.price_asked import PriceAsked, PriceFound
from holdfast.measure.cost.price_file import TeamPrice, find_team_price


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Where prices are looked up: the team's own first, then the library's where that is wanted."""

    team: Sequence[TeamPrice] = ()
    is_public_asked: bool = True

    def find_price(self, asked: PriceAsked) -> PriceFound:
        """The price of a model at a moment; unknown with a reason where neither knows it."""
        when: tuple[datetime.date, str] = (asked.when.date(), asked.service)
        price = find_team_price(self.team, asked.provider, asked.model, when)
        if price is not None:
            return PriceFound(price, asked.provider, asked.model, price.as_of)
        if not self.is_public_asked:
            return PriceFound(None, reason=f"the team's price file has no {asked.model}")
        return find_library_price(asked)
