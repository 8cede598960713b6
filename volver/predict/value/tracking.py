"""Expected against actual over time: orders by week for the whole shop, and one customer's chance to be alive by day.

Reads the ledger and the shelf, writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from volver.core import Answer
from volver.predict.laws.calendar import expected_between
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.metrics import Z90
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import Buyers
from volver.predict.value.registry import published
from volver.predict.value.training import Learned
from volver.store import Shop

_WEEK: Final = 7
_MOST_POINTS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class AliveCurve:
    """A customer's P(alive) over time; after `until` it is what silence would make of it."""

    days: tuple[date, ...]
    p_alive: tuple[float, ...]
    orders: tuple[date, ...]
    until: date


def tracking(shop: Shop) -> Answer:
    """Later orders by week, expected and actual, of the customers known where the held-out time begins.

    Columns: week (its first day), actual, expected, low, high (90 %), held_out (1 where the model had not seen it).
    Empty when the shop was too young to hold anything out. Raises `predict.no_model`.
    """
    import pyarrow as pa

    rows = published(shop).body["tracking"]
    kinds = {"week": pa.date32(), "held_out": pa.int32()}
    names = ("week", "actual", "expected", "low", "high", "held_out")
    columns = {
        name: pa.array(
            [date.fromisoformat(row[name]) if name == "week" else row[name] for row in rows],
            kinds.get(name, pa.float64()),
        )
        for name in names
    }
    return Answer(pa.table(columns))


def weekly(learned: Learned, then: Buyers, until: date) -> list[dict[str, Any]]:
    """The rows of `tracking`: whole weeks before and after the day that `learned` knows."""
    days, orders = then.rows.daily(then.at, until)
    first = then.first_day.min().astype(object)
    before, after = (then.at - first).days // _WEEK, (until - then.at).days // _WEEK
    start = then.at - timedelta(days=before * _WEEK - 1)
    actual = np.zeros(before + after)
    week = (days - np.datetime64(start)).astype(np.int64) // _WEEK
    inside = (week >= 0) & (week < len(actual))
    np.add.at(actual, week[inside], orders[inside])
    edges = np.datetime64(then.at) - np.arange(before, -1, -1) * _WEEK
    seen = expected_between(learned.buying, then.first_day, edges, learned.season)
    expected = np.concatenate([seen, _ahead(learned, then, after)])
    doubt = _doubt(learned, then, float(max(after, 1) * _WEEK))
    wide = Z90 * np.sqrt(_dispersion(actual[:before], expected[:before]) * expected + (doubt * expected) ** 2)
    return [
        {
            "week": (start + timedelta(days=i * _WEEK)).isoformat(),
            "actual": float(actual[i]),
            "expected": float(expected[i]),
            "low": float(max(expected[i] - wide[i], 0.0)),
            "high": float(expected[i] + wide[i]),
            "held_out": int(i >= before),
        }
        for i in range(len(actual))
    ]


def alive_curve(
    shop: Shop, customer_id: int, *, ahead_days: int = 90, order_days: Sequence[date] | None = None
) -> AliveCurve | None:
    """How sure it was, day by day, that a customer would come back; None for one who never ordered.

    Who has read the days on which the customer ordered hands them over as `order_days`, rising. Raises
    `predict.no_model`.
    """
    model = published(shop)
    if order_days is None:
        order_days = [row["day"] for row in shop.compute.rows("predict_customer_days", customer=customer_id)]
    bought = [day for day in order_days if day <= model.data_until]
    if not bought:
        return None
    until = model.data_until
    days = _curve_days(bought, until + timedelta(days=ahead_days))
    orders = np.array(bought, dtype="datetime64[D]")
    place = np.searchsorted(orders, np.array(days, dtype="datetime64[D]"), side="right") - 1
    learned = model.learned
    elapsed = learned.season.elapsed(orders)
    since = learned.season.elapsed(days) - elapsed[0]
    last = elapsed[place] - elapsed[0]
    alive = learned.buying.p_alive([place.astype(np.float64), last, since])
    return AliveCurve(days=tuple(days), p_alive=tuple(alive.tolist()), orders=tuple(bought), until=until)


def _curve_days(bought: list[date], end: date) -> list[date]:
    """Evenly spaced days, and around every order the day before it and the day itself."""
    length = (end - bought[0]).days
    step = max(1, length // _MOST_POINTS)
    days = {bought[0] + timedelta(days=i) for i in range(0, length + 1, step)} | {end, *bought}
    days |= {day - timedelta(days=1) for day in bought[1:]}
    return sorted(days)


def _ahead(learned: Learned, then: Buyers, weeks: int) -> Floats:
    """Expected orders in the weeks after, from all that is known of each customer."""
    known, buying = learned.known(then), learned.buying
    ends = [learned.span(float(_WEEK * (i + 1))) for i in range(weeks)]
    found: Floats = np.diff(np.array([0.0] + [float(known.n @ buying.orders_by_row(known, end)) for end in ends]))
    return found * learned.level.orders


def _dispersion(actual: Floats, expected: Floats) -> float:
    """How much more weeks vary than independent orders would (quasi-Poisson), from the last half year that was seen."""
    recent = slice(max(len(actual) // 2, len(actual) - 26), None)
    if len(actual[recent]) < 4:
        return 1.0
    off = (actual[recent] - expected[recent]) ** 2 / np.maximum(expected[recent], 1.0)
    return max(1.0, float(np.mean(off)))


def _doubt(learned: Learned, then: Buyers, days: float) -> float:
    """Relative standard deviation that the doubt about the parameters brings."""
    total = Foreseen(learned, then, days).orders_of()
    if total.expected <= 0:
        return 0.0
    return float(np.log(total.high / total.expected)) / Z90
