"""How good an uplift score or a policy is, on customers whose treatment was drawn: curves, value, deciles, calibration.

Pure numerics. Definitions differ between libraries; these are ours. With customers sorted by score, highest first,
after k of them N_t, N_c were treated or not and Y_t, Y_c is what they brought:

- Qini curve (Radcliffe 2007): Q(k) = Y_t - Y_c N_t / N_c. Uplift curve: U(k) = (Y_t / N_t - Y_c / N_c) k.
- `qini` and `auuc`: the area between the curve and its chord, over N²; equal scores are one step. `normalised` divides
  by the area that knowing every outcome would give (yes-or-no outcomes only), as the common libraries print it.
- `ranking`: the same question asked of doubly robust scores, with a standard error (Yadlowsky et al. 2025, "RATE" with
  Qini weights): E[psi (1/2 - F(score))] where F is the share of customers ranked higher.
- A policy's value is what it brings per customer above treating nobody, its costs taken off.

Every function takes `treated`, the label of the treatment; None reads it (`labels.who_was_treated`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from volver.predict.numerics.arrays import Bools, Floats, Ints
from volver.predict.numerics.metrics import Z90
from volver.predict.uplift.base_learners import is_binary
from volver.predict.uplift.labels import fitting, one_column, outcomes, scores_of, shares, two_levels
from volver.predict.uplift.learners import pseudo_effects


@dataclass(frozen=True, kw_only=True)
class EffectEstimate:
    """A number with its standard error, its 90 % interval and each customer's part in it (`parts` average to it)."""

    value: float
    se: float
    parts: Floats

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.value - Z90 * self.se

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.value + Z90 * self.se

    def to_dict(self) -> dict[str, float]:
        """Without the parts."""
        return {"value": self.value, "se": self.se, "low": self.low, "high": self.high}


def estimated(parts: Floats) -> EffectEstimate:
    """The mean of the parts, with its standard error."""
    n = max(len(parts), 1)
    return EffectEstimate(value=float(np.mean(parts)), se=float(np.std(parts) / np.sqrt(n)), parts=parts)


def policy_value(
    treat: Any,
    treatment: Any,
    outcome: Any,
    *,
    value: float = 1.0,
    cost: float = 0.0,
    propensity: Any = None,
    without: Any = None,
    with_: Any = None,
    treated: Any = None,
) -> EffectEstimate:
    """What a policy brings per customer above treating nobody: E[treat (value effect - cost)].

    Doubly robust: of every outcome the expected one is taken off, which narrows the interval. `without` and `with_` are
    expected outcomes of models that have not seen these customers; left out, they are the arms' own means. Without a
    propensity, the treated share.
    """
    psi = effects(treatment, outcome, propensity=propensity, without=without, with_=with_, treated=treated)
    return estimated((scores_of(treat, len(psi), "decisions") != 0) * (value * psi - cost))


def effects(
    treatment: Any,
    outcome: Any,
    *,
    propensity: Any = None,
    without: Any = None,
    with_: Any = None,
    treated: Any = None,
) -> Floats:
    """Each customer's pseudo-effect; the mean over any group is that group's average effect.

    Expected outcomes as in `policy_value`; with the arms' own means the average is that of Hájek (1971), with a plain
    share the difference of the two means. Raises `predict.bad_treatment`.
    """
    had, y = _read(treatment, outcome, treated)
    share = np.full(len(y), had.mean()) if propensity is None else fitting(shares(propensity, len(y)), had)
    off = float(np.average(y, weights=~had / (1 - share))) if without is None else np.asarray(without, float)
    on = float(np.average(y, weights=had / share)) if with_ is None else np.asarray(with_, float)
    return pseudo_effects(y, had, share, off, on)


@dataclass(frozen=True, kw_only=True)
class Incremental:
    """What a policy brought among those whose treatment it agrees to, on a randomised file with equal arms."""

    treated: int
    net: float  # (value bought_treated - cost treated) - value bought_untreated
    response: float | None  # bought / treated - bought / untreated


def incremental(
    treat: Any, treatment: Any, outcome: Any, *, value: float, cost: float, treated: Any = None
) -> Incremental:
    """Net incremental revenue and incremental response rate of a policy among the customers it would treat."""
    had, y = _read(treatment, outcome, treated)
    chosen = scores_of(treat, len(y), "decisions") != 0
    n1, n0 = int((chosen & had).sum()), int((chosen & ~had).sum())
    y1, y0 = float(y[chosen & had].sum()), float(y[chosen & ~had].sum())
    return Incremental(treated=n1, net=value * (y1 - y0) - cost * n1, response=y1 / n1 - y0 / n0 if n1 and n0 else None)


