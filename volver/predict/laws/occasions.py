"""BG/BB: customers who may buy at set occasions only: a yearly appeal, a season's collection, a weekly market.

Pure numerics. Fader, Hardie and Shang (2010): at each of n occasions a living customer buys with chance p ~
Beta(alpha, beta), and is lost before each with chance theta ~ Beta(gamma, delta). A history is (x, t_x, n): how many
occasions with a purchase, the last one (0 if none), and how many there were.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import betaln, digamma, polygamma

from volver.core import VolverError, clock
from volver.predict.laws.history import named_floats, three_columns
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.newton import Likelihood, Prior, maximise
from volver.predict.numerics.params import BadQuestion, NotFitted, Params, asked_discount, positive

_FEW: Final = 1000
_BLOCK: Final = 20_000
_NEGLIGIBLE: Final = 1e-12


class BadOccasions(VolverError):
    """Histories over occasions that no customer can have."""

    code = "predict.bad_occasions"
    says = "{wrong} of {customers} histories are impossible: {why}."
    hint = "Each customer needs whole numbers with x <= t_x <= n, and t_x = 0 exactly when x = 0."


class BGBB(Params):
    """BG/BB: chances of buying (alpha, beta) and of being lost (gamma, delta), per occasion.

    X is a frame with columns x, t_x, n, an (n, 3) array, or three sequences; `counts` says how many customers share
    each row. `prior` as in `BuyingModel`.

    >>> model = BGBB.of(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
    >>> model.p_alive([[0, 2, 6], [0, 4, 6], [6, 6, 6]]).round(2).tolist()
    [0.11, 0.59, 0.93]
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")

    def __init__(self, *, prior: bool | str = "auto") -> None:
        self.prior = prior

    alpha_: float
    beta_: float
    gamma_: float
    delta_: float
    log_covariance_: Floats

    # ---- learning

    def fit(self, X: Any, y: None = None, *, counts: Any = None) -> Self:  # noqa: ARG002
        """Learn from histories. Never raises on possible ones, never learns a NaN."""
        began = clock.stopwatch_s()
        x, t_x, n, weight = _compressed(*_rows(X, counts))
        prior = Prior(centre=np.zeros(4), deviation=np.full(4, 1.5))
        customers = float(weight.sum())
        wanted = None if self.prior == "auto" else bool(self.prior)
        few = wanted is None and customers < _FEW
        likelihood = _likelihood(x, t_x, n, weight)
        found = maximise(likelihood, prior.centre, customers, prior, True if few else wanted)
        self._learn(np.exp(found.theta))
        self.log_likelihood_ = float(found.value)
        self.n_customers_ = round(customers)
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        self.log_covariance_ = found.covariance
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    @classmethod
    def of(cls, *, alpha: float, beta: float, gamma: float, delta: float) -> Self:
        """A model whose parameters are known."""
        model = cls()
        given = {"alpha": alpha, "beta": beta, "gamma": gamma, "delta": delta}
        model._learn(np.array(positive(cls.__name__, cls.names, given)))
        return model

    @property
    def parameters_(self) -> dict[str, float]:
        """What was learned, by name."""
        return dict(zip(self.names, self._learned().tolist(), strict=True))

    @property
    def standard_errors_(self) -> dict[str, float]:
        """One standard deviation of each parameter (observed information, Laplace)."""
        spread = self._learned() * np.sqrt(np.maximum(np.diag(self.log_covariance_), 0.0))
        return dict(zip(self.names, spread.tolist(), strict=True))

    def score(self, X: Any, y: None = None, *, counts: Any = None) -> float:  # noqa: ARG002
        """Log-likelihood of histories under the learned parameters, by customer."""
        x, t_x, n, weight = _rows(X, counts)
        value, _, _ = _likelihood(x, t_x, n, weight)(np.log(self._learned()))
        return float(value) / max(float(weight.sum()), 1.0)

    # ---- asking

    def p_alive(self, X: Any, *, ahead: int = 1) -> Floats:
        """Chance that the customer is still there at the `ahead`-th occasion from now; 0 is the last one seen."""
        x, t_x, n, _ = _rows(X)
        a, b, gamma, delta = self._learned().tolist()
        whole = np.empty(len(x))
        for rows in _blocks(len(x)):
            logs = _log_terms(x[rows], t_x[rows], n[rows], self._learned())
            top = logs.max(axis=0)
            whole[rows] = top + np.log(np.exp(logs - top).sum(axis=0))
        stayed = betaln(a + x, b + n - x) - betaln(a, b) + betaln(gamma, delta + n + ahead) - betaln(gamma, delta)
        found: Floats = np.exp(np.minimum(stayed - whole, 0.0))
        return found

    def predict(self, X: Any, occasions: int = 1) -> Floats:
        """Expected purchases at the next `occasions` occasions."""
        if occasions < 0:
            raise BadQuestion(why=f"{occasions} occasions")
        return self._weighted(X, np.ones(occasions))

    def discounted(self, X: Any, *, discount: float = 0.1) -> Floats:
        """Discounted expected residual purchases without end (DERT); `discount` is per occasion."""
        discount = asked_discount(discount, least=0.0)
        return self._weighted(X, (1.0 + discount) ** -np.arange(1.0, _occasions_that_count(discount) + 1.0))

    def expected(self, occasions: int | Sequence[int]) -> Floats:
        """Expected purchases of a new customer at the first n occasions, for each n asked for."""
        a, b, gamma, delta = self._learned().tolist()
        wanted = np.atleast_1d(np.asarray(occasions, dtype=np.int64))
        steps = np.arange(1.0, wanted.max(initial=0) + 1.0)
        alive = np.exp(betaln(gamma, delta + steps) - betaln(gamma, delta))
        found: Floats = a / (a + b) * np.concatenate([[0.0], np.cumsum(alive)])[wanted]
        return found

    # ---- inside

    def _weighted(self, X: Any, weight: Floats) -> Floats:
        """Expected purchases at each coming occasion, times its weight. P(alive) falls in known ratios from there."""
        x, _, n, _ = _rows(X)
        a, b, gamma, delta = self._learned().tolist()
        buys = (a + x) / (a + b + n)
        spans, place = np.unique(n, return_inverse=True)
        steps = np.arange(1.0, len(weight) + 1.0)
        lives = np.array([weight @ np.exp(betaln(gamma, delta + n + steps) - betaln(gamma, delta + n)) for n in spans])
        found: Floats = self.p_alive(X, ahead=0) * buys * (lives[place] if len(place) else 1.0)
        return found

    def _learn(self, parameters: Floats) -> None:
        self._theta = np.asarray(parameters, dtype=np.float64)
        self.alpha_, self.beta_, self.gamma_, self.delta_ = self._theta.tolist()

    def _learned(self) -> Floats:
        if not hasattr(self, "_theta"):
            raise NotFitted(model=type(self).__name__)
        return self._theta


def _occasions_that_count(discount: float) -> int:
    """After so many occasions what is left is below 1e-12 of the first; without a discount, ten thousand."""
    if discount <= 0:
        return 10_000
    return min(10_000, int(np.ceil(-np.log(_NEGLIGIBLE) / np.log1p(discount))) + 1)


def _log_terms(x: Floats, t_x: Floats, n: Floats, theta: Floats) -> Floats:
    """Logs of: being alive (row 0), having been lost after occasion t_x + i (row i + 1): (1 + longest silence, rows).

    Fader, Hardie and Shang (2010), equation 6.
    """
    a, b, gamma, delta = theta.tolist()
    seen, gone = _ends(t_x, n)
    buys = betaln(a + x, b + np.maximum(seen - x, 0.0)) - betaln(a, b)
    lives = betaln(gamma + gone, delta + seen) - betaln(gamma, delta)
    return np.where(_possible(t_x, n), buys + lives, -np.inf)


def _ends(t_x: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Occasions lived through in each term, and whether it ends with a loss."""
    silence = np.arange(float(np.max(n - t_x, initial=0.0)))[:, None]
    seen = np.vstack([n, t_x + silence])
    gone = np.vstack([np.zeros_like(n), np.ones((len(silence), len(n)))])
    return seen, gone


def _possible(t_x: Floats, n: Floats) -> Any:
    silence = np.arange(float(np.max(n - t_x, initial=0.0)))[:, None]
    return np.vstack([np.ones((1, len(n)), dtype=bool), t_x + silence < n])


def _blocks(rows: int) -> list[slice]:
    return [slice(begin, begin + _BLOCK) for begin in range(0, rows, _BLOCK)]


def _likelihood(x: Floats, t_x: Floats, n: Floats, weight: Floats) -> Likelihood:
    """Log-likelihood of the log-parameters; derivatives by the identity of Louis (1982) over the hidden end."""

    def likelihood(theta: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            natural = np.exp(theta)
            value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
            for rows in _blocks(len(x)):
                value += _add(x[rows], t_x[rows], n[rows], weight[rows], natural, gradient, hessian)
            gradient *= natural
            hessian = hessian * np.outer(natural, natural) + np.diag(gradient)
        return value, gradient, hessian

    return likelihood


def _add(x: Floats, t_x: Floats, n: Floats, weight: Floats, theta: Floats, gradient: Floats, hessian: Floats) -> float:
    logs = _log_terms(x, t_x, n, theta)
    seen, gone = _ends(t_x, n)
    top = logs.max(axis=0)
    share = np.exp(logs - top)
    whole = share.sum(axis=0)
    share /= whole
    first, bends = [], np.zeros((4, 4))
    for pair, one, other in ((0, x + 0.0 * seen, np.maximum(seen - x, 0.0)), (2, gone, seen)):
        a, b = theta[pair], theta[pair + 1]
        together = digamma(a + b) - digamma(a + b + one + other)
        first += [digamma(a + one) - digamma(a) + together, digamma(b + other) - digamma(b) + together]
        joint = polygamma(1, a + b) - polygamma(1, a + b + one + other)
        alone = [polygamma(1, a + one) - polygamma(1, a), polygamma(1, b + other) - polygamma(1, b)]
        bends[pair : pair + 2, pair : pair + 2] = float(weight @ np.sum(share * joint, axis=0))
        for k in (0, 1):
            bends[pair + k, pair + k] += float(weight @ np.sum(share * alone[k], axis=0))
    means = [np.sum(share * one, axis=0) for one in first]
    for i, one in enumerate(first):
        gradient[i] += weight @ means[i]
        for j, other in enumerate(first):
            hessian[i, j] += weight @ (np.sum(share * one * other, axis=0) - means[i] * means[j])
    hessian += bends
    return float(weight @ (top + np.log(whole)))


def _rows(X: Any, counts: Any = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Clean columns x, t_x, n and weights. Raises `BadOccasions`."""
    three = three_columns(X, lambda x, t_x, n: bool(np.all(_fit_together(x, t_x, n))), ("x", "t_x", "n"))
    columns = named_floats(X, ("x", "t_x", "n")).values() if three is None else three
    x, t_x, n = (np.asarray(column, dtype=np.float64) for column in columns)
    weight = np.ones(len(x)) if counts is None else np.atleast_1d(np.asarray(counts, dtype=np.float64))
    if not len(x) == len(t_x) == len(n) == len(weight):
        raise BadOccasions(wrong="all", customers=len(x), why="the columns differ in length")
    possible = _fit_together(x, t_x, n) & np.isfinite(weight) & (weight >= 0)
    wrong: Ints = np.flatnonzero(~possible)
    if len(wrong):
        raise BadOccasions(wrong=len(wrong), customers=len(x), why="not whole numbers with x <= t_x <= n")
    return x, t_x, n, weight


def _fit_together(x: Floats, t_x: Floats, n: Floats) -> Any:
    """Which histories are possible."""
    whole = (x == np.rint(x)) & (t_x == np.rint(t_x)) & (n == np.rint(n))
    return whole & (x >= 0) & (x <= t_x) & (t_x <= n) & ((x == 0) == (t_x == 0))


def _compressed(x: Floats, t_x: Floats, n: Floats, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Equal histories as one row."""
    rows, place = np.unique(np.column_stack([x, t_x, n]), axis=0, return_inverse=True)
    one, other, third = rows.T
    return one, other, third, np.bincount(place.reshape(-1), weight, minlength=len(rows)).astype(np.float64)
