"""How good recommendations are: judged on what customers did after a cut, always beside past behaviour.

Pure numerics. The truth is each customer's next basket and their next 28 days; recall, NDCG (binary gains, ideal list
of min(k, truth)), hit rate and mean reciprocal rank at k; apart for what they had bought before and what was new to
them (Li et al., 2023, "A next basket recommendation reality check"). 95 % intervals by the bootstrap over customers
(Efron, 1979).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.predict.numerics.arrays import Bools, Codes, Floats, Ints
from volver.predict.recommend.baselines import NoTime, PastBehaviour, refuse_later
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.ranking import holds

KS: Final = (10, 12, 20)
_CELLS: Final = 8_000_000  # bootstrap weights at once

Recommend = Callable[[NDArray[Any], int, bool], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A mean over customers with its 95 % interval; `n` customers had an answer. None where nobody had."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def to_dict(self) -> dict[str, float | int | None]:
        """The four numbers."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something that recommends: `recommend(users, k, new_only)` answers lists of item codes, `(n, k)`, -1 for none.

    `until` is the time of the newest row that it learned from.
    """

    name: str
    recommend: Recommend
    until: float


@dataclass(frozen=True, kw_only=True)
class Split:
    """Time cut in two. `known` are the rows before `cut`, `users` the customers judged.

    `basket` and `window` are sparse 0/1 matrices `(len(users), n_items)`: the next basket and the next `days`;
    `seen` what each had bought before. Items that were unknown before the cut are in no truth.
    """

    known: Interactions
    cut: float
    days: float
    users: Ints
    basket: Any
    window: Any
    seen: Any


def split(interactions: Interactions, cut: float, *, days: float = 28.0, fewest: int = 1, floor: int = 1) -> Split:
    """Cut at a time: rows with `at < cut` are known, the rest is what is to be foreseen.

    A customer's next basket is the first after the cut; it counts if it comes within `days` and holds at least
    `fewest` known items. An item is known with at least `floor` rows before the cut, others are left out altogether.
    Raises `NoTime`.
    """
    if interactions.at is None:
        raise NoTime()
    shape = (interactions.n_users, interactions.n_items)
    before = interactions.at < cut
    counts = np.bincount(interactions.item[before], minlength=shape[1])
    fine = counts >= max(floor, 1)
    known = interactions.rows(before & fine[interactions.item])
    customers = np.bincount(known.user, minlength=shape[0]) > 0
    later = interactions.rows(~before & customers[interactions.user] & (interactions.at < cut + days))
    soon = fine[later.item]
    first = soon & _first_basket(later)
    basket = _set(later.user[first], later.item[first], shape)
    window = _set(later.user[soon], later.item[soon], shape)
    seen = _set(known.user, known.item, shape)
    users = np.flatnonzero(np.diff(basket.indptr) >= max(fewest, 1))
    return Split(
        known=known, cut=cut, days=days, users=users, basket=basket[users], window=window[users], seen=seen[users]
    )


def _first_basket(rows: Interactions) -> Bools:
    """Which rows are in their customer's first basket; the first day where there are no baskets."""
    at = np.asarray(rows.at)
    group = rows.basket if rows.basket is not None else np.floor(at).astype(np.int64)
    if not len(at):
        return np.zeros(0, dtype=bool)
    order = np.lexsort((group, at, rows.user))
    start = np.searchsorted(rows.user[order], np.arange(rows.n_users))
    start = np.minimum(start, len(order) - 1)
    found: Bools = group == group[order][start][rows.user]
    return found


def _set(user: NDArray[Any], item: NDArray[Any], shape: tuple[int, int]) -> Any:
    found = sparse.csr_matrix((np.ones(len(user), dtype=np.float32), (user, item)), shape=shape)
    found.data[:] = 1.0
    return found


def at_k(rank: Ints, user: Ints, size: Ints, measure: str, k: int) -> Floats:
    """NDCG, recall, hit (hr) or mrr at k per user, from the ranks (0 is the top) of what was found of `size` items."""
    user, rank = user[rank < k], rank[rank < k]
    if measure in ("recall", "hit", "hr"):
        hits = np.bincount(user, minlength=len(size))
        return hits / np.maximum(size, 1) if measure == "recall" else (hits > 0).astype(np.float64)
    if measure == "mrr":
        first = np.zeros(len(size))
        np.maximum.at(first, user, 1 / (1.0 + rank))
        return first
    gain = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.append(0, np.cumsum(gain))[np.minimum(size, k)]
    found: Floats = np.bincount(user, gain[rank], len(size)) / np.maximum(ideal, 1e-12)
    return found


def by_customer(lists: NDArray[Any], truth: Any, ks: Sequence[int] = KS) -> dict[str, Floats]:
    """Recall, NDCG, hit and reciprocal rank at each k, one value per row; NaN where the truth is empty."""
    size = np.diff(sparse.csr_matrix(truth).indptr).astype(np.int64)
    return _at_each(holds(lists, truth), size, ("recall", "ndcg", "hr", "mrr"), ks)


