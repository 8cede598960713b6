"""Fit a shop's models, see how they did on the shop's own held-out past, publish a score for every customer.

Reads the ledger; replaces the lake table `scores` and puts the model on the shelf.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import E4, Answer, Words, clock
from volver.know import KnowSettings
from volver.predict.freshness import SCORES
from volver.predict.laws.buying import YEAR_DAYS
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.numerics.threads import in_one_thread
from volver.predict.settings import PredictSettings
from volver.predict.value.chance_calibration import CHANCE_DAYS
from volver.predict.value.forecast import Foreseen, Total
from volver.predict.value.histories import (
    FEWEST_DAYS,
    Buyers,
    Past,
    TooLittleHistory,
    TooShortHistory,
    day_after,
    last_day,
    past,
)
from volver.predict.value.holdout import CheckReport, chosen, compared
from volver.predict.value.reference import usual_of
from volver.predict.value.registry import keep
from volver.predict.value.tracking import weekly
from volver.predict.value.training import AUTO, Learned, learn
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

_HELD_SHARE: Final = 0.25  # of the history, at most, is held out to see how good the model is
_SHORTEST: Final = 28  # days; a shorter holdout says nothing
_HORIZONS: Final = (365, 730, 1826)  # days for which the total is kept with the model: one, two and five years


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
    choice: dict[str, Any]
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
            "total": self.total.to_dict("value"),
            "choice": self.choice,
            "check": self.check.to_dict() if self.check else None,
            "remarks": [str(each) for each in self.remarks],
            "seconds": self.seconds,
            "file": self.path.name,
        }


@in_one_thread
def fit(shop: Shop, at: date | str | None = None, horizon: Horizon = "365d", *, model: str = AUTO) -> FitReport:
    """Choose and learn from all that was known at `at` (the shop's day by default) and publish.

    Published scores always look 365 days ahead; `horizon` is for the report and for what the past is tried with.
    Raises `predict.too_little_history`, `predict.too_short_history`, `predict.unknown_model`.
    """
    began = clock.stopwatch_s()
    day = last_day(shop, at)
    days, discount = horizon_days(horizon, day), shop.settings.of(PredictSettings).discount_rate_yearly
    fitted_us = clock.now_us()
    marks = SCORES.marks(shop, day, fitted_us)
    known = past(shop, day)
    now, first = known.at(day), known.first
    if (day - first).days < FEWEST_DAYS:
        raise TooShortHistory(days=(day - first).days, needed=FEWEST_DAYS)
    learned = learn(now, chosen(shop, day, days, model, len(now)))
    held, track = _held_out(shop, known, now, days, model)
    total = Foreseen(learned, now, days, discount).value_of()
    found = scores(learned, now, discount)
    remarks = learned.remarks + _short(day, first, days)
    seconds = clock.stopwatch_s() - began
    facts = {
        "first_day": first.isoformat(),
        "scored_at": day.isoformat(),
        "horizon_days": days,
        "discount_rate_yearly": discount,
        "margin_rate": shop.settings.of(KnowSettings).margin_rate,
        "cancel_within_hours": shop.settings.of(KnowSettings).cancel_within_hours,
        "total": total.to_dict("value"),
        "horizons": horizons(learned, now, discount),
        "choice": learned.choice,
        "check": held.to_dict() if held else None,
        "tracking": track,
        "remarks": [[each.text, each.params] for each in remarks],
        "seconds": seconds,
    }
    path = keep(shop, learned, facts, fitted_us)
    publish(shop, found, marks)  # after the model: who sees new scores finds the model that made them
    return FitReport(
        model=learned.model,
        at=day,
        first_day=first,
        horizon_days=days,
        discount=discount,
        customers=len(now),
        parameters=learned.buying.parameters_,
        spend_parameters=learned.spend.parameters_,
        total=total,
        check=held,
        choice=learned.choice,
        remarks=remarks,
        seconds=seconds,
        path=path,
    )


def horizons(learned: Learned, now: Buyers, discount: float) -> dict[str, dict[str, Any]]:
    """The total with its intervals one, two and five years ahead, and the mean customer that it makes, by days."""
    found: dict[str, dict[str, Any]] = {}
    for days in _HORIZONS:
        seen = Foreseen(learned, now, float(days), discount)
        found[str(days)] = seen.value_of().to_dict("value") | {"orders": float(seen.expected[0].sum())}
        found[str(days)]["usual"] = usual_of(seen).to_dict()
    return found


def scores(learned: Learned, now: Buyers, discount: float) -> Answer:
    """One row of the lake table `scores` per customer: a year ahead, from `now.at`."""
    import pyarrow as pa

    seen = Foreseen(learned, now, YEAR_DAYS, discount)
    worth = seen.worth
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
                **_next_order(seen),
                **_chances(seen),
            }
        )
    )


def publish(shop: Shop, found: Answer, marks: dict[str, int]) -> None:
    """Replace the lake table `scores`; `marks` say what it was made from."""
    shop.compute.publish("scores", found, marks)


def _chances(seen: Foreseen) -> dict[str, Floats]:
    """Chance of an order within 7, 30 and 90 days; a longer time is never less likely, whatever the maps say."""
    found = np.maximum.accumulate([seen.p_buy(float(days)) for days in CHANCE_DAYS], axis=0)
    return {f"p_buy_{days}d": column for days, column in zip(CHANCE_DAYS, found, strict=True)}


def _next_order(seen: Foreseen) -> "dict[str, pa.Array]":
    """The middle half of when the next order comes, for those of whom one within a year is more likely than not."""
    import pyarrow as pa

    wait, unlikely = seen.next_order
    days = np.datetime64(seen.buyers.at) + wait.astype("timedelta64[D]")
    names = ("next_from_day", "next_to_day")
    return {name: pa.array(days[:, i], pa.date32(), mask=unlikely) for i, name in enumerate(names)}


def _held_out(
    shop: Shop, known: Past, now: Buyers, days: float, model: str
) -> tuple[CheckReport | None, list[dict[str, Any]]]:
    """The check on the last part of the history, and the weeks of the tracking plot; nothing for a young shop."""
    length = min(days, (now.at - known.first).days * _HELD_SHARE)
    if length < _SHORTEST:
        return None, []
    try:
        then = known.at(day_after(now.at, -length))
        choice = chosen(shop, then.at, float((now.at - then.at).days), model, len(then))
    except TooLittleHistory:
        return None, []
    learned = learn(then, choice)
    return compared(learned, then, now, choice), weekly(learned, then, now.at)


def _short(day: date, first: date, days: float) -> tuple[Words, ...]:
    if (day - first).days >= 2 * days:
        return ()
    text = "{seen} days of history for {horizon} days ahead: less than twice as many, so it is extrapolation."
    return (Words(text, {"seen": (day - first).days, "horizon": round(days)}),)


def _e4(money: Floats) -> Any:
    return np.rint(money * E4).astype(np.int64)
