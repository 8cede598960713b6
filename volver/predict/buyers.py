"""A shop's customers as the models see them: what was known of each at the end of a day.

Reads the ledger through `rfm.sql`, writes nothing.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import E4, VolverError
from volver.predict.laws.history import Floats, Histories, Ints, histories
from volver.store import Shop

_HOUR_US: Final = 3_600_000_000
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
    undone_us = shop.settings.cancel_within_hours * _HOUR_US
    found = shop.compute.query("rfm", as_of=at, undone_us=undone_us, every=every)
    if found.num_rows < FEWEST:
        raise TooLittleHistory(customers=found.num_rows, needed=FEWEST, day=at.isoformat())
    column = {name: found.column(name).to_numpy() for name in found.column_names}
    order = np.argsort(column["customer_id"])
    first = column["first_day"].astype("datetime64[D]")
    later = (column["last_day"].astype("datetime64[D]") - first).astype(np.float64)
    return Buyers(
        at=at,
        customer_id=column["customer_id"][order].astype(np.int64),
        first_day=first[order],
        x=column["x"][order].astype(np.float64),
        t_x=later[order],
        age=column["age_days"][order].astype(np.float64),
        spend_days=column["spend_days"][order].astype(np.float64),
        net=column["net_e4"][order].astype(np.float64) / E4,
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
