"""Does the published forecast still hold? What came since, against what was foreseen, cumulative by week.

Reads the shelf and the ledger, writes nothing. Only customers known when the scores were made count, on both sides. The
band of 90 % holds chance, doubt, how far past totals were off, and how much this shop's weeks vary beyond chance. Two
weeks in a row outside raise the alarm: one is what one week in ten does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from volver.core import E4, Words
from volver.predict.numerics.metrics import Z90
from volver.predict.value.forecast import Foreseen, Total
from volver.predict.value.histories import Buyers, buyers_at, span
from volver.predict.value.registry import published
from volver.predict.value.training import Learned
from volver.store import Shop

_WEEK: Final = 7
_FEWEST: Final = 2  # weeks; before that nothing can be said
_MOST: Final = 16  # weekly points; a longer time is thinned, its last two weeks are always there
_SEEN: Final = 26  # weeks before, from which the shop's own variation is taken
_MONEY_ALONE: Final = 1.5  # money varies more than orders: alone it must be this many half-widths off


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Until the end of `day`: what came, what was expected, and the interval that holds 90 %."""

    day: date
    came: float
    expected: float
    low: float
    high: float

    @property
    def off(self) -> float:
        """How far outside, in half-widths of the interval's logs: beyond 1 above it, beyond -1 below."""
        if self.came >= self.expected:
            return _over(self.came / max(self.expected, 1e-9), self.high / max(self.expected, 1e-9))
        return -_over(self.expected / max(self.came, 1e-9), self.expected / max(self.low, 1e-9))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "day": self.day.isoformat(),
            "came": self.came,
            "expected": self.expected,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Orders and money since `at`, cumulative by week, of the customers known then; `alarm` says that they left the
    band. `since` is the first of the weeks outside; None without alarm. Money is in the shop's currency.
    """

    at: date
    until: date
    customers: int
    orders: tuple[Point, ...]
    money: tuple[Point, ...]
    alarm: bool
    since: date | None
    says: Words
    hint: Words | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict drift`."""
        return {
            "alarm": self.alarm,
            "at": self.at.isoformat(),
            "until": self.until.isoformat(),
            "since": self.since.isoformat() if self.since else None,
            "customers": self.customers,
            "says": str(_plain(self.says)),
            "hint": str(self.hint) if self.hint else None,
            "orders": [each.to_dict() for each in self.orders],
            "money": [each.to_dict() for each in self.money],
        }


def drift(shop: Shop) -> Drift | None:
    """How the published model did since its scores were made; None before two whole weeks are over.

    Raises `predict.no_model`.
    """
    model = published(shop)
    weeks = (span(shop)[1] - model.data_until).days // _WEEK
    if weeks < _FEWEST:
        return None
    ends = [model.data_until + timedelta(days=_WEEK * week) for week in _thinned(weeks)]
    then, *later = buyers_at(shop, [model.data_until, *ends])
    return drift_of(model.learned, then, later, restless=_restless(model.body.get("tracking") or []))


def drift_of(learned: Learned, then: Buyers, later: Sequence[Buyers], *, restless: float = 1.0) -> Drift:
    """The same from buyers as known on the days after. `restless`: variance of weekly orders over their mean."""
    orders, money = [], []
    for now in later:
        ahead = Foreseen(learned, then, float((now.at - then.at).days))
        came, brought = (float(each.sum()) for each in now.came_since(then))
        of_orders = ahead.orders_of()
        more = (restless - 1.0) / max(of_orders.expected, 1.0)
        orders.append(_point(now.at, came, of_orders, more))
        money.append(_point(now.at, brought, ahead.value_of(), more))
    return _told(then, tuple(orders), tuple(money))


def _point(day: date, came: float, foreseen: Total, more: float) -> Point:
    """The total's interval, widened in logs by the shop's own restlessness."""
    middle = max(foreseen.expected, 1e-9)
    up = float(np.hypot(np.log(max(foreseen.high, middle) / middle), Z90 * np.sqrt(more)))
    down = float(np.hypot(np.log(middle / max(min(foreseen.low, middle), 1e-9)), Z90 * np.sqrt(more)))
    return Point(
        day=day,
        came=came,
        expected=foreseen.expected,
        low=foreseen.expected * float(np.exp(-down)),
        high=foreseen.expected * float(np.exp(up)),
    )


def _told(then: Buyers, orders: tuple[Point, ...], money: tuple[Point, ...]) -> Drift:
    base: dict[str, Any] = {
        "at": then.at,
        "until": orders[-1].day,
        "customers": len(then),
        "orders": orders,
        "money": money,
    }
    for points, least, is_money in ((orders, 1.0, False), (money, _MONEY_ALONE, True)):
        since = _outside_since(points, least)
        if since is not None:
            says = _alarm(points, since, is_money=is_money)
            return Drift(**base, alarm=True, since=since, says=says, hint=_HINT)
    last = orders[-1]
    facts = {"came": round(last.came), "low": round(last.low), "high": round(last.high), "at_day": then.at.isoformat()}
    says = Words("{came} orders came since {at_day}, within the {low} to {high} that were foreseen.", facts)
    return Drift(**base, alarm=False, since=None, says=says, hint=None)


def _alarm(points: tuple[Point, ...], since: date, *, is_money: bool) -> Words:
    last = points[-1]
    facts: dict[str, Any] = {"since_day": since.isoformat(), "part_share": last.came / max(last.expected, 1e-9)}
    if is_money:
        facts |= {f"{name}_e4": round(getattr(last, name) * E4) for name in ("came", "low", "high")}
        return Words(
            "What customers bring has left the forecast since {since_day}: {came_e4} came, {part_share} of what was "
            "expected; {low_e4} to {high_e4} would have been usual.",
            facts,
        )
    facts |= {name: round(getattr(last, name)) for name in ("came", "low", "high")}
    return Words(
        "Orders have left the forecast since {since_day}: {came} came, {part_share} of what was expected; "
        "{low} to {high} would have been usual.",
        facts,
    )


def _outside_since(points: tuple[Point, ...], least: float) -> date | None:
    """The first of the points that lie outside on one side until the last; None where fewer than two do."""
    side = 1.0 if points[-1].off > 0 else -1.0
    outside = 0
    for each in reversed(points):
        if each.off * side <= least:
            break
        outside += 1
    return points[-outside].day if outside >= _FEWEST else None


def _thinned(weeks: int) -> list[int]:
    """Which weeks to look at."""
    if weeks <= _MOST:
        return list(range(1, weeks + 1))
    return sorted({*np.linspace(1, weeks, _MOST - 1).round().astype(int).tolist(), weeks - 1})


def _restless(rows: list[dict[str, Any]]) -> float:
    """How much more weeks varied than independent orders would (quasi-Poisson), where the model had seen them."""
    seen = [row for row in rows if not row["held_out"]][-_SEEN:]
    if len(seen) < 4:
        return 1.0
    return max(
        1.0, float(np.mean([(row["actual"] - row["expected"]) ** 2 / max(row["expected"], 1.0) for row in seen]))
    )


def _over(part: float, edge: float) -> float:
    return float(np.log(max(part, 1.0)) / max(np.log(max(edge, 1.0)), 1e-9))


def _plain(said: Words) -> Words:
    """With money and shares as plain numbers, for reading without a console."""
    facts = {
        name: f"{value / E4:,.0f}" if name.endswith("_e4") else f"{value:.0%}" if name.endswith("share") else value
        for name, value in said.params.items()
    }
    return Words(said.text, facts)


_HINT: Final = Words(
    "Look for what changed (a sale, a price, an import that is missing), then fit again: volver predict fit."
)
