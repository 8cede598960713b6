"""The days on which customers bought, as columns that any past day can be asked of.

Reads the lake table `order_days` of the know room, which is brought up to the ledger first.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.know import update_order_days
from volver.predict.numerics.arrays import Floats, Ints
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

_NEVER: Final = np.int32(2**31 - 1)
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class BuyingDays:
    """Rows of the table as columns, by customer and day; days are counted from 1970-01-01, money is in e4.

    A row stands for an order on `day`: at the end of day A it was known to count if `counts` and
    `from_day` <= A < `until_day`. `amount` was known from `from_day` on, for good.
    """

    customer_id: Ints
    day: Any  # int32
    from_day: Any  # int32
    until_day: Any  # int32
    counts: Any  # bool
    gross: Ints
    amount: Ints

    @cached_property
    def starts(self) -> Ints:
        """Where each customer's rows begin."""
        return _runs(self.customer_id)

    def at(self, day: date) -> "KnownDays":
        """What was known at the end of a day."""
        end = day_count(day)
        seen = self.from_day <= end
        rows = np.flatnonzero(seen & self.counts & (self.until_day > end))
        customer, days = self.customer_id[rows], self.day[rows]
        if not len(rows):
            none = np.zeros(0, dtype=np.int64)
            return KnownDays(customer_id=customer, starts=none, day=days, is_spend=none, net=none)
        begins = _runs(customer, days)
        is_spend = np.add.reduceat(self.gross[rows], begins) > 0
        rows, customer, days = rows[begins], customer[begins], days[begins]
        firsts = _runs(customer)
        money = np.add.reduceat(np.where(seen, self.amount, 0), self.starts)
        whose = np.searchsorted(self.starts, rows[firsts], side="right") - 1
        return KnownDays(customer_id=customer[firsts], starts=firsts, day=days, is_spend=is_spend, net=money[whose])

    def daily(self, born_until: date, as_of: date) -> tuple[Any, Floats]:
        """Later order days by day, as known at `as_of`, of those whose first order came until `born_until`.

        Days (datetime64[D], rising, only those with an order) and how many order days fall on each.
        """
        return _later_by_day(self.at(as_of), born_until)


@dataclass(frozen=True)
class KnownDays:
    """Customers with an order until a day, by id, and their order days: those of customer i begin at `starts[i]`."""

    customer_id: Ints
    starts: Ints
    day: Any  # int32, days from 1970-01-01, rising within a customer
    is_spend: Any  # whether money was in the day
    net: Ints  # e4

    @property
    def many(self) -> Ints:
        """Order days of each customer."""
        found: Ints = np.diff(self.starts, append=len(self.day))
        return found


def buying_days(shop: Shop, until: date, every: int = 1) -> BuyingDays:
    """All that was known until a day of the customers whose id `every` divides, from one read of the table."""
    update_order_days(shop)
    return _as_columns(shop.compute.query("order_days_known", until=until, every=every))


def buying_days_of(shop: Shop, customer: int, until: date) -> BuyingDays:
    """The same of one customer, from the table as it is: a model's day was in it when the model was fitted."""
    if shop.lake.snapshot("order_days").version < 0:
        update_order_days(shop)
    return _as_columns(shop.compute.query("order_days_of", until=until, customer=customer))


def _as_columns(found: "pa.Table") -> BuyingDays:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = {name: found.column(name).cast(pa.int32()) for name in ("day", "from_day", "until_day")}
    days["until_day"] = pc.fill_null(days["until_day"], int(_NEVER))
    columns = {name: column.to_numpy() for name, column in days.items()}
    columns["counts"] = pc.equal(found.column("counts"), 1).to_numpy()
    for ours, theirs in (("customer_id", "customer_id"), ("gross", "gross_e4"), ("amount", "amount_e4")):
        columns[ours] = found.column(theirs).to_numpy()
    order = _sorted(columns["customer_id"], columns["day"])
    return BuyingDays(**{name: column if order is None else column[order] for name, column in columns.items()})


def _later_by_day(known: KnownDays, born_until: date) -> tuple[Any, Floats]:
    later = np.ones(len(known.day), dtype=bool)
    later[known.starts] = False
    is_old = known.day[known.starts] <= day_count(born_until)
    days = known.day[later & np.repeat(is_old, known.many)]
    if not len(days):
        return as_dates(days), np.zeros(0)
    orders = np.bincount(days - days.min())
    there = np.flatnonzero(orders)
    return as_dates(there + days.min()), orders[there].astype(np.float64)


def day_count(day: date) -> int:
    """Days from 1970-01-01 on."""
    return (day - _EPOCH).days


def as_dates(numbers: Any) -> Any:
    """Day numbers as datetime64[D]."""
    return numbers.astype("datetime64[D]")


def _runs(*columns: Any) -> Ints:
    """Where a run of equal values begins, in any of the sorted columns."""
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    new = np.zeros(len(columns[0]), dtype=bool)
    new[0] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    found: Ints = np.flatnonzero(new)
    return found


def _sorted(customer: Ints, day: Any) -> Any:
    """The order by customer and day; None where they are sorted."""
    if not len(customer):
        return None
    low = int(day.min())
    width = int(day.max()) - low + 1
    least, most = int(customer.min()), int(customer.max())
    if max(abs(least), abs(most)) >= 2**62 // width:
        return np.lexsort((day, customer))
    key = customer * width + (day - low)
    if np.all(key[1:] >= key[:-1]):
        return None
    return np.argsort(key, kind="stable")
