"""Was the forecast right? Learn from what was known at one day, compare with what came until another.

Reads the ledger, writes nothing. The totals count only customers known at the first day, on both sides: what people
who came later brought is nobody's forecast.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from volver.core import VolverError
from volver.predict.buyers import Buyers, buyers
from volver.predict.choosing import learned_for
from volver.predict.laws.history import Floats
from volver.predict.laws.scores import by_customer, tenths
from volver.predict.laws.worth import Total
from volver.predict.learning import DEFAULT, Learned
from volver.store import Shop


class BadHoldout(VolverError):
    """A held-out time that ends before it begins."""

    code = "predict.bad_holdout"
    says = "The holdout ends on {holdout}, which is not after {calibration}."
    hint = "Choose a later --holdout-until."


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was foreseen against what came: in total, with the 90 % interval that was promised, by customer, and by
    tenths of the customers.
    """

    predicted: float
    actual: float
    low: float
    high: float
    customer: dict[str, float | None]
    tenths: list[dict[str, float]]

    @property
    def ratio(self) -> float | None:
        """Predicted over actual; None where nothing came."""
        return self.predicted / self.actual if self.actual > 0 else None

    @property
    def total(self) -> dict[str, float | None]:
        """Predicted, actual, their ratio, and the interval."""
        return {
            "predicted": self.predicted,
            "actual": self.actual,
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """A forecast on held-out time. Money is in the shop's currency; `orders` counts order days."""

    model: str
    customers: int
    calibration_until: date
    holdout_until: date
    money: Compared
    orders: Compared

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict check`; `orders` holds its scores by customer both nested and flat."""
        return {
            "model": self.model,
            "customers": self.customers,
            "calibration_until": self.calibration_until.isoformat(),
            "holdout_until": self.holdout_until.isoformat(),
            "total": self.money.total,
            "customer": self.money.customer,
            "orders": {
                "total": self.orders.total,
                "customer": self.orders.customer,
                **self.orders.customer,
                "tenths": self.orders.tenths,
            },
        }


def check(shop: Shop, calibrate_until: date | str, holdout_until: date | str, *, model: str = DEFAULT) -> CheckReport:
    """Fit on what was known at `calibrate_until`, compare with what came until `holdout_until`.

    Raises `predict.bad_holdout`, `predict.too_little_history`.
    """
    calibration, holdout = _day(calibrate_until), _day(holdout_until)
    if holdout <= calibration:
        raise BadHoldout(holdout=holdout.isoformat(), calibration=calibration.isoformat())
    then = buyers(shop, calibration)
    return compared(learned_for(shop, then, model), then, buyers(shop, holdout))


def compared(learned: Learned, then: Buyers, now: Buyers) -> CheckReport:
    """What `learned` foresaw for the buyers known `then`, against what `now` shows they did."""
    days = float((now.at - then.at).days)
    asked, known, span = learned.asked(0.0, days), learned.known(then), learned.span(days)
    foreseen = asked.worth(known, then.spend_days, then.mean_spend, span)
    orders, money = now.came_since(then)
    return CheckReport(
        model=learned.model,
        customers=len(then),
        calibration_until=then.at,
        holdout_until=now.at,
        money=_compared(asked.total_value(known, then.spend_days, then.mean_spend, span), foreseen.value, money),
        orders=_compared(asked.total_orders(known, span), foreseen.orders, orders),
    )


def _compared(total: Total, predicted: Floats, actual: Floats) -> Compared:
    return Compared(
        predicted=float(np.sum(predicted)),
        actual=float(np.sum(actual)),
        low=total.low,
        high=total.high,
        customer=by_customer(predicted, actual),
        tenths=tenths(predicted, actual),
    )


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day
