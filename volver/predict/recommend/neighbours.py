"""Which items go with an item: the top neighbours of each, from counts that add up exactly.

Learn from rows, add rows as they come, ask for similar items, write tables that other processes map into memory.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from volver.core import VolverError
from volver.predict.numerics.arrays import Codes, Floats, Ints
from volver.predict.numerics.params import Params
from volver.predict.recommend.counts import Held, PairCounts
from volver.predict.recommend.interactions import Interactions

_BLOCK: Final = 3_000_000  # pair products a block: some 40 MB
_HIGH: Final = np.int64(32)
_LOW: Final = np.int64(0xFFFFFFFF)


class NoSuchScore(VolverError):
    """A way of scoring pairs that does not exist."""

    code = "predict.no_such_score"
    says = "There is no pair score called {score}."
    hint = "Take one of: damped, cosine, shrunk, lift, chance, jaccard."


class Neighbours(Params):
    """The `top` items that go best with each item, by `score`.

    With c the baskets that hold both, a those with the item asked about, b those with the neighbour, n all:
    "damped" c / ((a + 10) b^0.3), "cosine" c / √(ab), "shrunk" c / (√(ab) + 20), "lift" c n / (ab),
    "chance" c / a, "jaccard" c / (a + b - c). `within` says what holds items
    together: "basket", "user", or "auto" (the basket where there is one). Each halves in weight every `half_life_days`
    before the latest (None: never), counts with at most its latest `most` items, and with `damp` as 1 / √n of its n.

    Learned: `neighbours_` (n_items, top) codes, best first, -1 where there is none; `scores_` and `support_`
    (baskets with both) of the same shape; `totals_` (n_items,). Ties go to the smaller identifier.

    >>> model = Neighbours(score="cosine").fit({"basket": [1, 1, 2, 2, 3], "user": [1, 1, 1, 1, 2],
    ...     "item": ["tea", "cup", "tea", "cup", "pot"]})
    >>> model.similar(["tea", "pot"], k=1)["similar"].tolist()
    ['cup']
    """

    kinds: ClassVar[tuple[str, ...]] = ("damped", "cosine", "shrunk", "lift", "chance", "jaccard")

    def __init__(
        self,
        *,
        score: str = "damped",
        top: int = 64,
        within: str = "auto",
        half_life_days: float | None = None,
        most: int = 500,
        damp: bool = False,
        threads: int = 1,
    ) -> None:
        if score not in self.kinds:
            raise NoSuchScore(score=score)
        self.score = score
        self.top = top
        self.within = within
        self.half_life_days = half_life_days
        self.most = most
        self.damp = damp
        self.threads = threads

    def fit(self, interactions: Any, **columns: str) -> Self:
        """Learn from any frame, or from rows already encoded. `columns` name user, item, time, weight, basket."""
        return self.fit_held(Held.of(Interactions.of(interactions, **columns), self.within))

    def fit_held(self, held: Held) -> Self:
        """Learn from a state of counts."""
        self.held_ = held
        counts = self._counts()
        self._allocate(len(held.items))
        self._fill(counts, np.arange(len(held.items), dtype=np.int32))
        self.totals_ = counts.totals
        return self

    def partial_fit(self, interactions: Any, **columns: str) -> Self:
        """Add rows. The tables are those of a fit on everything, bit for bit; only rows that change are counted."""
        if not hasattr(self, "held_"):
            return self.fit(interactions, **columns)
        new = Held.of(Interactions.of(interactions, **columns), self.within)
        before, held = self.held_, self.held_.merged(new)
        if self.half_life_days is not None or self.score == "lift":  # these depend on the whole
            return self.fit_held(held)
        self.held_ = held
        old = (before.items.places_in(held.items), self.neighbours_, self.scores_, self.support_)
        counts = self._counts()
        self._allocate(len(held.items))
        place, neighbours, scores, support = old
        width = min(neighbours.shape[1], self.neighbours_.shape[1])
        moved = np.where(neighbours >= 0, place[neighbours], -1)
        self.neighbours_[place, :width] = moved[:, :width]
        self.scores_[place, :width], self.support_[place, :width] = scores[:, :width], support[:, :width]
        total = np.zeros(len(held.items), dtype=np.int64)
        total[place] = self.totals_
        self._fill(counts, self._stale(counts, total, self._changed(before, held, new)))
        self.totals_ = counts.totals
        return self

    def _stale(self, counts: PairCounts, total: Ints, changed: Codes) -> Codes:
        """The rows to count again: those of changed items, and those that another item's new total concerns.

        A larger total only lowers an item's score as a neighbour, so it matters where it is in the table already.
        """
        if np.any(counts.totals < total):
            return np.union1d(changed, counts.touching(changed))
        raised = np.append(counts.totals > total, False)  # the last one is for -1, no neighbour
        return np.union1d(changed, np.flatnonzero(raised[self.neighbours_].any(axis=1))).astype(np.int32)

    def _changed(self, before: Held, held: Held, new: Held) -> Codes:
        """Items of the groups that the new rows are about, now and before (a long group may have lost some)."""
        found = []
        for state in (before, held):
            at = state.groups.codes(new.groups.originals(np.arange(len(new.groups))))
            touched = np.zeros(len(state.groups), dtype=bool)
            touched[at[at >= 0]] = True
            items = np.unique(state.item[touched[state.group]])
            found.append(state.items.places_in(held.items)[items])
        return np.unique(np.concatenate(found))

    def _counts(self) -> PairCounts:
        return PairCounts(self.held_.trimmed(self.most), self.half_life_days, self.damp)

    def _allocate(self, n_items: int) -> None:
        shape = (n_items, min(self.top, max(n_items - 1, 1)))
        self.neighbours_ = np.full(shape, -1, dtype=np.int32)
        self.scores_ = np.zeros(shape, dtype=np.float32)
        self.support_ = np.zeros(shape, dtype=np.float32)

    def _fill(self, counts: PairCounts, chosen: Codes) -> None:
        """Count, score and rank the chosen rows, block by block. Blocks do not influence each other."""
        spent = np.cumsum(counts.work[chosen + 1] - counts.work[chosen])
        cuts = np.searchsorted(spent, np.arange(_BLOCK, spent[-1] if len(spent) else 0, _BLOCK))
        blocks = [block for block in np.split(chosen, np.unique(cuts)) if len(block)]

        def one(block: Codes) -> None:
            whole = int(block[-1]) - int(block[0]) + 1 == len(block)
            pairs = counts.rows(slice(int(block[0]), int(block[-1]) + 1) if whole else block)
            keys = self._ranked(counts, pairs, block)
            code = np.where(keys > 0, (_LOW - (keys & _LOW)).astype(np.int32), -1)
            score = (keys >> _HIGH).astype(np.int32).view(np.float32)
            self.neighbours_[block], self.scores_[block] = code, score
            self.support_[block] = support(self.score, counts, score, block[:, None], code)

        if self.threads > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(one, blocks))
        else:
            for block in blocks:
                one(block)

    def _ranked(self, counts: PairCounts, pairs: Any, block: Codes) -> Ints:
        """Keys (score bits, then the smaller code) of the best pairs of each row, best first; 0 where there is none."""
        row = np.repeat(np.arange(len(block), dtype=np.int32), np.diff(pairs.indptr))
        score = scored(self.score, counts, pairs.data, block[row], pairs.indices)
        keys = score.view(np.int32).astype(np.int64)
        keys <<= _HIGH
        keys |= _LOW - pairs.indices
        keys[(pairs.indices == block[row]) | (score <= 0)] = 0
        width = self.neighbours_.shape[1]
        best = np.zeros((len(block), width), dtype=np.int64)
        ends = pairs.indptr.tolist()
        for n in range(len(block)):
            own = keys[ends[n] : ends[n + 1]]
            if len(own) > width:
                own = np.partition(own, len(own) - width)[len(own) - width :]
            best[n, : len(own)] = own
        return np.sort(best, axis=1)[:, ::-1]

    def similar(self, items: Any, k: int = 20) -> dict[str, NDArray[Any]]:
        """The best k neighbours of items: (item, similar, score, support, rank), best first, as arrays by name.

        Unknown items, and neighbours that do not exist, are left out.
        """
        ids = self.held_.items
        codes = ids.codes(items)
        codes = codes[codes >= 0]
        found = self.neighbours_[codes, :k]
        row, rank = np.nonzero(found >= 0)
        chosen = codes[row], rank
        return {
            "item": ids.as_given(codes[row]),
            "similar": ids.as_given(self.neighbours_[chosen]),
            "score": self.scores_[chosen],
            "support": self.support_[chosen],
            "rank": rank + 1,
        }


def scored(score: str, counts: PairCounts, both: NDArray[Any], source: Codes, target: Codes) -> NDArray[np.float32]:
    """The score of pairs from integer counts, in float32; every step is the same in any order of arrival."""
    c = both.astype(np.float32)
    total = counts.totals.astype(np.float64) / counts.one
    if score in ("jaccard", "shrunk"):
        c /= np.float32(counts.one)
        a, b = (total.astype(np.float32)[codes] for codes in (source, target))
        found: NDArray[np.float32] = c / (a + b - c if score == "jaccard" else np.sqrt(a * b) + np.float32(20))
        return found
    left, right = _factors(score, counts, total)
    c *= (left / counts.one).astype(np.float32)[source]
    c *= right.astype(np.float32)[target]
    return c


def _factors(score: str, counts: PairCounts, total: Floats) -> tuple[NDArray[Any], NDArray[Any]]:
    """The scores that are c times something of the source times something of the target."""
    safe = np.maximum(total, 1e-9)
    n = counts.n_groups / counts.one
    if score == "damped":
        return 1 / (total + 10), safe**-0.3
    if score == "cosine":
        return safe**-0.5, safe**-0.5
    return (n / safe, 1 / safe) if score == "lift" else (1 / safe, np.ones_like(safe))


def support(score: str, counts: PairCounts, value: NDArray[Any], source: Codes, target: Codes) -> NDArray[np.float32]:
    """The baskets with both items, back from the score: `scored` turned round. Whole where baskets count 1."""
    total = counts.totals.astype(np.float64) / counts.one
    a, b = total[source], total[target]
    if score == "jaccard":
        c = value * (a + b) / (1 + value)
    elif score == "shrunk":
        c = value * (np.sqrt(a * b) + 20)
    else:
        left, right = _factors(score, counts, total)
        c = value / np.maximum(left[source] * right[target], 1e-300)
    c = np.where(value > 0, c, 0.0)
    return (np.rint(c) if counts.one == 1 else c).astype(np.float32)
