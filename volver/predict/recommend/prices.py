"""Where in a category's prices a customer buys, and whether they wait for discounts.

Pure numerics. A purchase's place is the percentile of its item's price among the items of its category (0 cheapest, 1
dearest). A customer's mean in a category is drawn to their mean over all categories, and that to the shop's: a normal
hierarchy whose variances are estimated by moments (Robbins, 1956; Morris, 1983).
"""

from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.params import Params
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.relations import _codes

_MOST: Final = 200.0  # purchases' worth of the wider mean, at most
_NARROW: Final = 0.05  # no one's prices are narrower than this


class PriceAffinity(Params):
    """Price levels of customers. Below `fewest` purchases nothing is said of a customer (NaN).

    Learned: `mean_` and `sd_` per customer and category cell, `sensitivity_` per customer (share bought on discount,
    NaN without discount data or with few purchases), `percentile_` per item code.
    """

    def __init__(self, *, fewest: int = 3) -> None:
        self.fewest = fewest

    def fit(
        self, interactions: Any, price: Any, *, category: Any = None, discounted: Any = None, **columns: str
    ) -> Self:
        """Learn from rows. `price` and `category` are per item code; `discounted` is one truth value per row.

        Without categories the whole shop is one.
        """
        rows = Interactions.of(interactions, **columns)
        self.users_, self.items_ = rows.users, rows.items
        self.category_ = np.zeros(rows.n_items, dtype=np.int64) if category is None else _codes(category) + 1
        self.labels_ = _labels(category)
        self.percentile_ = percentiles(np.asarray(price, dtype=np.float64), self.category_)
        self._levels(rows)
        self.sensitivity_ = self._sensitivity(rows, discounted)
        return self

    def _levels(self, rows: Interactions) -> None:
        """Means and spreads per customer, and per customer and category."""
        level = self.percentile_[rows.item]
        there = np.isfinite(level)
        user, cell, level = rows.user[there].astype(np.int64), self.category_[rows.item[there]], level[there]
        self.width_ = int(self.category_.max(initial=0)) + 1
        shop = _mean(cell, level, self.width_)
        self.shop_ = np.where(np.isnan(shop), float(level.mean()) if len(level) else np.nan, shop)
        apart = level - self.shop_[cell]  # how much dearer than others buy in this category
        self.count_ = np.bincount(user, minlength=rows.n_users).astype(np.float64)
        self.pull_user_, self.spread_ = _pull(user, apart, rows.n_users)
        total = np.bincount(user, weights=apart, minlength=rows.n_users)
        self.apart_ = total / np.maximum(self.count_ + self.pull_user_, 1e-9)
        self.keys_, place = np.unique(user * self.width_ + cell, return_inverse=True)
        self.cell_count_ = np.bincount(place, minlength=len(self.keys_)).astype(np.float64)
        rest = apart - self.apart_[user]
        self.pull_cell_, spread = _pull(place, rest, len(self.keys_))
        sums = np.bincount(place, weights=rest, minlength=len(self.keys_))
        squares = np.bincount(place, weights=rest**2, minlength=len(self.keys_))
        drawn = sums / np.maximum(self.cell_count_ + self.pull_cell_, 1e-9)
        owner, category = np.divmod(self.keys_, self.width_)
        self.mean_ = np.clip(self.shop_[category] + self.apart_[owner] + drawn, 0.0, 1.0)
        within = np.maximum(squares - sums**2 / np.maximum(self.cell_count_, 1.0), 0.0)
        self.sd_ = np.sqrt((within + 5.0 * spread) / (self.cell_count_ + 4.0))

    def affinity(self, customers: Any = None) -> dict[str, NDArray[Any]]:
        """Columns user, category, mean, sd, n: one row per customer (all by default) and category that they bought in.

        mean and sd are NaN for customers with fewer than `fewest` purchases.
        """
        owner, category = np.divmod(self.keys_, self.width_)
        chosen = np.ones(len(owner), bool) if customers is None else np.isin(owner, self.users_.codes(customers))
        owner, category, count = owner[chosen], category[chosen], self.cell_count_[chosen]
        few = self.count_[owner] < self.fewest
        return {
            "user": self.users_.as_given(owner),
            "category": np.array([self.labels_[code] for code in category.tolist()], dtype=object),
            "mean": np.where(few, np.nan, self.mean_[chosen]),
            "sd": np.where(few, np.nan, self.sd_[chosen]),
            "n": count.astype(np.int64),
        }

    def level(self, customers: Any) -> Floats:
        """How much dearer (above 0) or cheaper than others each customer buys, in percentile points; NaN if unknown."""
        codes = self.users_.codes(customers)
        known = (codes >= 0) & (self.count_[codes] >= self.fewest)
        return np.where(known, self.apart_[codes], np.nan)

    def fits(self, customers: Any, items: Any) -> Floats:
        """How well each item's price suits the customer beside it: 1 exactly theirs, towards 0 far from it.

        NaN where the customer, the item or its price is unknown, or the customer bought too little.
        """
        user, item = self.users_.codes(customers).astype(np.int64), self.items_.codes(items)
        if not len(self.keys_):  # no price is known at all
            return np.full(len(user), np.nan)
        known = (user >= 0) & (item >= 0)
        known &= self.count_[user] >= self.fewest
        cell = self.category_[item]
        key = user * self.width_ + cell
        place = np.minimum(np.searchsorted(self.keys_, key), len(self.keys_) - 1)
        own = self.keys_[place] == key
        mean = np.where(own, self.mean_[place], np.clip(self.shop_[cell] + self.apart_[user], 0, 1))
        sd = np.where(own, self.sd_[place], np.sqrt(self.spread_))
        away = (self.percentile_[item] - mean) / np.maximum(sd, _NARROW)
        return np.where(known, np.exp(-0.5 * away**2), np.nan)

    def _sensitivity(self, rows: Interactions, discounted: Any) -> Floats:
        if discounted is None or not np.any(discounted):
            return np.full(rows.n_users, np.nan)
        taken = np.asarray(discounted, dtype=np.float64)
        bought = np.bincount(rows.user, minlength=rows.n_users).astype(np.float64)
        on = np.bincount(rows.user, weights=taken, minlength=rows.n_users)
        pull, _ = _pull(rows.user.astype(np.int64), taken, rows.n_users)
        share = (on + pull * taken.mean()) / np.maximum(bought + pull, 1e-9)
        return np.where(bought >= self.fewest, share, np.nan)

    def sensitivity(self, customers: Any) -> Floats:
        """Share of purchases made on discount, drawn to the shop's; NaN where it cannot be said."""
        codes = self.users_.codes(customers)
        return np.where(codes >= 0, self.sensitivity_[codes], np.nan)


