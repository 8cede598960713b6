"""A shop's customers as the models see them: what was known of each at the end of a day.

Reads the lake table `buying_days`, which is brought up to the ledger first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import E4, VolverError
from volver.predict.buying_days import Known, as_days, buying_days, day_number
from volver.predict.laws.history import Floats, Histories, Ints, histories
from volver.store import Shop

FEWEST: Final = 20  # customers; below this even a weak prior only repeats itself


class TooLittleHistory(VolverError):
    """A shop, or a day, with too few customers to learn from."""

    code = "predict.too_little_history"
    says = "{customers} of {needed} customers have ordered until {day}: too few to foresee anything."
    hint = "Bring in more orders with `volver collect import`, or choose a later day."


@dataclass(frozen=True)
class Buyers:
    """Customers with at least one order until `at`, by id; money in the shop's currency."""

    at: date
    customer_id: Ints
    first_day: Any  # datetime64[D]
    x: Floats
    t_x: Floats
    age: Floats
    spend_days: Floats
    net: Floats

    def __len__(self) -> int:
        return len(self.customer_id)

    @cached_property
    def known(self) -> Histories:
        """Their histories, compressed."""
        return histories([self.x, self.t_x, self.age])

    @cached_property
    def mean_spend(self) -> Floats:
        """Net spend per order day that had money in it; 0 where there was none, or all of it went back."""
        found: Floats = np.where(self.spend_days > 0, np.maximum(self.net, 0.0) / np.maximum(self.spend_days, 1.0), 0.0)
        return found

    def came_since(self, earlier: "Buyers") -> tuple[Floats, Floats]:
        """Order days and money that each of the `earlier` buyers brought between the two days."""
        place = np.searchsorted(self.customer_id, earlier.customer_id)
        place = np.minimum(place, max(len(self) - 1, 0))
        there = self.customer_id[place] == earlier.customer_id
        orders = np.where(there, self.x[place] - earlier.x, 0.0)
        money = np.where(there, self.net[place] - earlier.net, 0.0)
        return np.maximum(orders, 0.0), money


def buyers(shop: Shop, at: date, *, every: int = 1) -> Buyers:
    """Everyone with an order until `at` whose id `every` divides, as known then.

    Raises `predict.too_little_history`.
    """
    return buyers_at(shop, [at], every=every)[0]


def buyers_at(shop: Shop, days: Sequence[date], *, every: int = 1) -> list[Buyers]:
    """The same for several days, in their order, from one read. Raises `predict.too_little_history` for any of them."""
    if not days:
        return []
    read = buying_days(shop, max(days), every)
    return [_buyers(read.at(day), day) for day in days]


def _buyers(known: Known, at: date) -> Buyers:
    if len(known.customer_id) < FEWEST:
        raise TooLittleHistory(customers=len(known.customer_id), needed=FEWEST, day=at.isoformat())
    first, last = known.day[known.starts], known.day[known.starts + known.many - 1]
    return Buyers(
        at=at,
        customer_id=known.customer_id,
        first_day=as_days(first),
        x=(known.many - 1).astype(np.float64),
        t_x=(last - first).astype(np.float64),
        age=(day_number(at) - first).astype(np.float64),
        spend_days=np.add.reduceat(known.is_spend, known.starts, dtype=np.int64).astype(np.float64),
        net=known.net.astype(np.float64) / E4,
    )


def span(shop: Shop) -> tuple[date, date]:
    """First and last day with a sale to a known customer. Raises `predict.too_little_history`."""
    found = shop.compute.rows("predict_span")[0]
    if found["first_day"] is None:
        raise TooLittleHistory(customers=0, needed=FEWEST, day="today")
    first, last = found["first_day"], found["last_day"]
    return first, last


def last_day(shop: Shop, at: date | str | None) -> date:
    """The day asked for, or the last one with a sale."""
    if at is None:
        return span(shop)[1]
    return date.fromisoformat(at) if isinstance(at, str) else at


def day_after(day: date, days: float) -> date:
    """The day this many days later, to the nearest whole day."""
    return day + timedelta(days=round(days))
