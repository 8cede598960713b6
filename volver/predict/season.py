"""The shop's year: months in which everyone buys more, as a change of time.

Pure numerics. If every customer's rate is multiplied by the same weight(day), the models stay exact once days are
counted in weights: December may last 50 "days" and August 20 (a time change of the Poisson process). `learn_season`
finds twelve weights from orders by day; whether they help is for `choosing` to prove.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np

from volver.predict.buyers import Buyers
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.history import Floats, Histories

_START: Final = np.datetime64("1900-01-01")
_DAYS: Final = 365 * 250
_STEADY: Final = 30.0  # orders as foreseen, added to every month: a month of few orders stays near 1
_ROUNDS: Final = 3
_AGES: Final = 160


@dataclass(frozen=True)
class Season:
    """Twelve weights, January first, with mean 1. All ones is a shop without seasons."""

    weights: tuple[float, ...] = (1.0,) * 12

    @property
    def is_flat(self) -> bool:
        """Whether time passes as on the calendar."""
        return all(weight == 1.0 for weight in self.weights)

    @cached_property
    def _clock(self) -> Floats:
        """Weighted days since 1900 at the end of each day."""
        months = (_START + np.arange(_DAYS)).astype("datetime64[M]").astype(np.int64) % 12
        return np.cumsum(np.array(self.weights)[months])

    def elapsed(self, days: Any) -> Floats:
        """Weighted time at the end of each day (datetime64)."""
        found: Floats = self._clock[(np.asarray(days, dtype="datetime64[D]") - _START).astype(np.int64)]
        return found

    def histories(self, known: Histories, at: date) -> Histories:
        """The same histories with times weighted; they were counted in days until `at`."""
        if self.is_flat:
            return known
        now, first = np.datetime64(at), np.datetime64(at) - known.T.astype("timedelta64[D]")
        born = self.elapsed(first)
        t_x = self.elapsed(first + known.t_x.astype("timedelta64[D]")) - born
        return Histories(x=known.x, t_x=t_x, T=self.elapsed(now) - born, n=known.n, row_of=known.row_of)

    def span(self, at: date, days: float) -> float:
        """Weighted length of the `days` after `at`."""
        if self.is_flat:
            return days
        begin = (np.datetime64(at) - _START).astype(np.int64)
        ends = np.interp([begin, begin + days], np.arange(_DAYS), self._clock)
        return float(ends[1] - ends[0])

    def calendar_days(self, at: date, weighted: Floats) -> Floats:
        """Days after `at` in which so much weighted time passes."""
        if self.is_flat:
            return weighted
        begin = int((np.datetime64(at) - _START).astype(np.int64))
        found: Floats = np.interp(self._clock[begin] + weighted, self._clock, np.arange(_DAYS)) - begin
        return found


FLAT: Final = Season()


def expected_between(buying: BuyingModel, buyers: Buyers, edges: Any, season: Season) -> Floats:
    """Later orders that the law expects of these buyers between the ends of consecutive days, from birth on."""
    born, n = np.unique(buyers.first_day, return_counts=True)
    since = np.clip(season.elapsed(edges)[None, :] - season.elapsed(born)[:, None], 0.0, None)
    oldest = max(float(since.max(initial=0.0)), 2.0)
    ages = np.append(0.0, np.geomspace(0.5, oldest, _AGES))
    none = np.zeros(len(ages))
    orders = buying.p_alive([[0], [0], [0]])[0] * buying._alive_orders(none, none, ages)
    found: Floats = np.diff(n.astype(np.float64) @ np.interp(since, ages, orders))
    return found


def learn_season(buyers: Buyers, kind: type[BuyingModel], days: Any, orders: Floats) -> Season:
    """Twelve weights from the later orders (`orders`) on each of `days` by these buyers.

    Fits the law, compares each month's orders with what the law expects, moves the weights there, and fits again.
    """
    edges = np.arange(buyers.first_day.min() - 1, np.datetime64(buyers.at) + 1)
    month = edges[1:].astype("datetime64[M]").astype(np.int64) % 12
    seen = np.zeros(len(month))
    place = (np.asarray(days, dtype="datetime64[D]") - edges[1]).astype(np.int64)
    inside = (place >= 0) & (place < len(seen))
    np.add.at(seen, place[inside], orders[inside])
    came, season = np.bincount(month, seen, minlength=12), FLAT
    for _ in range(_ROUNDS):
        buying = kind().fit(season.histories(buyers.known, buyers.at))
        expected = np.bincount(month, expected_between(buying, buyers, edges, season), minlength=12)
        level = came.sum() / max(float(expected.sum()), 1e-9)
        moved = np.array(season.weights) * (came + _STEADY) / (expected * level + _STEADY)
        season = Season(tuple((moved / moved.mean()).tolist()))
    return season
