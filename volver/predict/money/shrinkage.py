"""Groups against the shop: how much better or worse a group is, once chance is taken out.

Pure numerics, empirical Bayes. Rates: a group's factor is Gamma about the shop's, its counts are Poisson given the
factor (Robbins 1956; Clayton and Kaldor 1987). Money: a group's log mean is normal about the shop's (Efron and Morris
1975). How far groups really differ, tau, is not fixed at one guess: its posterior on a grid is drawn from, so that few
groups, or small ones, give wide answers.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import gammaln

from volver.predict.numerics.arrays import Floats

_TAUS: Final = np.geomspace(0.005, 1.5, 60)  # real differences between groups, as deviations of the log
_USUAL: Final = 0.25  # half-Cauchy scale: in most shops groups differ by less than this, in a few by much more
_FLAT: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """Factors of groups against the shop, drawn from what is known of them.

    `draws` is (n_draws, n_groups), relative to the shop's own level; `weight` is the part of each factor that the
    group's own customers decide: 0 leans on the shop wholly, 1 not at all.
    """

    draws: Floats
    weight: Floats
    tau: float


def rates(came: Floats, expected: Floats, noise: Floats, chance: np.random.Generator, draws: int) -> Shrunk:
    """Factors from counts. `came` and `expected` have sums over the group's customers, on the shop's own level.

    `noise` is the variance of a count over its mean: 1 for Poisson, more where customers differ. `expected` may be
    (n_draws, n_groups): one row for each draw of the law's own doubt.
    """
    middle = expected.mean(axis=0) if expected.ndim == 2 else expected
    seen, foreseen = came / noise, np.maximum(middle, _FLAT) / noise
    shape = 1.0 / _TAUS[:, None] ** 2
    log = gammaln(shape + seen) - gammaln(shape) - shape * np.log1p(foreseen / shape)
    log -= seen * np.log(shape + foreseen)
    chances = _posterior(log.sum(axis=1))
    tau = _TAUS[chance.choice(len(_TAUS), draws, p=chances)]
    shapes = (1.0 / tau**2)[:, None]
    exposure = shapes + (expected if expected.ndim == 2 else expected[None, :]) / noise
    found = chance.gamma(shapes + seen) / exposure
    own = foreseen / (shape + foreseen)
    return Shrunk(draws=found, weight=chances @ own, tau=float(chances @ _TAUS))


def means(log_ratio: Floats, error: Floats, chance: np.random.Generator, draws: int) -> Shrunk:
    """Factors of money from the logs of the groups' means over the shop's; `error` inf where a group has none."""
    known = np.isfinite(error)
    ratio, variance = np.where(known, log_ratio, 0.0), np.where(known, error, 1.0) ** 2
    both = _TAUS[:, None] ** 2 + variance
    log = np.where(known, -0.5 * np.log(both) - 0.5 * ratio**2 / both, 0.0)
    chances = _posterior(log.sum(axis=1))
    tau = _TAUS[chance.choice(len(_TAUS), draws, p=chances)][:, None]
    own = np.where(known, tau**2 / (tau**2 + variance), 0.0)
    spread = tau * np.sqrt(1.0 - own)
    found = np.exp(own * ratio + spread * chance.normal(size=own.shape))
    share = np.where(known, _TAUS[:, None] ** 2 / both, 0.0)
    return Shrunk(draws=found, weight=chances @ share, tau=float(chances @ _TAUS))


def dispersion(came: Floats, expected: Floats) -> float:
    """How customers differ: c of Var = mean + c mean^2, by moments; 0 for Poisson."""
    excess = float(np.sum((came - expected) ** 2 - expected))
    return max(excess, 0.0) / max(float(np.sum(expected**2)), _FLAT)


def within_reach(money: Floats, reach: float = 4.0) -> Floats:
    """Positive amounts drawn in to `reach` robust deviations above the median of the log; others as they are."""
    positive = money > 0
    if positive.sum() < 10:
        return money
    logs = np.log(money[positive])
    middle = float(np.median(logs))
    wide = 1.4826 * float(np.median(np.abs(logs - middle)))
    if wide <= 0:
        return money
    found: Floats = np.minimum(money, np.exp(middle + reach * wide))
    return found


def steps_of(covariance: Any, chance: np.random.Generator, draws: int, most: float = 2.0) -> Floats:
    """Draws of a step of log-parameters; directions that the data leave flat are held within `most`."""
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=np.float64))
    deviation = np.sqrt(np.clip(values, 0.0, most**2))
    found: Floats = (chance.normal(size=(draws, len(values))) * deviation) @ vectors.T
    return found


def _posterior(log: Floats) -> Floats:
    """Chances of the grid's taus: log-likelihood and a half-Cauchy prior, by the grid's own (log) spacing."""
    logs = log - np.log1p((_TAUS / _USUAL) ** 2) + np.log(_TAUS)
    found = np.exp(logs - logs.max())
    share: Floats = found / found.sum()
    return share
