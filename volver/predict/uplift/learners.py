"""Learners of uplift: how much more of an outcome a customer gives with the treatment than without.

Pure numerics, scikit-learn's manners. Every learner is built on a base ("linear" or "boosted", or any class with
`fit(design, y, weight)` and `predict(design)`).
"""

from typing import Any, Final, Protocol, Self

import numpy as np

from volver.predict.numerics.arrays import Bools, Floats
from volver.predict.numerics.params import NotFitted, Params
from volver.predict.uplift.assignment import Assignment, assigned, folds_of
from volver.predict.uplift.base_learners import Base, base_named
from volver.predict.uplift.features import Design, Features
from volver.predict.uplift.labels import enough, outcomes, shares, two_arms

_CROSS: Final = 2  # halves of the cross-fitting: each nuisance is asked only about customers it has not seen


class Learner(Protocol):
    """What every learner answers."""

    def fit(self, X: Any, treatment: Any, outcome: Any, propensity: Any = None, *, treated: Any = None) -> Self:
        """Learn from customers who were treated and others who were not."""

    def predict_uplift(self, X: Any) -> Floats:
        """Each customer's uplift, (n,)."""


class _OverBase(Params):
    """`treated` names the label of the treatment; None reads it (`who_was_treated`). `treated_` is the one taken.

    With `control` only the customers of these two arms are learned from (`two_arms`).
    """

    def __init__(self, *, base: str = "linear", treated: Any = None, control: Any = None, seed: int = 0) -> None:
        self.base = base
        self.treated = treated
        self.control = control
        self.seed = seed

    treated_: Any

    def _read(
        self, X: Any, treatment: Any, outcome: Any, propensity: Any, treated: Any
    ) -> tuple[Design, Bools, Floats, Any]:
        """The two arms' features, who was treated, outcomes and chances."""
        features = Features()
        design = X if isinstance(X, Design) else features.fit_transform(X)
        label = self.treated if treated is None else treated
        kept, had, self.treated_ = two_arms(treatment, len(design), label, self.control)
        y = outcomes(outcome, len(design))
        self._features = features
        if not isinstance(propensity, Assignment | None):
            propensity = shares(propensity, len(design))[kept]
        return (design, had, y, propensity) if kept.all() else (design.take(kept), had, y[kept], propensity)

    def _design(self, X: Any) -> Design:
        if not hasattr(self, "_features"):
            raise NotFitted(model=type(self).__name__)
        return self._features.transform(X)

    def _base(self) -> Base:
        return base_named(self.base, self.seed)


class TwoModel(_OverBase):
    """One model of the outcome for the treated, one for the others; the uplift is their difference (the T-learner).

    >>> X = np.tile([[0.0], [1.0]], (400, 1))
    >>> t = np.repeat([0, 1], 400)
    >>> y = 2.0 * t * X[:, 0]
    >>> TwoModel().fit(X, t, y).predict_uplift([[0.0], [1.0]]).round(1).tolist()
    [0.0, 2.0]
    """

    def fit(
        self,
        X: Any,
        treatment: Any,
        outcome: Any,
        propensity: Any = None,  # noqa: ARG002
        *,
        treated: Any = None,
    ) -> Self:
        """Learn both models; a propensity is of no use here. Raises `predict.bad_treatment`."""
        design, had, y, _ = self._read(X, treatment, outcome, None, treated)
        self.with_ = self._base().fit(design.take(had), y[had])
        self.without_ = self._base().fit(design.take(~had), y[~had])
        return self

    def predict_outcomes(self, X: Any) -> tuple[Floats, Floats]:
        """The expected outcome without and with the treatment."""
        design = self._design(X)
        return self.without_.predict(design), self.with_.predict(design)

    def predict_uplift(self, X: Any) -> Floats:
        """Expected outcome with the treatment less that without it, (n,)."""
        without, with_ = self.predict_outcomes(X)
        return with_ - without