def next_item(lists: NDArray[Any], target: NDArray[Any], ks: Sequence[int] = (12, 20)) -> dict[str, Floats]:
    """Hit and reciprocal rank at each k of one held item, one value per row."""
    return _at_each(lists == target[:, None], np.ones(len(target), dtype=np.int64), ("hr", "mrr"), ks)


def _at_each(hits: Bools, size: Ints, measures: Sequence[str], ks: Sequence[int]) -> dict[str, Floats]:
    user, rank = np.nonzero(hits)
    return {f"{name}@{k}": np.where(size > 0, at_k(rank, user, size, name, k), np.nan) for k in ks for name in measures}


def intervals(values: Mapping[str, Floats], *, draws: int = 400, seed: int = 0) -> dict[str, Score]:
    """Means over customers with 95 % bootstrap intervals; customers without an answer (NaN) are left out.

    All measures share the draws, so that equal seeds make differences comparable.
    """
    names = list(values)
    if not names or not len(values[names[0]]):
        return {name: Score(value=None, low=None, high=None, n=0) for name in names}
    table = np.stack([values[name] for name in names], axis=1)
    there = np.isfinite(table)
    number, table = there.sum(axis=0), np.where(there, table, 0.0)
    means = _drawn(np.concatenate([table, there], axis=1), draws, seed)
    top, bottom = means[:, : len(names)], means[:, len(names) :]
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = top / bottom
        mean = table.sum(axis=0) / number
    found = {}
    for place, name in enumerate(names):
        if number[place] == 0:
            found[name] = Score(value=None, low=None, high=None, n=0)
            continue
        own = drawn[:, place]
        low, high = np.quantile(own[np.isfinite(own)], (0.025, 0.975))
        found[name] = Score(value=float(mean[place]), low=float(low), high=float(high), n=int(number[place]))
    return found


