"""From a plain list of orders to what the laws learn from; no shop is needed.

Reads a frame of any dialect with a customer, a time and (if it is known) the money of each order; writes nothing. The
grain is the day: orders of one customer on one day are one event.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from volver.predict.laws.history import Histories, histories
from volver.predict.laws.order_columns import BadOrders as BadOrders
from volver.predict.laws.order_columns import as_day, order_columns, present
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.horizons import Horizon, horizon_days


@dataclass(frozen=True)
class OrderHistories(Histories):
    """Histories at the end of `at`, with who they are and what they spent: every law's `fit` takes them as they are.

    One value a customer, in the order of `customers` (sorted): `first_day` (datetime64), `orders` (order days that
    had money in them), `net` (money of all rows, returns taken off), `log_gaps` (sum of the logarithms of the days
    between order days). Of all together: `repeat_days`, days with an order that was not its customer's first day, and
    `repeats`, how many such order days each had; `learn_calendar` asks for them. `left_out` counts rows without a
    customer or a day. `has_money` is False where no column told of money: then `orders`, `net` and `mean_spend` are 0
    for all and say nothing.
    """

    customers: Any
    at: date
    first_day: Any
    orders: Floats
    net: Floats
    log_gaps: Floats
    repeat_days: Any
    repeats: Floats
    left_out: int = 0
    has_money: bool = True

    @cached_property
    def mean_spend(self) -> Floats:
        """Net spend per order day that had money in it; 0 (never NaN) where there was none, or all of it went back.

        Without a column of money it is 0 for all: see `has_money`.
        """
        found: Floats = np.where(self.orders > 0, np.maximum(self.net, 0.0) / np.maximum(self.orders, 1.0), 0.0)
        return found


@dataclass(frozen=True)
class HeldOut:
    """What was known of customers at one day, and what they did until another."""

    known: OrderHistories
    until: date
    later_orders: Floats
    later_money: Floats

    @property
    def days(self) -> float:
        """Length of the time that was held out."""
        return float((self.until - self.known.at).days)


def from_orders(
    frame: Any,
    at: date | str | None = None,
    *,
    customer: str | None = None,
    when: str | None = None,
    value: str | None = None,
    zone: str | None = None,
) -> OrderHistories:
    """Every customer's history at the end of the day `at` (the last day with an order, if None).

    Columns that are not named are found by their usual names, whatever their case, spaces and underscores: customer,
    "Customer ID", email …; when, order_date, InvoiceDate …; value, amount, total_price …. A price beside a quantity is
    not taken for the money of an order. Days are read from times, from texts (2024-06-24, 2024/06/24, 20240624) and
    from such numbers.

    A row without money is a visit: it counts as an order day, not as a spend. A negative value is a return: it is
    taken off the customer's money and never is an order. Rows after `at` are not known yet. `zone` (an IANA name)
    says in whose days to count times that know their own zone; others are taken as they stand. Raises `BadOrders`,
    `MissingColumns`.

    >>> rows = {"customer": ["a", "a", "b"], "when": ["2024-01-01", "2024-01-31", "2024-01-11"], "value": [20, 30, 0]}
    >>> found = from_orders(rows)
    >>> found.customers.tolist(), found.x[found.row_of].tolist(), found.T[found.row_of].tolist()
    (['a', 'b'], [1.0, 0.0], [30.0, 20.0])
    >>> found.mean_spend.tolist()
    [25.0, 0.0]
    """
    rows = _rows(frame, customer, when, value, zone)
    return _known(rows, rows.last if at is None else np.datetime64(as_day(at)))


def calibration_holdout(
    frame: Any, calibrate_until: date | str, until: date | str | Horizon | None = None, **columns: str | None
) -> HeldOut:
    """Histories at the end of one day, and the order days and money of the same customers from then until another.

    `until` is a day, not before the first, a length of time after it, or the last day with an order (None). It lies
    beyond the last order by no more than the longest time without one, for nothing is known of later days. `columns`
    as in `from_orders`. Raises `BadOrders`, `MissingColumns`, `BadHorizon`.
    """
    rows = _rows(frame, *(columns.get(name) for name in ("customer", "when", "value", "zone")))
    first = as_day(calibrate_until)
    last = rows.last.astype(object) if until is None else _end(first, until)
    if last < first:
        raise BadOrders(why=f"the time held out ends on {last}, before it begins after {first}")
    if np.datetime64(last) > rows.day.max() + rows.longest_quiet:
        raise BadOrders(why=f"the time held out ends on {last}, but the last row is of {rows.day.max()}")
    known = _known(rows, np.datetime64(first))
    after = (rows.day > np.datetime64(first)) & (rows.day <= np.datetime64(last))
    place = np.searchsorted(known.customers, rows.customers)
    place = np.minimum(place, len(known.customers) - 1)
    mine = known.customers[place] == rows.customers
    later, money = _order_days(rows, after & ~rows.back), np.bincount(rows.who, rows.value * after, len(mine))
    counts = np.bincount(later[0], minlength=len(mine)).astype(np.float64)
    return HeldOut(known=known, until=last, later_orders=counts[mine], later_money=money[mine].astype(np.float64))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Orders and returns: each row's place in `customers`, its day, its money, and whether it only gave money back."""

    customers: Any
    who: Ints
    day: Any
    value: Floats
    left_out: int
    has_money: bool

    @property
    def back(self) -> Any:
        return self.value < 0

    @property
    def last(self) -> Any:
        return self.day[~self.back].max() if np.any(~self.back) else self.day.max()

    @property
    def longest_quiet(self) -> Any:
        """The most days between one day with a row and the next."""
        return max((*np.diff(np.unique(self.day)), np.timedelta64(1, "D")))


