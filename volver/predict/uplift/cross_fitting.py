"""Every learner and every ranking, asked about customers that it has not seen.

Pure numerics.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from volver.predict.numerics.arrays import Bools, Floats, Ints
from volver.predict.uplift.assignment import Assignment, folds_of
from volver.predict.uplift.base_learners import BASES
from volver.predict.uplift.baselines import ColumnRanking, OutcomeRanking, simplest
from volver.predict.uplift.features import Design
from volver.predict.uplift.learners import LEARNERS, TwoModel, pseudo_effects

BLEND: Final = "mean of all"
OUTCOME: Final = "predicted outcome"
SIMPLE: Final = "simple ranking"
_SMALL: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which learners and bases to try, and which column the simple ranking follows (None: found; - is downwards)."""

    learners: tuple[str, ...]
    bases: tuple[str, ...]
    column: tuple[int, float] | None
    seed: int

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Learner and base of every candidate but the blend, the simplest first."""
        return [(learner, base) for base in self.bases for learner in self.learners]

    @property
    def names(self) -> list[str]:
        """Every candidate, the blend last."""
        alone = [candidate(*each) for each in self.pairs]
        return [*alone, BLEND] if len(alone) > 1 else alone


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What every candidate foresees of customers it has not seen: uplift by `candidates`, uplift and raw score by
    `rivals`, and the pseudo-effects to hold them against.
    """

    candidates: dict[str, Floats]
    rivals: dict[str, Floats]
    scores: dict[str, Floats]
    psi: Floats


def candidate(learner: str, base: str) -> str:
    """The name of a learner on a base."""
    return f"{learner}, {base}"


def cross_fitted(design: Design, treated: Bools, y: Floats, given: Assignment, wanted: Wanted) -> Tried:
    """Five folds (three of a small sample): learn on the others, ask about this one."""
    n = len(y)
    folds = 5 if n >= _SMALL else 3
    fold = folds_of(n, folds, wanted.seed, 2 * treated + (y > 0))
    found = Tried(
        candidates={name: np.empty(n) for name in wanted.names},
        rivals={name: np.empty(n) for name in (OUTCOME, SIMPLE)},
        scores={name: np.empty(n) for name in (OUTCOME, SIMPLE)},
        psi=np.empty(n),
    )
    for out in range(folds):
        _one(found, design, treated, y, given, wanted, fold != out, fold == out)
    return found


def _one(
    found: Tried,
    design: Design,
    treated: Bools,
    y: Floats,
    given: Assignment,
    wanted: Wanted,
    rest: Bools,
    here: Bools,
) -> None:
    """One fold: learn on the rest, write down what is foreseen here."""
    learn, ask, known = design.take(rest), design.take(here), part_of(given, rest)
    plain = TwoModel(treated=True, seed=wanted.seed).fit(learn, treated[rest], y[rest])
    without, with_ = plain.predict_outcomes(ask)
    found.psi[here] = pseudo_effects(y[here], treated[here], given.share[here], without, with_)
    foreseen = []
    for learner, base in wanted.pairs:
        same = (learner, base) == ("two-model", "linear")
        model = plain if same else fitted_learner(learner, base, learn, treated[rest], y[rest], known, wanted.seed)
        foreseen.append(with_ - without if same else model.predict_uplift(ask))
        found.candidates[candidate(learner, base)][here] = foreseen[-1]
    if BLEND in found.candidates:
        found.candidates[BLEND][here] = np.mean(foreseen, axis=0)
    before = pseudo_effects(y[rest], treated[rest], known.share, *plain.predict_outcomes(learn))
    outcome = OutcomeRanking(bases=wanted.bases, seed=wanted.seed).fit(learn, y[rest], before)
    found.rivals[OUTCOME][here], found.scores[OUTCOME][here] = outcome.predict_uplift(ask), outcome.score(ask)
    place, way = wanted.column or simplest(learn, y[rest])
    column = ColumnRanking().fit(way * learn.trees[:, place], before)
    found.scores[SIMPLE][here] = way * ask.trees[:, place]
    found.rivals[SIMPLE][here] = column.predict_uplift(way * ask.trees[:, place])


def fitted_learner(
    learner: str, base: str, design: Design, treated: Bools, y: Floats, given: Assignment, seed: int
) -> Any:
    """A learner on a base, fitted."""
    model: Any = LEARNERS[learner](base=base, treated=True, seed=seed)
    return model.fit(design, treated, y, given)


def part_of(given: Assignment, rows: Bools | Ints) -> Assignment:
    """The assignment of only these customers."""
    return replace(given, share=given.share[rows])


def read_wanted(learners: Any, bases: Any, column: tuple[int, float] | None, seed: int) -> Wanted:
    """What to try, checked. Raises `predict.bad_features`."""
    from volver.predict.uplift.features import BadFeatures

    chosen = Wanted(learners=tuple(learners), bases=tuple(bases), column=column, seed=seed)
    unknown = [each for each in chosen.learners if each not in LEARNERS] + [
        each for each in chosen.bases if each not in BASES
    ]
    if unknown or not chosen.pairs:
        raise BadFeatures(why=f"there is no learner or base called {', '.join(unknown) or 'nothing'}")
    return chosen
