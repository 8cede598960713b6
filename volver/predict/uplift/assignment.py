"""Who was treated, and how likely that was: at random, or as far as it can be told from what is known.

Pure numerics.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from volver.predict.numerics.arrays import Bools, Floats, Ints
from volver.predict.numerics.probability_metrics import auc
from volver.predict.uplift.base_learners import Linear
from volver.predict.uplift.features import Design
from volver.predict.uplift.labels import fitting, shares

_EDGE: Final = 0.02  # a chance of treatment is not taken to be nearer to 0 or 1
_THIN: Final = 0.05
_SUSPECT: Final = 3.0  # standard errors of the AUC from a half at which assignment is not taken to be random
_SLIGHT: Final = 0.01  # a tilt in AUC that no number of customers makes a doubt: it is weighed away and says little
_SLIGHT_TIE: Final = 0.015  # the same as a correlation with who was treated


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Each customer's chance of the treatment, and how far the two groups overlap.

    `balance`: where the chance was told, how many standard errors what is known of a customer still says of who was
    treated, beyond that chance.
    """

    share: Floats
    known: bool
    random: bool
    auc: float | None
    clipped_share: float
    thin_share: float
    effective: float
    balance: float | None = None

    @property
    def diagnostics(self) -> dict[str, Any]:
        """What to look at: `auc` of telling the groups apart (.5 is random), the share of customers whose chance was
        clipped or lies outside .05–.95, the effective share of the sample after weighting, and `balance`.
        """
        return {
            "known": self.known,
            "random": self.random,
            "auc": self.auc,
            "clipped_share": self.clipped_share,
            "thin_share": self.thin_share,
            "effective_share": self.effective,
            "balance": self.balance,
        }


def assigned(design: Design, treated: Bools, propensity: Any = None, *, seed: int = 0) -> Assignment:
    """The chance of treatment: as given (a number or one per customer), else learned and clipped to .02–.98.

    Without one, a cross-fitted logistic regression tries to tell the groups apart; where it cannot (its AUC is within
    three standard errors of a half), the plain share is everyone's chance. A given one is not taken at its word: where
    what is known still tells who was treated, by three standard errors, assignment is not `random`. Of millions the
    slightest tilt can be told: an AUC within .01 of a half, or a correlation below .015, is no doubt.
    Raises `predict.bad_treatment`.
    """
    if propensity is not None:
        share = fitting(shares(propensity, len(treated)), treated)
        told = balance(design, treated, share, seed)
        random = told <= max(_SUSPECT, _SLIGHT_TIE * float(np.sqrt(len(treated))))
        return replace(_told(share, treated, known=True, random=random, auc=None), balance=told)
    guess = cross_fitted(design, treated, seed)
    found = auc(guess, treated)
    n1, n0 = float(treated.sum()), float((~treated).sum())
    wide = float(np.sqrt((n1 + n0 + 1) / (12 * n1 * n0)))
    if found is None or found - 0.5 <= _SUSPECT * wide:
        return _told(np.full(len(treated), treated.mean()), treated, known=False, random=True, auc=found)
    return _told(guess, treated, known=False, random=found - 0.5 <= _SLIGHT, auc=found)


def balance(design: Design, treated: Bools, share: Floats, seed: int, folds: int = 3) -> float:
    """How surely the features foretell who was treated beyond the chances told, in standard errors (a score test).

    A cross-fitted ridge regression of treated less chance; were the chances right, what it foresees would go with what
    it has not seen by luck only.
    """
    fold, left = folds_of(len(treated), folds, seed), treated - share
    found = np.zeros(len(treated))
    for out in range(folds):
        train, test = fold != out, fold == out
        seen = Linear(seed=seed).fit(design.take(train), left[train]).predict(design.take(test))
        found[test] = seen - seen.mean() if len(seen) else seen
    wide = float(np.sqrt(np.sum(found**2 * share * (1 - share))))
    return float(found @ left) / wide if wide > 0 else 0.0


def cross_fitted(design: Design, treated: Bools, seed: int, folds: int = 3) -> Floats:
    """Each customer's chance of the treatment from a logistic regression that has not seen them."""
    fold = folds_of(len(treated), folds, seed)
    found = np.empty(len(treated))
    for out in range(folds):
        train, test = fold != out, fold == out
        model = Linear(seed=seed).fit(design.take(train), treated[train].astype(np.float64))
        found[test] = model.predict(design.take(test))
    return found


def _told(share: Floats, treated: Bools, *, known: bool, random: bool, auc: float | None) -> Assignment:
    inside = np.clip(share, _EDGE, 1 - _EDGE)
    weight = np.where(treated, 1 / inside, 1 / (1 - inside))
    return Assignment(
        share=share if known else inside,
        known=known,
        random=random,
        auc=auc,
        clipped_share=0.0 if known else float(np.mean(inside != share)),
        thin_share=float(np.mean((share < _THIN) | (share > 1 - _THIN))),
        effective=float(weight.sum() ** 2 / np.sum(weight**2) / len(weight)),
    )


def folds_of(rows: int, folds: int, seed: int, strata: npt.NDArray[Any] | None = None) -> Ints:
    """A fold for each row, at random, equally many of every stratum."""
    chance = np.random.default_rng(seed)
    shuffled = chance.permutation(rows)
    if strata is not None:
        shuffled = shuffled[np.argsort(strata[shuffled], kind="stable")]
    found = np.empty(rows, dtype=np.int64)
    found[shuffled] = np.arange(rows) % folds
    return found
