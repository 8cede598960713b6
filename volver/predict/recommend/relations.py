"""Which items go with an item, and which replace it: complements and substitutes, with the counts that say so.

Pure numerics. Three kinds of evidence: baskets that hold both, against chance (market) and against what the same
customers' own habits would give by chance (own); customers who buy both at all; and how alike the two are, by text and
category. Items that go together more than both chances are complements; alike items that the same customers take in
different baskets are substitutes. Variety (alike, yet taken together) is neither.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.predict.numerics.arrays import Floats, Ints, best
from volver.predict.numerics.params import Params
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.neighbours import Neighbours
from volver.predict.recommend.tables import at_cells, neighbour_matrix
from volver.predict.recommend.text_similarity import TextSimilarity

COMPLEMENT, NEITHER, SUBSTITUTE = 1, 0, -1
_PULL: Final = 2.0  # baskets' worth of doubt in each ratio
_ALIKE: Final = 0.5  # from here on two items can stand for each other
_KIND: Final = 0.5  # likeness of two items of one category whose texts are unknown
_MORE: Final = float(np.log(1.5))  # together this much more often than chance
_PAIRS: Final = 40_000  # at once


@dataclass(frozen=True)
class ItemPairs:
    """Ordered pairs and their evidence, one row each, by item.

    `together` baskets hold both; `by_chance` would if all baskets were shuffled, `by_habit` if each customer's were;
    `customers` bought both at any time; `alike` is 0 to 1; `kind` is 1 complement, 0 neither, -1 substitute.
    """

    item: Ints
    other: Ints
    together: Floats
    by_chance: Floats
    by_habit: Floats
    customers: Floats
    customers_by_chance: Floats
    alike: Floats

    @property
    def market(self) -> Floats:
        """The log of together over chance, drawn towards 0 where counts are small."""
        return _ratio(self.together, self.by_chance)

    @property
    def own(self) -> Floats:
        """The log of together over habit."""
        return _ratio(self.together, self.by_habit)

    @property
    def complement(self) -> Floats:
        """How strongly the other completes the item; higher is stronger."""
        return self.market + self.own - self.alike

    @property
    def substitute(self) -> Floats:
        """How strongly the other replaces the item."""
        return 2.0 * self.alike + 0.5 * _ratio(self.customers, self.customers_by_chance) - self.own

    @property
    def kind(self) -> NDArray[np.int8]:
        """1 complement, 0 neither, -1 substitute."""
        goes = (self.together >= 3) & (self.market > _MORE) & (self.own > -0.1) & (self.alike < _ALIKE)
        shared = (self.own > 0.0) & (self.market > _MORE)  # taken together all the same: variety
        replaces = (self.alike >= _ALIKE) & ~shared & (self.customers >= 3)
        return np.where(goes, COMPLEMENT, np.where(replaces, SUBSTITUTE, NEITHER)).astype(np.int8)


class Relations(Params):
    """Complements and substitutes. `candidates` of each kind of evidence are looked at per item; items with fewer than
    `fewest` buyers are left out.

    Learned: `pairs_` (the evidence of every candidate pair).
    """

    def __init__(self, *, candidates: int = 32, fewest: int = 3) -> None:
        self.candidates = candidates
        self.fewest = fewest

    def fit(
        self, interactions: Any, *, category: Any = None, text: TextSimilarity | None = None, **columns: str
    ) -> Self:
        """Learn from a frame or encoded rows. `category`: a label per item code; `text`: a fitted catalogue."""
        rows = Interactions.of(interactions, **columns)
        self.items_ = rows.items
        item, other, alike = self._candidates(rows, category, text)
        by_basket, by_user, baskets_of = _tables(rows)
        n_items, n_baskets, n_users = np.asarray(by_basket.sum(axis=1)).ravel(), by_basket.shape[1], by_user.shape[1]
        binary = by_user.copy()
        binary.data[:] = 1.0
        buyers = np.asarray(binary.sum(axis=1)).ravel()
        enough = (buyers[item] >= self.fewest) & (buyers[other] >= self.fewest)
        item, other, alike = item[enough], other[enough], alike[enough]
        share = by_user.copy()
        share.data = share.data / np.sqrt(baskets_of[share.indices])
        self.pairs_ = ItemPairs(
            item=item,
            other=other,
            together=dots(by_basket, item, other),
            by_chance=n_items[item] * n_items[other] / max(n_baskets, 1),
            by_habit=dots(share, item, other),
            customers=dots(binary, item, other),
            customers_by_chance=buyers[item] * buyers[other] / max(n_users, 1),
            alike=alike,
        )
        return self

    def complements(self, items: Any, k: int = 12) -> dict[str, NDArray[Any]]:
        """Columns item, other, score, together, by_chance, by_habit, customers, alike: the best k of each item."""
        return self._best(items, k, COMPLEMENT)

    def substitutes(self, items: Any, k: int = 12) -> dict[str, NDArray[Any]]:
        """The same columns for items that stand for each other."""
        return self._best(items, k, SUBSTITUTE)

    def _best(self, items: Any, k: int, kind: int) -> dict[str, NDArray[Any]]:
        pairs = self.pairs_
        score = pairs.complement if kind == COMPLEMENT else pairs.substitute
        chosen = np.flatnonzero((pairs.kind == kind) & np.isin(pairs.item, self.items_.codes(items)))
        chosen = chosen[best(pairs.item[chosen], score[chosen], k)[0]]
        names = ("together", "by_chance", "by_habit", "customers", "alike")
        return {
            "item": self.items_.as_given(pairs.item[chosen]),
            "other": self.items_.as_given(pairs.other[chosen]),
            "score": score[chosen],
            **{name: getattr(pairs, name)[chosen] for name in names},
        }

    def _candidates(self, rows: Interactions, category: Any, text: TextSimilarity | None) -> tuple[Ints, Ints, Floats]:
        """ItemPairs worth a look, and how alike they are."""
        parts = [neighbour_matrix(Neighbours(score="shrunk", top=self.candidates).fit(rows), rows.items)]
        if rows.basket is not None:
            shared = Neighbours(score="shrunk", top=self.candidates, within="user", most=200).fit(rows)
            parts.append(neighbour_matrix(shared, rows.items))
        near = _text_matrix(text, rows, self.candidates) if text is not None else None
        if near is not None:
            parts.append(near)
        every = parts[0]
        for part in parts[1:]:
            every = every + part
        every = sparse.csr_matrix(every)
        every.sort_indices()
        item = np.repeat(np.arange(rows.n_items, dtype=np.int64), np.diff(every.indptr))
        other = every.indices.astype(np.int64)
        alike = at_cells(near, item, other) if near is not None else np.zeros(len(item))
        if category is not None:
            code = _codes(category)
            same = (code[item] == code[other]) & (code[item] >= 0)
            alike = np.maximum(alike, np.where(same, _KIND, 0.0))
        return item, other, alike


def dots(rows: Any, first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """Dot products of pairs of rows of a sparse matrix, a few thousand pairs at a time."""
    found = np.zeros(len(first))
    for start in range(0, len(first), _PAIRS):
        block = slice(start, start + _PAIRS)
        found[block] = np.asarray(rows[first[block]].multiply(rows[second[block]]).sum(axis=1)).ravel()
    return found


def _ratio(seen: Floats, expected: Floats) -> Floats:
    found: Floats = np.log((seen + _PULL) / (expected + _PULL))
    return found


def _tables(rows: Interactions) -> tuple[Any, Any, Floats]:
    """Items by baskets (0/1), items by users (baskets with it), and the baskets of each user."""
    group = rows.basket if rows.basket is not None else rows.user
    n_groups = int(group.max(initial=-1)) + 1
    ones = np.ones(len(rows))
    by_basket = sparse.csr_matrix((ones, (rows.item, group)), shape=(rows.n_items, n_groups))
    by_basket.data[:] = 1.0
    owner = np.zeros(n_groups, dtype=np.int64)
    owner[group] = rows.user
    present = np.zeros(n_groups, dtype=bool)
    present[group] = True
    member = sparse.csr_matrix((np.ones(n_groups), (np.arange(n_groups), owner)), shape=(n_groups, rows.n_users))
    return by_basket, (by_basket @ member).tocsr(), np.bincount(owner[present], minlength=rows.n_users).astype(float)


def _text_matrix(text: TextSimilarity, rows: Interactions, k: int) -> Any:
    """The text neighbours of a catalogue over the codes of these rows."""
    place = rows.items.codes(text.items_.originals(np.arange(len(text.items_)))).astype(np.int64)
    near = text.table_.item[:, :k]
    row, column = np.nonzero(near >= 0)
    first, second, score = place[row], place[near[row, column]], text.table_.score[row, column]
    known = (first >= 0) & (second >= 0)
    shape = (rows.n_items, rows.n_items)
    return sparse.csr_matrix((score[known], (first[known], second[known])), shape=shape)


def _codes(labels: Any) -> Ints:
    known = sorted({each for each in labels if each is not None})
    place = {each: code for code, each in enumerate(known)}
    return np.array([place.get(each, -1) for each in labels], dtype=np.int64)
