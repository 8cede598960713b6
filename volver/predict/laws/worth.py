"""What customers are worth: how often they will come, times what they spend, with honest intervals.

Pure numerics: composes a fitted `BuyingModel` and a fitted `GammaGamma`, whose independence it assumes
(`spend_correlation` says how well that holds). Times are days, money is in the unit the spends came in.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import betainc, betaincinv

from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.history import Histories, histories
from volver.predict.laws.spend import GammaGamma, spends
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.numerics.metrics import Z90, spearman

_LEVELS: Final = 64  # points at which a group's law of revenue is tabulated
_SMOOTH_ORDERS: Final = 20  # up to so many orders, a law is smooth enough in the age to be interpolated
_SMOOTH_NODES: Final = 48
_TAIL: Final = 0.05  # each side of a 90 % interval
_STEP: Final = 1e-3  # of a log-parameter, for derivatives


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """One number per customer in each column, in the order they came. `low` and `high` hold 90 % of what may happen."""

    p_alive: Floats
    orders: Floats
    spend: Floats  # per order
    value: Floats  # discounted
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalWorth:
    """The sum over all customers, with a 90 % interval: chance of each customer, and doubt about the parameters."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWorth:
    """A model of buying and a model of spending, asked together. `discount` is yearly: 0.1 = 10 %."""

    buying: BuyingModel
    spend: GammaGamma
    discount: float = 0.1

    def worth(self, X: Any, orders: Any, mean_spend: Any, horizon: Horizon = "365d") -> Worth:
        """Value within the horizon of each customer: X as in `BuyingModel`, (orders, mean_spend) as in `GammaGamma`."""
        known = histories(X, unit=self.buying.unit)
        n_spends, mean = spends(orders, mean_spend)
        days = horizon_days(horizon)
        plain = self.buying.orders_by_row(known, days)
        discounted = self.buying.orders_by_row(known, days, discount=self.discount)
        shape, scale = self.spend.posterior(n_spends, mean)
        per_order = self.spend.p_ * scale / (shape - 1.0)
        keep = known.spread(discounted / np.maximum(plain, 1e-300))
        low, high = self._interval(known, n_spends, days)
        return Worth(
            p_alive=self.buying.p_alive(known),
            orders=known.spread(plain),
            spend=per_order,
            value=known.spread(discounted) * per_order,
            low=low * scale * keep,
            high=high * scale * keep,
        )

    def total_orders(self, X: Any, horizon: Horizon = "365d") -> TotalWorth:
        """Orders of all customers together within the horizon."""
        known = histories(X, unit=self.buying.unit)
        days = horizon_days(horizon)
        mean, square = self.buying.moments_by_row(known, days)
        chance = float(known.n @ (square - mean**2))
        return _total(float(known.n @ mean), chance, self._doubt_orders(known, known.n, days))

    def total_value(self, X: Any, orders: Any, mean_spend: Any, horizon: Horizon = "365d") -> TotalWorth:
        """Discounted value of all customers together within the horizon."""
        known = histories(X, unit=self.buying.unit)
        n_spends, mean = spends(orders, mean_spend)
        days = horizon_days(horizon)
        discounted = self.buying.orders_by_row(known, days, discount=self.discount)
        shape, scale = self.spend.posterior(n_spends, mean)
        per_order = self.spend.p_ * scale / (shape - 1.0)
        expected = float(known.spread(discounted) @ per_order)
        n, n2 = (known.spread(moment) for moment in self.buying.moments_by_row(known, days))
        chance = float(np.sum(_revenue_variance(n, n2, self.spend.p_, shape, scale)))
        money = np.bincount(known.row_of, per_order, minlength=len(known.x)).astype(np.float64)
        doubt = self._doubt_orders(known, money, days)
        doubt += self._doubt_spend(known.spread(discounted), n_spends, mean)
        return _total(expected, chance, doubt)

    # ---- how sure

    def _doubt_orders(self, known: Histories, weight: Floats, days: float) -> float:
        """Variance of the log of sum(weight * orders) that the doubt about the buying parameters brings."""
        if not hasattr(self.buying, "log_covariance_"):
            return 0.0
        size = len(self.buying.names)
        slope = np.zeros(size)
        for i in range(size):
            step = _STEP * np.eye(size)[i]
            sums = [float(weight @ self.buying.moved(way * step).orders_by_row(known, days)) for way in (1, -1)]
            slope[i] = np.log(max(sums[0], 1e-300) / max(sums[1], 1e-300)) / (2 * _STEP)
        return float(slope @ self.buying.log_covariance_ @ slope)

    def _doubt_spend(self, weight: Floats, n_spends: Floats, mean: Floats) -> float:
        if not hasattr(self.spend, "log_covariance_"):
            return 0.0
        slope = np.zeros(3)
        for i in range(3):
            sums = []
            for way in (1, -1):
                moved = self.spend.moved(way * _STEP * np.eye(3)[i])
                sums.append(float(weight @ moved.predict(n_spends, mean)))
            slope[i] = np.log(max(sums[0], 1e-300) / max(sums[1], 1e-300)) / (2 * _STEP)
        return float(slope @ self.spend.log_covariance_ @ slope)

    # ---- each customer's interval

    def _interval(self, known: Histories, n_spends: Floats, days: float) -> tuple[Floats, Floats]:
        """5 % and 95 % of undiscounted revenue in units of each customer's spend scale.

        Revenue over scale is z / (1 - z) with z | Y ~ Beta(p Y, q + p n): it depends on (x, T, n) and, through
        P(alive), on t_x alone, so the law is tabulated once per (x, n) and inverted for each distinct (x, t_x, T,
        n).
        """
        alive = self.buying.alive_by_row(known)
        span = int(n_spends.max(initial=0.0)) + 1
        keys, place = np.unique(known.row_of * span + n_spends.astype(np.int64), return_inverse=True)
        row, n = keys // span, (keys % span).astype(np.float64)
        low, high = np.zeros(len(keys)), np.zeros(len(keys))
        order = np.lexsort((row, n, known.x[row]))
        group = np.flatnonzero(np.diff(known.x[row][order], prepend=-1.0) + span * np.diff(n[order], prepend=-1.0))
        for members in np.split(order, group[1:]) if len(order) else []:
            rows = row[members]
            ages, cell_of = np.unique(known.T[rows], return_inverse=True)
            levels, beyond = self._law(float(known.x[rows[0]]), ages, float(n[members[0]]), days)
            low[members] = _crossing(levels, beyond, cell_of, (1.0 - _TAIL) / np.maximum(alive[rows], 1e-300))
            high[members] = _crossing(levels, beyond, cell_of, _TAIL / np.maximum(alive[rows], 1e-300))
        return low[place], high[place]

    def _law(self, x: float, ages: Floats, n_spends: float, days: float) -> tuple[Floats, Floats]:
        """log(z / (1 - z)) levels, and the chance that a living customer's revenue is beyond each: (n_ages, levels)."""
        most = self.buying.most_orders(x, float(ages.min()), days, left=1e-5)
        nodes, to_ages = (ages, None) if x > _SMOOTH_ORDERS else _nodes_of(ages, self.buying.alpha_)
        tails = self.buying._alive_tail(x, nodes, days, most + 1)
        counts, chances = _binned(tails[:, :-1] - tails[:, 1:])
        p, shape = self.spend.p_, self.spend.q_ + self.spend.p_ * n_spends
        ends = betaincinv(p * np.array([1.0, counts[-1]]), shape, np.array([2e-3, 1.0 - 2e-3]))
        ends = np.clip(ends, 1e-12, 1.0 - 1e-12)
        first, last = np.log(ends / (1.0 - ends)).tolist()
        levels = np.linspace(first, last, _LEVELS)
        beyond = 1.0 - betainc(p * counts[:, None], shape, 1.0 / (1.0 + np.exp(-levels))[None, :])
        found = chances @ beyond
        return levels, found if to_ages is None else np.clip(to_ages @ found, 0.0, 1.0)


