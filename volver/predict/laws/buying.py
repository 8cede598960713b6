"""What every model of coming back shares: fitting, and the questions one can ask it.

Pure numerics on `Histories`. A model of this kind says: a customer buys at random at their own rate while alive,
and at some hidden moment stops for good. Subclasses hold the mathematics of one law each; all times are days.
"""

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import betainc, gammaln

from volver.core import clock
from volver.predict.laws.history import Histories, histories
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.numerics.newton import Likelihood, Maximum, Prior, maximise
from volver.predict.numerics.params import BadQuestion, NotFitted, Params, asked_discount, asked_quantile, positive

YEAR_DAYS: Final = 365.0
_FEW: Final = 1000  # customers below which the weak prior always helps
_START_ROWS: Final = 12_000
_NODES: Final = np.polynomial.legendre.leggauss(10)


class BuyingModel(Params):
    """A law of repeat buying and of stopping. Times of `fit` and of each question come in `unit`, inside they are days.

    `prior`: True, False or "auto" (a weak one below 1,000 customers, and wherever the data cannot tell). `seed` is
    what `simulate` starts from.
    """

    names: ClassVar[tuple[str, ...]]
    times: ClassVar[tuple[str, ...]] = ("alpha",)  # parameters that are a number of days
    deviations: ClassVar[tuple[float, ...]] = (1.5, 1.5, 1.5, 1.5)

    def __init__(self, *, unit: str = "days", prior: bool | str = "auto", seed: int = 0) -> None:
        self.unit = unit
        self.prior = prior
        self.seed = seed

    # ---- learning

    def fit(self, X: Any, y: None = None) -> Self:  # noqa: ARG002  (scikit-learn's signature)
        """Learn from a frame of (x, t_x, T). Never raises on possible histories, never learns a NaN."""
        began = clock.stopwatch_s()
        known = histories(X, unit=self.unit)
        found = self._maximum(known)
        self._learn(np.exp(found.theta))
        self.log_likelihood_ = found.value
        self.n_customers_ = known.n_customers
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        self.n_steps_ = found.steps
        self.log_covariance_ = found.covariance
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    @classmethod
    def of(cls, *, unit: str = "days", **parameters: float) -> Self:
        """A model whose parameters are known, all above 0; times are in days. Raises `predict.bad_parameters`."""
        return cls(unit=unit).knowing(**parameters)

    def knowing(self, **parameters: float) -> Self:
        """This model with parameters that are known, as in `of`. Raises `predict.bad_parameters`."""
        self._learn(np.array(positive(type(self).__name__, self.names, parameters)))
        return self

    @property
    def parameters_(self) -> dict[str, float]:
        """What was learned, by name."""
        theta = self._learned()
        return dict(zip(self.names, theta.tolist(), strict=True))

    @property
    def standard_errors_(self) -> dict[str, float]:
        """One standard deviation of each parameter (observed information, Laplace)."""
        theta = self._learned()
        spread = theta * np.sqrt(np.maximum(np.diag(self.log_covariance_), 0.0))
        return dict(zip(self.names, spread.tolist(), strict=True))

    def score(self, X: Any, y: None = None) -> float:  # noqa: ARG002
        """Log-likelihood of histories under the learned parameters, by customer."""
        known = histories(X, unit=self.unit)
        value, _, _ = self._likelihood(known)(np.log(self._learned()))
        return value / max(known.n_customers, 1)

    # ---- asking: one answer per customer, in the order they came

    def p_alive(self, X: Any) -> Floats:
        """Chance that the customer has not stopped for good."""
        self._learned()
        known = histories(X, unit=self.unit)
        return known.spread(self.alive_by_row(known))

    def predict(self, X: Any, horizon: Horizon = "365d") -> Floats:
        """Expected orders within the horizon."""
        known = histories(X, unit=self.unit)
        return known.spread(self.orders_by_row(known, horizon_days(horizon)))

    def discounted_orders(self, X: Any, horizon: Horizon = "365d", *, discount: float = 0.1) -> Floats:
        """Expected orders within the horizon, each worth less the later it comes; `discount` is yearly (0.1 = 10 %)."""
        known, yearly = histories(X, unit=self.unit), asked_discount(discount, least=0.0)
        return known.spread(self.orders_by_row(known, horizon_days(horizon), discount=yearly))

    def p_buy(self, X: Any, horizon: Horizon = "30d") -> Floats:
        """Chance of at least one order within the horizon."""
        known = histories(X, unit=self.unit)
        return known.spread(self.p_buy_by_row(known, horizon_days(horizon)))

    def order_pmf(self, X: Any, horizon: Horizon = "365d", *, most: int = 20) -> Floats:
        """Chance of 0, 1, … `most` orders within the horizon: shape (n_customers, most + 1)."""
        if most < 0:
            raise BadQuestion(why=f"at most {most} orders")
        known = histories(X, unit=self.unit)
        tails = self._tails(known, horizon_days(horizon), most + 1)
        at_least = np.column_stack([np.ones(len(tails)), tails * self.alive_by_row(known)[:, None]])
        pmf: Floats = (at_least[:, :-1] - at_least[:, 1:])[known.row_of]
        return pmf

    def order_quantile(self, X: Any, q: float, horizon: Horizon = "365d") -> Ints:
        """Smallest count that the customer's orders within the horizon do not exceed with chance `q`, 0 < q < 1."""
        q, known = asked_quantile(q), histories(X, unit=self.unit)
        days, alive = horizon_days(horizon), self.alive_by_row(known)
        found = np.zeros(len(known.x), dtype=np.int64)
        for x, rows, ages, cell_of in self.groups(known):
            most = self.most_orders(x, float(ages.flat[0]), days)
            tails = self._alive_tail(x, ages, days, most + 1)[cell_of]
            found[rows] = np.sum(tails * alive[rows, None] > 1.0 - q, axis=1)
        return np.asarray(found[known.row_of], dtype=np.int64)

    def next_order_days(self, X: Any, quantiles: Sequence[float] = (0.25, 0.75), within: Horizon = "365d") -> Floats:
        """Days until the next order, if it comes within the horizon: shape (n_customers, quantiles)."""
        known = histories(X, unit=self.unit)
        asked = [asked_quantile(q) for q in quantiles]
        return self.next_by_row(known, asked, horizon_days(within))[known.row_of]

    # ---- the same per distinct row, for those who compose models (all times are days)

    def alive_by_row(self, known: Histories) -> Floats:
        """P(alive) of each distinct row, worked out once for the parameters that are asked again and again."""
        self._learned()
        return known.once(self._key(), lambda: self._p_alive(known))

    def orders_by_row(self, known: Histories, days: float, *, discount: float = 0.0) -> Floats:
        """Expected (discounted) orders for each distinct row."""
        x, ages, cell_of = self.cells(known)
        expected = self._alive_orders(x, ages, days)
        if discount > 0:
            expected = self._discounted(x, ages, days, expected, float(np.log1p(discount)) / YEAR_DAYS)
        found: Floats = self.alive_by_row(known) * expected[cell_of]
        return found

    def p_buy_by_row(self, known: Histories, days: float) -> Floats:
        """Chance of at least one order for each distinct row."""
        x, ages, cell_of = self.cells(known)
        found: Floats = self.alive_by_row(known) * self._alive_any(x, ages, days)[cell_of]
        return found

    def next_by_row(self, known: Histories, quantiles: Sequence[float], days: float) -> Floats:
        """Quantiles of the wait for the next order, given one within `days`: shape (n_rows, quantiles)."""
        x, ages, cell_of = self.cells(known)
        waits: Floats = np.column_stack([self._wait(x, ages, days, q) for q in quantiles])[cell_of]
        return waits

    def moments_by_row(self, known: Histories, days: float) -> tuple[Floats, Floats]:
        """Mean and mean square of the orders within `days`, for each distinct row."""
        alive, mean, square = self.alive_by_row(known), np.empty(len(known.x)), np.empty(len(known.x))
        for x, rows, ages, cell_of in self.groups(known):
            tails = self._alive_tail(x, ages, days, self.most_orders(x, float(ages.flat[0]), days))
            mean[rows] = tails.sum(axis=1)[cell_of]
            square[rows] = (tails @ (2.0 * np.arange(1, tails.shape[1] + 1) - 1.0))[cell_of]
        return alive * mean, alive * square

    def cells(self, known: Histories) -> tuple[Floats, Floats, Ints]:
        """Distinct x and age, all that a living customer's future depends on, and each row's place among them.

        A law with memory gives ages of two columns, (age, silence); the first number is the least age of a group.
        """
        return known.cells

    def groups(self, known: Histories) -> Sequence[tuple[float, slice, Floats, Ints]]:
        """Rows that share x, as (x, rows, distinct ages, each row's place among those)."""
        if not len(known.x):
            return []
        _, cell_ages, cell_of = self.cells(known)
        edges = np.concatenate([[0], np.flatnonzero(np.diff(known.x)) + 1, [len(known.x)]])
        found = []
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            first = int(cell_of[begin])
            ages = cell_ages[first : int(cell_of[end - 1]) + 1]
            found.append((float(known.x[begin]), slice(begin, end), ages, cell_of[begin:end] - first))
        return found

    def most_orders(self, x: float, age: float, days: float, left: float = 1e-7) -> int:
        """A count that a living customer with this x and this or a greater age exceeds with chance below `left`."""
        most = 8
        while most < 20_000 and float(self._alive_tail_at(x, age, days, float(most))) > left:
            most = int(most * 1.5)
        return most

    # ---- the mathematics of one law: what a subclass gives

    def _likelihood(self, known: Histories) -> Likelihood:
        """Log-likelihood of the log-parameters, with gradient and Hessian."""
        raise NotImplementedError

    def _p_alive(self, known: Histories) -> Floats:
        """P(alive) of each row."""
        raise NotImplementedError

    def _alive_orders(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        """Expected orders within `days` of a customer alive at `age`."""
        raise NotImplementedError

    def _alive_any(self, x: Floats, age: Floats, days: float) -> Floats:
        """Chance of at least one order within `days` of a customer alive at `age`."""
        raise NotImplementedError

    def _alive_tail(self, x: float, ages: Floats, days: float, most: int) -> Floats:
        """Chance of at least 1, 2, … `most` orders within `days` if alive: shape (n_ages, most)."""
        raise NotImplementedError

    def _alive_tail_at(self, x: float, age: float, days: float, count: float) -> float:
        """An upper bound of the chance of at least `count` orders within `days` if alive."""
        return float(betainc(count, self.r_ + x, days / (self.alpha_ + age + days)))

    def _wait(self, x: Floats, age: Floats, days: float, q: float) -> Floats:
        """The q-quantile of the wait for the next order, given one within `days`."""
        raise NotImplementedError

    # ---- inside

    r_: float
    alpha_: float
    log_covariance_: Floats

    def _maximum(self, known: Histories) -> Maximum:
        prior = self.weak_prior(known)
        wanted = None if self.prior == "auto" else bool(self.prior)
        few = wanted is None and known.n_customers < _FEW
        start = prior.centre
        if len(known.x) > 3 * _START_ROWS:
            some = known.represented(_START_ROWS)
            start = maximise(self._likelihood(some), start, float(some.n.sum()), prior, True).theta
        return maximise(self._likelihood(known), start, float(known.n_customers), prior, True if few else wanted)

    def weak_prior(self, known: Histories) -> Prior:
        """Log-normal and wide; times are centred on the usual age, so that it has no unit."""
        age = 1.0
        if len(known.x):
            order = np.argsort(known.T, kind="stable")
            shares = np.cumsum(known.n[order])
            age = float(known.T[order][np.searchsorted(shares, shares[-1] / 2)])
        centre = np.array([np.log(max(age, 1.0)) if name in self.times else 0.0 for name in self.names])
        return Prior(centre=centre, deviation=np.array(self.deviations))

    def _learn(self, parameters: Floats) -> None:
        self._theta = np.asarray(parameters, dtype=np.float64)
        for name, value in zip(self.names, parameters.tolist(), strict=True):
            setattr(self, f"{name}_", value)

    def _key(self) -> Hashable:
        """What tells this law with these parameters from any other."""
        return type(self), self._learned().tobytes()

    def _learned(self) -> Floats:
        if not hasattr(self, "_theta"):
            raise NotFitted(model=type(self).__name__)
        return self._theta

    def moved(self, log_step: Floats) -> Self:
        """The same model with its log-parameters moved: what the parameters' uncertainty is measured with."""
        twin = type(self)(unit=self.unit, prior=self.prior, seed=self.seed)
        twin._learn(self._learned() * np.exp(log_step))
        return twin

    def _tails(self, known: Histories, days: float, most: int) -> Floats:
        found = np.empty((len(known.x), most))
        for x, rows, ages, cell_of in self.groups(known):
            found[rows] = self._alive_tail(x, ages, days, most)[cell_of]
        return found

    def _discounted(self, x: Floats, age: Floats, days: float, whole: Floats, rate: float) -> Floats:
        """By parts: e^(-rate H) E(H) + rate * integral of e^(-rate s) E(s) ds, ten Gauss-Legendre points."""
        found: Floats = np.exp(-rate * days) * whole
        for node, weight in zip(*_NODES, strict=True):
            moment = 0.5 * days * (node + 1.0)
            found += 0.5 * days * weight * rate * np.exp(-rate * moment) * self._alive_orders(x, age, moment)
        return found


def at_least(shape: float, odds: Floats, most: int) -> Floats:
    """P(N >= 1), … P(N >= most) of negative binomial counts: N | lambda ~ Poisson, lambda ~ Gamma(shape).

    `odds` = t / (alpha + T + t), the chance of "one more". Shape (len(odds), most). Summed from the far end, so
    small tails keep their digits.
    """
    counts = np.arange(1.0, most)
    logs = gammaln(shape + counts) - gammaln(shape) - gammaln(counts + 1.0)
    with np.errstate(divide="ignore", under="ignore"):
        pmf = np.exp(logs + shape * np.log1p(-odds)[:, None] + counts * np.log(odds)[:, None])
    last = betainc(float(most), shape, odds)[:, None]
    found: Floats = np.cumsum(np.concatenate([pmf, last], axis=1)[:, ::-1], axis=1)[:, ::-1]
    least: Floats = np.minimum(found, 1.0)
    return least
