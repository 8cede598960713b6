"""(M)BG/CNBD-k: customers whose orders come more regularly than chance, and who may stop right after one.

Pure numerics. Platzer and Reutterer (2016), after Chatfield and Goodhardt (1973): between two orders lie k hidden
stages, each passed at rate lambda ~ Gamma(r, alpha), so a gap is Erlang-k; after each order the customer stops with
chance p ~ Beta(a, b). k = 1 is (M)BG/NBD. What a living customer does next depends on the stage reached, and so on
how long they have been silent; the law of that is exact here, where the paper approximates.
"""

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import betainc, betaln, gammaln

from volver.core import clock
from volver.predict.laws.betageometric import BGNBD, StoppingLikelihood, _kept_nodes
from volver.predict.laws.buying import at_least
from volver.predict.laws.history import Histories, histories
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.horizons import unit_days
from volver.predict.numerics.newton import Likelihood, Prior
from volver.predict.numerics.params import BadParameters

_MOST_STAGES: Final = 4
_BLOCK: Final = 50_000
_SHORTEST: Final = 1e-3  # days: a last order at the moment of the first


class BGCNBD(BGNBD):
    """BG/CNBD-k: beta-geometric stopping, Erlang-k gaps. `k` is 1, 2, 3, … or "auto": what the likelihood prefers.

    To choose k the gaps themselves tell more than x, t_x and T: give `log_gaps` to `fit`.

    >>> model = BGCNBD.of(k=2, r=1.3, alpha=20.0, a=0.4, b=0.8)
    >>> model.predict([[2], [213], [272]], "39 weeks").round(2).tolist()
    [1.75]
    """

    def __init__(self, *, k: int | str = 2, unit: str = "days", prior: bool | str = "auto", seed: int = 0) -> None:
        super().__init__(unit=unit, prior=prior, seed=seed)
        self.k = k
        if k != "auto":
            self.k_ = self._stages(k)

    k_: int

    def _key(self) -> Hashable:
        return super()._key(), self.k_

    # ---- learning

    def fit(
        self,
        X: Any,
        y: None = None,  # noqa: ARG002  (scikit-learn's signature)
        *,
        log_gaps: Any = None,
        regularity: float | None = None,
    ) -> Self:
        """Learn from a frame of (x, t_x, T).

        `log_gaps`: the sum of the logarithms of the gaps between orders (in `unit`), in total or per customer;
        without it, the gaps are integrated out and only t_x speaks. `regularity`: where the search of k="auto"
        begins, such as `wheat_morrison` gives.
        """
        began = clock.stopwatch_s()
        known = histories(X, unit=self.unit)
        gaps = None
        if log_gaps is not None:
            gaps = float(np.sum(log_gaps)) + float(known.n @ known.x) * float(np.log(unit_days(self.unit)))
        if self.k != "auto":
            self._fit_stages(known, self._stages(self.k), gaps)
        else:
            self._search(known, gaps, 1 if regularity is None else round(regularity))
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    @classmethod
    def of(cls, *, unit: str = "days", **parameters: float) -> Self:
        """A model whose parameters are known, k among them (else 2); those that are times are given in days."""
        k = parameters.get("k", 2)
        return cls(unit=unit, k=int(k) if k == int(k) else str(k)).knowing(**parameters)

    @classmethod
    def _stages(cls, k: Any) -> int:
        """A whole number from 1 on. Raises `predict.bad_parameters`."""
        if isinstance(k, bool) or not isinstance(k, Integral) or k < 1:
            raise BadParameters(model=cls.__name__, why=f'k = {k!r} is neither 1, 2, 3, … nor "auto"')
        return int(k)

    def moved(self, log_step: Floats) -> Self:
        """The same model with its log-parameters moved."""
        twin = type(self)(k=self.k, unit=self.unit, prior=self.prior, seed=self.seed)
        twin.k_ = self.k_
        twin._learn(self._learned() * np.exp(log_step))
        return twin

    def _search(self, known: Histories, gaps: float | None, start: int) -> None:
        """Climb from `start` to the k between 1 and 4 with the highest likelihood."""
        tried: dict[int, BGCNBD] = {}

        def at(k: int) -> float:
            if not 1 <= k <= _MOST_STAGES:
                return -np.inf
            if k not in tried:
                twin = type(self)(k=k, unit=self.unit, prior=self.prior, seed=self.seed)
                twin._fit_stages(known, k, gaps)
                tried[k] = twin
            return tried[k].log_likelihood_

        k = min(max(start, 1), _MOST_STAGES)
        way = 1 if at(k + 1) > at(k) else -1
        while at(k + way) > at(k):
            k += way
        vars(self).update({name: value for name, value in vars(tried[k]).items() if name.endswith("_")})
        self._learn(tried[k]._learned())
        self.likelihood_by_k_ = {each: model.log_likelihood_ for each, model in sorted(tried.items())}

    def _fit_stages(self, known: Histories, k: int, gaps: float | None) -> None:
        self.k_ = k
        found = self._maximum(known)
        self._learn(np.exp(found.theta))
        self.log_likelihood_ = float(found.value) + self._constant(known, gaps)
        self.n_customers_ = known.n_customers
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        self.n_steps_ = found.steps
        self.log_covariance_ = found.covariance

    def score(self, X: Any, y: None = None) -> float:  # noqa: ARG002
        """Log-likelihood of histories under the learned parameters, by customer; the gaps are integrated out."""
        known = histories(X, unit=self.unit)
        return super().score(known) + self._constant(known, None) / max(known.n_customers, 1)

    def _constant(self, known: Histories, log_gaps: float | None) -> float:
        """What the log-likelihood owes to the gaps alone. Unknown gaps are integrated out, on the scale of k = 1."""
        k, repeats = self.k_, known.x > 0
        x, n = known.x[repeats], known.n[repeats]
        if log_gaps is not None:
            return float((k - 1) * log_gaps - (n @ x) * gammaln(k))
        last = np.log(np.maximum(known.t_x[repeats], _SHORTEST))
        return float(n @ ((k - 1) * x * last + gammaln(x) - gammaln(k * x)))

    def simulate(self, ages: Floats, seed: int | None = None) -> Histories:
        """Histories that this law would give customers of these ages (days)."""
        chance = np.random.default_rng(self.seed if seed is None else seed)
        age = np.asarray(ages, dtype=np.float64)
        rate = chance.gamma(self.r_, 1.0 / self.alpha_, len(age))
        stop = chance.beta(self.a_, self.b_, len(age))
        x, t_x, now = np.zeros(len(age)), np.zeros(len(age)), np.zeros(len(age))
        going = np.flatnonzero(chance.random(len(age)) >= stop) if self.first_chances else np.arange(len(age))
        while len(going):
            now[going] += chance.gamma(self.k_, size=len(going)) / np.maximum(rate[going], 1e-300)
            going = going[now[going] <= age[going]]
            x[going] += 1
            t_x[going] = now[going]
            going = going[chance.random(len(going)) >= stop[going]]
        return histories([x, t_x, age])

    # ---- the law

    def cells(self, known: Histories) -> tuple[Floats, Floats, Ints]:
        """Each row is its own: x, (age, silence), place."""
        if self.k_ == 1:
            return known.cells
        return known.x, np.column_stack([known.T, known.T - known.t_x]), np.arange(len(known.x))

    def weak_prior(self, known: Histories) -> Prior:
        """As in `BuyingModel`; stages pass k times as fast as orders come."""
        plain = super().weak_prior(known)
        faster = np.log(self.k_) * np.array([name in self.times for name in self.names])
        return Prior(centre=plain.centre - faster, deviation=plain.deviation)

    def _likelihood(self, known: Histories) -> Likelihood:
        return _Staged(known, self.k_, self.first_chances)

    def _p_alive(self, known: Histories) -> Floats:
        r, alpha, a, b = self._learned().tolist()
        logs = _log_terms(known, r, alpha, a, b, self.k_, self.first_chances)
        top = logs.max(axis=0)
        share = np.exp(logs - top)
        found: Floats = share[:-1].sum(axis=0) / share.sum(axis=0)
        return found

    def _split(self, x: Floats, states: Floats) -> tuple[Floats, Floats]:
        """Ages, and the chance of each stage if alive: (n,), (k, n). Silence that is not told is taken as usual."""
        if states.ndim == 2:
            age, silence = states.T
        else:
            age, silence = states, states / (x + 1.0)
        shape = self.r_ + self.k_ * x
        weights, term = [np.ones_like(age)], np.ones_like(age)
        for stage in range(1, self.k_):
            term = term * (shape + stage - 1.0) / stage * silence / (self.alpha_ + age)
            weights.append(term)
        stages: Floats = np.array(weights)
        return age, stages / stages.sum(axis=0)

    def _alive_orders(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        ages, weights = self._split(x, age)
        fresh = np.concatenate([[True], (np.diff(x) != 0) | (np.diff(ages) != 0)])[: len(x)]
        reach = np.broadcast_to(days, ages.shape)[fresh] / (self.alpha_ + ages[fresh])
        by_stage = self._orders_by_stage(x[fresh], reach)
        found: Floats = np.sum(weights * by_stage[:, np.cumsum(fresh) - 1], axis=0)
        return found

    def _orders_by_stage(self, x: Floats, reach: Floats) -> Floats:
        """Expected orders of a customer alive at stage j, for each j: (k, n). Gauss-Jacobi in p, as in `BGNBD`."""
        found = np.zeros((self.k_, len(x)))
        n_nodes = 32 if float(np.max(reach, initial=0.0)) < 12 else 64
        counts, group_of = np.unique(x, return_inverse=True)
        p, weight = _kept_nodes(self.a_, self.b_ + self.first_chances, tuple(counts.tolist()), n_nodes)
        for begin in range(0, len(x), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            shape, place = self.r_ + self.k_ * x[block], group_of[block]
            for node in range(n_nodes):
                found[:, block] += weight[place, node] * _orders(shape, reach[block], p[place, node], self.k_)
        return found

    def _alive_any(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        ages, weights = self._split(x, age)
        odds = days / (self.alpha_ + ages + days)
        shape = self.r_ + self.k_ * x
        found = np.zeros(len(x))
        for stage in range(self.k_):
            found += weights[stage] * betainc(float(self.k_ - stage), shape + stage, odds)
        return found

    def _alive_tail(self, x: float, ages: Floats, days: float, most: int) -> Floats:
        """P(Y >= n | alive) = E[(1-p)^(n-1)] sum_j w_j P(NegBin(r + kx + j) >= nk - j)."""
        age, weights = self._split(np.full(len(ages), x), ages)
        distinct, place = np.unique(age, return_inverse=True)
        odds = days / (self.alpha_ + distinct + days)
        found = np.zeros((len(age), most))
        for stage in range(self.k_):
            tail = at_least(self.r_ + self.k_ * x + stage, odds, self.k_ * most - stage)
            found += weights[stage][:, None] * tail[:, self.k_ - stage - 1 :: self.k_][place]
        b = self.b_ + x + self.first_chances
        found *= np.exp(betaln(self.a_, b + np.arange(float(most))) - betaln(self.a_, b))
        return found

    def _alive_tail_at(self, x: float, age: float, days: float, count: float) -> float:
        """Of a customer at the last stage, whose next order is nearest."""
        b, last = self.b_ + x + self.first_chances, self.k_ - 1
        staying = float(np.exp(betaln(self.a_, b + count - 1.0) - betaln(self.a_, b)))
        odds = days / (self.alpha_ + age + days)
        return staying * float(betainc(self.k_ * count - last, self.r_ + self.k_ * x + last, odds))

    def _wait(self, x: Floats, age: Floats, days: float, q: float) -> Floats:
        if self.k_ == 1:
            return super()._wait(x, age, days, q)
        target = q * self._alive_any(x, age, days)
        low, high = np.zeros(len(x)), np.full(len(x), float(days))
        found: Floats = q * high
        going = np.arange(len(x))
        for _ in range(40):  # Newton's steps, halving where one would leave what is left
            one, states, at = x[going], age[going], found[going]
            excess = self._alive_any(one, states, at) - target[going]
            low[going], high[going] = np.where(excess < 0, at, low[going]), np.where(excess < 0, high[going], at)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                step = at - excess / self._pace(one, states, at)
            inside = (step > low[going]) & (step < high[going])
            found[going] = np.where(inside, step, 0.5 * (low[going] + high[going]))
            going = going[np.abs(found[going] - at) > 1e-9 * days]
            if not len(going):
                break
        return found

    def _pace(self, x: Floats, age: Floats, days: Floats) -> Floats:
        """Density of the wait for the next order, if alive."""
        ages, weights = self._split(x, age)
        since = self.alpha_ + ages
        log_odds, log_rest = np.log(days / (since + days)), np.log(since / (since + days))
        found = np.zeros(len(x))
        for stage in range(self.k_):
            ahead, shape = float(self.k_ - stage), self.r_ + self.k_ * x + stage
            logs = (ahead - 1.0) * log_odds + (shape + 1.0) * log_rest - betaln(ahead, shape)
            found += weights[stage] * np.exp(logs) / since
        return found


class MBGCNBD(BGCNBD):
    """MBG/CNBD-k: as BG/CNBD-k, but a customer may also stop after the first order.

    >>> model = MBGCNBD.of(k=2, r=1.33, alpha=19.7, a=0.425, b=0.79)
    >>> model.p_alive([[0, 2], [0, 213], [272, 272]]).round(2).tolist()
    [0.1, 0.8]
    """

    first_chances: ClassVar[int] = 1


def wheat_morrison(gaps: Iterable[Any]) -> float | None:
    """Regularity k of gaps between orders: one sequence per customer, oldest gap first. 1 is chance, more is rhythm.

    Wheat and Morrison (1990): of the last two gaps, the share of the later one is Beta(k, k), whatever the customer's
    rate; its spread is taken about 1/2, as if either gap had come first. None below two customers with two gaps, or
    when all shares are equal.

    >>> round(wheat_morrison([[30, 31], [7, 9], [14, 12], [60, 45]]), 1)
    35.0
    """
    pairs = [(float(each[-2]), float(each[-1])) for each in gaps if len(each) >= 2]
    shares = np.array([later / (one + later) for one, later in pairs if one + later > 0])
    spread = float(np.sum((shares - 0.5) ** 2)) / (len(shares) - 1) if len(shares) > 1 else 0.0
    return (1.0 - 4.0 * spread) / (8.0 * spread) if spread > 0 else None


def log_gaps(order_days: Sequence[float]) -> float:
    """Sum of the logarithms of the gaps between one customer's order days; a gap of nothing counts as none."""
    return float(sum(np.log(later - one) for one, later in pairwise(sorted(order_days)) if later > one))


def _orders(shape: Floats, reach: Floats, p: Floats, k: int) -> Floats:
    """E[(1 - (1-p)^M) / p] for M orders of one who cannot stop, from each stage j: (k, n).

    M = floor((N + j) / k) for N negative binomial counts; the remainder is taken out with the k-th roots of one, so
    N enters through its generating function alone. The part near p = 0 is written so that nothing cancels.
    """
    stay = np.log1p(-np.minimum(p, 1.0 - 1e-12))  # log q
    found = np.empty((k, len(shape)))
    for stage in range(k):
        whole = -(shape + stage) * np.log1p(reach * -np.expm1(stay / k))
        lost = sum(-np.expm1((stage - left) / k * stay + whole) for left in range(k)) / (k * p)
        for turn in range(1, k):
            root = np.exp(stay / k + 2j * np.pi * turn / k)
            other = np.exp(-(shape + stage) * np.log(1.0 + reach * (1.0 - root)))
            lost = lost + np.real(root ** (stage + 1) / (root - 1.0) * other) * np.exp(-stay) / k
        found[stage] = lost
    return found


def _log_terms(known: Histories, r: float, alpha: float, a: float, b: float, k: int, first_chances: int) -> Floats:
    """Logs, up to what all share, of being alive at stages 0 … k-1 and (last) of having stopped: (k + 1, n).

    What is shared: Gamma(r + kx) (alpha + T)^-(r + kx) and the chance of having stayed so far.
    """
    shape, silence = r + k * known.x, known.T - known.t_x
    logs = np.empty((k + 1, len(known.x)))
    logs[0] = 0.0
    with np.errstate(divide="ignore"):
        ahead = np.log(silence) - np.log(alpha + known.T)
    for stage in range(1, k):
        logs[stage] = logs[stage - 1] + np.log(shape + stage - 1.0) - np.log(stage) + ahead
    possible = np.ones(len(known.x), dtype=bool) if first_chances else known.x > 0
    chances = np.where(possible, b + known.x - 1.0 + first_chances, 1.0)
    gone = np.log(a) - np.log(chances) + shape * np.log1p(silence / (alpha + known.t_x))
    logs[k] = np.where(possible, gone, -np.inf)
    return logs


class _Staged(StoppingLikelihood):
    """The same over k stages per gap; derivatives by the identity of Louis (1982) over stages."""

    def __init__(self, known: Histories, k: int, first_chances: int) -> None:
        super().__init__(known, first_chances, k)
        self.known = known

    def _by_row(self, r: float, alpha: float, a: float, b: float, gradient: Floats, hessian: Floats) -> float:
        """The terms that need t_x or T; adds to gradient and Hessian, returns the value."""
        known, k, n = self.known, self.k, self.known.n
        shape = r + k * known.x
        now, last = 1.0 / (alpha + known.T), 1.0 / (alpha + known.t_x)
        logs = _log_terms(known, r, alpha, a, b, k, self.m)
        top = logs.max(axis=0)
        share = np.exp(logs - top)
        whole = share.sum(axis=0)
        share /= whole
        first, bends = self._slopes(shape, now, last, a, b)
        means = [np.sum(share * one, axis=0) for one in first]
        for i, one in enumerate(first):
            gradient[i] += n @ means[i]
            for j in range(i + 1):
                both = float(n @ (np.sum(share * one * first[j], axis=0) - means[i] * means[j]))
                both += float(n @ np.sum(share * bends[i, j], axis=0)) if (i, j) in bends else 0.0
                hessian[i, j] += both
                hessian[j, i] += both if i != j else 0.0
        return float(n @ (top + np.log(whole) + shape * np.log(now)))

    def _slopes(
        self, shape: Floats, now: Floats, last: Floats, a: float, b: float
    ) -> tuple[list[Floats], dict[tuple[int, int], Floats]]:
        """First and second derivatives of each term's log, by r, alpha, a, b: each (k + 1, n)."""
        k = self.k
        first = [np.zeros((k + 1, len(shape))) for _ in range(4)]
        bends = {key: np.zeros((k + 1, len(shape))) for key in ((0, 0), (1, 0), (1, 1), (2, 2), (3, 3))}
        climbed, bent = np.zeros(len(shape)), np.zeros(len(shape))
        for stage in range(k):
            first[0][stage] = climbed + np.log(now)
            first[1][stage] = -(shape + stage) * now
            bends[0, 0][stage], bends[1, 0][stage] = -bent, -now
            bends[1, 1][stage] = (shape + stage) * now**2
            climbed, bent = climbed + 1.0 / (shape + stage), bent + 1.0 / (shape + stage) ** 2
        possible = np.ones(len(shape), dtype=bool) if self.m else self.known.x > 0
        chances = np.where(possible, b + self.known.x - 1.0 + self.m, 1.0)
        first[0][k], first[1][k] = np.log(last), -shape * last
        first[2][k], first[3][k] = 1.0 / a, -1.0 / chances
        bends[1, 0][k], bends[1, 1][k] = -last, shape * last**2
        bends[2, 2][k], bends[3, 3][k] = -1.0 / a**2, chances**-2.0
        return first, bends
