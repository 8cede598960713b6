"""A shop's customers as the models see them: what was known of each at the end of a day.

Reads the lake table `order_days`, which is brought up to the ledger first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.core import E4, VolverError
from volver.know import MOST_QUIET_DAYS, today
from volver.predict.laws.history import Histories, histories
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.value.order_days import BuyingDays, KnownDays, as_dates, buying_days, buying_days_of, day_count
from volver.store import Shop

FEWEST: Final = 20  # customers; below this even a weak prior only repeats itself
FEWEST_DAYS: Final = 28  # of history; what a year brings cannot be told from a few days, however many customers came
RECENT_DAYS: Final = (28, 91, 182)  # a month, a quarter, half a year, in whole weeks


class TooLittleHistory(VolverError):
    """A shop, or a day, with too few customers to learn from."""

    code = "predict.too_little_history"
    says = "{customers} of {needed} customers have ordered until {day}: too few to foresee anything."
    hint = "Bring in more orders with `volver collect import`, or choose a later day."


class TooShortHistory(TooLittleHistory):
    """A shop, or a day, with enough customers and too little time."""

    code = "predict.too_short_history"
    says = "{days} of {needed} days have passed since the first order: too short a time to foresee anything."
    hint = "Bring in older orders with `volver collect import`, or wait."


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
    rows: BuyingDays = field(repr=False, compare=False)

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

    @cached_property
    def gross(self) -> Floats:
        """What the order days brought before anything came back."""
        end = day_count(self.at)
        rows = self.rows
        counting = (rows.from_day <= end) & rows.counts & (rows.until_day > end)
        place = np.searchsorted(self.customer_id, rows.customer_id[counting])
        return np.bincount(place, rows.gross[counting], minlength=len(self)).astype(np.float64) / E4

    @cached_property
    def recent(self) -> Floats:
        """Order days and net money of the last `RECENT_DAYS`: shape (n_customers, 6), orders before money."""
        found = np.empty((len(self), 2 * len(RECENT_DAYS)))
        for i, back in enumerate(RECENT_DAYS):
            known = self.rows.at(day_after(self.at, -back))
            x, net = np.zeros(len(self)), np.zeros(len(self))
            place = np.searchsorted(self.customer_id, known.customer_id)
            x[place], net[place] = known.many, known.net / E4
            found[:, i], found[:, len(RECENT_DAYS) + i] = self.x + 1.0 - x, self.net - net
        return found

    def came_since(self, earlier: "Buyers") -> tuple[Floats, Floats]:
        """Order days and money that each of the `earlier` buyers brought between the two days."""
        place = np.searchsorted(self.customer_id, earlier.customer_id)
        place = np.minimum(place, max(len(self) - 1, 0))
        there = self.customer_id[place] == earlier.customer_id
        orders = np.where(there, self.x[place] - earlier.x, 0.0)
        money = np.where(there, self.net[place] - earlier.net, 0.0)
        return np.maximum(orders, 0.0), money


@dataclass(frozen=True)
class Past:
    """A shop's customers as they were known at any day, from one read of its order days."""

    rows: BuyingDays

    @cached_property
    def first(self) -> date:
        """The first order day."""
        found: date = as_dates(self.rows.day[self.rows.counts].min()).astype(object)
        return found

    def order_days(self, until: date) -> tuple[Any, Any]:
        """The days on which anyone ordered, as known at `until` (datetime64[D], rising), and how many did."""
        days, orders = np.unique(self.rows.at(until).day, return_counts=True)
        return as_dates(days), orders.astype(np.float64)

    def at(self, day: date) -> Buyers:
        """Everyone with an order until then. Raises `predict.too_little_history`."""
        known = self.rows.at(day)
        if len(known.customer_id) < FEWEST:
            raise TooLittleHistory(customers=len(known.customer_id), needed=FEWEST, day=day.isoformat())
        return _buyers(self.rows, known, day)

    def last_gaps(self, day: date) -> Floats:
        """Days between the last three order days, older gap first, of all who had three until then: shape (n, 2)."""
        known = self.rows.at(day)
        last = (known.starts + known.many - 1)[known.many > 2]
        found: Floats = np.column_stack([known.day[last - i] - known.day[last - i - 1] for i in (1, 0)]).astype(float)
        return found


def _buyers(rows: BuyingDays, known: KnownDays, day: date) -> Buyers:
    first, last = known.day[known.starts], known.day[known.starts + known.many - 1]
    return Buyers(
        at=day,
        customer_id=known.customer_id,
        first_day=as_dates(first),
        x=(known.many - 1).astype(np.float64),
        t_x=(last - first).astype(np.float64),
        age=(day_count(day) - first).astype(np.float64),
        spend_days=np.add.reduceat(known.is_spend, known.starts, dtype=np.int64).astype(np.float64),
        net=known.net.astype(np.float64) / E4,
        rows=rows,
    )


def past(shop: Shop, until: date, *, every: int = 1) -> Past:
    """All that was known until a day of the customers whose id `every` divides.

    Raises `predict.too_little_history` where that is nothing.
    """
    rows = buying_days(shop, until, every)
    if not rows.counts.any():
        raise TooLittleHistory(customers=0, needed=FEWEST, day=until.isoformat())
    return Past(rows)


def buyers(shop: Shop, at: date, *, every: int = 1) -> Buyers:
    """Everyone with an order until `at` whose id `every` divides, as known then.

    Raises `predict.too_little_history`.
    """
    return past(shop, at, every=every).at(at)


def buyer(shop: Shop, customer: int, at: date) -> Buyers | None:
    """One customer alone, as known then; None without an order by then. Costs milliseconds in a shop of any size."""
    rows = buying_days_of(shop, customer, at)
    known = rows.at(at)
    return _buyers(rows, known, at) if len(known.customer_id) else None


def buyers_at(shop: Shop, days: Sequence[date], *, every: int = 1) -> list[Buyers]:
    """The same for several days, in their order, from one read. Raises `predict.too_little_history` for any of them."""
    if not days:
        return []
    read = past(shop, max(days), every=every)
    return [read.at(day) for day in days]


class BeyondTheData(VolverError):
    """A day so long after the last order that what is missing would be taken for silence."""

    code = "predict.beyond_the_data"
    says = "{day} is {days} days after the last order ({last})."
    hint = "Choose a day until then, or bring in the orders since with `volver collect import`."


def span(shop: Shop) -> tuple[date, date]:
    """First and last day with a sale to a known customer. Raises `predict.too_little_history`."""
    found = shop.compute.rows("predict_span")[0]
    if found["first_day"] is None:
        raise TooLittleHistory(customers=0, needed=FEWEST, day="today")
    first, last = found["first_day"], found["last_day"]
    return first, last


def last_day(shop: Shop, at: date | str | None) -> date:
    """The day asked for, or the shop's own. Raises `predict.beyond_the_data`."""
    last = max(span(shop)[1], today(shop).day or date.min)
    if at is None:
        return last
    day = date.fromisoformat(at) if isinstance(at, str) else at
    if (day - last).days > MOST_QUIET_DAYS:
        raise BeyondTheData(day=day.isoformat(), days=(day - last).days, last=last.isoformat())
    return day


def day_after(day: date, days: float) -> date:
    """The day this many days later, to the nearest whole day."""
    return day + timedelta(days=round(days))
