"""What a customer spends per order in a shop of two kinds of customers: many who buy for themselves, a few who resell.

Pure numerics. A mixture of two Gamma-Gamma laws (Fader and Hardie, note 025) with one p: an order is Gamma(p, nu) for
everyone, but nu ~ Gamma(q, v) differs between the classes. One class is kept where the data do not ask for two.
"""

from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import betaincinv, digamma, expit, gammaln, polygamma

from volver.core import clock
from volver.predict.laws.spend import GammaGamma, spends
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.newton import Prior, maximise

_START_ROWS: Final = 20_000
_FEWEST: Final = 50  # customers below which two classes are not tried
_FEW: Final = 1000
_DEVIATIONS: Final = (1.5, 1.5, 1.5, 1.5, 1.5, 2.0)
_FREE: Final = 6  # parameters of two classes
_GRID: Final = (np.arange(48.0) + 0.5) / 48.0


class MixedSpend(GammaGamma):
    """Spend per order where a few customers may hold most of the money. Asked like `GammaGamma`.

    `predict` is exact: the mean over both classes, each by its chance for this customer. `posterior` is one law with
    that mean, so that intervals can be drawn; its shape is the same for all with as many orders, wide enough for the
    doubt about the class that is usual in this shop. `n_classes_` is 1 where BIC does not prefer two; `q_`, `v_` then
    are the only class's.

    >>> model = MixedSpend.of_classes(p=6.0, q=(4.0, 4.0), v=(15.0, 600.0), share=0.03)
    >>> model.p_second([1, 1], [30.0, 900.0]).round(3).tolist()
    [0.0, 0.998]
    """

    names: ClassVar[tuple[str, ...]] = ("p", "q", "v", "q_second", "v_second", "share_second")

    n_classes_: int = 1

    # ---- learning

    def fit(self, X: Any, mean_spend: Any = None) -> Self:
        """Learn from (orders, mean_spend), or from a frame with columns of these names."""
        began = clock.stopwatch_s()
        one = GammaGamma(prior=self.prior, reach=self.reach, seed=self.seed).fit(X, mean_spend)
        vars(self).update({name: value for name, value in vars(one).items() if name.endswith("_")})
        orders, mean = spends(X, mean_spend)
        taught = (orders > 0) & (mean > 0)
        self.n_classes_ = 1
        self._learn(one.p_, one.q_, one.v_)
        if taught.sum() >= _FEWEST:
            self._try_two(orders[taught], mean[taught], one)
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    @classmethod
    def of_classes(cls, *, p: float, q: tuple[float, float], v: tuple[float, float], share: float) -> Self:
        """A model of two known classes; v is money, `share` that of the second class among customers."""
        model = cls()
        odds = np.log(share) - np.log1p(-share)
        model._learn_two(np.array([np.log(p), np.log(q[0] - 1), np.log(v[0]), np.log(q[1] - 1), np.log(v[1]), odds]))
        model._draw_together(np.ones(1))
        return model

    @property
    def parameters_(self) -> dict[str, float]:
        """What was learned: of one class p, q, v; of two also those of the second class and its share."""
        self._check()
        if self.n_classes_ == 1:
            return {"p": self.p_, "q": self.q_, "v": self.v_}
        (q, q_2), (v, v_2) = self.qs_.tolist(), self.vs_.tolist()
        return dict(zip(self.names, (self.p_, q, v, q_2, v_2, self.share_), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which `from_dict` makes the same again."""
        if self.n_classes_ == 1:
            return self.parameters_
        together = {"q": self.q_, "v": self.v_, "directions": self._directions.tolist()}
        return {**self.parameters_, "together": together}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> GammaGamma:
        """What `to_dict` wrote down."""
        if "q_second" not in found:
            return GammaGamma.of(p=found["p"], q=found["q"], v=found["v"])
        q, v = ((found[name], found[f"{name}_second"]) for name in ("q", "v"))
        model = cls.of_classes(p=found["p"], q=q, v=v, share=found["share_second"])
        model.q_, model.v_ = found["together"]["q"], found["together"]["v"]
        model._directions = np.array(found["together"]["directions"])
        return model

    @property
    def mean_spend_(self) -> float:
        """What a customer of whom nothing is known spends per order."""
        self._check()
        return float(self.predict([0.0], [0.0])[0])

    # ---- asking

    def p_second(self, X: Any, mean_spend: Any = None) -> Floats:
        """Chance that the customer belongs to the second class, whose usual spend is the higher one."""
        self._check()
        orders, mean = spends(X, mean_spend)
        if self.n_classes_ == 1:
            return np.zeros(len(orders))
        second: Floats = _shares(self._theta, orders, mean)[1]
        return second

    def predict(self, X: Any, mean_spend: Any = None) -> Floats:
        """Expected spend per order of each customer: exact, over both classes."""
        self._check()
        orders, mean = spends(X, mean_spend)
        if self.n_classes_ == 1:
            return super().predict(orders, mean)
        share = _shares(self._theta, orders, mean)
        found: Floats = np.sum(share * self._class_means(orders, mean), axis=0)
        return found

    def weighed(self, X: Any, mean_spend: Any = None) -> tuple[Floats, Floats]:
        """How much each customer's own mean counts (0 to 1), and what the rest is drawn towards, over both classes."""
        self._check()
        orders, mean = spends(X, mean_spend)
        if self.n_classes_ == 1:
            return super().weighed(orders, mean)
        share, known = _shares(self._theta, orders, mean), self.p_ * orders
        rest = share * (self.qs_[:, None] - 1.0) / (known + self.qs_[:, None] - 1.0)
        usual = (self.p_ * self.vs_ / (self.qs_ - 1.0))[:, None]
        return 1.0 - np.sum(rest, axis=0), np.sum(rest * usual, axis=0) / np.sum(rest, axis=0)

    def posterior(self, orders: Floats, mean: Floats) -> tuple[Floats, Floats]:
        """Shape and scale of each customer: an order is about scale * BetaPrime(p, shape), with the exact mean."""
        if self.n_classes_ == 1:
            return super().posterior(orders, mean)
        shape = self.q_ + self.p_ * orders
        return shape, self.predict(orders, mean) * (shape - 1.0) / self.p_

    def moved(self, log_step: Floats) -> Self:
        """The same model with its parameters moved along the three directions that `log_covariance_` speaks of."""
        if self.n_classes_ == 1:
            twin = super().moved(log_step)
            twin.n_classes_ = 1
            return twin
        twin = type(self)(prior=self.prior, reach=self.reach, seed=self.seed)
        twin._learn_two(self._theta + self._directions @ log_step)
        twin.q_, twin.v_ = self.q_, self.v_
        return twin

    # ---- inside

    qs_: Floats
    vs_: Floats
    share_: float
    _theta: Floats
    _directions: Floats

    def _class_means(self, orders: Floats, mean: Floats) -> Floats:
        shape = self.qs_[:, None] + self.p_ * orders
        scale = self.vs_[:, None] + orders * mean
        found: Floats = self.p_ * scale / (shape - 1.0)
        return found

    def _try_two(self, orders: Floats, mean: Floats, one: GammaGamma) -> None:
        scale = float(np.exp(np.mean(np.log(mean))))
        some = slice(None, None, max(1, len(mean) // _START_ROWS))
        start = _start(orders[some], mean[some] / scale, one)
        prior = Prior(centre=_centred(start), deviation=np.array(_DEVIATIONS))
        wanted = False if self.prior is False else (len(mean) < _FEW or self.prior is True) or None
        sample = _Likelihood(orders[some], mean[some] / scale)
        start = maximise(sample, start, float(len(orders[some])), prior, True).theta
        found = maximise(_Likelihood(orders, mean / scale), start, float(len(mean)), prior, wanted)
        theta = found.theta + np.log(scale) * np.array([0.0, 0.0, 1.0, 0.0, 1.0, 0.0])
        value = found.value - float(len(mean)) * float(np.log(scale))
        gain = 2.0 * (value - _Likelihood(orders, mean)(_single(one))[0])
        if not np.all(np.isfinite(theta)) or not gain > (_FREE - 3) * np.log(len(mean)):
            return
        self._learn_two(theta)
        self._draw_together(orders)
        self.log_likelihood_ = float(value)
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        self._aim(found.covariance)

    def _learn_two(self, theta: Floats) -> None:
        """Take over the parameters; the class with the higher median spend is the second."""
        p, q, v, q_2, v_2 = np.exp(theta[:5]).tolist()
        if v / (q + 0.7) > v_2 / (q_2 + 0.7):
            theta = theta[[0, 3, 4, 1, 2, 5]] * np.array([1, 1, 1, 1, 1, -1])
            q, v, q_2, v_2 = q_2, v_2, q, v
        self._theta = theta
        self.p_, self.share_ = p, float(expit(theta[5]))
        self.qs_, self.vs_ = np.array([1.0 + q, 1.0 + q_2]), np.array([v, v_2])
        self.n_classes_ = 2

    def _draw_together(self, orders: Floats) -> None:
        """One q (and v) for intervals: doubts of the usual customer as wide, in the mean of the log, as the mixture's.

        For 1 / nu of a customer the mean's log exceeds the log's mean by ln(q - 1) - psi(q) with the sign turned; the
        q that gives the shop's average excess is found for the shop's usual number of orders.
        """
        n = max(1.0, float(np.median(orders)))
        excess, weight = [], []
        for k, part in enumerate((1.0 - self.share_, self.share_)):
            z = betaincinv(self.p_ * n, self.qs_[k], _GRID)
            mean = np.minimum(z / np.maximum(1.0 - z, 1e-12), 1e9) * self.vs_[k] / n
            shares = _shares(self._theta, np.full(len(mean), n), mean)
            shape = self.qs_[:, None] + self.p_ * n
            scale = self.vs_[:, None] + n * mean
            log_mean = np.sum(shares * (np.log(scale) - digamma(shape)), axis=0)
            excess.append(np.log(np.sum(shares * scale / (shape - 1.0), axis=0)) - log_mean)
            weight.append(np.full(len(mean), part / len(mean)))
        wanted = float(np.concatenate(excess) @ np.concatenate(weight))
        low, high = 1e-6, 1e6  # q + p n - 1, which the excess falls with
        for _ in range(80):
            middle = float(np.sqrt(low * high))
            more = float(digamma(1.0 + middle)) - np.log(middle) > wanted
            low, high = (middle, high) if more else (low, middle)
        self.q_ = max(1.0 + low - self.p_ * n, 1.05)
        self.v_ = float(self.predict([0.0], [0.0])[0]) * (self.q_ - 1.0) / self.p_

    def _aim(self, covariance: Floats) -> None:
        """Carry the doubt of six parameters on three directions: exact for the classes' means and their share."""
        aims = np.zeros((_FREE, 3))
        aims[[0, 1, 2], 0] = [1.0, -1.0, 1.0]  # log of p v / (q - 1)
        aims[[0, 3, 4], 1] = [1.0, -1.0, 1.0]
        aims[5, 2] = 1.0
        self.log_covariance_ = aims.T @ covariance @ aims
        self._directions = covariance @ aims @ np.linalg.pinv(self.log_covariance_)


def _single(one: GammaGamma) -> Floats:
    """Two classes that are the same."""
    q, v = np.log(one.q_ - 1.0), np.log(one.v_)
    return np.array([np.log(one.p_), q, v, q, v, 0.0])


def _centred(start: Floats) -> Floats:
    """The weak prior's centre: usual shapes, scales where the start has them, one customer in twenty in the second."""
    return np.array([np.log(2.0), np.log(2.0), start[2], np.log(2.0), start[4], -3.0])


def _start(orders: Floats, mean: Floats, one: GammaGamma) -> Floats:
    """Where to climb from: of three cuts between the classes, the one that is likeliest with usual shapes."""
    p, q = float(np.clip(one.p_, 0.5, 20.0)), 3.0
    likelihood, best, found = _Likelihood(orders, mean), -np.inf, _single(one)
    log_mean = np.log(mean)
    for cut in (0.8, 0.92, 0.98):
        edge = float(np.quantile(log_mean, cut))
        low, high = log_mean[log_mean <= edge], log_mean[log_mean > edge]
        if not len(high):
            continue
        middles = [float(np.exp(np.median(part))) * (q - 0.3) / p for part in (low, high)]
        odds = np.log((1.0 - cut) / cut)
        theta = np.array([np.log(p), np.log(q - 1), np.log(middles[0]), np.log(q - 1), np.log(middles[1]), odds])
        for _ in range(8):
            theta = likelihood.improved(theta)
        value = likelihood(theta)[0]
        if value > best:
            best, found = value, theta
    return found


def _by_class(theta: Floats, orders: Floats, mean: Floats) -> Floats:
    """Log density of each mean, less what both classes share, with the class's log share: (2, n)."""
    p, (share, other) = np.exp(theta[0]), (expit(-theta[5]), expit(theta[5]))
    counts, place = np.unique(orders, return_inverse=True)
    logs = np.empty((2, len(orders)))
    for k, part in enumerate((share, other)):
        q, v = 1.0 + np.exp(theta[1 + 2 * k]), np.exp(theta[2 + 2 * k])
        by_count = gammaln(q + p * counts) - gammaln(q) + q * np.log(v) + np.log(part)
        logs[k] = by_count[place] - (q + p * orders) * np.log(v + orders * mean)
    return logs


def _shares(theta: Floats, orders: Floats, mean: Floats) -> Floats:
    """Chance of each class for each customer: (2, n)."""
    logs = _by_class(theta, orders, mean)
    second = expit(logs[1] - logs[0])
    return np.array([1.0 - second, second])


class _Likelihood:
    """Log-likelihood of (log p, log(q-1), log v, log(q'-1), log v', logit share), by the identity of Louis (1982)."""

    def __init__(self, orders: Floats, mean: Floats) -> None:
        self.x, self.mean, self.total = orders, mean, orders * mean
        self.counts, self.group_of = np.unique(orders, return_inverse=True)
        self.log_mean, self.x_log_total = float(np.sum(np.log(mean))), orders * np.log(self.total)

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
            logs = _by_class(theta, self.x, self.mean)
            p = float(np.exp(theta[0]))
            own = p * self.x_log_total - gammaln(p * self.counts)[self.group_of]
            value = float(np.sum(np.logaddexp(logs[0], logs[1]) + own)) - self.log_mean
            second = expit(logs[1] - logs[0])
            gradient, hessian = np.zeros(_FREE), np.zeros((_FREE, _FREE))
            slopes = []
            for k, share in enumerate((1.0 - second, second)):
                first = self._class(k, share, theta, gradient, hessian)
                slopes.append(first)
            off = [one - other for one, other in zip(*slopes, strict=True)]
            spread = second * (1.0 - second)
            for i in range(_FREE):
                for j in range(_FREE):
                    hessian[i, j] += float((spread * off[i]) @ off[j])
        return value, gradient, hessian

    def _class(self, k: int, share: Floats, theta: Floats, gradient: Floats, hessian: Floats) -> list[Any]:
        """Adds what one class gives to gradient and Hessian; its slopes by each of the six, (n,) or 0."""
        p, q_1, v = float(np.exp(theta[0])), float(np.exp(theta[1 + 2 * k])), float(np.exp(theta[2 + 2 * k]))
        q, x, place = 1.0 + q_1, self.x, self.group_of
        shape = q + p * x
        end, one = np.log(v + self.total), 1.0 / (v + self.total)
        at_shape, bent_shape = digamma(q + p * self.counts)[place], polygamma(1, q + p * self.counts)[place]
        at_p, bent_p = digamma(p * self.counts)[place], polygamma(1, p * self.counts)[place]
        by_p = p * (x * (at_shape - at_p) - x * end + self.x_log_total)
        by_q = q_1 * (at_shape - float(digamma(q)) + np.log(v) - end)
        by_v = q - shape * v * one
        zero = np.zeros_like(x)
        slopes = [by_p, zero, zero, zero, zero, (1.0 if k else 0.0) - float(expit(theta[5])) + zero]
        slopes[1 + 2 * k], slopes[2 + 2 * k] = by_q, by_v
        for i in range(_FREE):
            gradient[i] += float(share @ slopes[i])
        bends = {
            (0, 0): p**2 * x**2 * (bent_shape - bent_p) + by_p,
            (0, 1): p * q_1 * x * bent_shape,
            (0, 2): -p * x * v * one,
            (1, 1): q_1**2 * (bent_shape - float(polygamma(1, q))) + by_q,
            (1, 2): q_1 * (1.0 - v * one),
            (2, 2): -shape * v * one * self.total * one,
        }
        at = (0, 1 + 2 * k, 2 + 2 * k)
        for (i, j), bend in bends.items():
            whole = float(share @ bend)
            hessian[at[i], at[j]] += whole
            hessian[at[j], at[i]] += whole if i != j else 0.0
        split = float(expit(theta[5]))
        hessian[5, 5] -= float(share.sum()) * split * (1.0 - split)
        return slopes

    def improved(self, theta: Floats) -> Floats:
        """One step of expectation and a partial maximisation: shares and scales, shapes held."""
        logs = _by_class(theta, self.x, self.mean)
        second = expit(logs[1] - logs[0])
        p, found = float(np.exp(theta[0])), theta.copy()
        for k, share in enumerate((1.0 - second, second)):
            q, v = 1.0 + float(np.exp(theta[1 + 2 * k])), float(np.exp(theta[2 + 2 * k]))
            weight = float(share.sum())
            if weight > 1e-6:
                rate = float(share @ ((q + p * self.x) / (v + self.total))) / weight
                found[2 + 2 * k] = np.log(q / rate)
        part = float(np.clip(second.mean(), 1e-4, 1.0 - 1e-4))
        found[5] = np.log(part) - np.log1p(-part)
        return found
