"""Was the forecast right? Learn from what was known at one day, compare with what came until another.

Reads the ledger, writes nothing. The totals count only customers known at the first day, on both sides: what people
who came later brought is nobody's forecast. Everything is chosen from what was known at the first day.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from volver.core import VolverError, Words
from volver.predict.laws.closures import without_seasons
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.metrics import customer_scores, deviance, spearman, tenths, top_share
from volver.predict.numerics.threads import in_one_thread
from volver.predict.value.backtest import YEAR
from volver.predict.value.chance_calibration import learned_chances
from volver.predict.value.forecast import Foreseen, Total
from volver.predict.value.histories import Buyers, day_after, last_day, past, span
from volver.predict.value.selection import LAWS, MODELS, Choice, choose, title
from volver.predict.value.shop_calendar import kept_index
from volver.predict.value.training import AUTO, Learned, UnknownModel, learn
from volver.store import Shop

MANY: Final = 40_000  # customers that are enough to choose from their past
_HELD_SHARE: Final = 0.25  # of the history


class BadHoldout(VolverError):
    """A held-out time that ends before it begins."""

    code = "predict.bad_holdout"
    says = "The holdout ends on {holdout}, which is not after {calibration}."
    hint = "Choose an earlier --calibrate-until, or a later --holdout-until."


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was foreseen against what came: in total, with the intervals that were promised, by customer, and by tenths
    of the customers.
    """

    predicted: float
    actual: float
    low: float
    high: float
    low80: float
    high80: float
    customer: dict[str, float | None]
    tenths: list[dict[str, float]]

    @property
    def ratio(self) -> float | None:
        """Predicted over actual; None where nothing came."""
        return self.predicted / self.actual if self.actual > 0 else None

    @property
    def covers(self) -> bool:
        """Whether the stated 80 % interval holds what came."""
        return self.low80 <= self.actual <= self.high80

    @property
    def total(self) -> dict[str, float | None]:
        """Predicted, actual, their ratio, and the 90 % interval."""
        return {
            "predicted": self.predicted,
            "actual": self.actual,
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A way of foreseeing on the held-out time: what a contender, or past spend, would have given."""

    name: str
    predicted: float
    ratio: float | None
    deviance: float | None
    spearman: float | None
    top10_capture: float | None
    chosen: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """A forecast on held-out time. Money is in the shop's currency; `orders` counts order days."""

    model: str
    customers: int
    calibration_until: date
    holdout_until: date
    money: Compared
    orders: Compared
    baseline: Rival
    contenders: tuple[Rival, ...]
    choice: dict[str, Any]
    why: tuple[Words, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict check`; `orders` holds its scores by customer both nested and flat."""
        return {
            "model": self.model,
            "customers": self.customers,
            "calibration_until": self.calibration_until.isoformat(),
            "holdout_until": self.holdout_until.isoformat(),
            "total": self.money.total,
            "interval80": [self.money.low80, self.money.high80],
            "covers": self.money.covers,
            "customer": self.money.customer,
            "deciles": self.money.tenths,
            "baseline": {"past_spend": self.baseline.to_dict()},
            "orders": {
                "total": self.orders.total,
                "interval80": [self.orders.low80, self.orders.high80],
                "covers": self.orders.covers,
                "customer": self.orders.customer,
                **self.orders.customer,
                "tenths": self.orders.tenths,
            },
            "contenders": [each.to_dict() for each in self.contenders],
            "choice": self.choice,
            "why": [str(each) for each in self.why],
        }


@in_one_thread
def check(
    shop: Shop,
    calibrate_until: date | str | None = None,
    holdout_until: date | str | None = None,
    *,
    model: str = AUTO,
) -> CheckReport:
    """Choose and fit on what was known at `calibrate_until`, compare with what came until `holdout_until`.

    By default the holdout ends on the last order day, and is a quarter of the history, a year at most.
    Raises `predict.bad_holdout`, `predict.too_little_history`, `predict.unknown_model`.
    """
    holdout = last_day(shop, holdout_until or span(shop)[1])
    calibration = _day(calibrate_until) if calibrate_until else day_after(holdout, -max(held_days(shop, holdout), 1.0))
    if holdout <= calibration:
        raise BadHoldout(holdout=holdout.isoformat(), calibration=calibration.isoformat())
    known = past(shop, holdout)
    then, now = known.at(calibration), known.at(holdout)
    choice = chosen(shop, calibration, float((holdout - calibration).days), model, len(then))
    return compared(learn(then, choice), then, now, choice)


def chosen(shop: Shop, at: date, days: float, model: str, customers: int) -> Choice:
    """How to foresee the days after `at`, from an even part of the customers where they are many.

    Raises `predict.unknown_model`, `predict.too_little_history`.
    """
    known = past(shop, at, every=max(1, customers // MANY))
    index, imported_us = kept_index(shop) or (None, None)
    choice = choose(known, at, days, laws_of(model), index=index)
    return replace(choice, chances=learned_chances(known, at, choice), imported_us=imported_us)


def laws_of(model: str) -> dict[str, Any]:
    """The laws to choose from: all of them for `auto`. Raises `predict.unknown_model`."""
    if model == AUTO:
        return LAWS
    if model not in MODELS:
        raise UnknownModel(model=model)
    return {model: MODELS[model]}


def compared(learned: Learned, then: Buyers, now: Buyers, choice: Choice | None = None) -> CheckReport:
    """What `learned` foresaw for the buyers known `then`, against what `now` shows they did."""
    days = float((now.at - then.at).days)
    seen = Foreseen(learned, then, days)
    orders, money = now.came_since(then)
    way = "none" if learned.correction is None else "boosted" if learned.correction.is_boosted else "linear"
    mine = _rival(title(learned.model, learned.season.is_seasonal, way), seen, orders, money, is_chosen=True)
    return CheckReport(
        model=learned.model,
        customers=len(then),
        calibration_until=then.at,
        holdout_until=now.at,
        money=_compared(seen.value_of(), seen.worth.value, money),
        orders=_compared(seen.orders_of(), seen.worth.orders, orders),
        baseline=_past_spend(then, days, money),
        contenders=(mine, *(_others(choice, learned, then, (orders, money), days) if choice else ())),
        choice=learned.choice,
        why=choice.why if choice else (),
    )


def _others(
    choice: Choice, learned: Learned, then: Buyers, came: tuple[Floats, Floats], days: float
) -> tuple[Rival, ...]:
    """Each contender fitted in full on what was known then, without the level: what was not chosen, and its price."""
    found = []
    for each in choice.contenders:
        if each.chosen or each.correction != "none":
            continue
        other = replace(choice, model=each.model, correction=None, level=type(choice.level)())
        if not each.calendar:
            other = replace(other, calendar=without_seasons(choice.calendar))
        found.append(_rival(each.name, Foreseen(learn(then, other), then, days), *came))
    if learned.correction is not None:
        law = replace(learned, correction=None)
        name = title(learned.model, learned.season.is_seasonal, "none")
        found.append(_rival(f"{name} + level", Foreseen(law, then, days), *came))
    return tuple(found)


def _rival(name: str, seen: Foreseen, orders: Floats, money: Floats, *, is_chosen: bool = False) -> Rival:
    expected, value = seen.expected
    return Rival(
        name=name,
        predicted=float(value.sum()),
        ratio=float(value.sum()) / float(money.sum()) if money.sum() > 0 else None,
        deviance=deviance(expected, orders),
        spearman=spearman(value, money),
        top10_capture=top_share(value, money),
        chosen=is_chosen,
    )


def _past_spend(then: Buyers, days: float, money: Floats) -> Rival:
    """What a shop does without a model: each customer goes on spending as in the past."""
    rate = np.maximum(then.net, 0.0) / np.maximum(then.age, days)
    predicted = float(rate.sum()) * days
    return Rival(
        name="past spend",
        predicted=predicted,
        ratio=predicted / float(money.sum()) if money.sum() > 0 else None,
        deviance=None,
        spearman=spearman(then.net, money),
        top10_capture=top_share(then.net, money),
    )


def _compared(total: Total, predicted: Floats, actual: Floats) -> Compared:
    return Compared(
        predicted=float(np.sum(predicted)),
        actual=float(np.sum(actual)),
        low=total.low,
        high=total.high,
        low80=total.low80,
        high80=total.high80,
        customer=customer_scores(predicted, actual),
        tenths=tenths(predicted, actual),
    )


def held_days(shop: Shop, until: date) -> float:
    """How many days a check holds out when nobody says so."""
    return min(float(YEAR), (until - span(shop)[0]).days * _HELD_SHARE)


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day
