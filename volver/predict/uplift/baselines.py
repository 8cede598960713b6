"""The rivals that an uplift model must beat: rank by predicted outcome, rank by one simple column.

Pure numerics. Each ranking learns, by isotonic regression of the pseudo-effects on its score, from which score on the
treatment pays: no ranking is beaten because it was cut off at the wrong place.
"""

from typing import Final, Self

import numpy as np

from volver.predict.numerics.arrays import Floats
from volver.predict.uplift.assignment import folds_of
from volver.predict.uplift.base_learners import base_named
from volver.predict.uplift.features import Design

_HALVES: Final = 2


class OutcomeRanking:
    """Who is likely to bring most, treated or not, comes first."""

    def __init__(self, *, bases: tuple[str, ...] = ("linear",), seed: int = 0) -> None:
        self.bases = bases
        self.seed = seed

    def fit(self, design: Design, y: Floats, psi: Floats) -> Self:
        """Learn the outcome, and the effect along it from scores of models that had not seen the customer."""
        fold = folds_of(len(y), _HALVES, self.seed, np.asarray(y > 0))
        score = np.empty(len(y))
        for out in range(_HALVES):
            rest, here = fold != out, fold == out
            models = [base_named(name, self.seed).fit(design.take(rest), y[rest]) for name in self.bases]
            score[here] = np.mean([each.predict(design.take(here)) for each in models], axis=0)
        self._models = [base_named(name, self.seed).fit(design, y) for name in self.bases]
        self._steps = stepped(score, psi)
        return self

    def score(self, design: Design) -> Floats:
        """The expected outcome, treatment or not."""
        return np.asarray(np.mean([each.predict(design) for each in self._models], axis=0))

    def predict_uplift(self, design: Design) -> Floats:
        """The effect at each customer's place in the ranking."""
        return _read(self._steps, self.score(design))


class ColumnRanking:
    """Rank by one column, highest first: the shop's own rule of thumb (money, frequency, recency turned round)."""

    def fit(self, column: Floats, psi: Floats) -> Self:
        """Learn the effect along the column."""
        self._steps = stepped(column, psi)
        return self

    def predict_uplift(self, column: Floats) -> Floats:
        """The effect at each customer's place in the ranking."""
        return _read(self._steps, column)


def _read(steps: tuple[Floats, Floats], score: Floats) -> Floats:
    return np.asarray(np.interp(score, *steps))


def stepped(score: Floats, psi: Floats) -> tuple[Floats, Floats]:
    """Scores and their effects, to read between: rising, of hundredths of the customers so that none is a handful."""
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(score, kind="stable")
    parts = np.array_split(order, max(1, min(100, len(order) // 20)))
    mean = [float(psi[rows].mean()) for rows in parts]
    middle = [float(score[rows].mean()) for rows in parts]
    weight = [float(len(rows)) for rows in parts]
    found = IsotonicRegression(out_of_bounds="clip").fit(middle, mean, sample_weight=weight)
    return found.X_thresholds_, found.y_thresholds_


def simplest(design: Design, y: Floats) -> tuple[int, float]:
    """The column of a design that goes with the outcome most (rank correlation), and which way: 1 up, -1 down."""
    from volver.predict.numerics.metrics import spearman

    found = [(spearman(design.trees[:, n], y) or 0.0) for n in range(design.trees.shape[1])]
    best = int(np.argmax(np.abs(found))) if found else 0
    return best, -1.0 if found and found[best] < 0 else 1.0
