"""What sells best and what is rising: counts per item and day that add up exactly.

The state is whole numbers per (item, day); fading and shrinking happen when the question is asked.
"""

from typing import Any, Final, Self

import numpy as np

from volver.predict.numerics.arrays import Codes, Floats, Ints
from volver.predict.numerics.params import Params
from volver.predict.recommend.interactions import Ids, Interactions

_SHARE: Final = 20.0  # events from everywhere that a category's own events are mixed with
_RISE: Final = 5.0  # events at the usual pace that a rise is mixed with


class Popularity(Params):
    """Best sellers and trending items. `half_life_days`: an event counts half after so long (None: for ever).

    Without a time column every event counts 1. With a clock of positions the half-life is in positions.

    >>> model = Popularity(half_life_days=7).fit({"user": [1, 2, 3], "item": ["a", "a", "b"],
    ...     "time": ["2024-01-01", "2024-01-01", "2024-01-20"]})
    >>> model.top(1), model.trending(1)
    (['b'], ['b'])
    """

    def __init__(self, *, half_life_days: float | None = 28.0) -> None:
        self.half_life_days = half_life_days

    def fit(self, interactions: Any, **columns: str) -> Self:
        """Learn from any frame; each row is one event."""
        rows = Interactions.of(interactions, **columns)
        day = np.zeros(len(rows)) if rows.at is None else np.floor(rows.at)
        return self._hold(rows.items, rows.item, day.astype(np.int64), np.ones(len(rows), dtype=np.int64))

    def partial_fit(self, interactions: Any, **columns: str) -> Self:
        """Add rows. Rows must not come twice. The result is that of a fit on everything, bit for bit."""
        new = Popularity(half_life_days=self.half_life_days).fit(interactions, **columns)
        return self.merge(new) if hasattr(self, "items_") else self.fit(interactions, **columns)

    def merge(self, other: "Popularity") -> Self:
        """Add what another model has counted."""
        items = self.items_.union(other.items_)
        item = np.concatenate([part.items_.places_in(items)[part.item_] for part in (self, other)])
        day = np.concatenate([self.day_, other.day_])
        return self._hold(items, item, day, np.concatenate([self.count_, other.count_]))

    def _hold(self, items: Ids, item: Codes, day: Ints, count: Ints) -> Self:
        order = np.lexsort((day, item))
        item, day, count = item[order], day[order], count[order]
        first = np.flatnonzero(np.append(True, (item[1:] != item[:-1]) | (day[1:] != day[:-1])))
        self.items_, self.item_, self.day_ = items, item[first], day[first]
        self.count_ = np.add.reduceat(count, first)
        return self

    def scores(self, now: float | None = None) -> Floats:
        """Faded events per item, (n_items,); `now` in days since 1970, by default the last day seen."""
        return self._faded(self.half_life_days, now)

    def _faded(self, half_life: float | None, now: float | None) -> Floats:
        weight = self.count_.astype(np.float64)
        if half_life is not None:
            at = float(self.day_.max()) if now is None else now
            weight = np.where(self.day_ <= at, weight * np.exp2(-(at - self.day_) / half_life), 0.0)
        faded: Floats = np.bincount(self.item_, weight, len(self.items_)).astype(np.float64)
        return faded

    def rises(self, now: float | None = None) -> Floats:
        """How much faster an item sells now than over four half-lives, shrunk to 1 where there is little to see."""
        fast = self.half_life_days or 7.0
        short, long = self._faded(fast, now), self._faded(4 * fast, now)
        usual = long * (short.sum() / max(float(long.sum()), 1e-9))
        rise: Floats = (short + _RISE) / (usual + _RISE)
        return rise

    def shares(self, category: Any, now: float | None = None) -> Floats:
        """An item's share of its category's events, shrunk to its share of everything. `category` is one per item."""
        from volver.predict.recommend.interactions import encode

        score = self.scores(now)
        _, kind = encode(category, "category")
        inside = np.bincount(kind, score)[kind]
        overall = score / max(float(score.sum()), 1e-9)
        return (score + _SHARE * overall) / (inside + _SHARE)

    def top(self, k: int = 20, now: float | None = None, among: Any = None) -> list[Any]:
        """The k best sellers, best first, of all items or of those in `among`."""
        return self._best(self.scores(now), k, among)

    def trending(self, k: int = 20, now: float | None = None, among: Any = None) -> list[Any]:
        """The k items that rise most, weighed by how much they sell."""
        return self._best(self.rises(now) * np.sqrt(self.scores(now)), k, among)

    def _best(self, score: Floats, k: int, among: Any) -> list[Any]:
        allowed = np.arange(len(score))
        if among is not None:
            codes = self.items_.codes(among)
            allowed = np.unique(codes[codes >= 0])
        order = allowed[np.lexsort((allowed, -score[allowed]))][:k]
        return list(self.items_.as_given(order[score[order] > 0]).tolist())
