"""What comes next in a session: the sessions most like it, the most recent first.

Vector-multiplication-indexed session kNN (Kersbergen, Sprangers and Schelter, Serenade, SIGMOD 2022, algorithm 2;
its weights are those of Ludewig and Jannach, VS-kNN, UMUAI 2018). Reads rows of session, item and time.
"""

from itertools import pairwise
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from volver.predict.numerics.arrays import Codes, Floats
from volver.predict.numerics.params import Params
from volver.predict.recommend.counts import Held
from volver.predict.recommend.interactions import Ids, Interactions

_LONG: Final = 0.995  # sessions beyond this quantile of length are robots or shared screens


class SessionNeighbours(Params):
    """Session kNN. `m` most recent sessions are looked at, the `k` most similar vote, the `last` items are compared.

    A shared item at place p from the end (0 is the last viewed) adds (n - p) / n' to the similarity of a session, of n
    compared items and n' distinct ones; `fade` is what a vote loses per place of its last shared item. Rare items weigh
    more: by ln(clicks / clicks of the item) where `idf` is on. `keep_last` decides whether the item just viewed may be
    recommended again; `longest` leaves longer sessions out ("auto": the 99.5 % quantile; None: no limit).

    >>> model = SessionNeighbours().fit({"session": [1, 1, 2, 2, 3, 3], "item": ["a", "b", "a", "c", "a", "c"],
    ...     "time": [1, 2, 3, 4, 5, 6]})
    >>> model.next_items(["a"], k=1)
    ['c']
    """

    def __init__(
        self,
        *,
        m: int = 500,
        k: int = 100,
        last: int = 4,
        idf: bool = True,
        fade: float = 0.1,
        keep_last: bool = False,
        longest: int | str | None = "auto",
    ) -> None:
        self.m = m
        self.k = k
        self.last = last
        self.idf = idf
        self.fade = fade
        self.keep_last = keep_last
        self.longest = longest

    def fit(self, interactions: Any, **columns: str) -> Self:
        """Learn from rows of session (or basket, or user), item and time. Repeated items of a session count once."""
        rows = Interactions.of(interactions, **columns)
        return self.fit_held(Held.of(rows), np.bincount(rows.item, minlength=rows.n_items))

    def fit_held(self, held: Held, clicks: NDArray[Any] | None = None) -> Self:
        """Learn from who held what; `clicks` per item where repeats are to count for the rarity."""
        length = np.diff(held.start)
        limit = np.quantile(length, _LONG) if self.longest == "auto" and len(length) else self.longest
        kept = length <= (np.inf if limit is None else float(limit))
        last = held.last
        session_at = np.arange(len(length), dtype=float) if last is None else np.asarray(last)
        newest = np.lexsort((np.arange(len(length)), session_at))[::-1]
        newest = newest[kept[newest]]
        # sessions are numbered from the newest on: a smaller number is a more recent session
        rank = np.full(len(length), -1, dtype=np.int32)
        rank[newest] = np.arange(len(newest), dtype=np.int32)
        session = rank[held.group]
        inside = session >= 0
        session, item = session[inside], held.item[inside]
        by_session = np.argsort(session, kind="stable")
        self.session_item_ = item[by_session]
        self.session_start_ = np.searchsorted(session[by_session], np.arange(len(newest) + 1)).astype(np.int32)
        by_item = np.lexsort((session, item))
        self.item_session_ = session[by_item]
        self.item_start_ = np.searchsorted(item[by_item], np.arange(len(held.items) + 1)).astype(np.int32)
        self.items_: Ids = held.items
        seen = np.maximum(np.bincount(held.item, minlength=len(held.items)) if clicks is None else clicks, 1)
        self.rarity_ = np.log(seen.sum() / seen) if self.idf else np.ones(len(held.items))
        self._place = np.full(len(held.items), -1, dtype=np.int16)
        return self

    def scores(self, session: Codes) -> tuple[Codes, Floats]:
        """Items and their scores for the codes of a session, oldest first; -1 stands for an unknown item."""
        recent = session[-self.last :][::-1]
        known = recent[recent >= 0]
        if not len(known):
            return np.empty(0, dtype=np.int32), np.empty(0)
        compared, where = np.unique(recent, return_index=True)
        where, compared = where[compared >= 0], compared[compared >= 0]
        order = np.argsort(where)
        where, compared = where[order], compared[order]
        weight = (len(recent) - where) / len(np.unique(recent))
        voters, similarity = self._voters(compared, weight)
        if not len(voters):
            return np.empty(0, dtype=np.int32), np.empty(0)
        start, end = self.session_start_[voters], self.session_start_[voters + 1]
        size = end - start
        flat = np.arange(size.sum()) + np.repeat(start - np.append(0, np.cumsum(size)[:-1]), size)
        items = self.session_item_[flat]
        vote = similarity * self._faded(compared, where, items, size)
        return _summed(items, np.repeat(vote, size) * self.rarity_[items])

    def _voters(self, items: Codes, weight: NDArray[Any]) -> tuple[NDArray[Any], Floats]:
        """The k most similar of the m most recent sessions with one of the items; equal ones: the newer."""
        found = [self.item_session_[self.item_start_[i] : min(self.item_start_[i + 1], self.item_start_[i] + self.m)]
                 for i in items]  # fmt: skip
        sessions, similarity = _summed(np.concatenate(found), np.repeat(weight, [len(part) for part in found]))
        sessions, similarity = sessions[: self.m], similarity[: self.m]
        best = np.argsort(-similarity, kind="stable")[: self.k]
        return sessions[best], similarity[best]

    def _faded(self, compared: Codes, where: NDArray[Any], items: Codes, size: NDArray[Any]) -> Floats:
        """The weight of each voter by the place of its last shared item."""
        far = np.int64(self.last + 1)
        place = np.full(len(items), far)
        for item, p in zip(compared.tolist(), where.tolist(), strict=True):
            place[items == item] = p
        starts = np.append(0, np.cumsum(size)[:-1])
        return np.maximum(1.0 - self.fade * (np.minimum.reduceat(place, starts) + 1), 0.0)

    def ranked(self, session: Codes, k: int = 20) -> tuple[Codes, Floats]:
        """The best k items for the codes of a session, and their scores."""
        items, score = self.scores(session)
        if not self.keep_last and len(session):
            score = np.where(items == session[-1], -1.0, score)
        order = np.lexsort((items, -score))[:k]
        order = order[score[order] > 0]
        return items[order], score[order]

    def next_items(self, session_items: Any, k: int = 20) -> list[Any]:
        """The k items most likely to come next, best first; fewer, or none, if nothing is known. Oldest item first."""
        found, _ = self.ranked(self.items_.codes(session_items), k)
        return list(self.items_.originals(found).to_pylist())

    def recommend(self, sessions: Any, k: int = 20, **columns: str) -> Any:
        """What comes next in each session of a frame: the same kind of frame with session, item, score and rank."""
        rows = Interactions.of(sessions, **columns)
        code = self.items_.codes(rows.items.originals(np.arange(rows.n_items)))[rows.item]
        own, owners = (rows.user, rows.users) if rows.basket is None else (rows.basket, rows.baskets)
        assert owners is not None
        order = np.argsort(own, kind="stable") if rows.at is None else np.lexsort((rows.at, own))
        ends = np.searchsorted(own[order], np.arange(len(owners) + 1))
        found = [self.ranked(code[order[a:b]], k) for a, b in pairwise(ends.tolist())]
        sizes = [len(items) for items, _ in found]
        name = rows.names["user" if rows.basket is None else "basket"]
        return rows.frame(
            {
                name: owners.as_given(np.repeat(np.arange(len(owners)), sizes)),
                rows.names["item"]: self.items_.as_given(np.concatenate([items for items, _ in found])),
                "score": np.concatenate([score for _, score in found]),
                "rank": np.concatenate([np.arange(1, size + 1) for size in sizes]),
            }
        )


def _summed(codes: Codes, values: NDArray[Any]) -> tuple[Codes, Floats]:
    """Distinct codes in ascending order and the sum of their values."""
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else order
    return codes[first], np.add.reduceat(values[order], first) if len(codes) else np.empty(0)
