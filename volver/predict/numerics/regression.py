"""Logistic regression on columns: standardised, a little ridge, Newton's steps over blocks of rows.

Memory stays at one block whatever the number of rows; the answer is plain numbers that JSON can hold.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from volver.predict.numerics.arrays import Floats

_BLOCK: Final = 1 << 16
_RIDGE: Final = 10.0  # rows' worth of evidence that a standardised weight is small
_STEPS: Final = 25
_SOME: Final = 60_000  # rows from which the first steps are taken


@dataclass(frozen=True)
class Logistic:
    """P(yes) = 1 / (1 + exp(-(intercept + weights · (x - centre) / spread)))."""

    names: tuple[str, ...]
    centre: Floats
    spread: Floats
    weights: Floats
    intercept: float

    def log_odds(self, X: Any) -> Floats:
        """The log odds of each row."""
        found = np.empty(len(X))
        for begin in range(0, len(X), _BLOCK):
            rows = slice(begin, begin + _BLOCK)
            found[rows] = self._standard(X[rows]) @ self.weights + self.intercept
        return found

    def p(self, X: Any) -> Floats:
        """The chance of each row."""
        return chance(self.log_odds(X))

    def parts(self, X: Any) -> Floats:
        """What each feature adds to the log odds, against a row that is average in it: shape of X."""
        found: Floats = self._standard(X) * self.weights
        return found

    def _standard(self, X: Any) -> Floats:
        found: Floats = (np.asarray(X, dtype=np.float64) - self.centre) / self.spread
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "names": list(self.names),
            "centre": self.centre.tolist(),
            "spread": self.spread.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> "Logistic":
        """The same from plain numbers."""
        numbers = {name: np.asarray(told[name], dtype=np.float64) for name in ("centre", "spread", "weights")}
        return cls(names=tuple(told["names"]), intercept=float(told["intercept"]), **numbers)


def fitted(X: Any, y: Any, names: tuple[str, ...], ridge: float = _RIDGE) -> Logistic:
    """Maximum of the penalised likelihood. A feature that never varies gets weight 0."""
    y = np.asarray(y, dtype=np.float64)
    centre: Floats = np.mean(X, axis=0, dtype=np.float64)
    spread: Floats = np.std(X, axis=0, dtype=np.float64)
    flat = spread < 1e-9
    spread = np.asarray(np.where(flat, 1.0, spread), dtype=np.float64)
    base = (float(y.sum()) + 0.5) / (len(y) + 1.0)
    theta = np.append(np.zeros(len(names)), np.log(base / (1.0 - base)))
    if len(y) > 4 * _SOME:
        step = len(y) // _SOME
        theta = _climbed(X[::step], y[::step], centre, spread, flat, theta, ridge)
    theta = _climbed(X, y, centre, spread, flat, theta, ridge)
    return Logistic(names, centre, spread, np.where(flat, 0.0, theta[:-1]), float(theta[-1]))


def chance(log_odds: Floats) -> Floats:
    """1 / (1 + exp(-log_odds)), without overflow."""
    from scipy.special import expit

    found: Floats = expit(log_odds)
    return found


def _climbed(X: Any, y: Floats, centre: Floats, spread: Floats, flat: Any, theta: Floats, ridge: float) -> Floats:
    penalty: Floats = np.append(np.where(flat, 1e6, ridge), 1e-6)
    value = -np.inf
    step: Floats = np.zeros_like(theta)
    for _ in range(_STEPS):
        found, gradient, information = _at(X, y, centre, spread, theta)
        found -= 0.5 * float(penalty @ theta**2)
        if found < value - 1e-9 * abs(value):  # too far: halve
            step = step / 2.0
            theta = np.asarray(theta - step)
            continue
        gain = found - value
        value = found
        if gain < 1e-7 * max(abs(value), 1.0):
            break
        step = np.asarray(np.linalg.solve(information + np.diag(penalty), gradient - penalty * theta), dtype=np.float64)
        theta = np.asarray(theta + step)
    return theta


def _at(X: Any, y: Floats, centre: Floats, spread: Floats, theta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, gradient and information at `theta`, over blocks."""
    n = len(theta)
    value, gradient, information = 0.0, np.zeros(n), np.zeros((n, n))
    for begin in range(0, len(y), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        some = np.empty((len(y[rows]), n))
        some[:, :-1] = (X[rows] - centre) / spread
        some[:, -1] = 1.0
        odds = some @ theta
        p = chance(odds)
        value += float(y[rows] @ odds - np.sum(np.logaddexp(0.0, odds)))
        gradient += some.T @ (y[rows] - p)
        information += (some * (p * (1.0 - p))[:, None]).T @ some
    return value, gradient, information