def spend_correlation(orders: Any, mean_spend: Any) -> float | None:
    """Spearman's rank correlation of how often and how much among repeaters; None when there are under 30.

    Gamma-Gamma assumes none: beyond 0.3 either way, values lean.
    """
    n, mean = spends(orders, mean_spend)
    repeat = (n > 1) & (mean > 0)
    if repeat.sum() < 30:
        return None
    return spearman(n[repeat], mean[repeat])


def _nodes_of(ages: Floats, alpha: float) -> tuple[Floats, Floats | None]:
    """Fewer ages that tell of all, and the weights that do: Chebyshev points in ln (alpha + T).

    Barycentric interpolation (Berrut and Trefethen 2004, equation 4.2): within 1e-6 for the law of up to 20 orders.
    """
    if ages.ndim > 1 or len(ages) < 3 * _SMOOTH_NODES:
        return ages, None
    log_age, turn = np.log(alpha + ages), np.pi * (np.arange(_SMOOTH_NODES) + 0.5) / _SMOOTH_NODES
    first, last = float(log_age.min()), float(log_age.max())
    nodes = 0.5 * (first + last) + 0.5 * (last - first) * np.cos(turn)
    apart = log_age[:, None] - nodes
    apart[apart == 0] = 1e-300
    weights = np.where(np.arange(_SMOOTH_NODES) % 2, -1.0, 1.0) * np.sin(turn) / apart
    return np.exp(nodes) - alpha, weights / weights.sum(axis=1, keepdims=True)


