"""Ridge weights between items, against a brute-force solution."""

import numpy as np
import scipy.sparse as sp

from volver.predict.recommend.linear import ease, local_ridge


def held(users: int = 200, items: int = 15, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    taste = chance.random((users, 3)) @ chance.random((3, items))
    return (taste > np.quantile(taste, 0.7)).astype(np.float32)


def brute(matrix: np.ndarray, target: int, sources: list[int], ridge: float) -> np.ndarray:
    x, y = matrix[:, sources].astype(float), matrix[:, target].astype(float)
    return np.linalg.solve(x.T @ x + ridge * np.eye(len(sources)), x.T @ y)


def test_the_closed_form_is_a_ridge_regression_of_each_item_on_all_others() -> None:
    matrix = held()
    weights = ease(sp.csr_matrix(matrix), 20.0).toarray()
    assert np.all(np.diag(weights) == 0)
    for target in range(15):
        others = [n for n in range(15) if n != target]
        assert np.allclose(weights[others, target], brute(matrix, target, others, 20.0), atol=2e-4)


def test_the_local_form_is_a_ridge_regression_on_the_nearest() -> None:
    matrix = held()
    near = np.array([[(n + 1) % 15, (n + 4) % 15, -1] for n in range(15)], dtype=np.int32)
    weights = local_ridge(sp.csr_matrix(matrix), near, 5.0).toarray()
    for target in range(15):
        own = near[target, :2].tolist()
        assert np.allclose(weights[own, target], brute(matrix, target, own, 5.0), atol=1e-4)
        assert np.count_nonzero(weights[:, target]) <= 2
