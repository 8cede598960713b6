"""What all that was learned of a shop says of its customers together: laws, calendar, level and corrections.

Pure numerics. The laws give every customer an expectation and an interval; corrections move orders and money between
customers, the level moves the total, and what past totals were off by widens the total's interval.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.predict.laws.buying import YEAR_DAYS
from volver.predict.laws.history import Histories, histories
from volver.predict.laws.worth import CustomerWorth, TotalWorth, Worth
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.calibration import recalibrated
from volver.predict.numerics.metrics import Z90
from volver.predict.value.histories import Buyers
from volver.predict.value.training import Learned

_LIKELY: Final = 0.5  # a customer less likely than this to order within a year gets no window for the next order
_FARTHER: Final = 0.15  # more doubt, in logs, for each e-fold that the horizon is longer than the history


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum over customers with its 90 % interval (`low`, `high`) and its 80 % interval: chance of each customer, doubt
    about the parameters, and how far past totals were off.
    """

    expected: float
    low: float
    high: float
    low80: float
    high80: float

    def to_dict(self, name: str = "expected") -> dict[str, float]:
        """Plain values, the expectation under this name."""
        rest = {key: getattr(self, key) for key in ("low", "high", "low80", "high80")}
        return {name: self.expected, **rest}


@dataclass(frozen=True)
class Foreseen:
    """What `learned` says of `buyers` for the `days` after `buyers.at`; `discount` is yearly.

    Some customers alone are foreseen as among all where `scales` are what `kept` says for all.
    """

    learned: Learned
    buyers: Buyers
    days: float
    discount: float = 0.0
    scales: tuple[float, float] | None = None

    @cached_property
    def kept(self) -> tuple[float, float]:
        """What corrections of orders and of money are scaled by, so that the law's totals stay."""
        return self.scales or (self._corrected[1], _keeping(self.factors[1], self.law[1]))

    @cached_property
    def worth(self) -> Worth:
        """One value per customer in each column, in the order of `buyers`."""
        law = self._asked.worth(self._known, self.buyers.spend_days, self.buyers.mean_spend, self._span)
        orders, value = self.expected
        of_orders = orders / np.maximum(law.orders, 1e-300)
        of_money = value / np.maximum(law.value, 1e-300)
        return replace(
            law,
            orders=orders,
            value=value,
            spend=law.spend * of_money / np.maximum(of_orders, 1e-300),
            low=law.low * of_money,
            high=law.high * of_money,
        )

    @cached_property
    def factors(self) -> tuple[Floats, Floats]:
        """What corrections multiply each customer's orders and money by, before the level; orders keep their total."""
        correction = self.learned.correction
        of_orders, scale = self._corrected
        of_money = correction.money(self.columns) if correction else np.ones(len(self.buyers))
        return of_orders * scale, of_money

    @cached_property
    def columns(self) -> Floats:
        """What corrections look at, of each customer."""
        return self.learned.columns(self.buyers)

    @cached_property
    def expected(self) -> tuple[Floats, Floats]:
        """Orders and value of each customer without their intervals, which take longer."""
        orders, value = self.law
        of_orders, of_money = self.factors
        level = self.learned.level
        return orders * of_orders * level.orders, value * (of_money * self.kept[1]) * level.money

    @cached_property
    def next_order(self) -> tuple[Floats, Any]:
        """Days until the next order: the middle half of when it comes, (n, 2), and for whom none is likely in a year.

        Whole days, the first one later than today.
        """
        learned = self.learned
        year = learned.span(YEAR_DAYS)
        rows = learned.buying.next_by_row(self._known, (0.25, 0.75), year)
        wait = learned.season.calendar_days(self.buyers.at, rows[self._known.row_of])
        days = np.column_stack([np.floor(wait[:, 0]), np.ceil(wait[:, 1])])
        return np.maximum(days, 1.0), self.p_buy(YEAR_DAYS) < _LIKELY

    def p_buy(self, days: float) -> Floats:
        """Chance of at least one order within so many days, per customer; recalibrated where the past asked for it."""
        law = self.learned.buying.p_buy(self._known, self.learned.span(days))
        factor = self.factors[0] * self.learned.level.orders
        moved = -np.expm1(np.log1p(-np.minimum(law, 1.0 - 1e-15)) * factor)
        how = self.learned.chances.get(str(round(days)))
        if how:
            moved = recalibrated(moved, how)
        found: Floats = np.minimum(moved, self.learned.buying.p_alive(self._known))
        return found

    def value_of(self, which: Any = None) -> Total:
        """Value of all customers, or of those that `which` (a mask or places) names."""
        known, buyers = self._part(which)
        spend_days, mean = (each if which is None else each[which] for each in (buyers.spend_days, buyers.mean_spend))
        value = self.expected[1] if which is None else self.expected[1][which]
        law = self._asked.total_value(known, spend_days, mean, self._span)
        orders = self.expected[0] if which is None else self.expected[0][which]
        return self._total(float(value.sum()), law, self.learned.level.money_doubt, float(orders.sum()))

    def orders_of(self, which: Any = None) -> Total:
        """Orders of all customers, or of some."""
        known, _ = self._part(which)
        orders = self.expected[0] if which is None else self.expected[0][which]
        law = self._asked.total_orders(known, self._span)
        return self._total(float(orders.sum()), law, self.learned.level.orders_doubt, float(orders.sum()))

    # ---- inside

    @cached_property
    def _corrected(self) -> tuple[Floats, float]:
        """The corrections' factors of orders, and what scales them."""
        correction = self.learned.correction
        if correction is None:
            return np.ones(len(self.buyers)), 1.0
        found = correction.orders(self.columns)
        return found, self.scales[0] if self.scales else _keeping(found, np.exp(self.columns[:, 0]))

    @cached_property
    def law(self) -> tuple[Floats, Floats]:
        """Orders and value by the laws alone."""
        known, buying = self._known, self.learned.buying
        orders = known.spread(buying.orders_by_row(known, self._span))
        kept = known.spread(buying.orders_by_row(known, self._span, discount=self._asked.discount))
        return orders, kept * self.learned.spend.predict(self.buyers.spend_days, self.buyers.mean_spend)

    @cached_property
    def _known(self) -> Histories:
        return self.learned.known(self.buyers)

    @cached_property
    def _span(self) -> float:
        return self.learned.span(self.days)

    @cached_property
    def _asked(self) -> CustomerWorth:
        return self.learned.asked(self.discount, self.days)

    def _part(self, which: Any) -> tuple[Histories, Buyers]:
        if which is None:
            return self._known, self.buyers
        all_known = self._known
        row_of = all_known.row_of[which]
        columns = [all_known.x[row_of], all_known.t_x[row_of], all_known.T[row_of]]
        return histories(columns), self.buyers

    def _total(self, expected: float, law: TotalWorth, doubt: float, orders: float) -> Total:
        """Log-normal about the expectation; the lower end is 0 where no order at all is likely enough."""
        if expected <= 0 or law.expected <= 0:
            return Total(expected=0.0, low=0.0, high=0.0, low80=0.0, high80=0.0)
        own = float(np.log(law.high / law.expected)) / Z90
        history = max(float(self.buyers.age.max(initial=1.0)), 1.0)
        doubt = float(np.hypot(doubt, _FARTHER * max(float(np.log(self.days / history)), 0.0)))
        wide90, wide80 = (float(np.exp(self.learned.level.half_width(own, doubt, share))) for share in (0.9, 0.8))
        none = float(np.exp(-orders))
        return Total(
            expected=expected,
            low=expected / wide90 if none < 0.05 else 0.0,
            high=expected * wide90,
            low80=expected / wide80 if none < 0.1 else 0.0,
            high80=expected * wide80,
        )


def _keeping(factor: Floats, amount: Floats) -> float:
    """What factors are to be scaled by so that the sum of `amount` stays."""
    moved = float(factor @ amount)
    return float(amount.sum()) / moved if moved > 0 else 1.0
