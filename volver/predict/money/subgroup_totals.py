"""Totals of any part of the customers, each with the interval that a total deserves.

Pure numerics over `CustomerWorth`. One pass gives every customer's expected value, its variance by chance, and its
slope by every parameter; the total of a part is then a sum, however many parts there are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from volver.predict.laws.history import histories
from volver.predict.laws.spend import spends
from volver.predict.laws.worth import CustomerWorth, _revenue_variance
from volver.predict.numerics.arrays import Floats
from volver.predict.value.forecast import Total
from volver.predict.value.level import LAW, Level

_STEP = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One entry per customer: expected value, variance by chance, and (n_customers, n_parameters) slopes by the logs of
    the parameters with their covariance. `level` says how far past totals of the shop were off.
    """

    value: Floats
    chance: Floats
    slopes: Floats
    covariance: Floats
    level: Level = LAW

    def total(self, inside: Any) -> Total:
        """The sum over the customers that `inside` (a mask, or places) chooses."""
        expected = float(self.value[inside].sum())
        if expected <= 0:
            return Total(expected=0.0, low=0.0, high=0.0, low80=0.0, high80=0.0)
        slope = self.slopes[inside].sum(axis=0) / expected
        relative = np.log1p(float(self.chance[inside].sum()) / expected**2) + float(slope @ self.covariance @ slope)
        wide90, wide80 = (
            float(np.exp(self.level.half_width(float(np.sqrt(relative)), self.level.money_doubt, share)))
            for share in (0.9, 0.8)
        )
        return Total(
            expected=expected,
            low=expected / wide90,
            high=expected * wide90,
            low80=expected / wide80,
            high80=expected * wide80,
        )


def parts(
    asked: CustomerWorth,
    X: Any,
    orders: Any,
    mean_spend: Any,
    span: float,
    *,
    value: Floats | None = None,
    level: Level = LAW,
) -> Parts:
    """Everything that totals over `span` are made of; arguments as in `CustomerWorth.total_value`.

    `value` is what each customer is expected to bring where that is not the law's own (level and corrections).
    """
    known = histories(X, unit=asked.buying.unit)
    n_spends, mean = spends(orders, mean_spend)
    shape, scale = asked.spend.posterior(n_spends, mean)
    per_order = asked.spend.predict(n_spends, mean)
    discounted = known.spread(asked.buying.orders_by_row(known, span, discount=asked.discount))
    n, n2 = (known.spread(moment) for moment in asked.buying.moments_by_row(known, span))
    columns, blocks = [], []
    if hasattr(asked.buying, "log_covariance_"):
        for step in _STEP * np.eye(len(asked.buying.names)):
            up, down = (asked.buying.moved(way * step).orders_by_row(known, span) for way in (1.0, -1.0))
            rate = np.log(np.maximum(up, 1e-300) / np.maximum(down, 1e-300)) / (2.0 * _STEP)
            columns.append(known.spread(rate) * discounted * per_order)
        blocks.append(asked.buying.log_covariance_)
    if hasattr(asked.spend, "log_covariance_"):
        size = len(asked.spend.log_covariance_)
        for step in _STEP * np.eye(size):
            up, down = (asked.spend.moved(way * step).predict(n_spends, mean) for way in (1.0, -1.0))
            columns.append(discounted * (up - down) / (2.0 * _STEP))
        blocks.append(asked.spend.log_covariance_)
    law = discounted * per_order
    factor = np.ones(len(law)) if value is None else value / np.maximum(law, 1e-300)
    return Parts(
        value=law * factor,
        chance=_revenue_variance(n, n2, asked.spend.p_, shape, scale) * factor**2,
        slopes=(np.column_stack(columns) if columns else np.zeros((len(law), 0))) * factor[:, None],
        covariance=_diagonal(blocks),
        level=level,
    )


def _diagonal(blocks: list[Floats]) -> Floats:
    size = sum(len(block) for block in blocks)
    found, begin = np.zeros((size, size)), 0
    for block in blocks:
        found[begin : begin + len(block), begin : begin + len(block)] = block
        begin += len(block)
    return found
