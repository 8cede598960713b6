"""Pareto/NBD: customers who may stop at any moment, seen or unseen.

Pure numerics. Schmittlein, Morrison and Colombo (1987); Fader and Hardie (2005). A customer orders at rate lambda ~
Gamma(r, alpha) while alive and stops at rate mu ~ Gamma(s, beta). The integral over the hidden moment of stopping
is done by quadrature, not by hypergeometric functions: accurate to 1e-13 and free of overflow for any number of
orders.
"""

from typing import ClassVar, Final

import numpy as np
from scipy.special import digamma, gammaln, hyperu, polygamma

from volver.predict.laws.buying import YEAR_DAYS, BuyingModel, at_least
from volver.predict.laws.history import Floats, Histories, histories
from volver.predict.laws.newton import Likelihood

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_BLOCK: Final = 20_000


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
        return known.spread(self._p_alive(known) * living)

    def _likelihood(self, known: Histories) -> Likelihood:
        return _Likelihood(known)

    def _p_alive(self, known: Histories) -> Floats:
        r, alpha, s, beta = self._learned().tolist()
        found = np.empty(len(known.x))
        for begin in range(0, len(found), _BLOCK):
            rows = slice(begin, begin + _BLOCK)
            alive, gone, _ = _log_terms(r, alpha, s, beta, known.x[rows], known.t_x[rows], known.T[rows])
            top = np.maximum(alive, gone.max(axis=0))
            found[rows] = np.exp(alive - top) / (np.exp(alive - top) + np.exp(gone - top).sum(axis=0))
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


def _log_terms(
    r: float, alpha: float, s: float, beta: float, x: Floats, t_x: Floats, age: Floats
) -> tuple[Floats, Floats, Floats]:
    """Logs of: being alive (n,), having stopped at each node (32, n); and the nodes' times (32, n).

    v = ln((c+u) / (c+t_x)), c = min(alpha, beta), cut where the integrand has fallen by e^-40.
    """
    c = min(alpha, beta)
    reach = np.minimum(np.log1p((age - t_x) / (c + t_x)), 40.0 / (r + s + x))
    v = 0.5 * (_NODES[:, None] + 1.0) * reach
    u = t_x + (c + t_x) * np.expm1(v)
    with np.errstate(divide="ignore"):
        scale = np.log(0.5 * reach * s) + np.log(c + t_x)
    gone = -(r + x) * np.log(alpha + u) - (s + 1.0) * np.log(beta + u) + v + scale + np.log(_WEIGHTS)[:, None]
    alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    return alive, gone, u


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
            for begin in range(0, len(self.x), _BLOCK):
                rows = slice(begin, begin + _BLOCK)
                value += self._block(rows, r, alpha, s, beta, gradient, hessian)
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
        self, rows: slice, r: float, alpha: float, s: float, beta: float, gradient: Floats, hessian: Floats
    ) -> float:
        x, n, age = self.x[rows], self.n[rows], self.age[rows]
        alive, gone, u = _log_terms(r, alpha, s, beta, x, self.t_x[rows], age)
        logs, u = np.vstack([gone, alive]), np.vstack([u, age])
        top = logs.max(axis=0)
        share = np.exp(logs - top)
        whole = share.sum(axis=0)
        share /= whole
        stopped = np.ones((len(u), 1))
        stopped[-1] = 0.0
        near, far = 1.0 / (alpha + u), 1.0 / (beta + u)
        first = [-np.log(alpha + u), -(r + x) * near, stopped / s - np.log(beta + u), -(s + stopped) * far]
        means = [np.sum(share * one, axis=0) for one in first]
        for i, one in enumerate(first):
            gradient[i] += n @ means[i]
            for j in range(i + 1):
                cross = float(n @ (np.sum(share * one * first[j], axis=0) - means[i] * means[j]))
                hessian[i, j] += cross
                hessian[j, i] += cross if i != j else 0.0
        r_alpha, s_beta = -float(n @ np.sum(share * near, axis=0)), -float(n @ np.sum(share * far, axis=0))
        hessian[0, 1] += r_alpha
        hessian[1, 0] += r_alpha
        hessian[2, 3] += s_beta
        hessian[3, 2] += s_beta
        hessian[1, 1] += n @ np.sum(share * (r + x) * near**2, axis=0)
        hessian[2, 2] -= n @ np.sum(share * stopped, axis=0) / s**2
        hessian[3, 3] += n @ np.sum(share * (s + stopped) * far**2, axis=0)
        return float(n @ (top + np.log(whole)))
