"""Chances that mean what they say: recalibration on a held-out past window.

A map is plain JSON and never turns an order round. Give several past windows where you can: how busy one window was
is no property of the model, and only leaving whole windows out shows what lasts. A map is chosen by out-of-fold
log-loss: none (identity), Platt's (1999) line on the log odds, or isotonic regression (Zadrozny and Elkan 2002) joined
by straight lines between the middles of its steps.
"""

from collections.abc import Callable
from typing import Any, Final, Self

import numpy as np

from volver.predict.numerics.arrays import Floats
from volver.predict.numerics.params import Params
from volver.predict.numerics.probability_metrics import log_loss
from volver.predict.numerics.regression import chance

Map = dict[str, Any]

IDENTITY: Final[Map] = {"kind": "identity"}
_FOLDS: Final = 5
_FEWEST: Final = 30  # of each outcome; below this nothing is learned from
_LEAST: Final = 1e-6


class Calibrated(Params):
    """Recalibration of model chances: `fit` on a held-out past window, `predict` for today's.

    `seed` deals the folds. `map_` is the map, plain JSON; `losses_` the out-of-fold log-loss of each kind.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, p: Any, came: Any, window: Any = None) -> Self:
        """Learn from chances and what came (0 or 1). `window` says which past window each row is of; None: one."""
        p, came, window = _rows(p, came, window)
        self.losses_ = _losses(p, came, window, self.seed)
        self.map_ = _chosen(p, came, self.losses_, _trust(window))
        return self

    def predict(self, p: Any) -> Floats:
        """Chances, recalibrated."""
        return recalibrated(p, self.map_)


def calibration_of(p: Any, came: Any, *, window: Any = None, seed: int = 0) -> Map:
    """The map that makes chances `p` fit what `came` (0 or 1): plain JSON, monotone; identity where none helps.

    `window` says which past window each row is of: then a map must help in windows that it did not see.
    """
    p, came, window = _rows(p, came, window)
    return _chosen(p, came, _losses(p, came, window, seed), _trust(window))


def recalibrated(p: Any, how: Map) -> Floats:
    """Chances through a map of `calibration_of`. NaN stays NaN."""
    p = np.asarray(p, dtype=np.float64)
    if how["kind"] == "identity":
        return np.array(p)
    odds = _log_odds(p)
    if how["kind"] == "platt":
        moved = how["shift"] + how["slope"] * odds
    else:
        moved = np.where(np.isnan(p), np.nan, np.interp(odds, how["at"], how["to"]))
    return chance(how["trust"] * moved + (1.0 - how["trust"]) * odds)


def _losses(p: Floats, came: Floats, window: Any, seed: int) -> dict[str, float]:
    """Out-of-fold log-loss of each kind of map; only identity where there is too little to learn from.

    Among several windows, a map that makes any held-out one worse is left out: it learned how busy the others were.
    """
    if min(came.sum(), len(came) - came.sum()) < _FEWEST:
        return {"identity": log_loss(p, came)}
    fold = np.random.default_rng(seed).permutation(len(p)) % _FOLDS
    whole = len(np.unique(window)) > 1
    if whole:
        fold = np.unique(window, return_inverse=True)[1]
    found = {"identity": log_loss(p, came)}
    for kind, learn in _KINDS.items():
        told = np.empty(len(p))
        for each in range(int(fold.max()) + 1):
            out = fold == each
            told[out] = recalibrated(p[out], learn(p[~out], came[~out]))
        folds = [fold == each for each in range(int(fold.max()) + 1)]
        if not whole or all(log_loss(told[out], came[out]) < log_loss(p[out], came[out]) for out in folds):
            found[kind] = log_loss(told, came)
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
    """A line on the log odds by Newton's steps; a slope below 0 would turn the order round and becomes 0."""
    odds = _log_odds(p)
    base = (came.sum() + 0.5) / (len(came) + 1.0)
    for columns in (np.column_stack([np.ones(len(p)), odds]), np.ones((len(p), 1))):
        theta = np.zeros(columns.shape[1])
        theta[0] = np.log(base / (1.0 - base)) if len(theta) == 1 else 0.0
        theta[1:] = 1.0
        for _ in range(50):
            said = chance(columns @ theta)
            ridge = 1e-3 * np.eye(len(theta))
            step = np.linalg.solve(
                (columns * (said * (1.0 - said) + 1e-9)[:, None]).T @ columns + ridge, columns.T @ (came - said)
            )
            theta = theta + np.clip(step, -2.0, 2.0)
            if np.max(np.abs(step)) < 1e-8:
                break
        if len(theta) == 1 or theta[1] >= 0:
            break
    return {
        "kind": "platt",
        "trust": 1.0,
        "shift": float(theta[0]),
        "slope": float(theta[1]) if len(theta) > 1 else 0.0,
    }


def _isotonic(p: Floats, came: Floats) -> Map:
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(p, kind="stable")
    p, came = p[order], came[order]
    tied, place = np.unique(p, return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    level = isotonic_regression(np.bincount(place, weights=came) / n, sample_weight=n)
    fresh = np.flatnonzero(np.append(True, np.diff(level) > 1e-12))
    weight = np.add.reduceat(n, fresh)
    middle = np.add.reduceat(_log_odds(tied) * n, fresh) / weight
    rate = np.add.reduceat(np.bincount(place, weights=came), fresh)
    base = came.mean()
    smooth = np.maximum.accumulate((rate + base) / (weight + 1.0))  # a step of zeros is no proof of never
    return {"kind": "isotonic", "trust": 1.0, "at": middle.tolist(), "to": _log_odds(smooth).tolist()}


_KINDS: Final[dict[str, Callable[[Floats, Floats], Map]]] = {"platt": _platt, "isotonic": _isotonic}


def _rows(p: Any, came: Any, window: Any) -> tuple[Floats, Floats, Any]:
    """Rows with a chance; the window of each."""
    kept = np.isfinite(np.asarray(p, dtype=np.float64))
    window = np.zeros(len(kept), dtype=np.int64) if window is None else np.asarray(window)
    return *_pair(p, came), window[kept]


def _pair(p: Any, came: Any) -> tuple[Floats, Floats]:
    p, came = np.asarray(p, dtype=np.float64), np.asarray(came, dtype=np.float64)
    kept = np.isfinite(p)
    return p[kept], came[kept]


def _log_odds(p: Floats) -> Floats:
    kept = np.clip(p, _LEAST, 1.0 - _LEAST)
    found: Floats = np.log(kept / (1.0 - kept))
    return found
