"""Laws of buying for customers of whom more is known: country, channel, first basket, consent.

Pure numerics. What is known moves the rate of ordering (alpha_i = alpha exp(-trans'z)) and the way to stop. For
Pareto/NBD beta_i = beta exp(-life'z) (Fader and Hardie 2007, "Incorporating time-invariant covariates"). For BG/NBD
and MBG/NBD the *mean* chance to stop moves, logit(mean_i) = logit(mean) + life'z, and all share one precision a + b;
scaling a and b alike would leave the mean where it is. A positive coefficient means more orders, or a shorter life.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import expit

from volver.core import clock
from volver.predict.laws.betageometric import BGNBD, MBGNBD
from volver.predict.laws.buying import YEAR_DAYS, BuyingModel
from volver.predict.laws.covariate_terms import (
    RowLikelihood,
    Terms,
    betageometric_terms,
    pareto_alive,
    pareto_terms,
    predictors,
)
from volver.predict.laws.encoding import BadCovariates, Encoding, encoding
from volver.predict.laws.history import Histories, histories
from volver.predict.laws.pareto import ParetoNBD
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.horizons import Horizon, horizon_days
from volver.predict.numerics.newton import Prior, maximise
from volver.predict.numerics.params import NotFitted, Params

_BLOCK: Final = 20_000
_FEW: Final = 1000
_START_ROWS: Final = 12_000
_LOOSE: Final = 1e6  # a deviation that holds nothing
_ON: Final = {"both": ("trans", "life"), "trans": ("trans",), "life": ("life",)}
_LIVES: Final = 256  # more distinct chances to stop than this are read between so many
_LEGENDRE: Final = np.polynomial.legendre.leggauss(10)


@dataclass(frozen=True)
class _Rows:
    """Distinct (x, t_x, T, covariates) and each customer's place among them."""

    known: Histories
    z: Floats  # (n_rows, n_columns), raw

    def spread(self, per_row: Floats) -> Floats:
        return self.known.spread(per_row)