@dataclass(frozen=True)
class Curve:
    """A curve over the first `k` customers by score, both from 0; equal scores are one step."""

    k: Floats
    height: Floats

    @property
    def area(self) -> float:
        """The area between the curve and the straight line to its end, over the square of the customers."""
        return float(np.trapezoid(self.height - self.height[-1] * self.k / self.k[-1], self.k) / self.k[-1] ** 2)


def qini_curve(uplift: Any, treatment: Any, outcome: Any, *, treated: Any = None) -> Curve:
    """Q(k) = Y_t - Y_c N_t / N_c over customers sorted by uplift."""
    had, y = _read(treatment, outcome, treated)
    return _qini_of(_places(uplift, len(y)), had, y)


def uplift_curve(uplift: Any, treatment: Any, outcome: Any, *, treated: Any = None) -> Curve:
    """U(k) = (Y_t / N_t - Y_c / N_c) k over customers sorted by uplift."""
    had, y = _read(treatment, outcome, treated)
    return _uplift_of(_places(uplift, len(y)), had, y)


def qini(uplift: Any, treatment: Any, outcome: Any, *, normalised: bool = False, treated: Any = None) -> float | None:
    """Area between the Qini curve and its chord, over N²; None where it cannot be normalised."""
    had, y = _read(treatment, outcome, treated)
    return _area(_qini_of, _places(uplift, len(y)), had, y, _best_qini(had, y) if normalised else None)


def auuc(uplift: Any, treatment: Any, outcome: Any, *, normalised: bool = False, treated: Any = None) -> float | None:
    """Area between the uplift curve and its chord, over N²; None where it cannot be normalised."""
    had, y = _read(treatment, outcome, treated)
    return _area(_uplift_of, _places(uplift, len(y)), had, y, _best_uplift(had, y) if normalised else None)


def qini_interval(
    uplift: Any,
    treatment: Any,
    outcome: Any,
    *,
    draws: int = 200,
    seed: int = 0,
    normalised: bool = False,
    treated: Any = None,
) -> tuple[float, float]:
    """90 % interval of `qini`: 1.645 bootstrap standard errors (Efron 1979) to either side; NaN where it has none.

    Not the bootstrap's own percentiles: where a few customers bring most of the money these cover too seldom.
    """
    had, y = _read(treatment, outcome, treated)
    best = _best_qini(had, y) if normalised else None
    return _interval(_qini_of, _places(uplift, len(y)), had, y, best, draws, seed)


def auuc_interval(
    uplift: Any,
    treatment: Any,
    outcome: Any,
    *,
    draws: int = 200,
    seed: int = 0,
    normalised: bool = False,
    treated: Any = None,
) -> tuple[float, float]:
    """90 % interval of `auuc`, made as that of `qini_interval`; NaN where it has none."""
    had, y = _read(treatment, outcome, treated)
    best = _best_uplift(had, y) if normalised else None
    return _interval(_uplift_of, _places(uplift, len(y)), had, y, best, draws, seed)


