"""Neighbour tables and lists as sparse matrices over the codes of one set of interactions.

Pure numerics; shared by cart completion, the next basket, and the relations between items.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.predict.numerics.arrays import Floats
from volver.predict.recommend.interactions import Ids, Interactions
from volver.predict.recommend.neighbours import Neighbours


def neighbour_matrix(model: Neighbours, items: Ids) -> Any:
    """The scores of a fitted neighbour model as a sparse matrix `(n_items, n_items)` over these items' codes."""
    place = model.held_.items.places_in(items).astype(np.int64)
    row, column = np.nonzero(model.neighbours_ >= 0)
    shape = (len(items), len(items))
    other = model.neighbours_[row, column]
    return sparse.csr_matrix((model.scores_[row, column], (place[row], place[other])), shape=shape)


def list_matrix(lists: NDArray[Any], n_items: int) -> Any:
    """Lists padded with -1 as a sparse 0/1 matrix `(n, n_items)`."""
    row, column = np.nonzero(lists >= 0)
    found = sparse.csr_matrix((np.ones(len(row), np.float32), (row, lists[row, column])), shape=(len(lists), n_items))
    found.data[:] = 1.0
    return found


def scaled(rows: Any, by: NDArray[Any]) -> Any:
    """Each row of a sparse matrix times a number."""
    found = sparse.csr_matrix(rows, copy=True)
    found.data = found.data * np.repeat(by, np.diff(found.indptr))
    return found


def at_cells(rows: Any, row: NDArray[Any], column: NDArray[Any]) -> Floats:
    """Values of a sparse matrix at (row, column) pairs, 0 where nothing is stored."""
    matrix = sparse.csr_matrix(rows)
    matrix.sort_indices()
    width = np.int64(matrix.shape[1])
    keys = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr)) * width + matrix.indices
    if not len(keys):
        return np.zeros(len(row))
    asked = row.astype(np.int64) * width + column
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    found: Floats = np.where(keys[place] == asked, matrix.data[place], 0.0)
    return found


def before(interactions: Interactions, cut: float) -> Interactions:
    """The rows with a time before the cut."""
    return interactions.rows(np.asarray(interactions.at) < cut)


def told_lists(users: NDArray[Any], items: Ids, lists: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Lists as columns user, item and rank (from 1)."""
    row, rank = np.nonzero(lists >= 0)
    return {"user": users[row], "item": items.as_given(lists[row, rank]), "rank": rank + 1}
