"""Subscriptions: customers who renew or are lost at the end of each period, in full view.

Pure numerics. Fader and Hardie (2007): each customer is lost at a renewal with a chance of their own, theta ~
Beta(a, b), so that those who remain grow more loyal (sBG). Fader, Hardie, Liu, Davin and Steenburgh (2018) let the
chance also change with time, by a Weibull power c (BdW); c = 1 is sBG. Inside, the model is learned by the mean
chance of loss a / (a + b) and its precision a + b, which the data tell apart better than a and b.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np
from scipy.special import betaln, digamma, polygamma

from volver.core import VolverError, clock
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.newton import Likelihood, Prior, maximise
from volver.predict.numerics.params import BadQuestion, NotFitted, Params, asked_discount, positive

_FEW: Final = 1000
_NEGLIGIBLE: Final = 1e-13
_LONGEST: Final = 50_000  # periods, in a sum without end


class BadSubscriptions(VolverError):
    """Renewals that no customer can have."""

    code = "predict.bad_subscriptions"
    says = "{wrong} of {customers} subscriptions are impossible: {why}."
    hint = "Give the renewal at which each was lost (1, 2, …), or how many an active one has passed (0, 1, …)."


class ShiftedBetaGeometric(Params):
    """sBG: the chance of loss at each renewal is Beta(a, b) across customers and stays what it is for each.

    `fit` takes one row per customer (or per group, with `counts`): the renewal at which the customer was lost, or the
    number passed so far by one who is `active`. `fit_survivors` takes the number of customers left after 0, 1, 2, …
    renewals. `prior` as in `BuyingModel`.

    >>> model = ShiftedBetaGeometric(prior=False).fit_survivors([1000, 631, 468, 382, 326, 289, 262, 241])
    >>> round(model.a_, 3), round(model.b_, 3), model.survival(12).round(3).tolist()
    (0.704, 1.182, [0.17])
    """

    names: ClassVar[tuple[str, ...]] = ("a", "b")

    def __init__(self, *, prior: bool | str = "auto") -> None:
        self.prior = prior

    a_: float
    b_: float
    c_: float = 1.0
    covariance_: Floats

    # ---- learning

    def fit(self, renewals: Any, active: Any = None, *, counts: Any = None) -> Self:
        """Learn from the renewal of loss, or (where `active`) the renewals passed. Never raises on possible ones."""
        return self._fit(_tallied(renewals, active, counts), self._weak_prior(None))

    def fit_survivors(self, survivors: Sequence[float]) -> Self:
        """Learn from how many customers are left after 0, 1, 2, … renewals."""
        left = np.asarray(survivors, dtype=np.float64)
        if len(left) < 1 or not np.all(np.isfinite(left)) or np.any(np.diff(left) > 0) or left[-1] < 0:
            raise BadSubscriptions(wrong="some", customers=len(left), why="survivors may only grow fewer")
        last = float(len(left) - 1)
        renewals = np.concatenate([np.arange(1.0, last + 1.0), [last]])
        active = np.arange(len(left)) == len(left) - 1
        return self.fit(renewals, active, counts=np.concatenate([-np.diff(left), left[-1:]]))

    @classmethod
    def of(cls, **parameters: float) -> Self:
        """A model whose parameters are known."""
        model = cls()
        model._learn(*positive(cls.__name__, cls.names, parameters))
        return model

    @property
    def parameters_(self) -> dict[str, float]:
        """What was learned, by name."""
        self._check()
        return {name: float(getattr(self, f"{name}_")) for name in self.names}

    @property
    def standard_errors_(self) -> dict[str, float]:
        """One standard deviation of each parameter (observed information, delta method)."""
        self._check()
        return dict(zip(self.names, np.sqrt(np.maximum(np.diag(self.covariance_), 0.0)).tolist(), strict=True))

    # ---- asking

    def survival(self, renewals: Any) -> Floats:
        """Share of new customers left after so many renewals."""
        self._check()
        found: Floats = np.exp(_log_left(_steps(renewals), self.a_, self.b_, self.c_))
        return found

    def retention(self, renewals: Any) -> Floats:
        """Chance that one who comes to this renewal (1, 2, …) renews."""
        return self.chance_left(_steps(renewals) - 1.0, 1)

    def chance_left(self, passed: Any, ahead: float = 1) -> Floats:
        """Chance that a customer who has passed so many renewals is still there after `ahead` more."""
        self._check()
        passed = _steps(passed)
        logs = _log_left(passed + ahead, self.a_, self.b_, self.c_) - _log_left(passed, self.a_, self.b_, self.c_)
        found: Floats = np.exp(logs)
        return found

    def predict(self, passed: Any, periods: int = 12, *, discount: float = 0.0) -> Floats:
        """Expected (discounted) renewals among the next `periods` of a customer who has passed so many.

        `discount` is per period; the next renewal is one period away.
        """
        self._check()
        discount = asked_discount(discount)
        if periods < 0:
            raise BadQuestion(why=f"{periods} periods")
        weight = (1.0 + discount) ** -np.arange(1.0, periods + 1.0)
        return self._weighted(_steps(passed), weight)

    def residual(self, passed: Any, *, discount: float = 0.1) -> Floats:
        """Discounted expected residual lifetime (DERL) just before the next renewal, which itself is not discounted.

        Fader and Hardie (2010), equation 6, summed term by term; `discount` is per period and above 0.
        """
        self._check()
        if not discount > 0:
            raise BadSubscriptions(wrong=1, customers=1, why="a lifetime without end needs a discount above 0")
        terms = min(_LONGEST, int(np.ceil(-np.log(_NEGLIGIBLE * discount) / np.log1p(discount))) + 1)
        return self._weighted(_steps(passed), (1.0 + discount) ** -np.arange(float(terms)))

    # ---- inside

    def _weak_prior(self, whole: "ShiftedBetaGeometric | None") -> Prior:
        """Wide, about a usual shop; for a cohort narrower, about the whole shop."""
        centre, deviation = np.array([-1.0, 1.0, 0.0]), np.array([1.5, 1.5, 0.5])
        if whole is not None:
            precision = whole.a_ + whole.b_
            centre = np.array([np.log(whole.a_) - np.log(whole.b_), np.log(precision), np.log(whole.c_)])
            deviation = np.array([1.0, 1.0, 0.25])
        free = len(self.names)
        return Prior(centre=centre[:free], deviation=deviation[:free])

    def _fit(self, tally: tuple[Floats, Floats, Floats], prior: Prior) -> Self:
        began = clock.stopwatch_s()
        customers = float(tally[1].sum() + tally[2].sum())
        wanted = None if self.prior == "auto" else bool(self.prior)
        few = wanted is None and customers < _FEW
        likelihood = _likelihood(*tally, len(self.names))
        found = maximise(likelihood, prior.centre, customers, prior, True if few else wanted)
        self._learn(*_natural(found.theta))
        self.log_likelihood_ = float(found.value)
        self.n_customers_ = round(customers)
        self.converged_, self.identified_, self.with_prior_ = found.converged, found.identified, found.with_prior
        slopes = _slopes(found.theta)[0]
        self.covariance_ = slopes @ found.covariance @ slopes.T  # of a, b (and c)
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def _weighted(self, passed: Floats, weight: Floats) -> Floats:
        """Sum over coming renewals of the chance to pass them, times weight; once per distinct number passed."""
        distinct, place = np.unique(passed, return_inverse=True)
        ahead = np.arange(1.0, len(weight) + 1.0)
        start = _log_left(distinct, self.a_, self.b_, self.c_)
        found = np.array(
            [
                weight @ np.exp(_log_left(one + ahead, self.a_, self.b_, self.c_) - before)
                for one, before in zip(distinct, start, strict=True)
            ]
        )
        return np.asarray(found[place.reshape(-1)] if len(found) else np.zeros(0), dtype=np.float64)

    def _learn(self, a: float, b: float, c: float = 1.0) -> None:
        self.a_, self.b_, self.c_ = float(a), float(b), float(c)

    def _check(self) -> None:
        if not hasattr(self, "a_"):
            raise NotFitted(model=type(self).__name__)


class BetaDiscreteWeibull(ShiftedBetaGeometric):
    """BdW: as sBG, but each customer's chance of loss also changes with time: it falls if c < 1, grows if c > 1.

    >>> model = BetaDiscreteWeibull.of(a=0.704, b=1.182, c=1.0)
    >>> model.survival([1, 7]).round(3).tolist()
    [0.627, 0.239]
    """

    names: ClassVar[tuple[str, ...]] = ("a", "b", "c")


def fit_cohorts(
    renewals: Any, active: Any, cohorts: Any, kind: type[ShiftedBetaGeometric] = ShiftedBetaGeometric
) -> dict[Any, ShiftedBetaGeometric]:
    """One model per cohort, by its name; cohorts of fewer than 1,000 customers lean on the whole shop's model.

    >>> found = fit_cohorts([4, 4, 1, 1], [True, True, False, False], ["2025", "2025", "2026", "2026"])
    >>> [model.retention(1).round(2).tolist() for model in found.values()]
    [[0.8], [0.45]]
    """
    steps, left, names = _steps(renewals), _yes_or_no(active), np.asarray(cohorts)
    if not len(steps) == len(left) == len(names):
        raise BadSubscriptions(wrong="all", customers=len(steps), why="the columns differ in length")
    whole = kind().fit(steps, left)
    found = {}
    for name in np.unique(names).tolist():
        model, own = kind(), names == name
        found[name] = model._fit(_tallied(steps[own], left[own], None), model._weak_prior(whole))
    return found


def _log_left(steps: Floats, a: float, b: float, c: float) -> Floats:
    """Log survival, ln S(t) = ln B(a, b + t^c) - ln B(a, b)."""
    found: Floats = betaln(a, b + steps**c) - betaln(a, b)
    return found


def _steps(values: Any) -> Floats:
    try:
        found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise BadSubscriptions(wrong="some", customers=np.size(values), why="a renewal is no number") from error
    wrong: Ints = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(wrong):
        raise BadSubscriptions(wrong=len(wrong), customers=len(found), why="a number of renewals is below 0")
    return found


def _yes_or_no(active: Any) -> Any:
    """Who is active: True and False, or 1 and 0. Raises `BadSubscriptions`."""
    given = np.atleast_1d(np.asarray(active))
    try:
        number = given.astype(np.float64) if given.dtype.kind in "biufO" else np.full(len(given), np.nan)
    except (TypeError, ValueError):
        number = np.full(len(given), np.nan)
    wrong = ~((number == 0) | (number == 1))
    if wrong.any():
        why = "active is neither True nor False, neither 1 nor 0"
        raise BadSubscriptions(wrong=int(wrong.sum()), customers=len(given), why=why)
    return number == 1


def _tallied(renewals: Any, active: Any, counts: Any) -> tuple[Floats, Floats, Floats]:
    """Distinct numbers of renewals, how many customers were lost at each, how many active ones have passed so many."""
    steps = _steps(renewals)
    left = np.zeros(len(steps), dtype=bool) if active is None else _yes_or_no(active)
    weight = np.ones(len(steps)) if counts is None else np.atleast_1d(np.asarray(counts, dtype=np.float64))
    if not len(steps) == len(left) == len(weight):
        raise BadSubscriptions(wrong="all", customers=len(steps), why="the columns differ in length")
    wrong = (steps != np.rint(steps)) | (~left & (steps < 1)) | ~np.isfinite(weight) | (weight < 0)
    if wrong.any():
        raise BadSubscriptions(wrong=int(wrong.sum()), customers=len(steps), why="not whole, or lost before the first")
    distinct, place = np.unique(steps, return_inverse=True)
    lost = np.bincount(place, weight * ~left, minlength=len(distinct)).astype(np.float64)
    kept = np.bincount(place, weight * left, minlength=len(distinct)).astype(np.float64)
    return distinct, lost, kept


def _natural(theta: Floats) -> tuple[float, float, float]:
    """a, b, c from logit of the mean, log of the precision, log of c."""
    whole = float(np.exp(np.minimum(theta[1], 300.0)))
    mean = 1.0 / (1.0 + np.exp(-theta[0])), 1.0 / (1.0 + np.exp(theta[0]))
    return whole * float(mean[0]), whole * float(mean[1]), float(np.exp(theta[2])) if len(theta) > 2 else 1.0


def _slopes(theta: Floats) -> tuple[Floats, list[Floats]]:
    """First derivatives of (a, b, c) by theta (rows: a, b, c), and the second ones, a matrix for each."""
    a, b, c = _natural(theta)
    swing = a * b / (a + b)
    first = np.zeros((3, 3))
    first[:2, :2], first[2, 2] = [[swing, a], [-swing, b]], c
    second = [np.zeros((3, 3)) for _ in range(3)]
    bend = swing * (b - a) / (a + b)
    second[0][:2, :2] = [[bend, swing], [swing, a]]
    second[1][:2, :2] = [[-bend, -swing], [-swing, b]]
    second[2][2, 2] = c
    free = len(theta)
    return first[:free, :free], [each[:free, :free] for each in second[:free]]


def _likelihood(steps: Floats, lost: Floats, kept: Floats, free: int) -> Likelihood:
    """Sum of lost ln(S(t-1) - S(t)) + kept ln S(t), by (logit mean, log precision, log c), with derivatives."""

    def likelihood(theta: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
            a, b, c = _natural(theta)
            before, after = _left(np.maximum(steps - 1.0, 0.0), a, b, c), _left(steps, a, b, c)
            value = float(kept @ after[0])
            gradient, hessian = after[1] @ kept, after[2] @ kept
            gone = lost > 0
            share = np.exp(after[0][gone] - before[0][gone])  # of those who came, who renewed
            n, odds = lost[gone], 1.0 / -np.expm1(after[0][gone] - before[0][gone])
            value += float(n @ (before[0][gone] - np.log(odds)))
            one, other = before[1][:, gone], after[1][:, gone]
            slope = odds * (one - share * other)
            outer = one[:, None] * one[None] - share * other[:, None] * other[None]
            bend = odds * (before[2][:, :, gone] - share * after[2][:, :, gone] + outer) - slope[:, None] * slope[None]
            gradient, hessian = gradient + slope @ n, hessian + bend @ n
            first, second = _slopes(theta)
            gradient, hessian = gradient[:free], hessian[:free, :free]
            bent = sum((g * each for g, each in zip(gradient, second, strict=True)), np.zeros((free, free)))
        return value, first.T @ gradient, first.T @ hessian @ first + bent

    return likelihood


def _left(steps: Floats, a: float, b: float, c: float) -> tuple[Floats, Floats, Floats]:
    """Log survival with derivatives by a, b, c: (n,), (3, n), (3, 3, n)."""
    power = steps**c
    log_steps = np.where(steps > 0, np.log(np.maximum(steps, 1e-300)), 0.0)
    moved, bent = power * log_steps, power * log_steps**2
    end = b + power
    by_b, by_all, at_b, at_all = digamma(end), digamma(a + end), digamma(b), digamma(a + b)
    tri_b, tri_all = polygamma(1, end), polygamma(1, a + end)
    slope = by_b - by_all
    first = np.array([at_all - by_all, slope - at_b + at_all, slope * moved])
    second = np.empty((3, 3, len(steps)))
    common, near = polygamma(1, a + b) - tri_all, tri_b - tri_all
    second[0, 0] = common
    second[0, 1] = second[1, 0] = common
    second[1, 1] = near - polygamma(1, b) + polygamma(1, a + b)
    second[0, 2] = second[2, 0] = -tri_all * moved
    second[1, 2] = second[2, 1] = near * moved
    second[2, 2] = near * moved**2 + slope * bent
    return betaln(a, end) - betaln(a, b), first, second