def percentiles(price: Floats, category: Ints) -> Floats:
    """The place of each item's price in its category: middle rank over count, 0 to 1; NaN without a price.

    >>> percentiles(np.array([1.0, 2.0, 2.0, 9.0]), np.zeros(4, dtype=np.int64)).tolist()
    [0.125, 0.5, 0.5, 0.875]
    """
    found = np.full(len(price), np.nan)
    there = np.flatnonzero(np.isfinite(price))
    order = there[np.lexsort((price[there], category[there]))]
    group, value = category[order], price[order]
    first = np.searchsorted(group, group)
    size = np.searchsorted(group, group, side="right") - first
    run = np.cumsum(np.append(True, (np.diff(value) != 0) | (np.diff(group) != 0))[: len(order)]) - 1
    low, high = np.searchsorted(run, run), np.searchsorted(run, run, side="right")
    found[order] = ((low + high) / 2.0 - first) / np.maximum(size, 1)
    return found


def _mean(group: Ints, value: Floats, n: int) -> Floats:
    count = np.bincount(group, minlength=n)
    found = np.bincount(group, weights=value, minlength=n) / np.maximum(count, 1)
    return np.where(count > 0, found, np.nan)


def _pull(group: Ints, value: Floats, n: int) -> tuple[float, float]:
    """Purchases' worth of the wider mean (variance within over variance between groups), and the variance within."""
    count = np.bincount(group, minlength=n).astype(np.float64)
    if not len(value):
        return _MOST, 1.0 / 12.0
    mean = np.nan_to_num(_mean(group, value, n))
    within = float(((value - mean[group]) ** 2).sum() / max(len(value) - int((count > 0).sum()), 1))
    weight = count.sum() - float((count**2).sum()) / max(float(count.sum()), 1.0)
    groups = int((count > 0).sum())
    spread = float((count * (mean - float(value.mean())) ** 2).sum()) - (groups - 1) * within
    between = max(spread / weight, 0.0) if weight > 0 else 0.0
    return min(within / between, _MOST) if between > 0 else _MOST, max(within, _NARROW**2)


def _labels(category: Any) -> list[str | None]:
    if category is None:
        return [None]
    return [None, *sorted({each for each in category if each is not None})]
