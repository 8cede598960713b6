"""The best k of sparse scores, row by row, all rows at once; and lists filled up from an order that all share.

Pure numerics. A list is a row of item codes, best first, -1 where it has ended.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.predict.numerics.arrays import Bools, Codes, Floats

_CELLS: Final = 20_000_000  # of a block of lists while they are filled


def best_of_rows(scores: Any, k: int, tie: Floats | None = None) -> Codes:
    """The k highest stored scores of each row of a sparse matrix, `(n_rows, k)`.

    Only scores above 0 count. Ties go to the higher `tie` (per column), then to the smaller code.
    """
    rows = sparse.csr_matrix(scores)
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    there = (rows.data > 0) & (rows.data >= _threshold(rows, k)[row])
    row, item, score = row[there], rows.indices[there], rows.data[there]
    keys = (item, -score, row) if tie is None else (item, -tie[item], -score, row)
    order = np.lexsort(keys)
    row, item = row[order], item[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    found = np.full((rows.shape[0], k), -1, dtype=np.int32)
    kept = rank < k
    found[row[kept], rank[kept]] = item[kept]
    return found


def _threshold(rows: Any, k: int) -> NDArray[Any]:
    """The k-th highest value of each row; a row with fewer keeps all."""
    ends = rows.indptr.tolist()
    found = np.full(rows.shape[0], -np.inf)
    for row in np.flatnonzero(np.diff(rows.indptr) > k).tolist():
        own = rows.data[ends[row] : ends[row + 1]]
        found[row] = np.partition(own, len(own) - k)[len(own) - k]
    return found


def holds(lists: NDArray[Any], sets: Any) -> Bools:
    """Whether each item of each list is in the same row of a sparse matrix; False for -1."""
    rows = sparse.csr_matrix(sets)
    rows.sort_indices()
    width = np.int64(rows.shape[1] + 1)
    row = np.repeat(np.arange(rows.shape[0], dtype=np.int64), np.diff(rows.indptr))
    keys = row * width + rows.indices
    asked = np.arange(len(lists), dtype=np.int64)[:, None] * width + lists
    place = np.searchsorted(keys, asked)
    place[place == len(keys)] = 0
    if not len(keys):
        return np.zeros(lists.shape, dtype=bool)
    found: Bools = (keys[place] == asked) & (lists >= 0)
    return found


def filled(lists: Codes, order: NDArray[Any], barred: Any = None) -> Codes:
    """Lists whose ends are filled from `order` (item codes, best first), without repeats and without `barred` items.

    `barred` is a sparse matrix with the row's items that may not be added; what is in the list already stays.
    """
    n, k = lists.shape
    most = int(np.diff(sparse.csr_matrix(barred).indptr).max(initial=0)) if barred is not None else 0
    head = np.asarray(order[: k + most], dtype=np.int32)
    found = lists.copy()
    step = max(1, _CELLS // max(len(head), 1))
    for start in range(0, n, step):
        block = slice(start, min(start + step, n))
        found[block] = _filled(found[block], head, None if barred is None else barred[block])
    return found


def _filled(lists: Codes, head: Codes, barred: Any) -> Codes:
    n, k = lists.shape
    length = (lists >= 0).sum(axis=1)
    if not len(head) or bool((length == k).all()):
        return lists
    shown = np.broadcast_to(head, (n, len(head)))
    row, column = np.nonzero(lists >= 0)
    width = int(max(head.max(), lists.max(initial=0))) + 1
    own = sparse.csr_matrix((np.ones(len(row)), (row, lists[row, column])), shape=(n, width))
    free = ~holds(shown, own)
    if barred is not None:
        free &= ~holds(shown, barred)
    turn = np.cumsum(free, axis=1) - 1 + length[:, None]
    row, column = np.nonzero(free & (turn < k))
    lists[row, turn[row, column]] = head[column]
    return lists


def without(scores: Any, sets: Any) -> Any:
    """Sparse scores with the cells of `sets` taken out."""
    rows, barred = sparse.csr_matrix(scores), sparse.csr_matrix(sets)
    rows.sort_indices()
    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    keys = np.repeat(np.arange(barred.shape[0]), np.diff(barred.indptr)).astype(np.int64) * rows.shape[1]
    keys = np.sort(keys + barred.indices)
    asked = row.astype(np.int64) * rows.shape[1] + rows.indices
    place = np.minimum(np.searchsorted(keys, asked), max(len(keys) - 1, 0))
    kept = keys[place] != asked if len(keys) else np.ones(len(asked), dtype=bool)
    return sparse.csr_matrix((rows.data[kept], (row[kept], rows.indices[kept])), shape=rows.shape)
