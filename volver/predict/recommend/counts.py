"""How often two items were in one basket: counts whose parts add up exactly, in any order of arrival.

The state is who held what and when last; merging two states is a set union with the later time, so it can be done
in any order and twice. Every count is an integer function of the state (fixed point with 20 binary digits where
baskets fade with age), hence an update and a rebuild agree to the last bit.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from scipy.sparse import _sparsetools

from volver.predict.numerics.arrays import Codes, Floats, Ints
from volver.predict.recommend.interactions import Ids, Interactions

ONE: Final = 1 << 20  # a basket of today, where baskets fade
_ROOM: Final = 50_000_000  # pairs that one block may have
_NEVER: Final = -np.inf


@dataclass(frozen=True, eq=False)
class Held:
    """Which group (basket, session or person) held which item, and when last. Rows are sorted by group, then item.

    `start` has shape (n_groups + 1,): the rows of group g are start[g]:start[g + 1]. `at` is None without times.
    """

    groups: Ids
    items: Ids
    start: Ints
    item: Codes
    at: Floats | None = None

    @classmethod
    def of(cls, interactions: Interactions, within: str = "auto") -> "Held":
        """From rows. `within`: "basket", "user", or "auto": the basket where there is one."""
        by_basket = interactions.basket is not None if within == "auto" else within == "basket"
        group, groups = interactions.user, interactions.users
        if by_basket and interactions.basket is not None and interactions.baskets is not None:
            group, groups = interactions.basket, interactions.baskets
        return cls._packed(groups, interactions.items, group, interactions.item, interactions.at)

    @classmethod
    def _packed(cls, groups: Ids, items: Ids, group: Codes, item: Codes, at: Floats | None) -> "Held":
        key = group.astype(np.int64) * len(items) + item
        if at is None:
            key.sort()
            key = key[np.append(True, key[1:] != key[:-1])] if len(key) else key
            last = None
        else:
            order = np.lexsort((at, key))
            key = key[order]
            final = np.flatnonzero(np.append(key[1:] != key[:-1], True)) if len(key) else order
            key, last = key[final], at[order[final]]
        start = np.searchsorted(key, np.arange(len(groups) + 1, dtype=np.int64) * len(items))
        return cls(groups, items, start, (key % max(len(items), 1)).astype(np.int32), last)

    @property
    def group(self) -> Codes:
        """The group of every row."""
        return np.repeat(np.arange(len(self.groups), dtype=np.int32), np.diff(self.start))

    def merged(self, other: "Held") -> "Held":
        """Both together: commutative, associative, and the same basket twice counts once."""
        groups, items = self.groups.union(other.groups), self.items.union(other.items)
        parts = [
            (part.groups.places_in(groups)[part.group], part.items.places_in(items)[part.item], part.at)
            for part in (self, other)
        ]
        group, item = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
        at = None
        if self.at is not None or other.at is not None:
            at = np.concatenate([np.full(len(p[0]), _NEVER) if p[2] is None else p[2] for p in parts])
        return Held._packed(groups, items, group, item, at)

    @property
    def last(self) -> Floats | None:
        """When each group was last active."""
        if self.at is None or len(self.at) == 0:
            return self.at
        return np.maximum.reduceat(self.at, np.minimum(self.start[:-1], len(self.at) - 1))

    def trimmed(self, most: int) -> "Held":
        """Groups cut to their latest `most` items (ties: the smaller code stays), so that no robot fills the table."""
        length = np.diff(self.start)
        if not len(length) or length.max() <= most:
            return self
        age = np.zeros(len(self.item)) if self.at is None else -self.at
        order = np.lexsort((self.item, age, self.group))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order)) - np.repeat(self.start[:-1], length)
        keep = rank < most
        start = np.append(0, np.cumsum(np.minimum(length, most)))
        return Held(self.groups, self.items, start, self.item[keep], None if self.at is None else self.at[keep])

    def weights(self, half_life_days: float | None, damp: bool = False) -> Ints | None:
        """The integer weight of each group; None if every group counts 1.

        A group halves with every half-life before the latest one; with `damp`, one of n items counts 1 / √n.
        """
        faded = half_life_days is not None and self.at is not None
        if not (faded or damp):
            return None
        weight = np.full(len(self.groups), float(ONE))
        if faded:
            last = self.last
            assert last is not None
            assert half_life_days is not None
            weight *= np.exp2(-(last.max(initial=_NEVER) - last) / half_life_days)
        if damp:
            weight /= np.sqrt(np.maximum(np.diff(self.start), 1))
        whole: Ints = np.rint(weight).astype(np.int64)
        return whole


def _product(left: Any, right: Any) -> Any:
    """The product of CSR matrices, without scipy's first pass that only counts: a third of the time.

    The room that the result needs at most is known here. scipy's own kernel is used where it has the expected form.
    """
    kernel = getattr(_sparsetools, "csr_matmat", None)
    most = int(np.diff(right.indptr)[left.indices].sum())
    if kernel is None or most > _ROOM:
        return left @ right
    shape = (left.shape[0], right.shape[1])
    start = np.empty(shape[0] + 1, dtype=np.int32)
    column, value = np.empty(most, dtype=np.int32), np.empty(most, dtype=right.dtype)
    inputs = [part.astype(np.int32, copy=False) for m in (left, right) for part in (m.indptr, m.indices)]
    kernel(*shape, inputs[0], inputs[1], left.data, inputs[2], inputs[3], right.data, start, column, value)
    return sp.csr_matrix((value[: start[-1]], column[: start[-1]], start), shape=shape, copy=False)


class PairCounts:
    """Counts of items and of pairs of items in one basket, by blocks of rows. All of them are integers.

    `totals` has shape (n_items,): the (weighted) number of groups with the item. `rows(chosen)` is a CSR matrix of
    shape (len(chosen), n_items): in how many groups both were; on the diagonal, the total.
    """

    def __init__(self, held: Held, half_life_days: float | None = None, damp: bool = False) -> None:
        shape = (len(held.groups), len(held.items))
        weight = held.weights(half_life_days, damp)
        kind = np.int32 if weight is None else np.int64
        ones = np.ones(len(held.item), dtype=kind)
        self._by_group = sp.csr_matrix((ones, held.item, held.start), shape=shape, copy=False)
        left = self._by_group
        if weight is not None:
            left = sp.csr_matrix((weight[held.group], held.item, held.start), shape=shape, copy=False)
        self._by_item = left.T.tocsr()
        self.one = 1 if weight is None else ONE
        self.n_groups = shape[0] * self.one if weight is None else int(weight.sum())
        ends = self._by_item.indptr
        if weight is None:
            self.totals = np.diff(ends).astype(np.int64)
        else:
            running = np.append(0, np.cumsum(self._by_item.data))
            self.totals = running[ends[1:]] - running[ends[:-1]]
        # how many products the rows cost: work[n] is that of the items before n
        length = np.diff(held.start)
        self.work = np.append(0, np.cumsum(np.bincount(held.item, length[held.group], shape[1]))).astype(np.int64)

    def rows(self, chosen: Any) -> Any:
        """Pair counts of some items (a slice or codes)."""
        return _product(self._by_item[chosen], self._by_group)

    def touching(self, items: Codes) -> Codes:
        """Every item that shares a group with one of these: the rows that change when these change."""
        groups = np.unique(self._by_item[items].indices)
        return np.unique(self._by_group[groups].indices)
