"""The two kinds of regression that every learner is built on: a regularised linear one and a boosted one.

Pure numerics over a `Design`. An outcome of zeros and ones gives a chance (logistic), any other a mean (squares).
"""

from typing import Any, Final, Protocol, Self

import numpy as np

from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.probability_metrics import log_loss
from volver.predict.numerics.regression import chance, logistic
from volver.predict.numerics.trees import Trees
from volver.predict.uplift.features import BadFeatures, Design

BASES: Final[tuple[str, ...]] = ("linear", "boosted")
_STRENGTHS: Final = (0.003, 0.03, 0.3, 3.0)  # C of the logistic: the variance of its coefficients' prior
_ALPHAS: Final = tuple(float(each) for each in np.logspace(-1, 5, 13))
_TRIED_ROWS: Final = 20_000  # enough to choose the strength, which does not depend on the number of rows
_FEWEST: Final = 10  # events and non-events below which there is nothing but a mean
_SLOW: Final = 0.06


class Base(Protocol):
    """A regression that learns a mean."""

    def fit(self, design: Design, y: Floats, weight: Floats | None = None) -> Self:
        """Learn the mean of `y`."""

    def predict(self, design: Design) -> Floats:
        """The mean of each row."""


class Linear:
    """Ridge, or logistic regression with a ridge penalty; the strength is chosen by cross-validation."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, design: Design, y: Floats, weight: Floats | None = None) -> Self:
        """Learn the mean of `y`; `weight` counts rows."""
        self.constant_ = mean_if_flat(y, weight)
        self.binary_ = is_binary(y)
        if self.constant_ is None:
            self._learn(design.linear, y, weight)
        return self

    def _learn(self, X: Floats, y: Floats, weight: Floats | None) -> None:
        if not self.binary_:
            self.coefficients_ = _ridge(X, y, weight)
            return
        self.strength_ = self._strength(X, y)
        self.coefficients_ = logistic(X, y, _ridges(X, self.strength_), weight=weight)

    def predict(self, design: Design) -> Floats:
        """The mean of each row: a chance for a yes-or-no outcome."""
        if self.constant_ is not None or not len(design):
            return np.full(len(design), self.constant_ or 0.0)
        line: Floats = design.linear @ self.coefficients_[:-1] + self.coefficients_[-1]
        return chance(line) if self.binary_ else line

    def _strength(self, X: Floats, y: Floats) -> float:
        """The C whose log-loss over three folds is least; each starts where the one before ended."""
        rows = np.random.default_rng(self.seed).permutation(len(y))[:_TRIED_ROWS]
        X, y, fold = X[rows], y[rows], np.arange(len(rows)) % 3
        loss = np.zeros(len(_STRENGTHS))
        for out in range(3):
            train, test = fold != out, fold == out
            found = None
            for n, strength in enumerate(_STRENGTHS):
                found = logistic(X[train], y[train], _ridges(X, strength), start=found, within=1e-3)
                loss[n] += log_loss(chance(X[test] @ found[:-1] + found[-1]), y[test]) * float(test.sum())
        return _STRENGTHS[int(np.argmin(loss))]


class Boosted:
    """Gradient-boosted trees over histograms, few leaves, stopped early on a held-out part."""

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, design: Design, y: Floats, weight: Floats | None = None) -> Self:
        """Learn the mean of `y`; `weight` counts rows."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        self.constant_ = mean_if_flat(y, weight)
        self.binary_ = is_binary(y)
        if self.constant_ is not None:
            return self
        settings: dict[str, Any] = {
            "max_iter": 150,
            "learning_rate": _SLOW,
            "max_leaf_nodes": 8,
            "min_samples_leaf": int(np.clip(len(y) // 200, 20, 200)),
            "l2_regularization": 10.0,
            "early_stopping": True,
            "validation_fraction": 0.15,
            "n_iter_no_change": 10,
            "random_state": self.seed,
        }
        kind = HistGradientBoostingClassifier if self.binary_ else HistGradientBoostingRegressor
        self.trees_ = Trees.of(kind(**settings).fit(design.trees, y, sample_weight=weight))
        return self

    def predict(self, design: Design) -> Floats:
        """The mean of each row: a chance for a yes-or-no outcome."""
        if self.constant_ is not None or not len(design):
            return np.full(len(design), self.constant_ or 0.0)
        values = self.trees_.values(design.trees)
        return chance(values) if self.binary_ else values


def base_named(name: str, seed: int = 0) -> Base:
    """A new base: "linear" or "boosted". Raises `predict.bad_features`."""
    if name not in BASES:
        raise BadFeatures(why=f"there is no base called {name}; there are {', '.join(BASES)}")
    return Linear(seed=seed) if name == "linear" else Boosted(seed=seed)


def is_binary(y: Floats) -> bool:
    """Whether an outcome is only zeros and ones."""
    return bool(np.all((y == 0) | (y == 1)))


def mean_if_flat(y: Floats, weight: Floats | None = None) -> float | None:
    """The mean, where there is too little to learn more from; else None."""
    if not len(y):
        return 0.0
    few = min(float(y.sum()), float(len(y) - y.sum())) < _FEWEST if is_binary(y) else float(np.ptp(y)) == 0
    return float(np.average(y, weights=weight)) if few or len(y) < 2 * _FEWEST else None


def _ridges(X: Floats, strength: float) -> Floats:
    """What each coefficient is penalised by; the intercept, last, is free."""
    return np.append(np.full(X.shape[1], 1 / strength), 1e-9)


def _ridge(X: Floats, y: Floats, weight: Floats | None) -> Floats:
    from sklearn.linear_model import RidgeCV

    found = RidgeCV(alphas=_ALPHAS).fit(X, y, sample_weight=weight)
    return np.append(found.coef_, found.intercept_)