def _binned(pmf: Floats) -> tuple[Floats, Floats]:
    """Counts and chances; beyond 24, neighbouring counts within 5 % share a bin at their middle."""
    most = pmf.shape[1]
    edges = [*range(min(most, 24))]
    while edges[-1] + 1 < most:
        edges.append(min(most, max(edges[-1] + 1, int(edges[-1] * 1.05))))
    starts = np.array([edge for edge in edges if edge < most])
    ends = np.append(starts[1:], most)
    found: Floats = np.add.reduceat(pmf, starts, axis=1)
    return (starts + 1 + ends) / 2.0, found


def _crossing(levels: Floats, beyond: Floats, cell_of: Ints, target: Floats) -> Floats:
    """Revenue over scale where the chance of more falls to `target`; 0 where it is never that high."""
    below = np.zeros(len(cell_of), dtype=np.int64)  # the last level whose chance is still >= target
    step = 1 << (len(levels) - 1).bit_length()
    while step:
        ahead = np.minimum(below + step, len(levels) - 1)
        below = np.where(beyond[cell_of, ahead] >= target, ahead, below)
        step >>= 1
    after = np.minimum(below + 1, len(levels) - 1)
    at, past = beyond[cell_of, below], beyond[cell_of, after]
    part = np.where(at > past, (at - target) / np.where(at > past, at - past, 1.0), 0.0)
    found: Floats = np.exp(levels[below] + np.clip(part, 0.0, 1.0) * (levels[after] - levels[below]))
    return np.where(beyond[cell_of, 0] < target, 0.0, found)


def _revenue_variance(n: Floats, n2: Floats, p: float, shape: Floats, scale: Floats) -> Floats:
    """Variance of revenue from the mean and mean square of orders; a tail too heavy for one is held at shape 2.1."""
    mean = p * scale / (shape - 1.0)
    second = (p * scale) ** 2 * n2 + p * scale**2 * n
    held = np.maximum(shape, 2.1)
    found: Floats = second / ((held - 1.0) * (held - 2.0)) - (mean * n) ** 2
    return np.maximum(found, 0.0)


def _total(expected: float, chance: float, doubt: float) -> TotalWorth:
    """Log-normal about the expectation: relative variance of chance plus doubt."""
    if expected <= 0:
        return TotalWorth(expected=0.0, low=0.0, high=0.0)
    wide = Z90 * float(np.sqrt(np.log1p(chance / expected**2) + doubt))
    return TotalWorth(expected=expected, low=expected * float(np.exp(-wide)), high=expected * float(np.exp(wide)))
