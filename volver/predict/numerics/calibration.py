"""Chances that mean what they say: recalibration on a held-out past window.

A map is plain JSON and never turns an order round. Give several past windows where you can: how busy one window was
is no property of the model, and only leaving whole windows out shows what lasts. A map is chosen by out-of-fold
log-loss: none (identity), Platt's (1999) line on the log odds, or isotonic regression (Zadrozny and Elkan 2002) joined
by straight lines between the middles of its steps.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Self

import numpy as np

from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.params import Params
from volver.predict.numerics.probability_metrics import log_loss
from volver.predict.numerics.regression import chance, log_odds, logistic

Map = dict[str, Any]

IDENTITY: Final[Map] = {"kind": "identity"}
_FOLDS: Final = 5
_FEWEST: Final = 30  # of each outcome; below this nothing is learned from
_LINE: Final = np.array([1e-3, 1e-3])  # a ridge that keeps the line finite where chances tell all


class Calibrated(Params):
    """Recalibration of model chances: `fit` on a held-out past window, `predict` for today's.

    `kinds` are tried beside none: "platt", "isotonic" (lines between the middles of steps), "steps" (flat ones); `seed`
    deals the folds. `map_` is the map, plain JSON; `losses_` the out-of-fold log-loss of each kind; `held_` what the
    chosen kind says of each row that was given, by maps that had not seen it.
    """

    def __init__(self, *, kinds: tuple[str, ...] = ("platt", "isotonic"), seed: int = 0) -> None:
        self.kinds = kinds
        self.seed = seed

    def fit(self, p: Any, came: Any, window: Any = None) -> Self:
        """Learn from chances and what came (0 or 1). `window` says which past window each row is of; None: one."""
        p, came, window = _rows(p, came, window)
        held = _held_out(p, came, window, self.kinds, self.seed)
        self.losses_ = {kind: log_loss(told, came) for kind, told in held.items()}
        self.map_ = _chosen(p, came, self.losses_, _trust(window))
        self.held_ = held[self.map_["kind"]]
        return self

    def predict(self, p: Any) -> Floats:
        """Chances, recalibrated."""
        return recalibrated(p, self.map_)


def calibration_of(p: Any, came: Any, *, window: Any = None, seed: int = 0) -> Map:
    """The map that makes chances `p` fit what `came` (0 or 1): plain JSON, monotone; identity where none helps.

    `window` says which past window each row is of: then a map must help in windows that it did not see.
    """
    return Calibrated(seed=seed).fit(p, came, window).map_


def recalibrated(p: Any, how: Map) -> Floats:
    """Chances through a map of `calibration_of`. NaN stays NaN."""
    p = np.asarray(p, dtype=np.float64)
    if how["kind"] == "identity":
        return np.array(p)
    odds = log_odds(p)
    if how["kind"] == "platt":
        moved = how["shift"] + how["slope"] * odds
    else:
        moved = np.where(np.isnan(p), np.nan, np.interp(odds, how["at"], how["to"]))
    return chance(how["trust"] * moved + (1.0 - how["trust"]) * odds)


def _held_out(p: Floats, came: Floats, window: Any, kinds: tuple[str, ...], seed: int) -> dict[str, Floats]:
    """What each kind of map says of rows it had not seen; only identity where there is too little to learn from.

    Among several windows, a map that makes any held-out one worse is left out: it learned how busy the others were.
    """
    found = {"identity": p}
    if min(came.sum(), len(came) - came.sum()) < _FEWEST:
        return found
    fold = np.random.default_rng(seed).permutation(len(p)) % _FOLDS
    whole = len(np.unique(window)) > 1
    if whole:
        fold = np.unique(window, return_inverse=True)[1]
    folds = [fold == each for each in range(int(fold.max()) + 1)]
    for kind in kinds:
        learn, told = _KINDS[kind], np.empty(len(p))
        for out in folds:
            told[out] = recalibrated(p[out], learn(p[~out], came[~out]))
        if not whole or all(log_loss(told[out], came[out]) < log_loss(p[out], came[out]) for out in folds):
            found[kind] = told
    return found


def _chosen(p: Floats, came: Floats, losses: dict[str, float], trust: float) -> Map:
    """The kind with the least loss, if it gains more than a parameter's worth of evidence (one nat in all)."""
    kind = min(losses, key=lambda name: losses[name])
    if kind == "identity" or (losses["identity"] - losses[kind]) * len(p) < 1.0:
        return dict(IDENTITY)
    return _KINDS[kind](p, came) | {"trust": trust}


def _trust(window: Any) -> float:
    """How far a map is followed: n windows against one window's worth of trust in the model itself."""
    n = len(np.unique(window))
    return n / (n + 1.0) if n > 1 else 1.0


def _platt(p: Floats, came: Floats) -> Map:
    """A line on the log odds; a slope below 0 would turn the order round and becomes 0."""
    odds = log_odds(p)[:, None]
    theta = logistic(odds, came, _LINE)
    if theta[0] < 0:
        theta = np.append(0.0, logistic(odds[:, :0], came, _LINE[1:]))
    return {"kind": "platt", "trust": 1.0, "shift": float(theta[1]), "slope": float(theta[0])}


def _isotonic(p: Floats, came: Floats, *, flat: bool = False) -> Map:
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(p, kind="stable")
    p, came = p[order], came[order]
    tied, place = np.unique(p, return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    level = isotonic_regression(np.bincount(place, weights=came) / n, sample_weight=n)
    fresh = np.flatnonzero(np.append(True, np.diff(level) > 1e-12))
    weight = np.add.reduceat(n, fresh)
    at = np.add.reduceat(log_odds(tied) * n, fresh) / weight
    rate = np.add.reduceat(np.bincount(place, weights=came), fresh)
    base = came.mean()
    smooth = (rate + base) / (weight + 1.0)  # a step of zeros is no proof of never
    to = log_odds(np.maximum.accumulate(smooth))
    if flat:
        to = log_odds(isotonic_regression(smooth, sample_weight=weight))
        ends = np.append(fresh[1:], len(tied)) - 1
        at, to = log_odds(np.column_stack([tied[fresh], tied[ends]]).ravel()), np.repeat(to, 2)
    return {"kind": "steps" if flat else "isotonic", "trust": 1.0, "at": at.tolist(), "to": to.tolist()}


_KINDS: Final[dict[str, Callable[[Floats, Floats], Map]]] = {
    "platt": _platt,
    "isotonic": _isotonic,
    "steps": partial(_isotonic, flat=True),
}


def _rows(p: Any, came: Any, window: Any) -> tuple[Floats, Floats, Any]:
    """Rows with a chance; the window of each."""
    kept = np.isfinite(np.asarray(p, dtype=np.float64))
    window = np.zeros(len(kept), dtype=np.int64) if window is None else np.asarray(window)
    return *_pair(p, came), window[kept]


def _pair(p: Any, came: Any) -> tuple[Floats, Floats]:
    p, came = np.asarray(p, dtype=np.float64), np.asarray(came, dtype=np.float64)
    kept = np.isfinite(p)
    return p[kept], came[kept]
