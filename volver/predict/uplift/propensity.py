"""How likely an event is: a calibrated chance for each customer, and how far it can be trusted.

Pure numerics, scikit-learn's manners, over any frame.
"""

from typing import Any, Final, Self

import numpy as np

from volver.core import Words, clock
from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.calibration import Calibrated, recalibrated
from volver.predict.numerics.params import NotFitted, Params
from volver.predict.numerics.probability_metrics import Reliability, log_loss, reliability
from volver.predict.numerics.threads import one_thread
from volver.predict.uplift.assignment import folds_of
from volver.predict.uplift.base_learners import BASES, base_named, is_binary
from volver.predict.uplift.features import BadFeatures, Design, Features
from volver.predict.uplift.labels import outcomes

FEWEST: Final = 50  # events, and non-events, below which nothing is said
_ENOUGH_TO_BOOST: Final = 200  # events below which boosting has never won and only takes time
_FOLDS: Final = 5
_CALIBRATED: Final = {"identity": "as it is", "platt": "Platt", "steps": "isotonic"}


class Propensity(Params):
    """The calibrated chance of an event: to buy from a category, use a discount, send goods back.

    Logistic regression and, from 200 events on, boosted trees are compared by five-fold cross-validated log-loss; of
    the better, the out-of-fold chances are calibrated: not at all, by Platt's line (1999) or by isotonic steps, again
    by cross-validated log-loss.
    With fewer than 50 events or non-events `predict` answers None and `reason_` says why.

    After `fit`: `base_`, `calibrated_by_`, `losses_`, `reliability_` (on customers that neither the model nor the
    calibration had seen), `reason_`.

    >>> chance = np.random.default_rng(1)
    >>> X = chance.normal(size=(2000, 1))
    >>> y = chance.random(2000) < 1 / (1 + np.exp(2 - X[:, 0]))
    >>> Propensity().fit(X, y).predict([[-1.0], [2.0]]).round(1).tolist()
    [0.1, 0.5]
    >>> str(Propensity().fit(X, y & (X[:, 0] > 2.2)).reason_)[:20]
    'Only 17 of 2000 had '
    """

    def __init__(self, *, bases: tuple[str, ...] = BASES, seed: int = 0) -> None:
        self.bases = bases
        self.seed = seed

    base_: str | None = None
    calibrated_by_: str | None = None
    reliability_: Reliability | None = None
    reason_: Words | None = None

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from customers and whether it happened (0 or 1). Raises `predict.bad_features`."""
        began = clock.cpu_s()
        unknown = [each for each in self.bases if each not in BASES]
        if unknown or not len(self.bases):
            raise BadFeatures(why=f"there is no base called {', '.join(unknown) or 'nothing'}")
        features = Features()
        design = features.fit_transform(X)
        happened = outcomes(y, len(design))
        if not is_binary(happened):
            raise BadFeatures(why="an event is neither 0 nor 1")
        self._features = features
        self.reason_ = _too_few(happened)
        self.base_ = self.calibrated_by_ = self.reliability_ = None
        if self.reason_ is None:
            with one_thread():
                self._learn(design, happened)
        self.fit_cpu_s_ = clock.cpu_s() - began
        return self

    def predict(self, X: Any) -> Floats | None:
        """Each customer's chance, (n,); None where there was too little to learn from."""
        if not hasattr(self, "_features"):
            raise NotFitted(model=type(self).__name__)
        if self.base_ is None:
            return None
        raw = self._model.predict(self._features.transform(X))
        return recalibrated(raw, self.map_)

    def predict_proba(self, X: Any) -> Floats | None:
        """Chances of no and of yes, (n, 2), as scikit-learn gives them; None as in `predict`."""
        found = self.predict(X)
        return None if found is None else np.column_stack([1 - found, found])

    def _learn(self, design: Design, y: Floats) -> None:
        fold = folds_of(len(y), _FOLDS, self.seed, y)
        held: dict[str, Floats] = {}
        rare = min(y.sum(), len(y) - y.sum()) < _ENOUGH_TO_BOOST
        for name in self.bases[:1] if rare else self.bases:
            held[name] = np.empty(len(y))
            for out in range(_FOLDS):
                rest, here = fold != out, fold == out
                model = base_named(name, self.seed).fit(design.take(rest), y[rest])
                held[name][here] = model.predict(design.take(here))
        self.losses_ = {name: log_loss(p, y) for name, p in held.items()}
        self.base_ = min(self.losses_, key=lambda name: self.losses_[name])
        calibrated = Calibrated(kinds=("platt", "steps"), seed=self.seed).fit(held[self.base_], y)
        self.map_ = calibrated.map_
        self.calibrated_by_ = _CALIBRATED[self.map_["kind"]]
        self.reliability_ = reliability(calibrated.held_, y)
        self._model = base_named(self.base_, self.seed).fit(design, y)


def _too_few(y: Floats) -> Words | None:
    events = int(y.sum())
    if events < FEWEST:
        text = "Only {events} of {customers} had it happen; {needed} are needed to tell who is likely."
        return Words(text, {"events": events, "customers": len(y), "needed": FEWEST})
    if len(y) - events < FEWEST:
        text = "All but {others} of {customers} had it happen; {needed} others are needed to tell who is likely."
        return Words(text, {"others": len(y) - events, "customers": len(y), "needed": FEWEST})
    return None