def ranking(scores: Any, psi: Floats) -> EffectEstimate:
    """How well a score ranks effects: E[psi (1/2 - F)], 0 for a random order. `psi` as `effects` gives it."""
    score = np.asarray(scores, dtype=np.float64)
    n = len(score)
    _, place, counts = np.unique(-score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    before = (ends - counts / 2.0)[place] / n  # the share ranked higher, ties halfway
    sums = np.cumsum(np.bincount(place, weights=psi)) / n
    total, by = sums[-1], np.bincount(place, weights=psi) / n
    # Moving one customer's score moves everyone's rank: the other half of the influence function.
    lower = (total - sums + by / 2.0)[place]
    direct = psi * (0.5 - before)
    value = float(np.mean(direct))
    influence = direct - value - (lower - float(np.mean(lower)))
    return EffectEstimate(value=value, se=float(np.std(influence) / np.sqrt(n)), parts=influence + value)


def by_decile(uplift: Any, psi: Floats, parts: int = 10) -> list[dict[str, float]]:
    """Foreseen and measured effect with its 90 % interval over tenths of the customers, highest foreseen first."""
    score = np.asarray(uplift, dtype=np.float64)
    found = []
    for rows in np.array_split(np.argsort(-score, kind="stable"), min(parts, len(score))):
        seen = estimated(psi[rows])
        row = {"customers": len(rows), "foreseen": float(score[rows].mean()), "measured": seen.value}
        found.append(row | {"low": seen.low, "high": seen.high})
    return found


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The straight line from foreseen to measured effects; slope 1 is calibrated, 0 is no heterogeneity found."""

    average: float
    average_se: float
    slope: float
    slope_se: float
    centre: float

    @property
    def kept(self) -> float:
        """How much of the foreseen differences to believe, 0 to 1: the slope, drawn to 0 by its own uncertainty
        (positive-part James and Stein 1961).
        """
        if self.slope <= 0 or self.slope_se <= 0:
            return 0.0
        return min(1.0, self.slope * max(0.0, 1.0 - (self.slope_se / self.slope) ** 2))

    def shrunk(self, uplift: Floats, *, least: float = 0.0) -> Floats:
        """Foreseen effects drawn towards the average effect; at `least` this share of the differences is kept."""
        return self.average + max(self.kept, least) * (uplift - self.centre)


def calibration(uplift: Any, psi: Floats) -> Calibration:
    """Best linear predictor of the effect (Chernozhukov et al. 2018, "Generic machine learning inference", 3.1).

    Least squares of `psi` on the foreseen effect with robust standard errors.
    """
    score = np.asarray(uplift, dtype=np.float64)
    away, average = score - score.mean(), estimated(psi)
    spread = float(np.mean(away**2))
    if spread <= 1e-12 * (1e-12 + float(np.mean(score**2))):
        return Calibration(
            average=average.value, average_se=average.se, slope=0.0, slope_se=0.0, centre=float(score.mean())
        )
    slope = float(np.mean(away * psi)) / spread
    left = psi - average.value - slope * away
    wide = float(np.sqrt(np.mean((away * left) ** 2) / len(psi))) / spread
    return Calibration(
        average=average.value, average_se=average.se, slope=slope, slope_se=wide, centre=float(score.mean())
    )


def _read(treatment: Any, outcome: Any, treated: Any) -> tuple[Bools, Floats]:
    treatment = one_column(treatment)
    had = two_levels(treatment, np.size(treatment), treated)
    return had, outcomes(outcome, len(had))


def _places(score: Any, rows: int) -> Ints:
    """Each customer's place by score, highest first; equal scores share one."""
    return np.asarray(np.unique(-scores_of(score, rows), return_inverse=True)[1], dtype=np.int64)


def _best_qini(had: Bools, y: Floats) -> Ints:
    """The order that knows every outcome; one step where outcomes are not yes or no."""
    return _places(y * np.where(had, 1.0, -1.0) * is_binary(y), len(y))


def _best_uplift(had: Bools, y: Floats) -> Ints:
    more = y if float(y[~had].sum()) > float((1 - y)[had].sum()) else had.astype(np.float64)
    return _places((2.0 * (y == had) + more) * is_binary(y), len(y))


def _qini_of(place: Ints, had: Bools, y: Floats, weight: Floats | None = None) -> Curve:
    k, n1, n0, y1, y0 = _running(place, had, y, weight)
    return Curve(k, y1 - np.divide(y0 * n1, n0, out=np.zeros_like(y0), where=n0 > 0))


def _uplift_of(place: Ints, had: Bools, y: Floats, weight: Floats | None = None) -> Curve:
    k, n1, n0, y1, y0 = _running(place, had, y, weight)
    with_ = np.divide(y1, n1, out=np.zeros_like(y1), where=n1 > 0)
    without = np.divide(y0, n0, out=np.zeros_like(y0), where=n0 > 0)
    return Curve(k, (with_ - without) * k)


def _area(
    curve: Any, place: Ints, had: Bools, y: Floats, best: Ints | None = None, weight: Floats | None = None
) -> float | None:
    """The area of a curve, as a share of that of the best order where there is one."""
    found: float = curve(place, had, y, weight).area
    if best is None:
        return found
    whole = 0.0 if not best.any() else float(curve(best, had, y, weight).area)
    return found / whole if whole > 0 else None


def _interval(
    curve: Any, place: Ints, had: Bools, y: Floats, best: Ints | None, draws: int, seed: int
) -> tuple[float, float]:
    chance, n = np.random.default_rng(seed), len(y)
    value, found = _area(curve, place, had, y, best), []
    for _ in range(draws):
        weight = np.bincount(chance.integers(0, n, n), minlength=n).astype(np.float64)
        if 0 < weight @ had < n and (one := _area(curve, place, had, y, best, weight)) is not None:
            found.append(one)
    if value is None or len(found) < 2:
        return float("nan"), float("nan")
    wide = Z90 * float(np.std(found, ddof=1))
    return value - wide, value + wide


def _running(
    place: Ints, had: Bools, y: Floats, weight: Floats | None
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """k, N_t, N_c, Y_t, Y_c after each place, from nobody on; `weight` counts customers."""
    w = np.ones(len(y)) if weight is None else weight
    steps = (w, had * w, ~had * w, y * had * w, y * ~had * w)
    k, n1, n0, y1, y0 = (np.concatenate([[0.0], np.cumsum(np.bincount(place, weights=each))]) for each in steps)
    return k, n1, n0, y1, y0
