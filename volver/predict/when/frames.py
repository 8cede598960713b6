"""Answers: the best of each, in the frame library that the question came in."""

from typing import Any

import numpy as np
import numpy.typing as npt

from volver.predict.numerics.arrays import Floats, Ints


def library_of(frame: Any) -> Any:
    """The library to answer in: the frame's own; Arrow for what is no frame, or is a query rather than a frame."""
    import narwhals as nw

    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame):
        return nw.Implementation.POLARS if native.implementation.is_polars() else nw.Implementation.PYARROW
    return native.implementation if isinstance(native, nw.DataFrame) else nw.Implementation.PYARROW


def framed(columns: dict[str, Any], library: Any) -> Any:
    """Columns as a frame of that library."""
    import narwhals as nw

    return nw.from_dict(columns, backend=library).to_native()


def best(user: npt.NDArray[Any], score: Floats, k: int) -> tuple[Ints, Ints]:
    """Rows of the `k` best scores of each user, by user and score, and their ranks from 1. Ties keep their order."""
    order = np.lexsort((-score, user))
    sorted_user = user[order]
    start = np.flatnonzero(np.append(True, sorted_user[1:] != sorted_user[:-1])) if len(order) else order
    rank = np.arange(len(order)) - np.repeat(start, np.diff(np.append(start, len(order))))
    kept = rank < k
    return order[kept], rank[kept] + 1
