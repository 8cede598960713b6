"""Campaigns whose truth is known, and the published one where it is present."""

from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tests.predict.world import shared


def campaign(
    seed: int, n: int, kind: str, *, binary: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, treatment drawn by lot, outcome, true uplift. The outcome's level never goes with the uplift."""
    chance = np.random.default_rng(seed)
    X = chance.normal(size=(n, 5))
    treated = chance.integers(0, 2, n)
    level = 1 / (1 + np.exp(1 - X[:, 0] - 0.5 * X[:, 1]))
    uplift = {"none": np.zeros(n), "same": np.full(n, 0.05), "differs": 0.2 * np.tanh(X[:, 2])}[kind]
    if binary:
        chances = np.clip(level + treated * uplift, 0, 1)
        without = np.clip(level, 0, 1)
        outcome = (chance.random(n) < chances).astype(float)
        return X, treated, outcome, np.clip(level + uplift, 0, 1) - without
    return X, treated, 10 * level + 10 * treated * uplift + chance.normal(size=n), 10 * uplift


def starbucks(part: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """Features, promotion and purchase of the randomised Starbucks promotion; skips where absent."""
    table = pq.read_table(shared(f"starbucks_promotion/{part}.parquet"))
    features = table.select([f"v{n}" for n in range(1, 8)])
    return features, table.column("promotion").to_numpy(), table.column("purchase").to_numpy()