def _known(rows: _Rows, at: Any) -> OrderHistories:
    past = rows.day <= at
    who, day, paid = _order_days(rows, past & ~rows.back)
    if not len(who):
        raise BadOrders(why=f"there is no order until {at}")
    begins = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1]]))
    ends = np.append(begins[1:], len(who)) - 1
    some, again = who[begins], np.append(False, who[1:] == who[:-1])
    days, repeats = np.unique(day[again], return_counts=True)
    first, last = day[begins], day[ends]
    gaps = np.log(np.maximum(np.diff(day).astype(np.float64), 1.0)) * again[1:]
    known = histories([(ends - begins).astype(np.float64), _days(last - first), _days(at - first)])
    size = len(rows.customers)
    return OrderHistories(
        x=known.x,
        t_x=known.t_x,
        T=known.T,
        n=known.n,
        row_of=known.row_of,
        customers=rows.customers[some],
        at=at.astype("datetime64[D]").astype(object),
        first_day=first,
        orders=np.bincount(who, paid, size)[some].astype(np.float64),
        net=np.bincount(rows.who, rows.value * past, size)[some].astype(np.float64),
        log_gaps=np.bincount(who[1:], gaps, size)[some].astype(np.float64),
        repeat_days=days,
        repeats=repeats.astype(np.float64),
        left_out=rows.left_out,
        has_money=rows.has_money,
    )


def _order_days(rows: _Rows, wanted: Any) -> tuple[Ints, Any, Any]:
    """Distinct customer and day of the wanted rows, sorted, and whether there was money in them."""
    number = rows.day[wanted].astype(np.int64)
    low = int(number.min()) if len(number) else 0
    length = int(number.max()) - low + 1 if len(number) else 1
    key, place = np.unique(rows.who[wanted] * length + (number - low), return_inverse=True)
    paid = np.bincount(place.reshape(-1), rows.value[wanted] > 0, len(key)) > 0
    who, day = np.divmod(key, length)
    return who, (day + low).astype("datetime64[D]"), paid


def _rows(frame: Any, customer: str | None, when: str | None, value: str | None, zone: str | None) -> _Rows:
    whose, day, money = order_columns(frame, customer, when, value, zone)
    whose, known = present(whose)
    known &= ~np.isnat(day)
    if not known.any():
        raise BadOrders(why="there is no row with a customer and a day")
    customers, who = np.unique(whose[known], return_inverse=True)
    return _Rows(
        customers=customers,
        who=who.reshape(-1).astype(np.int64),
        day=day[known],
        value=np.zeros(int(known.sum())) if money is None else np.where(np.isfinite(money), money, 0.0)[known],
        left_out=int((~known).sum()),
        has_money=money is not None,
    )


def _end(first: date, until: Any) -> date:
    if isinstance(until, str):
        try:
            return as_day(until)
        except BadOrders:
            pass
    elif isinstance(until, date):
        return as_day(until)
    return first + timedelta(days=round(horizon_days(until, first)))


def _days(span: Any) -> Floats:
    found: Floats = span.astype("timedelta64[D]").astype(np.float64)
    return found
