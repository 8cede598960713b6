"""Uplift with a choice and a verdict: tries learners and bases, picks one, and says whether targeting is proven.

Pure numerics; a shop is not needed.
"""

from math import isfinite
from numbers import Real
from typing import Any, Final, Self

import numpy as np

from volver.core import Words, clock
from volver.predict.numerics.arrays import Bools, Floats
from volver.predict.numerics.params import BadParameters, BadQuestion, NotFitted, Params
from volver.predict.numerics.threads import one_thread
from volver.predict.uplift.assignment import assigned
from volver.predict.uplift.baselines import ColumnRanking, OutcomeRanking, simplest
from volver.predict.uplift.cross_fitting import (
    BLEND,
    OUTCOME,
    SIMPLE,
    Tried,
    candidate,
    cross_fitted,
    fitted_learner,
    read_wanted,
)
from volver.predict.uplift.evaluation import Calibration, by_decile, calibration, ranking
from volver.predict.uplift.features import Design, Features, MissingFeature
from volver.predict.uplift.labels import enough, outcomes, shares, two_arms
from volver.predict.uplift.learners import Learner
from volver.predict.uplift.policy_test import ALL, NONE, UPLIFT, PolicyChoice, judged

_OBJECTIVES: Final = ("auto", "net", "ranking")
_FEWEST: Final = 10  # customers with, and without, the treatment: every fold needs some
_LEAST_KEPT: Final = 0.02  # of the foreseen differences, so that their order survives


