"""Pareto/NBD: customers who may stop at any moment, seen or unseen.

Pure numerics. Schmittlein, Morrison and Colombo (1987); Fader and Hardie (2005). A customer orders at rate lambda ~
Gamma(r, alpha) while alive and stops at rate mu ~ Gamma(s, beta). The integral over the hidden moment of stopping
is done by quadrature, not by hypergeometric functions: accurate to 1e-12 and free of overflow for any number of
orders.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from scipy.special import digamma, gammaln, hyperu, polygamma

from volver.predict.laws.buying import YEAR_DAYS, BuyingModel, at_least
from volver.predict.laws.history import Histories, histories
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.newton import Likelihood, crossed

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_BLOCK: Final = 4096  # rows whose working columns stay in the cache
_FALLEN: Final = 40.0  # an integrand that has fallen by e^-40 is over
# Gauss-Legendre nodes that reach 1e-12 where (fastest fall of the log integrand times reach, reach) are at most these.
_RULES: Final = ((8, 4.0, 1.0), (12, 12.0, 3.0), (16, 24.0, 5.0), (20, np.inf, 6.0), (32, np.inf, np.inf))
_LEGENDRE: Final = [
    (0.5 * (nodes + 1.0), 0.5 * weights)
    for nodes, weights in (np.polynomial.legendre.leggauss(rule[0]) for rule in _RULES)
]


class ParetoNBD(BuyingModel):
    """Pareto/NBD: rates of ordering (r, alpha) and of stopping (s, beta); alpha and beta are days.

    >>> model = ParetoNBD.of(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> model.p_alive([[2], [30.43], [38.86]]).round(3).tolist()
    [0.869]
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    times: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    s_: float
    beta_: float

    def simulate(self, ages: Floats, seed: int | None = None) -> Histories:
        """Histories that this law would give customers of these ages (days)."""
        chance = np.random.default_rng(self.seed if seed is None else seed)
        age = np.asarray(ages, dtype=np.float64)
        rate = chance.gamma(self.r_, 1.0 / self.alpha_, len(age))
        life = chance.exponential(size=len(age)) / np.maximum(chance.gamma(self.s_, 1.0 / self.beta_, len(age)), 1e-300)
        seen = np.minimum(life, age)
        x = chance.poisson(rate * seen).astype(np.float64)
        last = np.where(x > 0, seen * chance.random(len(age)) ** (1.0 / np.maximum(x, 1.0)), 0.0)
        return histories([x, last, age])

    def discounted_for_ever(self, known: Histories, *, discount: float = 0.1) -> Floats:
        """Discounted expected residual orders without end (DERT; Fader, Hardie and Lee 2005), per customer."""
        rate = float(np.log1p(discount)) / YEAR_DAYS
        since = self.beta_ + known.T
        living = (self.r_ + known.x) / (self.alpha_ + known.T) * since * hyperu(1.0, 2.0 - self.s_, rate * since)
        return known.spread(self.alive_by_row(known) * living)

    def moments_by_row(self, known: Histories, days: float) -> tuple[Floats, Floats]:
        """Mean and mean square of the orders within `days`, for each distinct row, from those of the time alive."""
        x, ages, cell_of = self.cells(known)
        alive, mean = self.alive_by_row(known), self._alive_orders(x, ages, days)
        moments, weights, lives = self._stops(ages, days)
        time = lives * days**2 + np.sum(weights * moments**2, axis=0)
        square = mean + (self.r_ + x) * (self.r_ + x + 1.0) / (self.alpha_ + ages) ** 2 * time
        return alive * mean[cell_of], alive * square[cell_of]

    def _likelihood(self, known: Histories) -> Likelihood:
        return _Likelihood(known)

    def _p_alive(self, known: Histories) -> Floats:
        found = np.empty(len(known.x))
        r, alpha, s, beta = self._learned().tolist()
        with np.errstate(over="ignore", under="ignore"):
            for rows, here in _places(r, alpha, s, beta, known.x, known.t_x, known.T):
                gone = np.sum(here.gone, axis=0)
                found[rows] = here.alive / (here.alive + gone)
        return found

    def _alive_orders(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        """(r+x)/(alpha+T) (beta+T) L phi((s-1) L), L = log1p(t/(beta+T)): nothing special at s = 1."""
        since = self.beta_ + age
        log_growth = np.log1p(days / since)
        slope = (self.s_ - 1.0) * log_growth
        near = np.abs(slope) < 1e-8
        shrink = np.where(near, 1.0 - slope / 2.0, -np.expm1(-slope) / np.where(near, 1.0, slope))
        found: Floats = (self.r_ + x) / (self.alpha_ + age) * since * log_growth * shrink
        return found

    def _alive_any(self, x: Floats, age: Floats, days: float) -> Floats:
        moments, weights, lives = self._stops(age, days)
        found = lives * -np.expm1(-(self.r_ + x) * np.log1p(days / (self.alpha_ + age)))
        for moment, weight in zip(moments, weights, strict=True):
            found += weight * -np.expm1(-(self.r_ + x) * np.log1p(moment / (self.alpha_ + age)))
        least: Floats = np.minimum(found, 1.0)
        return least

    def _alive_tail(self, x: float, ages: Floats, days: float, most: int) -> Floats:
        """Mixed over the moment of stopping: one who stops at tau orders as if the horizon ended there."""
        moments, weights, lives = self._stops(ages, days)
        found = lives[:, None] * at_least(self.r_ + x, days / (self.alpha_ + ages + days), most)
        for moment, weight in zip(moments, weights, strict=True):
            found += weight[:, None] * at_least(self.r_ + x, moment / (self.alpha_ + ages + moment), most)
        least: Floats = np.minimum(found, 1.0)
        return least

    def _stops(self, age: Floats, days: float | Floats) -> tuple[Floats, Floats, Floats]:
        """Moments of stopping within `days` (32, n), their weights, and the chance to live through."""
        since = self.beta_ + age
        reach = np.log1p(days / since)
        log_wait = 0.5 * (_NODES[:, None] + 1.0) * reach
        weights = 0.5 * reach * _WEIGHTS[:, None] * self.s_ * np.exp(-self.s_ * log_wait)
        return since * np.expm1(log_wait), weights, np.exp(-self.s_ * reach)

    def _wait(self, x: Floats, age: Floats, days: float, q: float) -> Floats:
        target = q * self._alive_any(x, age, days)
        low, high = np.zeros(len(x)), np.full(len(x), days)
        for _ in range(30):
            middle = 0.5 * (low + high)
            moments, weights, lives = self._stops(age, middle)
            some = lives * -np.expm1(-(self.r_ + x) * np.log1p(middle / (self.alpha_ + age)))
            some += np.sum(weights * -np.expm1(-(self.r_ + x) * np.log1p(moments / (self.alpha_ + age))), axis=0)
            low, high = np.where(some < target, middle, low), np.where(some < target, high, middle)
        found: Floats = 0.5 * (low + high)
        return found


class _Places(NamedTuple):
    """Where some rows' customers may be: alive now, or stopped at one of the nodes of the quadrature.

    Chances are relative to (alpha + t_x)^-(r+x) (beta + t_x)^-s, logs to those at t_x; nodes come first.
    """

    alive: Floats  # (n,)
    gone: Floats  # (nodes, n)
    rise: Floats  # time from t_x to the node
    log_alpha: Floats  # ln (alpha + u) / (alpha + t_x)
    log_beta: Floats


def _places(
    r: float, alpha: float, s: float, beta: float, x: Floats, t_x: Floats, age: Floats
) -> Iterator[tuple[Ints, _Places]]:
    """Rows in blocks, each with as many nodes as it needs; v = ln((c+u) / (c+t_x)), c = min(alpha, beta)."""
    for begin in range(0, len(x), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        reach, span = reach_of(r, alpha, s, beta, x[block], t_x[block], age[block])
        kind = np.zeros(len(reach), dtype=np.int64)
        for _, most_span, most_reach in _RULES[:-1]:
            kind += (span > most_span) | (reach > most_reach)
        for i, (nodes, weights) in enumerate(_LEGENDRE):
            members = np.flatnonzero(kind == i)
            if len(members):
                rows = begin + members
                last = t_x[rows]
                v = nodes[:, None] * reach[members]
                yield (
                    rows,
                    _at(r, alpha, s, beta, x[rows], last, age[rows] - last, v, weights[:, None] * reach[members]),
                )


def reach_of(r: Any, alpha: Any, s: Any, beta: Any, x: Floats, t_x: Floats, age: Floats) -> tuple[Floats, Floats]:
    """How far v goes until T or until the integrand is over, and that times its fastest fall; parameters are numbers or
    one for each row.

    The log integrand falls by near * v + far * ln(1 + q (e^v - 1)), which is convex: Newton's steps from the right stay
    right of where it is over, and arrive in one where alpha = beta.
    """
    first = np.less_equal(alpha, beta)
    near, far = np.where(first, r + x - 1.0, s), np.where(first, s + 1.0, r + x)
    silence, since, ago = age - t_x, np.minimum(alpha, beta) + t_x, np.maximum(alpha, beta) + t_x
    reach = np.log1p(silence / since)
    fall = near * reach + far * np.log1p(silence / ago)
    slope = near + far * (since + silence) / (ago + silence)
    late = np.flatnonzero(fall > _FALLEN)
    if len(late):
        q, end, down, steep = (since / ago)[late], reach[late], fall[late], slope[late]
        near, far = near[late], far[late]
        for _ in range(4):
            end = end - (down - _FALLEN) / steep
            rise = q * np.expm1(end)
            down = near * end + far * np.log1p(rise)
            steep = near + far * (q + rise) / (1.0 + rise)
        reach[late], slope[late] = end, steep
    return reach, slope * reach


def _at(
    r: float, alpha: float, s: float, beta: float, x: Floats, t_x: Floats, silence: Floats, v: Floats, weight: Floats
) -> _Places:
    first = alpha <= beta
    near, far = (alpha + t_x, beta + t_x) if first else (beta + t_x, alpha + t_x)
    rise = np.expm1(v)
    rise *= near
    other = np.log1p(rise / far)
    log_alpha, log_beta = (v, other) if first else (other, v)
    gone = v - (r + x) * log_alpha
    gone -= (s + 1.0) * log_beta
    np.exp(gone, out=gone)
    gone *= weight
    gone *= s * near / (beta + t_x)
    alive = np.exp(-(r + x) * np.log1p(silence / (alpha + t_x)) - s * np.log1p(silence / (beta + t_x)))
    return _Places(alive, gone, rise, log_alpha, log_beta)


class _Likelihood:
    """Log-likelihood of (log r, log alpha, log s, log beta); derivatives by the identity of Louis (1982)."""

    def __init__(self, known: Histories) -> None:
        self.x, self.t_x, self.age, self.n = known.x, known.t_x, known.T, known.n
        self.counts, group_of = np.unique(known.x, return_inverse=True)
        self.group_n = np.bincount(group_of, known.n, minlength=len(self.counts))
        self.total = float(known.n.sum())

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            r, alpha, s, beta = natural = np.exp(theta)
            value, gradient, hessian = self._common(r, alpha, s, beta)
            for rows, here in _places(r, alpha, s, beta, self.x, self.t_x, self.age):
                value += self._block(rows, here, r, alpha, s, beta, gradient, hessian)
            gradient *= natural
            hessian = hessian * np.outer(natural, natural) + np.diag(gradient)
        return value, gradient, hessian

    def _common(self, r: float, alpha: float, s: float, beta: float) -> tuple[float, Floats, Floats]:
        x, n, total = self.counts, self.group_n, self.total
        value = float(n @ (gammaln(r + x) - gammaln(r))) + total * (r * np.log(alpha) + s * np.log(beta))
        gradient = np.array(
            [
                n @ (digamma(r + x) - digamma(r)) + total * np.log(alpha),
                total * r / alpha,
                total * np.log(beta),
                total * s / beta,
            ]
        )
        bend = n @ (polygamma(1, r + x) - polygamma(1, r))
        hessian = np.diag([bend, -total * r / alpha**2, 0.0, -total * s / beta**2])
        hessian[0, 1] = hessian[1, 0] = total / alpha
        hessian[2, 3] = hessian[3, 2] = total / beta
        return value, gradient, hessian

    def _block(
        self,
        rows: Ints,
        here: _Places,
        r: float,
        alpha: float,
        s: float,
        beta: float,
        gradient: Floats,
        hessian: Floats,
    ) -> float:
        """Adds what these rows give to the gradient and the Hessian; returns their value."""
        n, t_x, shape, k = self.n[rows], self.t_x[rows], r + self.x[rows], len(here.gone)
        silence = self.age[rows] - t_x
        first, share = np.empty((4, k + 1, len(rows))), np.empty((k + 1, len(rows)))
        share[:k], share[k] = here.gone, here.alive
        whole = share.sum(axis=0)
        share *= n / whole
        since_alpha, since_beta = alpha + t_x, beta + t_x
        # the derivatives of each place's log chance, but for what is the same in all places of a row
        np.negative(here.log_alpha, out=first[0, :k])
        first[0, k] = -np.log1p(silence / since_alpha)
        np.divide(-shape, here.rise + since_alpha, out=first[1, :k])
        first[1, k] = -shape / (since_alpha + silence)
        np.subtract(1.0 / s, here.log_beta, out=first[2, :k])
        first[2, k] = -np.log1p(silence / since_beta)
        np.divide(-(s + 1.0), here.rise + since_beta, out=first[3, :k])
        first[3, k] = -s / (since_beta + silence)
        shared = first * share
        sums = shared.sum(axis=1)
        log_alpha, log_beta = np.log(since_alpha), np.log(since_beta)
        gradient += sums.sum(axis=1)
        gradient[0] -= n @ log_alpha
        gradient[2] -= n @ log_beta
        hessian += crossed(shared, first) - sums @ (sums / n).T
        r_alpha = float(np.sum(sums[1] / shape))
        s_beta = float(shared[3, :k].sum()) / (s + 1.0) + float(shared[3, k].sum()) / s
        hessian[0, 1] += r_alpha
        hessian[1, 0] += r_alpha
        hessian[2, 3] += s_beta
        hessian[3, 2] += s_beta
        shared[1] *= first[1]
        hessian[1, 1] += float(np.sum(shared[1].sum(axis=0) / shape))
        hessian[2, 2] -= float(share[:k].sum()) / s**2
        shared[3] *= first[3]
        hessian[3, 3] += float(shared[3, :k].sum()) / (s + 1.0) + float(shared[3, k].sum()) / s
        return float(n @ (np.log(whole) - shape * log_alpha - s * log_beta))
