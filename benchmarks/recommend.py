"""How long the item-to-item tables take, against implicit's CosineRecommender in the same run.

Run: python benchmarks/recommend.py [users items rows]. Default 1,000,000 × 100,000 × 8,000,000; one thread each.
implicit is not a dependency of Volver. Put it into a folder of its own and point there:

    python -m venv /tmp/peers && /tmp/peers/bin/pip install implicit
    PYTHONPATH=$(echo /tmp/peers/lib/python3.*/site-packages) python benchmarks/recommend.py

Without it only our side is timed, and a message says so.
"""

import resource
import sys
import time

import numpy as np
import scipy.sparse as sp

from volver.predict.recommend.counts import Held
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.neighbours import Neighbours
from volver.predict.recommend.recommender import Recommender


def shop(users: int, items: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Buyers in 200 circles of taste, a long tail, and best sellers that everybody buys."""
    chance = np.random.default_rng(1)
    user = chance.integers(0, users, rows)
    circles = min(200, items)
    own = np.floor((items // circles) * chance.random(rows) ** 2).astype(np.int64) * circles + user % circles
    shared = np.floor(items * chance.random(rows) ** 4).astype(np.int64)
    return user, np.where(chance.random(rows) < 0.7, own, shared)


def timed(name: str, work):
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<58} {cpu:7.2f} CPU-s {wall:7.2f} s", flush=True)
    return found, cpu


def main(users: int, items: int, rows: int) -> None:
    user, item = shop(users, items, rows)
    print(f"{users:,} users, {items:,} items, {rows:,} rows")
    encoded, read = timed("read the columns", lambda: Interactions.of({"user": user, "item": item}))
    held, packed = timed("pack who holds what", lambda: Held.of(encoded))
    model, built = timed("top 64 of every item (cosine)", lambda: Neighbours(score="cosine").fit_held(held))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{'all of it, and the peak memory of the process':<58} {read + packed + built:7.2f} CPU-s {peak:7.2f} GB")
    basket = {"user": [users + 1] * 5, "item": [items // 2, 1, 7, items - 1, items // 3]}
    timed("add one order of five items", lambda: model.partial_fit(basket))
    beside(user, item, (users, items), built)
    requests(user[: rows // 8], item[: rows // 8])


def beside(user: np.ndarray, item: np.ndarray, shape: tuple[int, int], built: float) -> None:
    try:
        from implicit.nearest_neighbours import CosineRecommender
    except ImportError:
        print("implicit is not importable: the comparison is skipped (see the top of this file)")
        return
    matrix = sp.csr_matrix((np.ones(len(user), dtype=np.float32), (user, item)), shape=shape)
    matrix.data[:] = 1
    peer = CosineRecommender(K=64, num_threads=1)
    _, cpu = timed("implicit CosineRecommender(K=64).fit, matrix given", lambda: peer.fit(matrix, show_progress=False))
    print(f"{'ratio ours / implicit, tables only (bar 1.3)':<58} {built / cpu:7.2f}")


def requests(user: np.ndarray, item: np.ndarray) -> None:
    """CPU time of single requests on an eighth of the rows, all items."""
    table = {"user": user, "item": item, "position": np.arange(len(user))}
    model, _ = timed(f"Recommender, defaults, {len(user):,} rows", lambda: Recommender().fit(table))
    print("  chosen:", *model.choice_.why)
    asked = np.random.default_rng(0).choice(np.unique(user), 2000, replace=False)
    spent = []
    for who in asked:
        before = time.thread_time()
        model.recommend([who], k=12)
        spent.append(1000 * (time.thread_time() - before))
    p50, p99 = np.quantile(spent, [0.5, 0.99])
    print(f"{'one request, 12 products, p50 and p99 (bar 3 ms)':<58} {p50:7.2f} ms    {p99:7.2f} ms")


if __name__ == "__main__":
    main(*([int(n) for n in sys.argv[1:4]] if len(sys.argv) > 3 else [1_000_000, 100_000, 8_000_000]))
