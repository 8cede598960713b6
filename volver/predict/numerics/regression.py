"""Logistic regression with a ridge, by Newton's steps over blocks of rows: the one that every model here uses.

Memory stays at one block whatever the number of rows; the answer is plain numbers that JSON can hold.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from volver.predict.numerics.arrays import Floats

_BLOCK: Final = 1 << 16
_RIDGE: Final = 10.0  # rows' worth of evidence that a standardised weight is small
_STEPS: Final = 50
_GAIN: Final = 1e-7
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
    penalty: Floats = np.append(np.where(flat, 1e6, ridge), 1e-6)
    scale = centre, spread
    if len(y) > 4 * _SOME:
        step = len(y) // _SOME
        theta = logistic(X[::step], y[::step], penalty, start=theta, scale=scale, gain=_GAIN)
    theta = logistic(X, y, penalty, start=theta, scale=scale, gain=_GAIN)
    return Logistic(names, centre, spread, np.where(flat, 0.0, theta[:-1]), float(theta[-1]))


def logistic(
    X: Any,
    y: Floats,
    ridge: Floats,
    *,
    weight: Floats | None = None,
    start: Floats | None = None,
    scale: tuple[Floats, Floats] | None = None,
    within: float = 1e-6,
    gain: float = 0.0,
) -> Floats:
    """Coefficients of a logistic regression by damped Newton steps, the intercept last: (n_columns + 1,).

    `ridge` is the penalty of each coefficient, half of it times the square is taken from the log-likelihood; `weight`
    counts rows. `scale` is a centre and a spread by which columns are standardised, block by block. It ends where no
    coefficient moves by more than `within`, or the likelihood gains a smaller share than `gain`.
    """
    theta = np.zeros(X.shape[1] + 1) if start is None else start
    value, slope, bend = _at(X, y, weight, scale, theta)
    value -= 0.5 * float(ridge @ theta**2)
    for _ in range(_STEPS):
        step = np.linalg.solve(bend + np.diag(ridge), slope - ridge * theta)
        size = 1.0
        while True:
            ahead = theta + size * step
            found, slope, bend = _at(X, y, weight, scale, ahead)
            found -= 0.5 * float(ridge @ ahead**2)
            if found >= value - 1e-12 * abs(value) or size < 1e-4:
                break
            size /= 2.0
        if found < value:
            return theta
        gained, theta, value = found - value, ahead, found
        if float(np.max(np.abs(step))) < within or gained < gain * max(abs(value), 1.0):
            break
    return theta


def chance(log_odds: Floats) -> Floats:
    """1 / (1 + exp(-log_odds)), without overflow."""
    from scipy.special import expit

    found: Floats = expit(log_odds)
    return found


def log_odds(p: Floats, least: float = 1e-6) -> Floats:
    """log(p / (1 - p)), of chances kept `least` away from 0 and 1. NaN stays NaN."""
    kept = np.clip(p, least, 1.0 - least)
    found: Floats = np.log(kept / (1.0 - kept))
    return found


def _at(X: Any, y: Floats, weight: Floats | None, scale: Any, theta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, gradient and information at `theta`, over blocks."""
    n = len(theta)
    value, slope, bend = 0.0, np.zeros(n), np.zeros((n, n))
    for begin in range(0, len(y), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        some = np.ones((len(y[rows]), n))
        some[:, :-1] = X[rows] if scale is None else (X[rows] - scale[0]) / scale[1]
        count = 1.0 if weight is None else weight[rows]
        odds = some @ theta
        p = chance(odds)
        value += float(np.sum(count * (y[rows] * odds - np.logaddexp(0.0, odds))))
        slope += some.T @ (count * (y[rows] - p))
        bend += (some * (count * np.maximum(p * (1.0 - p), 1e-10))[:, None]).T @ some
    return value, slope, bend
