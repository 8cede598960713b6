"""Additive effects of a first order's features on what comes later: a quasi-likelihood with shrunk effects.

Pure numerics. log E[y] = log expected + sum of one effect per feature; effects of a feature are normal about 0 with a
variance that is learned (penalised quasi-likelihood, Breslow and Clayton 1993). Var[y] = poisson * mean + differ *
mean^2, so that a few heavy buyers count as few.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np

from volver.predict.numerics.arrays import Floats, Ints

_ROUNDS: Final = 40
_START: Final = 0.15  # deviation of effects before anything is seen; also what a few levels lean on
_LEAN: Final = 2.0  # how many levels that is worth
_CLOSE: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of each customer: `of` is the place of each customer's level in `levels`."""

    name: str
    levels: tuple[str, ...]
    of: Ints


class Effects:
    """Learns one effect per level of each feature.

    After `fit`: `effect_` (one array of log factors per feature), `covariance_` of all of them, `tau_` (how much levels
    of each feature really differ).
    """

    def __init__(self, *, poisson: float = 1.0, differ: float = 0.0) -> None:
        self.poisson = poisson
        self.differ = differ

    def fit(self, came: Floats, expected: Floats, features: tuple[Feature, ...]) -> Self:
        """Learn from what came and what was expected of each customer; customers of whom nothing was say nothing."""
        seen = expected > 0
        came, expected = came[seen], expected[seen]
        places = [feature.of[seen] for feature in features]
        sizes = [len(feature.levels) for feature in features]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
        tau: Floats = np.full(len(features), _START)
        effect: Floats = np.zeros(int(starts[-1]))
        covariance: Floats = np.eye(len(effect))
        for _ in range(_ROUNDS):
            mean = expected * np.exp(np.clip(sum(effect[a + p] for a, p in zip(starts, places, strict=False)), -5, 5))
            noise = self.poisson + self.differ * mean
            slope = _slope((came - mean) / noise, places, sizes)
            weight = mean / noise
            lean = np.repeat(tau**-2.0, sizes)
            information = _crossed(weight, places, sizes, starts) + np.diag(lean)
            covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
            step = np.clip(covariance @ (slope - lean * effect), -0.5, 0.5)
            effect += step
            moved = self._taus(effect, covariance, starts)
            close = np.abs(step).max(initial=0.0) < _CLOSE and np.abs(moved - tau).max() < 1e-4
            tau = moved
            if close:
                break
        self.features_ = tuple((feature.name, feature.levels) for feature in features)
        self.starts_, self.effect_, self.covariance_, self.tau_ = starts, effect, covariance, tau
        return self

    def predict(self, given: dict[str, str]) -> tuple[float, float]:
        """Log factor of a customer with these levels, and its standard deviation. A level not seen has effect 0."""
        row, unseen = np.zeros(len(self.effect_)), 0.0
        for (name, levels), start, tau in zip(self.features_, self.starts_, self.tau_, strict=False):
            if name not in given:
                continue
            if given[name] in levels:
                row[start + levels.index(given[name])] = 1.0
            else:
                unseen += float(tau) ** 2
        return float(row @ self.effect_), float(np.sqrt(row @ self.covariance_ @ row + unseen))

    def _taus(self, effect: Floats, covariance: Floats, starts: Ints) -> Floats:
        found = []
        for begin, end in pairwise(starts.tolist()):
            square = float(effect[begin:end] @ effect[begin:end] + np.trace(covariance[begin:end, begin:end]))
            found.append(np.sqrt((square + _LEAN * _START**2) / (end - begin + _LEAN)))
        return np.array(found)


def _slope(per_customer: Floats, places: list[Ints], sizes: list[int]) -> Floats:
    found = [np.bincount(at, per_customer, minlength=size) for at, size in zip(places, sizes, strict=True)]
    return np.concatenate(found).astype(np.float64)


def _crossed(weight: Floats, places: list[Ints], sizes: list[int], starts: Ints) -> Floats:
    """X' W X of the levels' indicator columns."""
    found = np.zeros((int(starts[-1]), int(starts[-1])))
    for i, (at, size) in enumerate(zip(places, sizes, strict=True)):
        for j in range(i + 1):
            cells = np.bincount(at * sizes[j] + places[j], weight, minlength=size * sizes[j]).reshape(size, sizes[j])
            found[starts[i] : starts[i] + size, starts[j] : starts[j] + sizes[j]] = cells
            found[starts[j] : starts[j] + sizes[j], starts[i] : starts[i] + size] = cells.T
    return found
