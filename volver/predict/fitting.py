"""Fit a shop's models, see how they did on the shop's own held-out past, publish a score for every customer.

Reads the ledger; replaces the lake table `scores` and puts the model on the shelf.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import E4, Answer, Words, clock
from volver.predict.buyers import Buyers, TooLittleHistory, buyers, day_after, last_day, span
from volver.predict.checking import CheckReport, compared
from volver.predict.choosing import learned_for
from volver.predict.laws.buying import YEAR_DAYS
from volver.predict.laws.history import Floats
from volver.predict.laws.horizons import Horizon, horizon_days
from volver.predict.laws.worth import Total
from volver.predict.learning import DEFAULT, Learned
from volver.predict.pace import weekly
from volver.predict.shelves import keep
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

_HELD_SHARE: Final = 0.25  # of the history, at most, is held out to see how good the model is
_SHORTEST: Final = 28  # days; a shorter holdout says nothing
_LIKELY: Final = 0.5  # a customer less likely than this to order within a year gets no window for the next order


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """A fit: from what, what was learned, how it did on held-out time, what it expects, how long it took."""

    model: str
    at: date
    first_day: date
    horizon_days: float
    discount: float
    customers: int
    parameters: dict[str, float]
    spend_parameters: dict[str, float]
    total: Total
    check: CheckReport | None
    remarks: tuple[Words, ...]
    seconds: float
    path: Path

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict fit`."""
        return {
            "model": self.model,
            "at": self.at.isoformat(),
            "first_day": self.first_day.isoformat(),
            "horizon_days": self.horizon_days,
            "discount_rate_yearly": self.discount,
            "customers": self.customers,
            "parameters": self.parameters,
            "spend_parameters": self.spend_parameters,
            "total": {"value": self.total.expected, "low": self.total.low, "high": self.total.high},
            "check": self.check.to_dict() if self.check else None,
            "remarks": [str(each) for each in self.remarks],
            "seconds": self.seconds,
            "file": self.path.name,
        }


def fit(shop: Shop, at: date | str | None = None, horizon: Horizon = "365d", *, model: str = DEFAULT) -> FitReport:
    """Learn from all that was known at `at` (the last order day by default) and publish.

    Published scores always look 365 days ahead; `horizon` is for the report. Raises `predict.too_little_history`.
    """
    began = clock.stopwatch_s()
    day = last_day(shop, at)
    days, discount = horizon_days(horizon, day), shop.settings.discount_rate_yearly
    now = buyers(shop, day)
    learned = learned_for(shop, now, model)
    first = span(shop)[0]
    held, track = _held_out(shop, now, first, days, model)
    asked = learned.asked(discount, days)
    total = asked.total_value(learned.known(now), now.spend_days, now.mean_spend, learned.span(days))
    publish(shop, scores(learned, now, discount))
    remarks = learned.remarks + _short(day, first, days)
    seconds = clock.stopwatch_s() - began
    facts = {
        "first_day": first.isoformat(),
        "horizon_days": days,
        "discount_rate_yearly": discount,
        "total": {"value": total.expected, "low": total.low, "high": total.high},
        "check": held.to_dict() if held else None,
        "tracking": track,
        "remarks": [[each.text, each.params] for each in remarks],
        "seconds": seconds,
    }
    path = keep(shop, learned, facts, clock.now_us())
    return FitReport(
        model=model,
        at=day,
        first_day=first,
        horizon_days=days,
        discount=discount,
        customers=len(now),
        parameters=learned.buying.parameters_,
        spend_parameters=learned.spend.parameters_,
        total=total,
        check=held,
        remarks=remarks,
        seconds=seconds,
        path=path,
    )


def scores(learned: Learned, now: Buyers, discount: float) -> Answer:
    """One row of the lake table `scores` per customer: a year ahead, from `now.at`."""
    import pyarrow as pa

    asked, known, buying = learned.asked(discount, YEAR_DAYS), learned.known(now), learned.buying
    worth = asked.worth(known, now.spend_days, now.mean_spend, learned.span(YEAR_DAYS))
    return Answer(
        pa.table(
            {
                "customer_id": now.customer_id,
                "p_alive": worth.p_alive,
                "orders_365d": worth.orders,
                "spend_per_order_e4": _e4(worth.spend),
                "value_365d_e4": _e4(worth.value),
                "value_low_e4": _e4(worth.low),
                "value_high_e4": _e4(worth.high),
                **_next_order(learned, now),
                "p_buy_30d": buying.p_buy(known, learned.span(30.0)),
                "p_buy_90d": buying.p_buy(known, learned.span(90.0)),
            }
        )
    )


def publish(shop: Shop, found: Answer) -> None:
    """Replace the lake table `scores`."""
    connection = shop.compute.connection()
    try:
        connection.register("foreseen", found.table)
        files = shop.compute.write("select * from foreseen", "scores", connection=connection)
    finally:
        connection.close()
    shop.lake.replace("scores", files)


def _next_order(learned: Learned, now: Buyers) -> "dict[str, pa.Array]":
    """The middle half of when the next order comes, for those of whom one within a year is more likely than not."""
    import pyarrow as pa

    known, year = learned.known(now), learned.span(YEAR_DAYS)
    unlikely = known.spread(learned.buying.p_buy_by_row(known, year)) < _LIKELY
    wait = learned.season.calendar_days(now.at, learned.buying.next_by_row(known, (0.25, 0.75), year)[known.row_of])
    start = np.datetime64(now.at)
    found = {}
    for name, days in (("next_from_day", np.floor(wait[:, 0])), ("next_to_day", np.ceil(wait[:, 1]))):
        found[name] = pa.array(start + np.maximum(days, 1).astype("timedelta64[D]"), pa.date32(), mask=unlikely)
    return found


def _held_out(
    shop: Shop, now: Buyers, first: date, days: float, model: str
) -> tuple[CheckReport | None, list[dict[str, Any]]]:
    """The check on the last part of the history, and the weeks of the tracking plot; nothing for a young shop."""
    length = min(days, (now.at - first).days * _HELD_SHARE)
    if length < _SHORTEST:
        return None, []
    try:
        then = buyers(shop, day_after(now.at, -length))
    except TooLittleHistory:
        return None, []
    learned = learned_for(shop, then, model)
    return compared(learned, then, now), weekly(shop, learned, then, now.at)


def _short(day: date, first: date, days: float) -> tuple[Words, ...]:
    if (day - first).days >= 2 * days:
        return ()
    text = "{seen} days of history for {horizon} days ahead: less than twice as many, so it is extrapolation."
    return (Words(text, {"seen": (day - first).days, "horizon": round(days)}),)


def _e4(money: Floats) -> Any:
    return np.rint(money * E4).astype(np.int64)
