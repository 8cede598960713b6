"""Boosted trees as plain arrays: what scikit-learn's histogram boosting learned, without the object that learned it."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from volver.predict.numerics.arrays import Floats, Ints


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees, one after another; `starts` says where each begins, `base` what they add to."""

    nodes: NDArray[Any]
    starts: Ints
    base: float

    @classmethod
    def of(cls, model: Any) -> Self:
        """From a fitted `HistGradientBoosting…` of one output and no categories."""
        nodes = [each[0].nodes for each in model._predictors]
        starts = np.cumsum([0, *map(len, nodes)])
        return cls(np.concatenate(nodes), starts, float(np.ravel(model._baseline_prediction)[0]))

    def values(self, X: Floats) -> Floats:
        """The sum of base and trees for each row of (n, n_features): a mean, or log odds."""
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

        X = np.ascontiguousarray(X, dtype=np.float64)
        no_category, places = np.zeros((0, 8), np.uint32), np.zeros(X.shape[1], np.uint32)
        found = np.full(len(X), self.base)
        nodes = np.array(self.nodes)  # the library wants to be able to write, mapped files are read-only
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            found += TreePredictor(nodes[start:end], no_category, no_category).predict(X, no_category, places, 1)
        return found
