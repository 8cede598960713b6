"""NBD: customers who never stop. What the other models are measured against.

Pure numerics. Ehrenberg (1959): a customer orders at rate lambda ~ Gamma(r, alpha), for ever.
"""

from typing import ClassVar

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from volver.predict.laws.buying import BuyingModel, at_least
from volver.predict.laws.history import Histories, histories
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.newton import Likelihood


class NBD(BuyingModel):
    """NBD: rates of ordering (r, alpha); alpha is days. Nobody stops, so P(alive) is 1 and long silences mislead it.

    >>> model = NBD.of(r=0.385, alpha=84.5)
    >>> model.predict([[2], [213], [272]], "39 weeks").round(2).tolist()
    [1.83]
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha")
    deviations: ClassVar[tuple[float, ...]] = (1.5, 1.5)

    def simulate(self, ages: Floats, seed: int | None = None) -> Histories:
        """Histories that this law would give customers of these ages (days)."""
        chance = np.random.default_rng(self.seed if seed is None else seed)
        age = np.asarray(ages, dtype=np.float64)
        x = chance.poisson(chance.gamma(self.r_, 1.0 / self.alpha_, len(age)) * age).astype(np.float64)
        last = np.where(x > 0, age * chance.random(len(age)) ** (1.0 / np.maximum(x, 1.0)), 0.0)
        return histories([x, last, age])

    def _likelihood(self, known: Histories) -> Likelihood:
        """Log-likelihood of (log r, log alpha); Gamma functions are taken once per distinct x."""
        counts, group_of = np.unique(known.x, return_inverse=True)
        group_n = np.bincount(group_of, known.n, minlength=len(counts))
        x, age, n, total = known.x, known.T, known.n, float(known.n.sum())

        def likelihood(theta: Floats) -> tuple[float, Floats, Floats]:
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                r, alpha = natural = np.exp(theta)
                log_now, now = np.log(alpha + age), 1.0 / (alpha + age)
                value = float(group_n @ (gammaln(r + counts) - gammaln(r)) - n @ ((r + x) * log_now))
                value += total * float(r * np.log(alpha))
                slope_r = group_n @ (digamma(r + counts) - digamma(r)) + total * np.log(alpha) - n @ log_now
                gradient = np.array([slope_r, total * r / alpha - n @ ((r + x) * now)]) * natural
                cross = total / alpha - n @ now
                bend_r = group_n @ (polygamma(1, r + counts) - polygamma(1, r))
                bend_alpha = -total * r / alpha**2 + n @ ((r + x) * now**2)
                hessian = np.array([[bend_r, cross], [cross, bend_alpha]]) * np.outer(natural, natural)
            return value, gradient, hessian + np.diag(gradient)

        return likelihood

    def _p_alive(self, known: Histories) -> Floats:
        return np.ones(len(known.x))

    def _alive_orders(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        found: Floats = (self.r_ + x) / (self.alpha_ + age) * days
        return found

    def _alive_any(self, x: Floats, age: Floats, days: float) -> Floats:
        found: Floats = -np.expm1(-(self.r_ + x) * np.log1p(days / (self.alpha_ + age)))
        return found

    def _alive_tail(self, x: float, ages: Floats, days: float, most: int) -> Floats:
        return at_least(self.r_ + x, days / (self.alpha_ + ages + days), most)

    def _wait(self, x: Floats, age: Floats, days: float, q: float) -> Floats:
        reached = q * self._alive_any(x, age, days)
        found: Floats = (self.alpha_ + age) * np.expm1(-np.log1p(-reached) / (self.r_ + x))
        return found
