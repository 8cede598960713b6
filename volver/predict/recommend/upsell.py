"""What to offer instead of an item for a little more: dearer ones ranked by the margin that they should add.

Pure numerics. Expected gain = P(accept) · (margin of the dearer - margin of the item). P(accept) is learned from
customers who bought the item and later the dearer one; few customers are drawn towards the share that pairs of such a
price step and likeness have in the whole shop (beta-binomial mean).
"""

from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.predict.numerics.arrays import Floats, Ints, best
from volver.predict.numerics.params import Params
from volver.predict.recommend.baselines import NoTime
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.relations import _codes, _text_matrix
from volver.predict.recommend.tables import at_cells
from volver.predict.recommend.text_similarity import TextSimilarity

_DOUBT: Final = 20.0  # customers' worth of the shop's share
_STEPS: Final = 5  # bins of the price step
_PAIRS: Final = 40_000  # at once
_WIDEST: Final = 120  # items of a category that are compared with each other


class UpSell(Params):
    """Dearer alternatives. `least_step` and `most_step` bound the price step (0.10 and 0.60: 10 to 60 % dearer).

    Learned, one row per pair: `item_`, `other_` (codes), `step_`, `moved_` (customers who went up), `of_` (customers
    of the item), `p_accept_`, `gain_` (margin difference) and `expected_`.
    """

    def __init__(self, *, least_step: float = 0.10, most_step: float = 0.60) -> None:
        self.least_step = least_step
        self.most_step = most_step

    def fit(
        self,
        interactions: Any,
        price: Any,
        *,
        margin: Any = None,
        margin_rate: float = 0.4,
        category: Any = None,
        text: TextSimilarity | None = None,
        **columns: str,
    ) -> Self:
        """Learn from rows with a time. `price`, `margin` and `category` are per item code, NaN or None where unknown.

        Raises `recommend.no_time`.
        """
        rows = Interactions.of(interactions, **columns)
        if rows.at is None:
            raise NoTime()
        self.items_ = rows.items
        price = np.asarray(price, dtype=np.float64)
        known = price * margin_rate if margin is None else np.asarray(margin, dtype=np.float64)
        self.item_, self.other_, alike = self._candidates(rows, price, category, text)
        self.step_ = price[self.other_] / price[self.item_] - 1.0
        self.gain_ = known[self.other_] - known[self.item_]
        self.moved_, self.of_ = _moves(rows, self.item_, self.other_)
        self.p_accept_ = _shrunk(self.moved_, self.of_, self._bins(alike))
        self.expected_ = self.p_accept_ * self.gain_
        return self

    def upsells(self, items: Any, k: int = 6) -> dict[str, NDArray[Any]]:
        """Columns item, other, expected, p_accept, gain, step, moved, of: the k dearer ones that should earn most.

        Pairs whose margin is unknown or not higher are left out.
        """
        fine = np.isin(self.item_, self.items_.codes(items)) & (self.expected_ > 0)
        chosen = np.flatnonzero(fine)
        chosen = chosen[best(self.item_[chosen], self.expected_[chosen], k)[0]]
        names = ("expected", "p_accept", "gain", "step", "moved", "of")
        return {
            "item": self.items_.as_given(self.item_[chosen]),
            "other": self.items_.as_given(self.other_[chosen]),
            **{name: getattr(self, f"{name}_")[chosen] for name in names},
        }

    def _candidates(
        self, rows: Interactions, price: Floats, category: Any, text: TextSimilarity | None
    ) -> tuple[Ints, Ints, Floats]:
        """Pairs of one category, or alike by text, whose price step is within bounds; and their likeness."""
        bought = np.bincount(rows.item, minlength=rows.n_items)
        pairs = [np.zeros((2, 0), dtype=np.int64)]
        if category is not None:
            pairs.append(_same_category(_codes(category), bought))
        near = _text_matrix(text, rows, 32) if text is not None else None
        if near is not None:
            pairs.append(np.stack(near.nonzero()).astype(np.int64))
        keys = np.concatenate(pairs, axis=1)
        keys = np.unique(keys[0] * rows.n_items + keys[1])
        item, other = np.divmod(keys, rows.n_items)
        with np.errstate(invalid="ignore", divide="ignore"):
            step = price[other] / price[item] - 1.0
        fine = (step >= self.least_step - 1e-9) & (step <= self.most_step + 1e-9) & (bought[item] > 0)
        item, other = item[fine], other[fine]
        alike = at_cells(near, item, other) if near is not None else np.zeros(len(item))
        return item, other, alike

    def _bins(self, alike: Floats) -> Ints:
        width = max(self.most_step - self.least_step, 1e-9) / _STEPS
        step = np.clip(((self.step_ - self.least_step) / width).astype(np.int64), 0, _STEPS - 1)
        found: Ints = step * 3 + np.searchsorted([0.3, 0.6], alike)
        return found


def _same_category(code: Ints, bought: NDArray[Any]) -> Ints:
    """All ordered pairs inside each category; of a very large one, only its best sellers."""
    order = np.lexsort((-bought, code))
    order = order[code[order] >= 0]
    rank = np.arange(len(order)) - np.searchsorted(code[order], code[order])
    order = order[rank < _WIDEST]
    start = np.searchsorted(code[order], code[order], side="left")
    size = np.searchsorted(code[order], code[order], side="right") - start
    first = np.repeat(np.arange(len(order)), size)
    second = np.arange(len(first)) - np.repeat(np.cumsum(size) - size, size) + start[first]
    return np.stack([order[first], order[second]])[:, first != second]


def _moves(rows: Interactions, item: Ints, other: Ints) -> tuple[Floats, Floats]:
    """Customers who bought the other after their first item, and customers who bought the item."""
    at = np.asarray(rows.at)
    began = at - at.min(initial=0.0) + 1.0
    first, last = (_extreme(rows, began, way) for way in (np.minimum, np.maximum))
    moved = np.zeros(len(item))
    for start in range(0, len(item), _PAIRS):
        block = slice(start, start + _PAIRS)
        left, right = first[item[block]], last[other[block]]
        both = _indicator(left).multiply(_indicator(right)).tocsr()
        later = (both.multiply(right) - both.multiply(left)).tocsr()
        later.data = (later.data > 0).astype(np.float64)
        moved[block] = np.asarray(later.sum(axis=1)).ravel()
    return moved, np.diff(first.indptr)[item].astype(np.float64)


def _extreme(rows: Interactions, at: Floats, way: Any) -> Any:
    """The first or last time of each item and user, as a sparse matrix `(n_items, n_users)`."""
    key = rows.item.astype(np.int64) * rows.n_users + rows.user
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.append(True, np.diff(key[order]) != 0)[: len(key)])
    value = way.reduceat(at[order], start) if len(start) else at[:0]
    found = key[order][start]
    shape = (rows.n_items, rows.n_users)
    return sparse.csr_matrix((value, (found // rows.n_users, found % rows.n_users)), shape=shape)


def _indicator(rows: Any) -> Any:
    found = rows.copy()
    found.data = np.ones_like(found.data)
    return found


def _shrunk(moved: Floats, of: Floats, group: Ints) -> Floats:
    """Shares drawn towards their group's, and the group's towards the shop's."""
    whole = (moved.sum() + 1.0) / (of.sum() + 2.0 * _DOUBT) if len(moved) else 0.0
    top = np.bincount(group, weights=moved, minlength=1)
    bottom = np.bincount(group, weights=of, minlength=1)
    share = (top + _DOUBT * whole) / (bottom + _DOUBT)
    found: Floats = (moved + _DOUBT * share[group]) / (of + _DOUBT)
    return found
