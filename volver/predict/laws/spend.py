"""What a customer spends per order: the Gamma-Gamma model.

Pure numerics. Fader and Hardie, note 025 (2013): orders of one customer are Gamma(p, nu), nu ~ Gamma(q, v) across
customers, so a mean over few orders is drawn towards the shop's and a mean over many keeps its own value. q > 1
always (the mean exists).
"""

from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from volver.core import VolverError, clock
from volver.predict.laws.history import named_floats
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.newton import Prior, maximise
from volver.predict.numerics.params import NotFitted, Params

_FEW: Final = 1000
_START_ROWS: Final = 20_000
_BLOCK: Final = 8192


class BadSpends(VolverError):
    """Spends that no customer can have."""

    code = "predict.bad_spends"
    says = "{wrong} of {customers} customers have an impossible spend: {why}."
    hint = "Give the number of orders with money in them and their mean; leave out customers without any."


class GammaGamma(Params):
    """Spend per order. `fit` and questions take (orders, mean_spend): the orders averaged over, and the mean.

    Customers with 0 orders are foreseen at the shop's mean; a mean of 0 or less teaches nothing. `reach` limits how
    far one customer can pull the shop's parameters: while learning, a mean further from the median than this many
    robust deviations (of its logarithm) is taken as if it were at that distance; None is no limit. A heavy spender's
    own forecast still uses their own mean. `prior` as in `BuyingModel`.

    >>> model = GammaGamma.of(p=6.25, q=3.74, v=15.44)
    >>> model.predict([1, 0], [22.35, 0]).round(2).tolist()
    [26.27, 35.22]
    """

    names: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    def __init__(self, *, prior: bool | str = "auto", reach: float | None = None, seed: int = 0) -> None:
        self.prior = prior
        self.reach = reach
        self.seed = seed

    def fit(self, X: Any, mean_spend: Any = None) -> Self:
        """Learn from (orders, mean_spend), or from a frame with columns of these names."""
        began = clock.stopwatch_s()
        orders, mean = spends(X, mean_spend)
        taught = (orders > 0) & (mean > 0)
        orders, mean = orders[taught], mean[taught]
        if len(mean) and self.reach is not None:
            mean = _within_reach(mean, self.reach)
        scale = float(np.exp(np.mean(np.log(mean)))) if len(mean) else 1.0  # the fit is in shop-sized units
        likelihood = _Likelihood(orders, mean / scale)
        prior = Prior(centre=np.log([2.0, 2.0, 1.5]), deviation=np.array([1.5, 1.5, 1.5]))
        wanted = None if self.prior == "auto" else bool(self.prior)
        few = wanted is None and len(mean) < _FEW
        start = prior.centre
        if len(mean) > 3 * _START_ROWS:
            some = slice(None, None, len(mean) // _START_ROWS)
            part = _Likelihood(orders[some], mean[some] / scale)
            start = maximise(part, start, float(len(part.x)), prior, True).theta
        found = maximise(likelihood, start, float(len(mean)), prior, True if few else wanted)
        p, q_less_1, v = np.exp(found.theta).tolist()
        self._learn(p, 1.0 + q_less_1, v * scale)
        self.log_likelihood_ = found.value - float(len(mean)) * np.log(scale)
        self.n_customers_ = len(mean)
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        self.log_covariance_ = found.covariance  # of log p, log (q - 1), log v
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    @classmethod
    def of(cls, *, p: float, q: float, v: float) -> Self:
        """A model whose parameters are known; v is money."""
        model = cls()
        model._learn(p, q, v)
        return model

    @property
    def parameters_(self) -> dict[str, float]:
        """What was learned: p and q without unit, v in money."""
        self._check()
        return {"p": self.p_, "q": self.q_, "v": self.v_}

    @property
    def mean_spend_(self) -> float:
        """What a customer of whom nothing is known spends per order."""
        self._check()
        return self.p_ * self.v_ / (self.q_ - 1.0)

    def predict(self, X: Any, mean_spend: Any = None) -> Floats:
        """Expected spend per order of each customer: between the shop's mean and their own."""
        self._check()
        orders, mean = spends(X, mean_spend)
        shape, scale = self.posterior(orders, mean)
        return self.p_ * scale / (shape - 1.0)

    def weighed(self, X: Any, mean_spend: Any = None) -> tuple[Floats, Floats]:
        """How much each customer's own mean counts (0 to 1), and what the rest is drawn towards.

        `predict` is weight * own mean + (1 - weight) * towards, exactly (Fader and Hardie 2013).

        >>> weight, towards = GammaGamma.of(p=6.25, q=3.74, v=15.44).weighed([1, 4], [22.35, 22.35])
        >>> weight.round(3).tolist(), towards.round(2).tolist()
        ([0.695, 0.901], [35.22, 35.22])
        """
        self._check()
        orders, _ = spends(X, mean_spend)
        known = self.p_ * orders
        return known / (known + self.q_ - 1.0), np.full(len(orders), self.mean_spend_)

    def posterior(self, orders: Floats, mean: Floats) -> tuple[Floats, Floats]:
        """Shape q + p x and scale v + x m of each customer: an order is scale * BetaPrime(p, shape)."""
        return self.q_ + self.p_ * orders, self.v_ + orders * mean

    def moved(self, log_step: Floats) -> Self:
        """The same model with log p, log (q - 1), log v moved."""
        step = np.exp(log_step).tolist()
        return type(self).of(p=self.p_ * step[0], q=1.0 + (self.q_ - 1.0) * step[1], v=self.v_ * step[2])

    p_: float
    q_: float
    v_: float
    log_covariance_: Floats

    def _learn(self, p: float, q: float, v: float) -> None:
        self.p_, self.q_, self.v_ = p, q, v

    def _check(self) -> None:
        if not hasattr(self, "p_"):
            raise NotFitted(model=type(self).__name__)


def spends(orders: Any, mean_spend: Any = None) -> tuple[Floats, Floats]:
    """Two clean columns of equal length. Raises `BadSpends`."""
    if mean_spend is None:
        found = named_floats(orders, ("orders", "mean_spend"))
        orders, mean_spend = found["orders"], found["mean_spend"]
    x = np.atleast_1d(np.asarray(orders, dtype=np.float64))
    mean = np.atleast_1d(np.asarray(mean_spend, dtype=np.float64))
    if len(x) != len(mean):
        raise BadSpends(wrong="all", customers=max(len(x), len(mean)), why="the columns differ in length")
    wrong = ~np.isfinite(x) | (x < 0) | ((x > 0) & ~np.isfinite(mean))
    if wrong.any():
        raise BadSpends(wrong=int(wrong.sum()), customers=len(x), why="orders below 0, or a value not finite")
    return x, np.where(x > 0, np.maximum(mean, 0.0), 0.0)


def _within_reach(mean: Floats, reach: float) -> Floats:
    """Means drawn in to `reach` robust deviations of the log from the median; 1.4826 makes the MAD a deviation."""
    log_mean = np.log(mean)
    middle = float(np.median(log_mean))
    deviation = 1.4826 * float(np.median(np.abs(log_mean - middle)))
    if deviation <= 0:
        return mean
    found: Floats = np.exp(np.clip(log_mean, middle - reach * deviation, middle + reach * deviation))
    return found


class _Likelihood:
    """Log-likelihood of (log p, log (q-1), log v); everything that depends on x alone is summed once."""

    def __init__(self, orders: Floats, mean: Floats) -> None:
        self.x, self.total = orders, orders * mean
        self.counts, n = np.unique(orders, return_counts=True)
        self.n = n.astype(np.float64)
        log_total = np.log(self.total) if len(orders) else np.zeros(0)
        self.x_log_total = float(orders @ log_total)
        self.log_mean = float(np.sum(np.log(mean))) if len(orders) else 0.0

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            step = np.exp(theta)
            value, gradient, hessian = self._natural(float(step[0]), 1.0 + float(step[1]), float(step[2]))
            gradient = gradient * step
            hessian = hessian * np.outer(step, step) + np.diag(gradient)
        return value, gradient, hessian

    def _natural(self, p: float, q: float, v: float) -> tuple[float, Floats, Floats]:
        x, n, all_n = self.counts, self.n, float(len(self.x))
        shape, bend = p * x + q, polygamma(1, p * x + q)
        log_sum, one, one2, x_log_sum, x_one, x_one2 = self._sums(v)
        value = float(n @ (gammaln(shape) - gammaln(p * x) - gammaln(q))) + all_n * q * np.log(v)
        value += p * self.x_log_total - self.log_mean - (p * x_log_sum + q * log_sum)
        gradient = np.array(
            [
                n @ (x * (digamma(shape) - digamma(p * x))) + self.x_log_total - x_log_sum,
                n @ (digamma(shape) - digamma(q)) + all_n * np.log(v) - log_sum,
                all_n * q / v - (p * x_one + q * one),
            ]
        )
        hessian = np.empty((3, 3))
        hessian[0, 0] = n @ (x**2 * (bend - polygamma(1, p * x)))
        hessian[0, 1] = hessian[1, 0] = n @ (x * bend)
        hessian[0, 2] = hessian[2, 0] = -x_one
        hessian[1, 1] = n @ (bend - polygamma(1, q))
        hessian[1, 2] = hessian[2, 1] = all_n / v - one
        hessian[2, 2] = -all_n * q / v**2 + p * x_one2 + q * one2
        return value, gradient, hessian

    def _sums(self, v: float) -> list[float]:
        """Sums of ln(v + total), 1 / (v + total) and its square, then the same times x; in blocks for the cache."""
        found = np.zeros(6)
        for begin in range(0, len(self.x), _BLOCK):
            x, whole = self.x[begin : begin + _BLOCK], v + self.total[begin : begin + _BLOCK]
            one = 1.0 / whole
            terms = np.stack([np.log(whole), one, one * one])
            found += np.concatenate([terms.sum(axis=1), terms @ x])
        return found.tolist()
