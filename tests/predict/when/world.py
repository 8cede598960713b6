"""A grocer's customers, simulated: each has products that they come back for, at their own rhythm."""

import numpy as np
import pyarrow as pa


def grocer(n_users: int, *, seed: int = 0, n_items: int = 60, days: int = 364) -> pa.Table:
    """Lines (user, item, time in whole days, category): weekly baskets of habits with gamma gaps, and of whims."""
    chance = np.random.default_rng(seed)
    user, item, time = [], [], []
    for _habit in range(4):  # of each user
        gap = chance.uniform(7, 90, n_users)
        product = chance.integers(0, n_items, n_users)
        waits = chance.gamma(3.0, gap[:, None] / 3.0, (n_users, days // 5))
        when = np.cumsum(waits, axis=1) - waits[:, :1] * chance.random((n_users, 1))
        stops = chance.exponential(500.0, n_users)
        kept = (when < days) & (when < stops[:, None])
        user.append(np.repeat(np.arange(n_users), kept.sum(axis=1)))
        item.append(np.repeat(product, kept.sum(axis=1)))
        time.append(when[kept])
    whims = n_users * 8
    user.append(chance.integers(0, n_users, whims))
    item.append(chance.integers(0, n_items, whims))
    time.append(chance.uniform(0, days, whims))
    what = np.concatenate(item)
    day = np.concatenate(time).astype(np.int64) // 3 * 3  # people shop every third day
    return pa.table({"user": np.concatenate(user), "item": what, "time": day, "category": what // 10})
