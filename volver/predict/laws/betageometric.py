"""BG/NBD and MBG/NBD: customers who may stop right after an order.

Pure numerics. Fader, Hardie and Lee (2005) for BG/NBD; Batislam, Denizel and Filiztekin (2007) and Hoppe and Wagner
(2007) for the modified form, in which a customer may also stop after the very first order, so that P(alive) of a
one-time buyer is not 100 %. While alive a customer orders at rate lambda ~ Gamma(r, alpha) and stops after each
order with chance p ~ Beta(a, b). Forms that neither overflow nor cancel: docs/predict.md.
"""

from functools import lru_cache
from typing import ClassVar, Final

import numpy as np
from scipy.special import betaln, digamma, expit, gammaln, polygamma

from volver.predict.laws.buying import BuyingModel, at_least
from volver.predict.laws.history import Histories, histories
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.newton import Likelihood, crossed

_BLOCK: Final = 200_000
_ROWS: Final = 8192  # of a likelihood: their working columns stay in the cache


class BGNBD(BuyingModel):
    """BG/NBD: the beta-geometric model. Every one-time buyer counts as alive; prefer `MBGNBD`.

    >>> model = BGNBD.of(unit="weeks", r=0.243, alpha=7 * 4.414, a=0.793, b=2.426)
    >>> model.predict([[2], [30.43], [38.86]], "39 weeks").round(2).tolist()
    [1.23]
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    first_chances: ClassVar[int] = 0  # how often a customer could stop before any repeat order

    a_: float
    b_: float

    def simulate(self, ages: Floats, seed: int | None = None) -> Histories:
        """Histories that this law would give customers of these ages (days)."""
        chance = np.random.default_rng(self.seed if seed is None else seed)
        age = np.asarray(ages, dtype=np.float64)
        rate = chance.gamma(self.r_, 1.0 / self.alpha_, len(age))
        stop = chance.beta(self.a_, self.b_, len(age))
        x, t_x, clock = np.zeros(len(age)), np.zeros(len(age)), np.zeros(len(age))
        alive = chance.random(len(age)) >= stop if self.first_chances else np.ones(len(age), dtype=bool)
        going = np.flatnonzero(alive)
        while len(going):
            clock[going] += chance.exponential(size=len(going)) / np.maximum(rate[going], 1e-300)
            going = going[clock[going] <= age[going]]
            x[going] += 1
            t_x[going] = clock[going]
            going = going[chance.random(len(going)) >= stop[going]]
        return histories([x, t_x, age])

    def _likelihood(self, known: Histories) -> Likelihood:
        return StoppingLikelihood(known, self.first_chances)

    def _p_alive(self, known: Histories) -> Floats:
        found: Floats = expit(-self._log_odds_gone(known))
        return found

    def _log_odds_gone(self, known: Histories) -> Floats:
        theta = self._learned()
        r, alpha, a, b = theta
        silence = np.log1p((known.T - known.t_x) / (alpha + known.t_x))
        if self.first_chances:
            found: Floats = np.log(a) - np.log(b + known.x) + (r + known.x) * silence
            return found
        repeats = known.x > 0
        chances = np.where(repeats, b + known.x - 1.0, 1.0)
        return np.where(repeats, np.log(a) - np.log(chances) + (r + known.x) * silence, -np.inf)

    def _alive_orders(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        """E[(1 - (1 + p tau)^-(r+x)) / p] over p ~ Beta(a, b + x + m), tau = t / (alpha + T).

        Gauss-Jacobi in p: every term is positive, so nothing cancels and a = 1 is nothing special.
        """
        found = np.empty(len(x))
        reach = days / (self.alpha_ + age)
        n_nodes = 32 if float(np.max(reach, initial=0.0)) < 12 else 64
        counts, group_of = np.unique(x, return_inverse=True)
        p, weight = _kept_nodes(self.a_, self.b_ + self.first_chances, tuple(counts.tolist()), n_nodes)
        for begin in range(0, len(x), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            total = np.zeros(len(found[block]))
            shape, place = self.r_ + x[block], group_of[block]
            for node in range(n_nodes):
                stop = p[place, node]
                total += weight[place, node] * -np.expm1(-shape * np.log1p(stop * reach[block])) / stop
            found[block] = total
        return found

    def _alive_any(self, x: Floats, age: Floats, days: float) -> Floats:
        found: Floats = -np.expm1(-(self.r_ + x) * np.log1p(days / (self.alpha_ + age)))
        return found

    def _alive_tail(self, x: float, ages: Floats, days: float, most: int) -> Floats:
        """P(Y >= n | alive) = E[(1-p)^(n-1)] P(NegBin >= n): one stage, as `erlang` with k = 1."""
        stays = np.arange(float(most))
        b = self.b_ + x + self.first_chances
        staying = np.exp(betaln(self.a_, b + stays) - betaln(self.a_, b))
        found: Floats = staying * at_least(self.r_ + x, days / (self.alpha_ + ages + days), most)
        return found

    def _alive_tail_at(self, x: float, age: float, days: float, count: float) -> float:
        b = self.b_ + x + self.first_chances
        staying = float(np.exp(betaln(self.a_, b + count - 1.0) - betaln(self.a_, b)))
        return staying * super()._alive_tail_at(x, age, days, count)

    def _wait(self, x: Floats, age: Floats, days: float, q: float) -> Floats:
        reached = q * self._alive_any(x, age, days)
        found: Floats = (self.alpha_ + age) * np.expm1(-np.log1p(-reached) / (self.r_ + x))
        return found


class MBGNBD(BGNBD):
    """MBG/NBD: as BG/NBD, but a customer may also stop after the first order.

    >>> model = MBGNBD.of(r=0.525, alpha=43.3, a=0.891, b=1.614)
    >>> model.p_alive([[0, 2], [0, 213], [272, 272]]).round(2).tolist()
    [0.39, 0.71]
    """

    first_chances: ClassVar[int] = 1


class StoppingLikelihood:
    """Log-likelihood of (log r, log alpha, log a, log b) over weighted rows, with its gradient and Hessian.

    -(r+x) ln(alpha+T) + ln B(a, b+x+m) - ln B(a, b) + softplus(d) and what depends on x alone; gamma functions are
    taken once per distinct x. Gaps of `k` stages change r + x into r + k x; their rows are in `erlang`.
    """

    def __init__(self, known: Histories, first_chances: int, k: int = 1) -> None:
        self.k = k
        self.x, self.t_x, self.age, self.n = known.x, known.t_x, known.T, known.n
        self.m = first_chances
        self.counts, group_of = np.unique(known.x, return_inverse=True)
        self.group_n = np.bincount(group_of, known.n, minlength=len(self.counts))
        self.total = float(known.n.sum())

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient (4,) and Hessian (4, 4) at the logarithms of the parameters."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            r, alpha, a, b = natural = np.exp(theta)
            value, gradient, hessian = self._by_count(r, alpha, a, b)
            value += self._by_row(r, alpha, a, b, gradient, hessian)
            gradient *= natural
            hessian = hessian * np.outer(natural, natural) + np.diag(gradient)
        return value, gradient, hessian

    def _by_count(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Floats, Floats]:
        """The terms that depend on x alone."""
        x, n, total = self.counts, self.group_n, self.total
        shape, end = r + self.k * x, b + x + self.m
        value = float(n @ (gammaln(shape) - gammaln(r) + betaln(a, end) - betaln(a, b))) + total * r * np.log(alpha)
        stay = digamma(a + b) - digamma(a + end)
        gradient = np.array(
            [
                n @ (digamma(shape) - digamma(r)) + total * np.log(alpha),
                total * r / alpha,
                n @ stay,
                n @ (digamma(end) - digamma(b) + stay),
            ]
        )
        bend = float(n @ (polygamma(1, a + b) - polygamma(1, a + end)))
        hessian = np.zeros((4, 4))
        hessian[0, 0] = n @ (polygamma(1, shape) - polygamma(1, r))
        hessian[0, 1] = hessian[1, 0] = total / alpha
        hessian[1, 1] = -total * r / alpha**2
        hessian[2:, 2:] = bend
        hessian[3, 3] += n @ (polygamma(1, end) - polygamma(1, b))
        return value, gradient, hessian

    def _by_row(self, r: float, alpha: float, a: float, b: float, gradient: Floats, hessian: Floats) -> float:
        """The terms that need t_x or T; adds to gradient and Hessian, returns the value. Blocks stay in the cache."""
        value = 0.0
        for begin in range(0, len(self.x), _ROWS):
            rows = slice(begin, begin + _ROWS)
            value += self._block(rows, r, alpha, a, b, gradient, hessian)
        return value

    def _block(
        self, rows: slice, r: float, alpha: float, a: float, b: float, gradient: Floats, hessian: Floats
    ) -> float:
        x, n, t_x, age = self.x[rows], self.n[rows], self.t_x[rows], self.age[rows]
        shape, now, last = r + x, 1.0 / (alpha + age), 1.0 / (alpha + t_x)
        silence = np.log1p((age - t_x) * last)
        held = np.log(alpha + age)
        chances = b + x - 1.0 + self.m
        possible = chances > 0 if self.m else x > 0
        chances = np.where(possible, chances, 1.0)
        odds = np.where(possible, np.log(a) - np.log(chances) + shape * silence, -np.inf)
        small = np.exp(-np.abs(odds))
        gone = np.where(odds > 0, 1.0, small) / (1.0 + small)
        value = float(n @ (np.maximum(odds, 0.0) + np.log1p(small) - shape * held))
        w, shaped = n * gone, n * shape * now
        first = np.stack([silence, shape * (now - last), np.full_like(gone, 1.0 / a), -1.0 / chances])
        gradient += first @ w
        hessian += crossed(first * (w * (1.0 - gone)), first)
        gradient[0] -= n @ held
        gradient[1] -= shaped.sum()
        bent = float(w @ (now - last)) - float(n @ now)
        hessian[0, 1] += bent
        hessian[1, 0] += bent
        hessian[1, 1] += w @ (shape * (last**2 - now**2)) + shaped @ now
        hessian[2, 2] -= w.sum() / a**2
        hessian[3, 3] += w @ first[3] ** 2
        return value


@lru_cache(maxsize=32)
def _kept_nodes(a: float, b: float, counts: tuple[float, ...], n_nodes: int) -> tuple[Floats, Floats]:
    """Nodes for b + each count; every horizon of one model and shop needs the same ones."""
    return beta_nodes(a, b + np.array(counts), n_nodes)


def beta_nodes(a: float, b: Floats, n_nodes: int) -> tuple[Floats, Floats]:
    """Gauss-Jacobi nodes and weights for the mean over Beta(a, b), for many b: two arrays (len(b), n_nodes).

    Golub and Welsch (1969): eigenvalues of the Jacobi matrix, stable for any a, b > 0. p = (1 + y) / 2 with the
    weight (1-y)^(b-1) (1+y)^(a-1).
    """
    from scipy.linalg.lapack import dstev  # only this needs it

    one, other = np.asarray(b, dtype=np.float64)[:, None] - 1.0, a - 1.0
    k = np.arange(1.0, n_nodes)[None, :]
    both = one + other
    diagonal = np.empty((len(b), n_nodes))
    diagonal[:, 0] = ((other - one) / (both + 2.0))[:, 0]
    diagonal[:, 1:] = (other - one) * both / ((2 * k + both) * (2 * k + both + 2.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        square = 4 * k * (k + one) * (k + other) * (k + both)
        square /= (2 * k + both) ** 2 * (2 * k + both + 1) * (2 * k + both - 1)
    square[:, :1] = 4 * (1 + one) * (1 + other) / ((2 + both) ** 2 * (3 + both))  # k = 1 without its 0 / 0
    beside, p, weight = np.sqrt(square), np.empty_like(diagonal), np.empty_like(diagonal)
    for i in range(len(p)):  # one small matrix at a time: numpy's stacked eigh wakes all threads of OpenBLAS for each
        y, vectors, _ = dstev(diagonal[i], beside[i])
        p[i], weight[i] = (1.0 + y) / 2.0, vectors[0] ** 2
    return np.clip(p, 1e-300, 1.0), weight
