"""Which lever is worth most here: a little more retention, order value, frequency, new customers, or cheaper money.

Reads the shelf and the ledger, writes nothing. Each lever is moved alone, from today on, and the money over the horizon
is foreseen again: of the customers that are there, and of as many new ones as came in the last year. Gupta, Lehmann and
Stuart (2004) ask the same question of whole firms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from volver.core import Words
from volver.know import KnowSettings
from volver.predict.laws.buying import YEAR_DAYS, BuyingModel
from volver.predict.laws.history import Histories
from volver.predict.money.first_orders import FirstOrders, NotRefreshed, first_orders
from volver.predict.money.margins import assumed_margin
from volver.predict.money.outlook import Estimate, from_birth, lived
from volver.predict.money.what_if import NO_PUSH, Push, can_push_dropout, newborn_orders, pushed_orders, staying
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.numerics.metrics import Z80, Z90
from volver.predict.numerics.threads import in_one_thread
from volver.predict.settings import PredictSettings
from volver.predict.value.forecast import Foreseen
from volver.predict.value.histories import Buyers, buyers
from volver.predict.value.registry import published
from volver.predict.value.training import Learned
from volver.store import Shop

_STEP: Final = 1e-3
_POINT: Final = 0.01
_SLICES: Final = 24  # of the horizon, for newcomers who come bit by bit


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One lever moved a little: what it brings over the horizon (money, discounted), and as margin.

    `gain` is None where it cannot be said, and `cannot` says why. `share` is the gain over the money foreseen.
    """

    key: str
    label: Words
    gain: Estimate | None
    margin: Estimate | None
    share: float | None
    cannot: Words | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "lever": self.key,
            "means": str(self.label),
            "gain": self.gain.to_dict() if self.gain else None,
            "margin_gain": self.margin.to_dict() if self.margin else None,
            "share": self.share,
            "cannot_say": str(self.cannot) if self.cannot else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeversReport:
    """What each lever is worth, the best first; and what is foreseen when none is moved.

    `retention` is the chance that a customer who is one now still is in a year. `value` is money of the customers that
    are there (`existing`) and of those who will come (`coming`, whose relative error is `coming_doubt`); None where
    first orders are not known.
    """

    model: str
    at: date
    horizon_days: float
    currency: str
    discount: float
    margin_rate: float
    customers: int
    retention: float | None
    newcomers: float | None
    existing: float
    coming: float | None
    levers: tuple[Lever, ...]
    coming_doubt: float | None = None
    remarks: tuple[Words, ...] = ()

    @property
    def value(self) -> float:
        """Money foreseen over the horizon when no lever is moved."""
        return self.existing + (self.coming or 0.0)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict levers`."""
        return {
            "model": self.model,
            "at": self.at.isoformat(),
            "horizon_days": self.horizon_days,
            "currency": self.currency,
            "discount_rate_yearly": self.discount,
            "margin_rate": self.margin_rate,
            "customers": self.customers,
            "retention_yearly": self.retention,
            "newcomers": self.newcomers,
            "value": {
                "expected": self.value,
                "existing": self.existing,
                "coming": self.coming,
                "coming_doubt": self.coming_doubt,
            },
            "levers": [each.to_dict() for each in self.levers],
            "remarks": [str(each) for each in self.remarks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Newcomers over the horizon: how many, what a first order brings, how often they come back, what that brings."""

    n: float
    first: float
    level: float
    spend: float
    margin_rate: float
    error: float  # relative, of n, first and spend together
    remarks: tuple[Words, ...] = ()


@in_one_thread
def levers(shop: Shop, horizon: Horizon = "365d") -> LeversReport:
    """What one point of retention, one percent of order value, of frequency, of newcomers, and one point of the yearly
    discount rate are worth over the horizon. Raises `predict.no_model`.
    """
    model = published(shop)
    learned, at = model.learned, model.data_until
    now, days = buyers(shop, at), horizon_days(horizon, at)
    rate = shop.settings.of(PredictSettings).discount_rate_yearly
    coming = coming_of(shop, learned, at, days)
    machine = Machine(learned, now, days, rate, coming)
    margin = coming.margin_rate if coming else shop.settings.of(KnowSettings).margin_rate
    found = sorted(machine.levers(margin), key=lambda lever: -(lever.gain.expected if lever.gain else -np.inf))
    existing, arriving = machine.money(learned.buying, NO_PUSH)
    return LeversReport(
        model=model.model,
        at=at,
        horizon_days=days,
        currency=shop.settings.currency,
        discount=rate,
        margin_rate=margin,
        customers=len(now),
        retention=machine.retention(learned.buying, NO_PUSH) if can_push_dropout(learned.buying) else None,
        newcomers=coming.n if coming else None,
        existing=existing,
        coming=arriving if coming else None,
        coming_doubt=coming.error if coming else None,
        levers=tuple(found),
        remarks=(*(coming.remarks if coming else ()), *assumed_margin(shop)),
    )


def coming_of(shop: Shop, learned: Learned, at: date, days: float) -> Coming | None:
    """As many newcomers as in the last year (or half of a shorter history), as they have been; None without any."""
    try:
        firsts = first_orders(shop, at, days)
    except NotRefreshed:
        return None
    return coming_from(firsts, learned, days, shop.settings.of(KnowSettings).margin_rate)


def coming_from(firsts: FirstOrders, learned: Learned, days: float, margin_rate: float) -> Coming:
    """The same, from first orders."""
    since = (np.datetime64(firsts.at) - firsts.first_day).astype(np.float64)
    seen = min(YEAR_DAYS, 0.5 * (float(since.max()) + 1.0))  # a history's first customers are mostly old ones
    recent = int((since < seen).sum())
    remarks, firsts = firsts.remarks, firsts.teaching
    ages, many = np.unique(lived(learned, firsts), return_counts=True)
    expected = float(many @ from_birth(learned.buying, ages))
    later, usual = float(firsts.later.sum()), float(learned.spend.predict([0.0], [0.0])[0])
    first = float(firsts.first_kept.mean())
    money = float(firsts.first.sum() + firsts.later_money.sum())
    margin = float(firsts.first_margin.sum() + firsts.later_margin.sum())
    wide = float(firsts.first_kept.std()) / max(first, 1e-9)
    return Coming(
        n=recent * days / seen,
        first=first,
        level=(later + 0.5) / (expected + 0.5),
        spend=(float(firsts.kept.sum()) + 5.0 * usual) / (later + 5.0),
        margin_rate=margin / money if money > 0 else margin_rate,
        error=float(np.sqrt(1.0 / max(recent, 1) + wide**2 / max(len(firsts), 1))),
        remarks=remarks,
    )


class Machine:
    """Foresees the money over a horizon with any lever moved; it is that of the value report when none is."""

    def __init__(
        self,
        learned: Learned,
        now: Buyers,
        days: float,
        discount: float,
        coming: Coming | None = None,
    ) -> None:
        self.learned, self.days, self.discount, self.coming = learned, days, discount, coming
        self.known: Histories = learned.known(now)
        self.span = learned.span(days)
        self.year = learned.span(YEAR_DAYS)
        self.spends = (now.spend_days, now.mean_spend)
        law = self.known.spread(learned.buying.orders_by_row(self.known, self.span, discount=self._weighted(discount)))
        per_order = Foreseen(learned, now, days, discount).expected[1] / np.maximum(law, 1e-300)
        self.weight: Floats = np.bincount(self.known.row_of, per_order, minlength=len(self.known.x)).astype(np.float64)

    def money(self, buying: BuyingModel, push: Push, *, discount: float | None = None) -> tuple[float, float]:
        """Discounted money of those who are there and of those who will come."""
        rate = self.discount if discount is None else discount
        orders = pushed_orders(buying, self.known, self.span, push, self._weighted(rate))
        existing = float(self.weight @ orders)
        return existing, self._coming(buying, push, rate) if self.coming else 0.0

    def _weighted(self, rate: float) -> float:
        """The yearly rate in the law's time, whose year may be longer."""
        return float((1.0 + rate) ** (self.days / self.span) - 1.0)

    def retention(self, buying: BuyingModel, push: Push) -> float:
        """Chance that a customer who is one now still is in a year."""
        alive = self.known.n * buying.alive_by_row(self.known)
        return float(alive @ staying(buying, self.known, self.year, push)) / max(float(alive.sum()), 1e-12)

    def point_more(self, buying: BuyingModel) -> float | None:
        """What the propensity to stop must be multiplied by, so that retention rises by one point; None if nothing can.

        Retention falls smoothly with the propensity and is 1 where nobody stops: secant steps on the log of what is
        lost find it.
        """
        now = self.retention(buying, NO_PUSH)
        if now + _POINT >= 1.0:
            return None
        aim = float(np.log(1.0 - now - _POINT))
        ends = [(0.0, float(np.log(1.0 - now)))]
        step = aim - ends[0][1]
        for _ in range(12):
            here = ends[-1][0] + step
            lost = 1.0 - self.retention(buying, Push(dropout=float(np.exp(here))))
            if not lost > 0.0:
                return None
            ends.append((here, float(np.log(lost))))
            off = aim - ends[-1][1]
            if abs(off) < 1e-10:
                break
            step = off * (ends[-1][0] - ends[-2][0]) / (ends[-1][1] - ends[-2][1])
        return float(np.exp(ends[-1][0]))

    def levers(self, margin_rate: float) -> list[Lever]:
        """Every lever with its gain and interval."""
        return [
            self._lever("retention", self._retention(), margin_rate),
            self._lever("order_value", self._order_value, margin_rate),
            self._lever("frequency", self._frequency, margin_rate),
            self._lever("newcomers", self._newcomers if self.coming else _NO_FIRSTS, margin_rate),
            self._lever("discount_rate", self._discount_rate, margin_rate),
        ]

    # ---- the levers: gain under a law's parameters

    def _retention(self) -> "Callable[[BuyingModel], float] | Words":
        if not can_push_dropout(self.learned.buying):
            return Words("{model} has no chance to stop that could be moved", {"model": self.learned.model})
        if self.point_more(self.learned.buying) is None:
            return Words("retention is above 99 % already")
        return lambda buying: self._more(buying, Push(dropout=self.point_more(buying) or 1.0))

    def _order_value(self, buying: BuyingModel) -> float:
        return _POINT * sum(self.money(buying, NO_PUSH))

    def _frequency(self, buying: BuyingModel) -> float:
        return self._more(buying, Push(rate=1.0 + _POINT))

    def _newcomers(self, buying: BuyingModel) -> float:
        return _POINT * self._coming(buying, NO_PUSH, self.discount)

    def _discount_rate(self, buying: BuyingModel) -> float:
        cheaper = max(self.discount - _POINT, 0.0)
        return sum(self.money(buying, NO_PUSH, discount=cheaper)) - sum(self.money(buying, NO_PUSH))

    def _more(self, buying: BuyingModel, push: Push) -> float:
        return sum(self.money(buying, push)) - sum(self.money(buying, NO_PUSH))

    def _coming(self, buying: BuyingModel, push: Push, discount: float) -> float:
        """Money within the horizon of newcomers who come evenly over it."""
        if self.coming is None:
            return 0.0
        edges = np.linspace(0.0, self.days, _SLICES + 1)
        middles = 0.5 * (edges[1:] + edges[:-1])
        later = np.append(0.0, newborn_orders(buying, edges[1:], push))
        rate = float(np.log1p(discount)) / YEAR_DAYS
        fade = np.exp(-rate * middles)
        rising = np.cumsum(np.diff(later) * fade)  # discounted to birth, at the ends of slices
        at_middle = 0.5 * (np.append(0.0, rising[:-1]) + rising)
        each = self.coming.first + self.coming.level * self.coming.spend * at_middle[::-1]
        return self.coming.n * float(np.mean(each * fade))

    # ---- how sure

    def _lever(self, key: str, gain: "Callable[[BuyingModel], float] | Words", margin_rate: float) -> Lever:
        label = _LABELS[key]
        if isinstance(gain, Words):
            return Lever(key=key, label=label, gain=None, margin=None, share=None, cannot=gain)
        middle = gain(self.learned.buying)
        base = sum(self.money(self.learned.buying, NO_PUSH))
        wide = self._doubt(gain, middle)
        if not wide < _WIDEST:
            return Lever(key=key, label=label, gain=None, margin=None, share=None, cannot=_TOO_FEW_BACK)
        found = _around(middle, wide)
        return Lever(
            key=key,
            label=label,
            gain=found,
            margin=_around(middle * margin_rate, wide),
            share=middle / base if base > 0 else None,
        )

    def _doubt(self, gain: Callable[[BuyingModel], float], middle: float) -> float:
        """Deviation of the log of a gain that the parameters of both laws, and what newcomers were like, leave open."""
        buying, variance = self.learned.buying, self._doubt_money()
        if hasattr(buying, "log_covariance_") and middle > 0:
            size = len(buying.names)
            sides = [[gain(buying.moved(way * _STEP * each)) for way in (1.0, -1.0)] for each in np.eye(size)]
            slope = np.array([(up - down) / (2.0 * _STEP * middle) for up, down in sides])
            variance += float(slope @ buying.log_covariance_ @ slope)
        return float(np.sqrt(variance))

    def _doubt_money(self) -> float:
        """Relative variance of money per order, of the shop's level, and of newcomers by their share of the money."""
        asked = self.learned.asked(self.discount, self.days)
        orders = self.known.spread(pushed_orders(self.learned.buying, self.known, self.span))
        variance = asked._doubt_spend(orders, *self.spends) + self.learned.level.money_doubt**2
        if self.coming:
            existing, arriving = self.money(self.learned.buying, NO_PUSH)
            variance += (self.coming.error * arriving / max(existing + arriving, 1e-12)) ** 2
        return variance


def _around(middle: float, wide: float) -> Estimate:
    """Log-normal about a gain."""
    low, low80, high80, high = (float(middle * np.exp(z * wide)) for z in (-Z90, -Z80, Z80, Z90))
    return Estimate(expected=middle, low80=low80, high80=high80, low=low, high=high)


_WIDEST: Final = 7.0  # of the log: an interval whose ends are more than ten thousand million times apart says nothing
_TOO_FEW_BACK: Final = Words("too few customers came back to tell")
_NO_FIRSTS: Final = Words("first orders are not known: refresh the shop")
_LABELS: Final = {
    "retention": Words("1 point more of the customers still with you in a year"),
    "order_value": Words("1 % more per order"),
    "frequency": Words("1 % more often"),
    "newcomers": Words("1 % more new customers"),
    "discount_rate": Words("1 point less yearly discount rate"),
}
