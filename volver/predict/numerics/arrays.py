"""Names for the arrays that cross modules: what their numbers are; and the best rows of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
"""Places in a list of labels; -1 is none of them."""
Bools = NDArray[np.bool_]
Matrix = NDArray[np.float32]
"""Features: one row a case, one column a feature."""
Labels = NDArray[Any]
"""Identifiers as they were given: numbers or texts."""
Numbers = NDArray[Any]
"""Numbers of any width."""


def best(user: NDArray[Any], score: Floats, k: int) -> tuple[Ints, Ints]:
    """Rows of the `k` best scores of each user, by user and score, and their ranks from 1. Ties keep their order."""
    order = np.lexsort((-score, user))
    sorted_user = user[order]
    start = np.flatnonzero(np.append(True, sorted_user[1:] != sorted_user[:-1])) if len(order) else order
    rank = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    kept = rank < k
    return order[kept], rank[kept] + 1