class CovariateModel(Params):
    """A law whose parameters depend on what is known of each customer; asked like a `BuyingModel`, with `covariates`.

    `covariates` is one row a customer: a frame of any kind, a mapping of columns, or an array. Text columns become
    one coefficient a level (`trans_`, `life_`: by name; the most frequent level is the base). `prior`: True, False
    or "auto" for the law's own parameters, as in `BuyingModel`; the coefficients have a normal prior of standard
    deviation `deviation` (for a step of one level or one standard deviation) unless `prior` is False. `on` says what
    the covariates move: "both", "trans" or "life".
    """

    kind: ClassVar[type[BuyingModel]]
    life_at: ClassVar[int]  # which of the four predictors the way to stop moves
    life_sign: ClassVar[float]

    def __init__(
        self, *, unit: str = "days", prior: bool | str = "auto", deviation: float = 1.0, on: str = "both"
    ) -> None:
        self.unit = unit
        self.prior = prior
        self.deviation = deviation
        self.on = on

    # ---- learning

    def fit(self, X: Any, y: None = None, *, covariates: Any) -> Self:  # noqa: ARG002  (scikit-learn's signature)
        """Learn from histories (x, t_x, T) and one row of covariates a customer. Raises `BadCovariates`.

        Never raises on possible histories and covariates, never learns a NaN.
        """
        began = clock.stopwatch_s()
        if self.on not in _ON:
            raise BadCovariates(why=f"they cannot move {self.on!r}")
        known = histories(X, unit=self.unit)
        self.encoding_ = encoding(covariates, known.n_customers)
        plain = self.kind(unit=self.unit, prior=self.prior).fit(known)
        rows = _rows(known, self.encoding_.values(covariates, known.n_customers))
        self._learn(known, rows, plain)
        self.n_customers_ = known.n_customers
        self.log_likelihood_plain_ = plain.log_likelihood_
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def _learn(self, known: Histories, rows: _Rows, plain: BuyingModel) -> None:
        """Maximise over columns that are centred and scaled, then say the same for the columns as they came."""
        centre, scale = self.encoding_.centre, self.encoding_.scale
        z = (rows.z - centre) / scale
        likelihood = RowLikelihood(self._terms, rows.known, z, self._moves())
        held, weak = self._priors(plain.weak_prior(known), len(self._moves()) * len(centre))
        start = np.append(self._predictors(plain.parameters_), weak.centre[4:])
        wanted = False if self.prior is False else True if self.prior is True or known.n_customers < _FEW else None
        step = len(z) // _START_ROWS
        if step > 3:  # climb most of the way on an even part of the rows
            some = RowLikelihood(self._terms, rows.known.sampled(_START_ROWS), z[step // 2 :: step], self._moves())
            start = maximise(held(some), start, float(some.known.n.sum()), weak, True).theta
        free = likelihood if self.prior is False else held(likelihood)
        found = maximise(free, start, float(known.n_customers), weak, wanted)
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        self.n_steps_ = found.steps
        self.log_likelihood_ = likelihood(found.theta)[0]
        back = self._to_raw(centre, scale)
        self._theta = back @ found.theta
        self.covariance_ = back @ found.covariance @ back.T

    def _priors(self, law: Prior, n_coefficients: int) -> tuple[Prior, Prior]:
        """What always holds the coefficients, and what holds the law's own parameters where it is needed."""
        usual = dict(zip(self.kind.names, np.exp(law.centre).tolist(), strict=True))
        centre = np.append(self._predictors(usual), np.zeros(n_coefficients))
        loose = np.full(n_coefficients, _LOOSE)
        own = np.full(n_coefficients, float(self.deviation))
        always = Prior(centre=centre, deviation=np.append(np.full(4, _LOOSE), own))
        return always, Prior(centre=centre, deviation=np.append(law.deviation, loose))

    # ---- what was learned

    @property
    def parameters_(self) -> dict[str, float]:
        """The law of a customer whose covariates are all 0 and base levels, by name; times in days."""
        return self._parameters(self._learned()[:4])

    @property
    def trans_(self) -> dict[str, float]:
        """Coefficients of the rate of ordering, by column: exp of it multiplies the rate."""
        return self._coefficients("trans")

    @property
    def life_(self) -> dict[str, float]:
        """Coefficients of stopping, by column: of the log rate (Pareto) or of the logit of the chance."""
        return self._coefficients("life")

    @property
    def standard_errors_(self) -> dict[str, float]:
        """One standard deviation of each parameter and of each coefficient ("trans.name", "life.name")."""
        theta, spread = self._learned(), np.sqrt(np.maximum(np.diag(self.covariance_), 0.0))
        step = 1e-5 * np.eye(4)
        high, low = ([list(self._parameters(theta[:4] + s * e).values()) for e in step] for s in (1.0, -1.0))
        slopes = (np.array(high) - np.array(low)) / 2e-5
        law = np.sqrt(np.maximum(np.diag(slopes.T @ self.covariance_[:4, :4] @ slopes), 0.0))
        found = dict(zip(self.kind.names, law.tolist(), strict=True))
        names = [f"{part}.{name}" for part in self._parts() for name in self.encoding_.names]
        return found | dict(zip(names, spread[4:].tolist(), strict=True))

    def law_for(self, covariates: Any) -> BuyingModel:
        """The plain law of the customers with this one row of covariates: it answers every question. In days."""
        z = self.encoding_.values(covariates)
        if len(z) != 1:
            raise BadCovariates(why=f"{len(z)} rows where one is needed")
        u = predictors(self._learned(), z, self._moves())
        return self.kind.of(unit=self.unit, **self._parameters(u[:, 0]))

    def unknown(self, covariates: Any) -> Any:
        """Customers with a level or number never seen in the fit: they count as base level, or mean, there."""
        self._learned()
        return self.encoding_.unknown(covariates)

    # ---- asking: one answer per customer, in the order they came

    def p_alive(self, X: Any, *, covariates: Any) -> Floats:
        """Chance that the customer has not stopped for good."""
        rows = self._asked(X, covariates)
        return rows.spread(self._p_alive(rows.known, self._of(rows)))

    def predict(self, X: Any, horizon: Horizon = "365d", *, covariates: Any) -> Floats:
        """Expected orders within the horizon."""
        rows = self._asked(X, covariates)
        return rows.spread(self._orders(rows, horizon_days(horizon)))

    def predict_new(self, covariates: Any, horizon: Horizon = "365d") -> Floats:
        """Expected later orders of new customers within the horizon after their first order, one a row."""
        return self.predict(self._new(covariates), horizon, covariates=covariates)

    def p_buy(self, X: Any, horizon: Horizon = "30d", *, covariates: Any) -> Floats:
        """Chance of at least one order within the horizon."""
        rows, days = self._asked(X, covariates), horizon_days(horizon)
        u = self._of(rows)
        some = _in_blocks(lambda at: self._law(u[:, at])._alive_any(rows.known.x[at], rows.known.T[at], days), u)
        return rows.spread(self._p_alive(rows.known, u) * some)

    def discounted_orders(self, X: Any, horizon: Horizon = "365d", *, covariates: Any, discount: float = 0.1) -> Floats:
        """Expected orders within the horizon, each worth less the later it comes; `discount` is yearly (0.1 = 10 %)."""
        rows = self._asked(X, covariates)
        return rows.spread(self._orders(rows, horizon_days(horizon), float(np.log1p(discount)) / YEAR_DAYS))

    def score(self, X: Any, y: None = None, *, covariates: Any) -> float:  # noqa: ARG002
        """Log-likelihood of histories under the learned parameters, by customer."""
        rows = self._asked(X, covariates)
        value = RowLikelihood(self._terms, rows.known, rows.z, self._moves())(self._learned())[0]
        return value / max(rows.known.n_customers, 1)

    # ---- one law

    def _terms(self, u: Floats, x: Floats, t_x: Floats, age: Floats) -> Terms:
        raise NotImplementedError

    def _predictors(self, parameters: dict[str, float]) -> Floats:
        """The four predictors of a law's parameters."""
        raise NotImplementedError

    def _parameters(self, u: Floats) -> dict[str, float]:
        """The law's parameters of four predictors."""
        raise NotImplementedError

    def _law(self, u: Floats) -> Any:
        """A law with parameters of each row, for the questions that take them elementwise."""
        raise NotImplementedError

    def _p_alive(self, known: Histories, u: Floats) -> Floats:
        raise NotImplementedError

    def _alive_orders(self, x: Floats, age: Floats, u: Floats, days: float) -> Floats:
        found: Floats = self._law(u)._alive_orders(x, age, days)
        return found

    # ---- inside

    encoding_: Encoding
    covariance_: Floats

    def _learned(self) -> Floats:
        if not hasattr(self, "_theta"):
            raise NotFitted(model=type(self).__name__)
        found: Floats = self._theta
        return found

    def _parts(self) -> tuple[str, ...]:
        return _ON[self.on]

    def _moves(self) -> list[tuple[int, float]]:
        """Which predictor each part of the coefficients moves, and in which direction."""
        ways = {"trans": (1, -1.0), "life": (self.life_at, self.life_sign)}
        return [ways[part] for part in self._parts()]

    def _coefficients(self, part: str) -> dict[str, float]:
        """By column, zero where the covariates do not move this part."""
        names, theta = self.encoding_.names, self._learned()[4:]
        if part not in self._parts():
            return dict.fromkeys(names, 0.0)
        own = theta[: len(names)] if self._parts()[0] == part else theta[len(names) :]
        return dict(zip(names, own.tolist(), strict=True))

    def _to_raw(self, centre: Floats, scale: Floats) -> Floats:
        """From parameters for centred and scaled columns to parameters for columns as they came (linear)."""
        size, moves = len(centre), self._moves()
        back = np.eye(4 + len(moves) * size)
        for i, (at, sign) in enumerate(moves):
            place = slice(4 + i * size, 4 + (i + 1) * size)
            back[place, place] = np.diag(1.0 / scale)
            back[at, place] = -sign * centre / scale
        return back

    def _of(self, rows: _Rows) -> Floats:
        return predictors(self._learned(), rows.z, self._moves())

    def _asked(self, X: Any, covariates: Any) -> _Rows:
        self._learned()
        known = histories(X, unit=self.unit)
        return _rows(known, self.encoding_.values(covariates, known.n_customers))

    def _new(self, covariates: Any) -> Histories:
        self._learned()
        n = len(self.encoding_.values(covariates))
        return histories(np.zeros((n, 3)))

    def _orders(self, rows: _Rows, days: float, rate: float = 0.0) -> Floats:
        known, u = rows.known, self._of(rows)
        found: Floats = self._p_alive(known, u) * _in_blocks(
            lambda at: self._alive_worth(known.x[at], known.T[at], u[:, at], days, rate), u
        )
        return found

    def _alive_worth(self, x: Floats, age: Floats, u: Floats, days: float, rate: float) -> Floats:
        """Expected orders if alive, discounted at a daily rate (by parts, ten Gauss-Legendre points)."""
        total = np.exp(-rate * days) * self._alive_orders(x, age, u, days)
        for node, weight in zip(*_LEGENDRE, strict=True) if rate > 0 else ():
            moment = 0.5 * days * (node + 1.0)
            part = 0.5 * days * weight * rate * np.exp(-rate * moment)
            total = total + part * self._alive_orders(x, age, u, moment)
        found: Floats = total
        return found


class CovariateParetoNBD(CovariateModel):
    """Pareto/NBD with covariates: exp of a coefficient multiplies the rate of ordering, or of stopping.

    >>> found = CovariateParetoNBD().fit([[0, 2], [0, 30], [90, 90]], covariates={"country": ["es", "fr"]})
    >>> found.predict_new({"country": ["es", "de"]}, "1 year").shape, found.unknown({"country": ["es", "de"]}).tolist()
    ((2,), [False, True])
    """

    kind: ClassVar[type[BuyingModel]] = ParetoNBD
    life_at: ClassVar[int] = 3
    life_sign: ClassVar[float] = -1.0

    def _terms(self, u: Floats, x: Floats, t_x: Floats, age: Floats) -> Terms:
        return pareto_terms(u, x, t_x, age)

    def _predictors(self, parameters: dict[str, float]) -> Floats:
        return np.log([parameters[name] for name in self.kind.names])

    def _parameters(self, u: Floats) -> dict[str, float]:
        return dict(zip(self.kind.names, np.exp(u).tolist(), strict=True))

    def _law(self, u: Floats) -> Any:
        law: Any = ParetoNBD()
        law.r_, law.alpha_, law.s_, law.beta_ = np.exp(u)
        return law

    def _p_alive(self, known: Histories, u: Floats) -> Floats:
        def some(at: slice) -> Floats:
            r, alpha, s, beta = np.exp(u[:, at])
            return pareto_alive(r, alpha, s, beta, known.x[at], known.t_x[at], known.T[at])

        return _in_blocks(some, u)


class CovariateBGNBD(CovariateModel):
    """BG/NBD with covariates; coefficients of `life_` are on the logit of the mean chance to stop after an order."""

    kind: ClassVar[type[BuyingModel]] = BGNBD
    life_at: ClassVar[int] = 2
    life_sign: ClassVar[float] = 1.0
    first_chances: ClassVar[int] = 0

    def _terms(self, u: Floats, x: Floats, t_x: Floats, age: Floats) -> Terms:
        return betageometric_terms(u, x, t_x, age, self.first_chances)

    def _predictors(self, parameters: dict[str, float]) -> Floats:
        r, alpha, a, b = (parameters[name] for name in self.kind.names)
        return np.array([np.log(r), np.log(alpha), np.log(a) - np.log(b), np.log(a + b)])

    def _parameters(self, u: Floats) -> dict[str, float]:
        r, alpha, precision = np.exp(u[[0, 1, 3]]).tolist()
        a, b = (max(precision * float(expit(sign * u[2])), 1e-300) for sign in (1.0, -1.0))
        return {"r": r, "alpha": alpha, "a": a, "b": b}

    def _law(self, u: Floats) -> Any:
        law: Any = self.kind()
        precision = np.exp(u[3])
        own = [np.exp(u[0]), np.exp(u[1]), precision * expit(u[2]), precision * expit(-u[2])]
        law._theta = own
        law.r_, law.alpha_, law.a_, law.b_ = own
        return law

    def _p_alive(self, known: Histories, u: Floats) -> Floats:
        found: Floats = self._law(u)._p_alive(known)
        return found

    def _alive_orders(self, x: Floats, age: Floats, u: Floats, days: float) -> Floats:
        """One law for each distinct chance to stop; where they are too many, between two of a fixed number."""
        lives, which = np.unique(u[2], return_inverse=True)
        if len(lives) <= _LIVES:
            return self._at_lives(lives, which.reshape(-1), x, age, u, days)
        grid = np.linspace(lives[0], lives[-1], _LIVES)
        place = (u[2] - grid[0]) / (grid[1] - grid[0])
        low = np.minimum(place.astype(np.int64), _LIVES - 2)
        one, other = (self._at_lives(grid, low + step, x, age, u, days) for step in (0, 1))
        found: Floats = one + (place - low) * (other - one)
        return found

    def _at_lives(self, lives: Floats, which: Ints, x: Floats, age: Floats, u: Floats, days: float) -> Floats:
        found = np.empty(len(x))
        order = np.argsort(which, kind="stable")
        ends = np.searchsorted(which[order], np.arange(len(lives) + 1))
        for i in np.unique(which).tolist():
            rows = order[ends[i] : ends[i + 1]]
            own = u[:, rows]
            parameters = self._parameters(np.array([own[0, 0], own[1, 0], lives[i], own[3, 0]]))
            law: Any = self.kind.of(unit="days", **parameters)
            law.alpha_ = np.exp(own[1])  # elementwise in what follows
            found[rows] = law._alive_orders(x[rows], age[rows], days)
        return found


class CovariateMBGNBD(CovariateBGNBD):
    """MBG/NBD with covariates; as `CovariateBGNBD`, but a customer may also stop after the first order."""

    kind: ClassVar[type[BuyingModel]] = MBGNBD
    first_chances: ClassVar[int] = 1


def _rows(known: Histories, z: Floats) -> _Rows:
    """Customers with equal histories and equal covariates share a row."""
    distinct, kind_of = np.unique(z, axis=0, return_inverse=True)
    size = max(len(distinct), 1)
    key = known.row_of * size + kind_of.reshape(-1).astype(np.int64)
    keys, row_of, n = np.unique(key, return_inverse=True, return_counts=True)
    row, kind = np.divmod(keys, size)
    compressed = Histories(
        x=known.x[row],
        t_x=known.t_x[row],
        T=known.T[row],
        n=n.astype(np.float64),
        row_of=row_of.reshape(-1).astype(np.int64),
    )
    return _Rows(known=compressed, z=distinct[kind])


def _in_blocks(answer: Callable[[slice], Floats], u: Floats) -> Floats:
    """The answers for all rows, asked a block at a time."""
    found = np.empty(u.shape[1])
    for begin in range(0, len(found), _BLOCK):
        at = slice(begin, begin + _BLOCK)
        found[at] = answer(at)
    return found
