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

from volver.predict.laws.scores import Z90
from volver.predict.uplift.bases import is_binary
from volver.predict.uplift.features import Bools, Floats
from volver.predict.uplift.labels import outcomes, scores_of, shares, two_levels
from volver.predict.uplift.learners import pseudo_effects


@dataclass(frozen=True, kw_only=True)
class Estimate:
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


def estimated(parts: Floats) -> Estimate:
    """The mean of the parts, with its standard error."""
    n = max(len(parts), 1)
    return Estimate(value=float(np.mean(parts)), se=float(np.std(parts) / np.sqrt(n)), parts=parts)


def policy_value(
    treat: Any,
    treatment: Any,
    outcome: Any,
    *,
    value: float = 1.0,
    cost: float = 0.0,
    propensity: Any = None,
    without: Any = 0.0,
    with_: Any = 0.0,
    treated: Any = None,
) -> Estimate:
    """What a policy brings per customer above treating nobody: E[treat (value effect - cost)].

    Inverse propensity weighting, or doubly robust where the expected outcomes `without` and `with_` are given (they
    must come from models that have not seen these customers). Without a propensity, the treated share.
    """
    psi = effects(treatment, outcome, propensity=propensity, without=without, with_=with_, treated=treated)
    return estimated((scores_of(treat, len(psi), "decisions") != 0) * (value * psi - cost))


def effects(
    treatment: Any,
    outcome: Any,
    *,
    propensity: Any = None,
    without: Any = 0.0,
    with_: Any = 0.0,
    treated: Any = None,
) -> Floats:
    """Each customer's pseudo-effect; the mean over any group is that group's average effect."""
    had, y = _read(treatment, outcome, treated)
    share = np.full(len(y), had.mean()) if propensity is None else shares(propensity, len(y))
    return pseudo_effects(y, had, share, np.asarray(without, float), np.asarray(with_, float))


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
    k, n1, n0, y1, y0 = _running(uplift, treatment, outcome, treated)
    return Curve(k, y1 - np.divide(y0 * n1, n0, out=np.zeros_like(y0), where=n0 > 0))


def uplift_curve(uplift: Any, treatment: Any, outcome: Any, *, treated: Any = None) -> Curve:
    """U(k) = (Y_t / N_t - Y_c / N_c) k over customers sorted by uplift."""
    k, n1, n0, y1, y0 = _running(uplift, treatment, outcome, treated)
    with_ = np.divide(y1, n1, out=np.zeros_like(y1), where=n1 > 0)
    without = np.divide(y0, n0, out=np.zeros_like(y0), where=n0 > 0)
    return Curve(k, (with_ - without) * k)


def qini(uplift: Any, treatment: Any, outcome: Any, *, normalised: bool = False, treated: Any = None) -> float | None:
    """Area between the Qini curve and its chord, over N²; None where it cannot be normalised."""
    had, y = _read(treatment, outcome, treated)
    found = qini_curve(uplift, had, y).area
    if not normalised:
        return found
    best = qini_curve(y * np.where(had, 1.0, -1.0), had, y).area if is_binary(y) else 0.0
    return found / best if best > 0 else None


def auuc(uplift: Any, treatment: Any, outcome: Any, *, normalised: bool = False, treated: Any = None) -> float | None:
    """Area between the uplift curve and its chord, over N²; None where it cannot be normalised."""
    had, y = _read(treatment, outcome, treated)
    found = uplift_curve(uplift, had, y).area
    if not normalised:
        return found
    if not is_binary(y):
        return None
    more = y if float(y[~had].sum()) > float((1 - y)[had].sum()) else had.astype(np.float64)
    best = uplift_curve(2.0 * (y == had) + more, had, y).area
    return found / best if best > 0 else None


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
    """90 % interval of `qini` over bootstrap draws of customers. NaN where too few draws can be said."""
    chance = np.random.default_rng(seed)
    had, y = _read(treatment, outcome, treated)
    score = scores_of(uplift, len(y))
    found = []
    for _ in range(draws):
        rows = chance.integers(0, len(y), len(y))
        if had[rows].all() or not had[rows].any():
            continue
        one = qini(score[rows], had[rows], y[rows], normalised=normalised)
        if one is not None:
            found.append(one)
    low, high = np.quantile(found, [0.05, 0.95]) if len(found) > 1 else (np.nan, np.nan)
    return float(low), float(high)


def ranking(scores: Any, psi: Floats) -> Estimate:
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
    return Estimate(value=value, se=float(np.std(influence) / np.sqrt(n)), parts=influence + value)


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
    had = two_levels(treatment, np.size(treatment), treated)
    return had, outcomes(outcome, len(had))


def _running(uplift: Any, treatment: Any, outcome: Any, treated: Any) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """k, N_t, N_c, Y_t, Y_c after each distinct score, highest first, from nobody on."""
    had, y = _read(treatment, outcome, treated)
    score = scores_of(uplift, len(y))
    _, place = np.unique(-score, return_inverse=True)
    steps = (np.ones(len(y)), had * 1.0, ~had * 1.0, y * had, y * ~had)
    k, n1, n0, y1, y0 = (np.concatenate([[0.0], np.cumsum(np.bincount(place, weights=each))]) for each in steps)
    return k, n1, n0, y1, y0
