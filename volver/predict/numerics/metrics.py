"""How good a forecast was: errors, ranks, and how much of the best customers it found.

Pure numerics over two columns, what was foreseen and what came.
"""

from typing import Final

import numpy as np

from volver.predict.numerics.arrays import Floats

_TOP: Final = 0.1
Z80: Final = 1.2815515655446004  # standard deviations either side that hold 80 % of a normal law
Z90: Final = 1.6448536269514722  # standard deviations either side that hold 90 %
_FEWEST_FOR_TENTHS: Final = 50


def mae(predicted: Floats, actual: Floats) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(predicted - actual)))


def rmse(predicted: Floats, actual: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


def spearman(one: Floats, other: Floats) -> float | None:
    """Rank correlation; ties share their mean rank. None where one side does not vary."""
    if len(one) < 2:
        return None
    a, b = ranks(one) - (len(one) + 1) / 2, ranks(other) - (len(other) + 1) / 2
    size = float(np.sqrt(np.sum(a**2) * np.sum(b**2)))
    return float(np.sum(a * b)) / size if size > 0 else None


def ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs. In numpy, because scipy.stats takes a second to import."""
    _, place, n = np.unique(values, return_inverse=True, return_counts=True)
    found: Floats = (np.cumsum(n) - (n - 1) / 2.0)[place]
    return found


def top_share(by: Floats, actual: Floats, top: float = _TOP) -> float | None:
    """Share of all that came which the top tenth by `by` brought; ties share evenly. None where nothing came."""
    whole = float(np.sum(actual))
    if not len(by) or whole <= 0:
        return None
    room = max(1.0, round(len(by) * top))
    edge = float(np.sort(by)[-int(room)])
    surely, perhaps = by > edge, by == edge
    part = (room - float(surely.sum())) / float(perhaps.sum())
    return (float(actual[surely].sum()) + part * float(actual[perhaps].sum())) / whole


def customer_scores(predicted: Floats, actual: Floats) -> dict[str, float | None]:
    """The scores of `predict check`, over customers."""
    if not len(predicted):
        return dict.fromkeys(("mae", "rmse", "spearman", "top10_capture", "top10_capture_perfect"))
    return {
        "mae": mae(predicted, actual),
        "rmse": rmse(predicted, actual),
        "spearman": spearman(predicted, actual),
        "top10_capture": top_share(predicted, actual),
        "top10_capture_perfect": top_share(actual, actual),
    }


def tenths(predicted: Floats, actual: Floats) -> list[dict[str, float]]:
    """Means over tenths of the customers by what was foreseen, least first; `low` and `high` hold the mean that came
    with 90 % confidence. Nothing for fewer than 50 customers.
    """
    if len(predicted) < _FEWEST_FOR_TENTHS:
        return []
    found = []
    for part in np.array_split(np.argsort(predicted, kind="stable"), 10):
        mean, wide = float(np.mean(actual[part])), Z90 * float(np.std(actual[part])) / float(np.sqrt(len(part)))
        found.append(
            {
                "customers": len(part),
                "predicted": float(np.mean(predicted[part])),
                "actual": mean,
                "low": max(0.0, mean - wide),
                "high": mean + wide,
            }
        )
    return found


def deviance(predicted: Floats, actual: Floats) -> float:
    """Mean Poisson deviance: 0 is perfect, lower is better (McCullagh and Nelder 1989, section 2.3)."""
    mean = np.maximum(predicted, 1e-9)
    terms = np.where(actual > 0, actual * np.log(np.maximum(actual, 1e-9) / mean), 0.0) - (actual - mean)
    return 2.0 * float(np.mean(terms))
