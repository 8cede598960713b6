"""Complete Journey as the reference measured it: what was known on 27 November 2017, and what was bought after.

`python -m tests.predict.when.journey` prints the figures of every bar of this package.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import pyarrow as pa

from tests.predict.world import shared

AT = 17_497.0  # 27 November 2017, in days since 1970-01-01
_LINES = """
with lines as (
  select t.household_id, t.product_id, t.basket_id, t.transaction_at at time zone 'UTC' as sold,
         p.product_category as category
  from read_parquet('{transactions}') t left join read_parquet('{products}') p using (product_id)
  where t.quantity > 0 and coalesce(p.department, '') not in ('FUEL', 'MISCELLANEOUS')
),
known as (
  select product_id from lines where sold < timestamp '2017-11-27' group by product_id having count(*) >= 5
)
select household_id as "user", product_id as item, sold as "time", basket_id as basket, category
from lines join known using (product_id)
order by sold, basket_id, product_id
"""


@dataclass(frozen=True)
class Journey:
    """Lines before the cut and after it, of products with at least five lines before."""

    train: pa.Table
    later: pa.Table

    def next_baskets(self) -> dict[int, np.ndarray]:
        """The first basket within 28 days of each household, where it holds at least 3 of the products."""
        lines = self.later.to_pandas()
        first = lines.groupby(["user", "basket"]).time.min().reset_index().sort_values(["user", "time", "basket"])
        first = first.drop_duplicates("user")
        kept = lines.merge(first[["user", "basket"]], on=["user", "basket"])
        found = {user: np.unique(items) for user, items in kept.groupby("user").item}
        known = set(self.train["user"].to_pylist())
        return {user: items for user, items in found.items() if len(items) >= 3 and user in known}

    def next_weeks(self) -> dict[int, np.ndarray]:
        """All that each household bought within 28 days."""
        lines = self.later.to_pandas()
        return {user: np.unique(items) for user, items in lines.groupby("user").item}


@lru_cache
def journey() -> Journey:
    """Loaded once; skips where the data are absent."""
    import duckdb

    paths = {name: str(shared(f"completejourney/{name}.parquet")) for name in ("transactions", "products")}
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        lines = db.sql(_LINES.format(**paths)).to_arrow_table()
    import pyarrow.compute as pc

    cut, end = pa.scalar(date(2017, 11, 27), pa.date32()), pa.scalar(date(2017, 12, 25), pa.date32())
    day = lines.column("time").cast(pa.date32(), safe=False)
    return Journey(
        train=lines.filter(pc.less(day, cut)),
        later=lines.filter(pc.and_(pc.greater_equal(day, cut), pc.less(day, end))),
    )


def ranked(user: np.ndarray, item: np.ndarray, truth: dict[int, np.ndarray], k: int = 20) -> tuple[float, float, float]:
    """Recall, NDCG and hit rate at `k` of lists given as rows in order of rank, over the customers in `truth`."""
    lists: dict[int, list[int]] = {}
    for who, what in zip(user.tolist(), item.tolist(), strict=True):
        lists.setdefault(who, []).append(what)
    recall, gain, hits = [], [], []
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    for who, wanted in truth.items():
        shown = np.array(lists.get(who, [])[:k])
        right = np.isin(shown, wanted)
        recall.append(right.sum() / len(wanted))
        gain.append(discount[: len(shown)][right].sum() / discount[: min(len(wanted), k)].sum() if len(shown) else 0.0)
        hits.append(right.any())
    return float(np.mean(recall)), float(np.mean(gain)), float(np.mean(hits))


def main() -> None:
    """Print the figures."""
    from volver.core import clock
    from volver.predict.when.repeat import RepeatModel

    data = journey()
    baskets, weeks = data.next_baskets(), data.next_weeks()
    print(f"{data.train.num_rows} rows, {len(baskets)} next baskets")
    began = clock.cpu_s()
    model = RepeatModel().fit(data.train)
    took = clock.cpu_s() - began
    print(model.weights_)
    found = model.recommend(list(baskets), 20)
    user, item = found["user"].to_numpy(), found["item"].to_numpy()
    print("repeats", model.n_repeats_, "fit CPU s", round(took, 2), "with lists", round(clock.cpu_s() - began, 2))
    print("next basket R@20 N@20 HR@20", ranked(user, item, baskets))
    print("4 weeks", ranked(user, item, {user: weeks[user] for user in baskets}))
    for horizon in (28, 7, 14, 60, 90):
        again(data, horizon)


def again(data: Journey, horizon: float) -> None:
    """Print how the replenishment chances did over the horizon."""
    from volver.core import clock
    from volver.predict.numerics.probability_metrics import reliability
    from volver.predict.when.pairs import bought_within
    from volver.predict.when.purchases import purchases
    from volver.predict.when.replenishment import Replenishment

    whole = purchases(pa.concat_tables([data.train, data.later]))
    at = min(AT, whole.end - horizon)
    began = clock.cpu_s()
    model = Replenishment(horizon_days=horizon).fit(whole, at=at)
    pairs, p = model.chances()
    took = clock.cpu_s() - began
    found = reliability(p, bought_within(whole, pairs, at, horizon))
    print(
        f"{horizon} days: {found.n} pairs, came {found.came:.3f}, AUC {found.auc:.4f}, "
        f"ECE {found.ece:.4f}, {took:.1f} CPU s"
    )
    print("   ", model.map_["kind"], *(f"{b.predicted:.3f}>{b.came:.3f}({b.n})" for b in found.bins))


if __name__ == "__main__":
    main()