class DRLearner(_OverBase):
    """Regresses a doubly robust pseudo-outcome on the features (Kennedy 2023, "Towards optimal doubly robust
    estimation of heterogeneous causal effects", algorithm 1), with cross-fitted nuisances.

    The pseudo-outcome is m1 - m0 + (t - e) / (e (1 - e)) (y - m_t): right on average if either the outcome models m or
    the propensity e are. Give `propensity` to `fit` where treatment was drawn by lot; else it is learned and clipped,
    and `assignment_.diagnostics` says how well the groups overlap.
    """

    def fit(self, X: Any, treatment: Any, outcome: Any, propensity: Any = None, *, treated: Any = None) -> Self:
        """Learn from customers with and without the treatment. Raises `predict.bad_treatment`."""
        design, had, y, propensity = self._read(X, treatment, outcome, propensity, treated)
        enough(had, 2 * _CROSS)
        self.assignment_ = _given(design, had, propensity, self.seed)
        share, fold = self.assignment_.share, folds_of(len(y), _CROSS, self.seed, 2 * had + (y > 0))
        pseudo = np.empty(len(y))
        for out in range(_CROSS):
            rest, here = fold != out, fold == out
            model = TwoModel(base=self.base, treated=True, seed=self.seed).fit(design.take(rest), had[rest], y[rest])
            without, with_ = model.predict_outcomes(design.take(here))
            pseudo[here] = pseudo_effects(y[here], had[here], share[here], without, with_)
        self.final_ = self._base().fit(design, pseudo)
        return self

    def predict_uplift(self, X: Any) -> Floats:
        """Each customer's uplift, (n,)."""
        return self.final_.predict(self._design(X))


class TransformedOutcome(_OverBase):
    """Regresses the outcome, centred and divided by the chance of what was done, on the features.

    The transformed outcome of Athey and Imbens (2016), with the outcome's own level taken out first and rows weighted
    by (t - e)^2, which is the residual-on-residual regression of Nie and Wager (2021, equation 5).
    """

    def fit(self, X: Any, treatment: Any, outcome: Any, propensity: Any = None, *, treated: Any = None) -> Self:
        """Learn from customers with and without the treatment. Raises `predict.bad_treatment`."""
        design, had, y, propensity = self._read(X, treatment, outcome, propensity, treated)
        enough(had, 2 * _CROSS)
        self.assignment_ = _given(design, had, propensity, self.seed)
        level, fold = np.empty(len(y)), folds_of(len(y), _CROSS, self.seed, 2 * had + (y > 0))
        for out in range(_CROSS):
            rest, here = fold != out, fold == out
            level[here] = self._base().fit(design.take(rest), y[rest]).predict(design.take(here))
        away = had - self.assignment_.share
        self.final_ = self._base().fit(design, (y - level) / away, away**2)
        return self

    def predict_uplift(self, X: Any) -> Floats:
        """Each customer's uplift, (n,)."""
        return self.final_.predict(self._design(X))


LEARNERS: Final[dict[str, type[_OverBase]]] = {
    "two-model": TwoModel,
    "doubly robust": DRLearner,
    "transformed outcome": TransformedOutcome,
}


def pseudo_effects(
    outcome: Floats, treated: Bools, share: Floats, without: Floats | float = 0.0, with_: Floats | float = 0.0
) -> Floats:
    """One number per customer whose mean over any group is the group's effect (Robins, Rotnitzky and Zhao 1994).

    `without` and `with_` are the outcomes expected of each customer; at 0 this is plain inverse propensity weighting.
    """
    expected = np.where(treated, with_, without)
    weight = np.where(treated, 1 / share, -1 / (1 - share))
    found: Floats = with_ - without + weight * (outcome - expected)
    return found


def _given(design: Design, treated: Bools, propensity: Any, seed: int) -> Assignment:
    return propensity if isinstance(propensity, Assignment) else assigned(design, treated, propensity, seed=seed)