class Uplift(Params):
    """How much more each customer gives when treated, and whom to treat.

    `learners` ("two-model", "doubly robust", "transformed outcome") on `bases` ("linear", "boosted"), each alone and
    the mean of all, are asked in cross-validation about customers that they have not seen, and held against treating
    nobody, treating everybody, ranking by predicted outcome and ranking by one simple column (`ranking`: a column of X,
    "-name" for lowest first; None takes the column that goes most with the outcome).

    `objective`: "net" compares what a policy brings, `value_per_outcome` times the effect less `cost_per_treatment`;
    "ranking" how well customers are sorted, whatever the budget. "auto" is net where a treatment costs something.

    After `fit`: `choice_` (what was tried, scores with intervals, why), `verdict_` in words, `proven_`, `assignment_`
    (overlap), `calibration_`, `average_`, `treated_`, `fit_cpu_s_`. Uplifts are drawn towards the average as far
    as the differences between customers are uncertain.

    Of a campaign with several arms two are compared: `treated="Mens E-Mail", control="No E-Mail"`; customers of other
    arms are left out. `propensity` is then the chance of the one among the two.

    >>> chance = np.random.default_rng(1)
    >>> X, t = chance.normal(size=(2000, 2)), chance.integers(0, 2, 2000)
    >>> y = X[:, 1] + t * X[:, 0] + chance.normal(size=2000)
    >>> model = Uplift(bases=("linear",)).fit(X, t, y, propensity=0.5)
    >>> model.proven_, model.predict_uplift([[2.0, 0.0]]).round().tolist()
    (True, [2.0])
    """

    def __init__(
        self,
        *,
        objective: str = "auto",
        learners: tuple[str, ...] = ("two-model", "doubly robust"),
        bases: tuple[str, ...] = ("linear", "boosted"),
        value_per_outcome: float = 1.0,
        cost_per_treatment: float = 0.0,
        ranking: str | None = None,
        treated: Any = None,
        control: Any = None,
        seed: int = 0,
    ) -> None:
        self.objective = objective
        self.learners = learners
        self.bases = bases
        self.value_per_outcome = value_per_outcome
        self.cost_per_treatment = cost_per_treatment
        self.ranking = ranking
        self.treated = treated
        self.control = control
        self.seed = seed

    choice_: PolicyChoice
    calibration_: Calibration

    def fit(self, X: Any, treatment: Any, outcome: Any, *, propensity: Any = None, treated: Any = None) -> Self:
        """Try, choose, and learn from everyone. `propensity` is the known chance of treatment (a number or one each),
        `treated` the label of the treatment; without it, and without the setting, the label that does not read as a
        control is the treatment (`treated_`). Where the features still tell who was treated, whatever the known chance
        says, nothing is proven (`assignment_.diagnostics`).

        Raises `predict.bad_features`, `predict.bad_treatment`, `predict.bad_parameters`.
        """
        began = clock.cpu_s()
        with one_thread():
            self._learn(X, treatment, outcome, propensity, self.treated if treated is None else treated)
        self.fit_cpu_s_ = clock.cpu_s() - began
        return self

    def _learn(self, X: Any, treatment: Any, outcome: Any, propensity: Any, label: Any) -> None:
        if self.objective not in _OBJECTIVES:
            why = f"there is no objective {self.objective!r}, only {', '.join(_OBJECTIVES)}"
            raise BadParameters(model=type(self).__name__, why=why)
        _finite(self.value_per_outcome, self.cost_per_treatment)
        self._features = Features()
        design = self._features.fit_transform(X)
        kept, treated, self.treated_ = two_arms(treatment, len(design), label, self.control)
        enough(treated, _FEWEST)
        y = outcomes(outcome, len(design))[kept]
        propensity = None if propensity is None else shares(propensity, len(design))[kept]
        design = design if kept.all() else design.take(kept)
        self.assignment_ = assigned(design, treated, propensity, seed=self.seed)
        wanted = read_wanted(self.learners, self.bases, self._column(), self.seed)
        self._tried = cross_fitted(design, treated, y, self.assignment_, wanted)
        self.choice_ = self._judged(self.value_per_outcome, self.cost_per_treatment)
        self.calibration_ = calibration(self._tried.candidates[self.choice_.chosen], self._tried.psi)
        self.average_ = self.calibration_.average
        self._final(design, treated, y)

    @property
    def verdict_(self) -> Words:
        """Whether targeting by uplift is proven, and what to do."""
        self._check()
        return self.choice_.why

    @property
    def proven_(self) -> bool:
        """Whether the chosen learner surely beats every rival on customers it had not seen."""
        self._check()
        return self.choice_.proven

    def predict_uplift(self, X: Any) -> Floats:
        """Each customer's uplift per treatment in units of the outcome, (n,).

        Drawn to the average as far as the differences are uncertain, but never so far that their order is lost.
        Raises `predict.missing_feature`."""
        self._check()
        return self.calibration_.shrunk(self._raw(self._features.transform(X)), least=_LEAST_KEPT)

    def treat(
        self, X: Any, *, cost: float | None = None, value: float | None = None, share: float | None = None
    ) -> Bools:
        """Whom to treat, (n,) of bool: those for whom the policy's uplift is worth more than the treatment costs.

        The policy is the uplift model where proven, a ranking where that is what pays, else all or nobody. With
        `share`, this share of the customers, best first, whatever it brings.
        """
        self._check()
        if share is not None and not 0 <= share <= 1:
            raise BadQuestion(why=f"a share of {share!r} of the customers")
        value = self.value_per_outcome if value is None else value
        cost = self.cost_per_treatment if cost is None else cost
        _finite(value, cost)
        same = (value, cost) == (self.value_per_outcome, self.cost_per_treatment)
        choice = self.choice_ if same else self._judged(value, cost)
        design = self._features.transform(X)
        if share is not None:
            return _best(self._ordered(design), share)
        if choice.policy in (NONE, ALL):
            return np.full(len(design), choice.policy == ALL)
        found: Bools = value * self._by(choice.policy, design) > cost
        return found

    def deciles(self) -> list[dict[str, float]]:
        """Foreseen (cross-fitted, drawn to the average) and measured effect by tenths, best first."""
        self._check()
        return by_decile(
            self.calibration_.shrunk(self._tried.candidates[self.choice_.chosen], least=_LEAST_KEPT), self._tried.psi
        )

    def _judged(self, value: float, cost: float) -> PolicyChoice:
        objective = self.objective if self.objective in _OBJECTIVES[1:] else ("net" if cost > 0 else "ranking")
        return judged(self._tried, objective, value, cost, self.seed, random=self.assignment_.random)

    def _final(self, design: Design, treated: Bools, y: Floats) -> None:
        """The chosen learner and both rankings, from everyone."""
        wanted = read_wanted(self.learners, self.bases, self._column(), self.seed)
        chosen = self.choice_.chosen
        self.models_: list[Learner] = [
            fitted_learner(learner, base, design, treated, y, self.assignment_, self.seed)
            for learner, base in wanted.pairs
            if chosen in (BLEND, candidate(learner, base))
        ]
        self._outcome = OutcomeRanking(bases=wanted.bases, seed=self.seed).fit(design, y, self._tried.psi)
        self._place, self._way = wanted.column or simplest(design, y)
        self._simple = ColumnRanking().fit(self._way * design.trees[:, self._place], self._tried.psi)

    def _column(self) -> tuple[int, float] | None:
        if self.ranking is None:
            return None
        name, way = (self.ranking[1:], -1.0) if self.ranking.startswith("-") else (self.ranking, 1.0)
        if name not in self._features.names_:
            raise MissingFeature(missing=name, known=", ".join(self._features.names_))
        return self._features.names_.index(name), way

    @property
    def simple_column_(self) -> str:
        """The column that the simple ranking follows, "-" before it for lowest first."""
        self._check()
        return ("-" if self._way < 0 else "") + self._features.names_[self._place]

    def _raw(self, design: Design) -> Floats:
        return np.asarray(np.mean([each.predict_uplift(design) for each in self.models_], axis=0))

    def _by(self, policy: str, design: Design) -> Floats:
        if policy == OUTCOME:
            return self._outcome.predict_uplift(design)
        if policy == SIMPLE:
            return self._simple.predict_uplift(self._way * design.trees[:, self._place])
        return self.calibration_.shrunk(self._raw(design))

    def _ordered(self, design: Design) -> Floats:
        """The score to sort by: the uplift where proven, else whatever sorted best so far."""
        best = UPLIFT
        if not self.choice_.proven:
            psi, tried = self._tried.psi, self._tried
            shown = {UPLIFT: ranking(tried.candidates[self.choice_.chosen], psi).value}
            shown |= {name: ranking(score, psi).value for name, score in tried.scores.items()}
            best = max(shown, key=lambda name: shown[name])
        if best == OUTCOME:
            return self._outcome.score(design)
        return self._way * design.trees[:, self._place] if best == SIMPLE else self._raw(design)

    _tried: Tried

    def _check(self) -> None:
        if not hasattr(self, "calibration_"):
            raise NotFitted(model=type(self).__name__)


def _finite(value: Any, cost: Any) -> None:
    for name, each in (("value_per_outcome", value), ("cost_per_treatment", cost)):
        if not isinstance(each, Real) or not isfinite(each):
            raise BadParameters(model=Uplift.__name__, why=f"{name} = {each!r} is no number")


def _best(score: Floats, share: float) -> Bools:
    found = np.zeros(len(score), dtype=bool)
    found[np.argsort(-score, kind="stable")[: round(share * len(score))]] = True
    return found