def _drawn(table: Floats, draws: int, seed: int) -> Floats:
    """Column sums of `draws` resamples of the rows."""
    chance, n = np.random.default_rng(seed), len(table)
    sums, step = [], max(1, _CELLS // n)
    for start in range(0, draws, step):
        rows = min(step, draws - start)
        picked = chance.integers(0, n, (rows, n)) + np.arange(rows)[:, None] * n
        weight = np.bincount(picked.ravel(), minlength=rows * n).reshape(rows, n)
        sums.append(weight @ table)
    return np.concatenate(sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One contender's scores by task and measure, and what its lists look like."""

    name: str
    basket: dict[str, Score]
    window: dict[str, Score]
    repeat: dict[str, Score]
    explore: dict[str, Score]
    new_only: dict[str, Score]
    lists: dict[str, float | None]
    ahead: dict[str, Score] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of one contender."""
        tasks = ("basket", "window", "repeat", "explore", "new_only", "ahead")
        told: dict[str, Any] = {"name": self.name}
        for task in tasks:
            told[task] = {name: score.to_dict() for name, score in getattr(self, task).items()}
        return {**told, "lists": self.lists}


def evaluate(
    cut: Split,
    contenders: Sequence[Contender],
    *,
    ks: Sequence[int] = KS,
    prices: Floats | None = None,
    margins: Floats | None = None,
    draws: int = 400,
    seed: int = 0,
) -> list[Judged]:
    """Judge contenders on one split, beside popularity, GP-TopFreq and decayed counts.

    `prices` and `margins` are per item code, NaN where unknown. `ahead` of each is its score less that of GP-TopFreq
    for the same customers. Raises `Leak` if a contender learned from anything that is not before the cut.
    """
    for one in contenders:
        refuse_later(one.name, one.until, cut.cut)
    past = PastBehaviour(cut.known, cut.cut)
    rules = [("popularity", past.best), ("GP-TopFreq", past.usual), ("decay150", past.recent)]
    every = [Contender(name=name, recommend=rule, until=cut.cut) for name, rule in rules] + list(contenders)
    lists = [_lists(one, cut, max(ks), False) for one in every]
    scores = [by_customer(found, cut.basket, ks) for found in lists]
    repeats, news = cut.basket.multiply(cut.seen).tocsr(), _less(cut.basket, cut.seen)
    judged = []
    for one, found, score in zip(every, lists, scores, strict=True):
        fresh = _lists(one, cut, max(ks), True)
        judged.append(
            Judged(
                name=one.name,
                basket=intervals(score, draws=draws, seed=seed),
                window=intervals(by_customer(found, cut.window, ks), draws=draws, seed=seed),
                repeat=intervals(by_customer(found, repeats, ks), draws=draws, seed=seed),
                explore=intervals(by_customer(found, news, ks), draws=draws, seed=seed),
                new_only=intervals(by_customer(fresh, news, ks), draws=draws, seed=seed),
                lists=described(found, past, prices, margins),
                ahead=intervals({name: score[name] - scores[1][name] for name in score}, draws=draws, seed=seed),
            )
        )
    return judged


def _lists(one: Contender, cut: Split, k: int, new_only: bool) -> Codes:
    found = np.asarray(one.recommend(cut.users, k, new_only), dtype=np.int32)
    if found.shape[1] < k:
        found = np.pad(found, ((0, 0), (0, k - found.shape[1])), constant_values=-1)
    return found[:, :k]


def _less(sets: Any, others: Any) -> Any:
    found = sets - sets.multiply(others)
    found.eliminate_zeros()
    return found.tocsr()


def described(
    lists: NDArray[Any], past: PastBehaviour, prices: Floats | None = None, margins: Floats | None = None
) -> dict[str, float | None]:
    """What lists look like: coverage (share of items shown to anyone), novelty (mean -log2 of an item's share of
    sales), popularity bias (mean share of the shown over the mean share of what was bought; 1 is none), mean price
    and margin. None where nothing is known.
    """
    shown = lists[lists >= 0]
    counts = np.bincount(past.visits[1], minlength=past.rows.n_items).astype(np.float64)
    share = counts / max(counts.sum(), 1.0)
    n_sold = int((counts > 0).sum())
    if not len(shown) or not n_sold:
        return dict.fromkeys(("coverage", "novelty", "popularity_bias", "price", "margin"))
    smallest = 1.0 / max(counts.sum(), 1.0)
    return {
        "coverage": len(np.unique(shown)) / n_sold,
        "novelty": float(np.mean(-np.log2(np.maximum(share[shown], smallest)))),
        "popularity_bias": float(np.mean(share[shown]) / max(float(share @ share), 1e-300)),
        "price": _mean(prices, shown),
        "margin": _mean(margins, shown),
    }


def _mean(values: Floats | None, shown: NDArray[Any]) -> float | None:
    if values is None or not np.isfinite(values[shown]).any():
        return None
    return float(np.nanmean(values[shown]))


@dataclass(frozen=True, kw_only=True)
class OneLeft:
    """Something with one item held back: `shown` is `(n, width)` item codes padded with -1, `target` the held item."""

    user: Ints
    shown: Codes
    target: Ints


def carts(rows: Interactions, known: Bools, *, n: int = 2000, most: int = 10, seed: int = 0) -> OneLeft:
    """Baskets of 4 to 40 known items with one, chosen by chance, held back; up to `most` of the others are shown.

    `known` says which item codes may be asked for. At most `n` baskets, chosen by chance.
    """
    chance = np.random.default_rng(seed)
    group = rows.basket if rows.basket is not None else rows.user
    fine = known[rows.item]
    packed = np.unique(group[fine].astype(np.int64) * rows.n_items + rows.item[fine])
    keys = np.stack(np.divmod(packed, rows.n_items), axis=1)
    owner = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    owner[group] = rows.user
    start = np.flatnonzero(np.append(True, keys[1:, 0] != keys[:-1, 0])[: len(keys)])
    size = np.diff(np.append(start, len(keys)))
    chosen = np.flatnonzero((size >= 4) & (size <= 40))
    chosen = np.sort(chance.permutation(chosen)[:n])
    lot = chance.random((len(chosen), 40))
    lot[np.arange(40)[None, :] >= size[chosen][:, None]] = np.inf
    order = np.argsort(lot, axis=1)
    item = keys[np.minimum(start[chosen][:, None] + order, max(len(keys) - 1, 0)), 1] if len(chosen) else order
    shown = np.where(np.arange(1, most + 1)[None, :] < size[chosen][:, None], item[:, 1 : most + 1], -1)
    return OneLeft(user=owner[keys[start[chosen], 0]], shown=shown.astype(np.int32), target=item[:, 0])


def sessions(rows: Interactions, known: Bools, *, most: int = 10) -> OneLeft:
    """Every step of every session: the items so far (the last `most`, oldest first) and the one that came next."""
    group = rows.basket if rows.basket is not None else rows.user
    at = np.asarray(rows.at) if rows.at is not None else np.arange(len(rows), dtype=np.float64)
    order = np.lexsort((at, group))
    order = order[known[rows.item[order]]]
    group, item, user = group[order], rows.item[order].astype(np.int32), rows.user[order]
    place = np.arange(len(order)) - np.searchsorted(group, group)
    after = np.flatnonzero(place >= 1)
    back = after[:, None] - np.arange(most, 0, -1)[None, :]
    fine = back >= (after - place[after])[:, None]
    shown = np.where(fine, item[np.maximum(back, 0)], -1)
    return OneLeft(user=user[after].astype(np.int64), shown=shown.astype(np.int32), target=item[after].astype(np.int64))
