"""Item weights by ridge regression: what having one item says about another, given all the others.

EASE in closed form where the catalogue fits a dense matrix (Steck, WWW 2019, equation 8); else one small ridge
problem per item over its nearest items (fsSLIM: Ning and Karypis, ICDM 2011, section 4.3, without the l1 term).
"""

from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from volver.predict.numerics.arrays import Codes

DENSE: Final = 3_000  # items of the closed form: 40 MB and about 1 CPU-second
_CHUNK: Final = 4_000_000  # cells of the small problems that are solved together


def ease(held: Any, ridge: float, keep: int = 200) -> Any:
    """EASE weights (n_items, n_items): a row says what an item adds to the others; each column keeps its largest.

    `held` is the binary CSR matrix (n_users, n_items).
    """
    gram = (held.T @ held).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += ridge
    gram = np.asfortranarray(gram)
    root, _ = lapack.spotrf(gram, lower=1, clean=0, overwrite_a=1)  # by Cholesky: half the work of a general inverse
    inverse, _ = lapack.spotri(root, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    if keep < len(weights):
        size = np.abs(weights)
        cut = np.partition(size, len(size) - keep, axis=1)[:, len(size) - keep]
        weights[size < cut[:, None]] = 0.0
    return sp.csr_matrix(weights)


def local_ridge(held: Any, nearest: Codes, ridge: float) -> Any:
    """Ridge weights (n_items, n_items) over few sources per target: entry (i, j) is what holding i says about j.

    `nearest` (n_items, k) are the codes of the sources of each target, -1 for none; `held` as in `ease`.
    """
    n_items, k = nearest.shape
    gram = (held.T @ held).tocsr().astype(np.float32)
    weights = np.zeros((n_items, k), dtype=np.float32)
    step = max(_CHUNK // (k * k), 1)
    for begin in range(0, n_items, step):
        own = nearest[begin : begin + step]
        weights[begin : begin + step] = _solve(gram, own, np.arange(begin, begin + len(own)), ridge)
    there = nearest >= 0
    target = np.broadcast_to(np.arange(n_items)[:, None], nearest.shape)
    return sp.csr_matrix((weights[there], (nearest[there], target[there])), shape=(n_items, n_items))


def _solve(gram: Any, own: Codes, target: NDArray[Any], ridge: float) -> NDArray[np.float32]:
    b, k = own.shape
    source, missing = np.maximum(own, 0), own < 0
    left = np.asarray(gram[np.repeat(source, k, axis=1).ravel(), np.tile(source, (1, k)).ravel()]).reshape(b, k, k)
    right = np.asarray(gram[source.ravel(), np.repeat(target, k)]).reshape(b, k)
    left[missing[:, :, None] | missing[:, None, :]] = 0
    right[missing] = 0
    left[:, np.arange(k), np.arange(k)] += ridge
    found: NDArray[np.float32] = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return found
