"""What a customer takes next: what they know by the personal repeat model, what is new to them by its neighbours.

Pure numerics. The repeat model gives known products the chance of being in the next basket. A second logistic, learned
at a cut four weeks before the end, gives new products theirs from neighbours, popularity and the customer's basket.
Where nothing is ever bought twice the new ones lead; where habits rule they only fill up: the held-out weeks decide.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.core import clock
from volver.predict.numerics.arrays import Codes
from volver.predict.numerics.params import Params
from volver.predict.numerics.regression import Logistic, fitted
from volver.predict.recommend.baselines import PastBehaviour, until_of
from volver.predict.recommend.evaluation import by_customer, split
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.neighbours import Neighbours
from volver.predict.recommend.ranking import best_of_rows, filled, without
from volver.predict.recommend.tables import at_cells, neighbour_matrix, scaled, told_lists
from volver.predict.when.purchases import Purchases, assembled
from volver.predict.when.repeat import RepeatModel

NEW: Final = ("near", "popularity", "basket_size", "variety", "near_popular")
KNOWN: Final = (*NEW, "decayed")
_SEEDS: Final = 50  # products of a customer whose neighbours are looked at
_CANDIDATES: Final = 100  # new products per customer that get a chance
_FEWEST: Final = 50  # next baskets with something new in them; below this nothing is learned about new products
_FULL: Final = 1.5  # products; below this a usual basket says nothing about what goes together
_USERS: Final = 4_000  # customers to learn from
_BLOCK: Final = 2_000  # customers at once


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores of some customers as sparse matrices `(n, n_items)`: of what they know and of what is new to them."""

    known: Any
    new: Any


class NextBasket(Params):
    """Recommends the next basket. `top` neighbours per item by `score` (as in `Neighbours`) offer new products; a next
    basket later than `within_days` counts as none, and the last so many days decide how new and known ones mix.

    Learned: `together_` (new products compete with known ones by their chances; else they only fill up), `new_` and
    `known_` (logistics, None where too little was seen), `repeat_` (the repeat model), `trials_` (customers whose
    held-out baskets decided) and `recall20_` of the choice on those.

    `rate_` is how often a known product is bought again where neither model learned. `category` is one label per item
    code (of `Interactions.items`), None where unknown.
    """

    def __init__(self, *, score: str = "damped", top: int = 64, within_days: float = 28.0, seed: int = 0) -> None:
        self.score = score
        self.top = top
        self.within_days = within_days
        self.seed = seed

    def fit(self, interactions: Any, *, at: float | None = None, category: Any = None, **columns: str) -> Self:
        """Learn from a frame or encoded rows with a time; `at` is the end of what is known, in days.

        Raises `recommend.no_time`, and `predict.leak` for rows at or after `at`.
        """
        began = clock.stopwatch_s()
        rows = Interactions.of(interactions, **columns)
        self.at_ = np.nextafter(until_of(rows), np.inf) if at is None else at
        self.category_ = _coded(category, rows.n_items)
        past = PastBehaviour(rows, self.at_)
        self.new_: Logistic | None = None
        self.known_: Logistic | None = None
        self.together_, self.trials_ = False, 0
        self.rate_: float | None = None
        self.recall20_: float | None = None
        self._choose(rows)
        self._know(past)
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def recommend(self, users: Any = None, k: int = 20, *, exclude_seen: bool = False) -> dict[str, NDArray[Any]]:
        """Columns user, item, rank for known users (all by default). Unknown users get no rows."""
        rows = self.past_.rows
        codes = np.arange(rows.n_users) if users is None else rows.users.codes(users)
        codes = codes[codes >= 0]
        labels = rows.users.as_given(codes)
        return told_lists(labels, rows.items, self.ranked(codes, k, exclude_seen))

    def ranked(self, users: NDArray[Any], k: int, new_only: bool = False) -> Codes:
        """Lists of item codes `(n, k)` for user codes."""
        found = [
            self._ranked(self._scores(block), block, k, new_only, self.together_)
            for block in np.array_split(users, max(1, -(-len(users) // _BLOCK)))
            if len(block)
        ]
        return np.concatenate(found) if found else np.zeros((0, k), dtype=np.int32)

    # ---- inside

    def _know(self, past: PastBehaviour) -> None:
        """The tables that scores are made from."""
        self.past_ = past
        self.table_ = neighbour_matrix(self._neighbours(past.rows), past.rows.items)
        self.decayed_ = past.decayed().log1p().tocsr()
        self.repeat_ = RepeatModel(seed=self.seed).fit(_events(past.rows, self.category_), at=past.cut)
        visits = np.bincount(past.visits[0], minlength=past.rows.n_users).astype(np.float64)
        basket = (
            past.rows.basket if past.rows.basket is not None else np.floor(np.asarray(past.rows.at)).astype(np.int64)
        )
        width = int(basket.max(initial=0)) + 1
        orders = np.unique(past.rows.user.astype(np.int64) * width + basket)
        baskets = np.bincount(orders // width, minlength=past.rows.n_users)
        self.size_ = np.log(np.maximum(visits, 1) / np.maximum(baskets, 1))
        self.variety_ = np.log(np.maximum(np.diff(past.bought.indptr), 1) / np.maximum(visits, 1))

    def _neighbours(self, rows: Interactions) -> Neighbours:
        """Items of one basket; of one customer where most baskets hold a single thing."""
        lone = rows.basket is None or len(rows) < _FULL * len(np.unique(rows.basket))
        return Neighbours(score=self.score, top=self.top, within="user" if lone else "basket").fit(rows)

    def _choose(self, rows: Interactions) -> None:
        """Learn chances of new products at a past cut, and whether they should compete, from the weeks after it."""
        cut = self.at_ - self.within_days
        if not bool(np.any(np.asarray(rows.at) < cut)):
            return
        held = split(rows, cut, days=self.within_days)
        users = np.sort(np.random.default_rng(self.seed).permutation(len(held.users))[:_USERS])
        news = held.basket[users] - held.basket[users].multiply(held.seen[users])
        if int((news.sum(axis=1) > 0).sum()) < _FEWEST:
            return
        past = PastBehaviour(held.known, cut)
        self._know(past)
        chosen, truth = held.users[users], held.basket[users]
        self.new_, self.known_ = self._learned(chosen, truth)
        scores = self._scores(chosen)
        recall = [
            float(np.mean(by_customer(self._ranked(scores, chosen, 20, False, way), truth, (20,))["recall@20"]))
            for way in (False, True)
        ]
        self.together_ = self.new_ is not None and recall[1] > recall[0]
        self.trials_, self.recall20_ = len(users), recall[int(self.together_)]

    def _learned(self, users: NDArray[Any], truth: Any) -> tuple[Logistic | None, Logistic | None]:
        """Logistics of new candidates, and of known products where the repeat model itself learned nothing."""
        near = self._near(users)
        row, item = _cells(self._candidates(near, users))
        new = _logistic(self._features(users, near, row, item), at_cells(truth, row, item) > 0, NEW)
        if self.repeat_.learned_:
            return new, None
        row, item = _cells(self.past_.bought[users])
        hits = at_cells(truth, row, item) > 0
        self.rate_ = (float(hits.sum()) + 0.5) / (len(hits) + 1.0)
        return new, _logistic(self._known_features(users, near, row, item), hits, KNOWN)

    def _scores(self, users: NDArray[Any]) -> Ranking:
        past = self.past_
        near = self._near(users)
        shape = (len(users), past.rows.n_items)
        row, item = _cells(self._candidates(near, users))
        chance = self.new_.p(self._features(users, near, row, item)) if self.new_ else at_cells(near, row, item)
        new = sparse.csr_matrix((chance, (row, item)), shape=shape)
        if self.repeat_.learned_ or self.known_ is None:
            user, item, score = self.repeat_.scores(users)
            order = np.argsort(users, kind="stable")
            row = order[np.searchsorted(users, user, sorter=order)]
            if not self.repeat_.learned_ and self.rate_ is not None and len(score):
                score = np.minimum(self.rate_ * score / score.mean(), 1.0)
        else:
            row, item = _cells(past.bought[users])
            score = self.known_.p(self._known_features(users, near, row, item))
        return Ranking(sparse.csr_matrix((score, (row, item)), shape=shape), new)

    def _ranked(self, scores: Ranking, users: NDArray[Any], k: int, new_only: bool, together: bool) -> Codes:
        past = self.past_
        seen = past.bought[users] if new_only else None
        if new_only:
            lists = best_of_rows(scores.new, k, past.popular)
        elif together:
            lists = best_of_rows(scores.known + scores.new, k, past.popular)
        else:
            lists = _joined(best_of_rows(scores.known, k, past.popular), best_of_rows(scores.new, k, past.popular))
        return filled(lists, past.best_sellers, seen)

    def _near(self, users: NDArray[Any]) -> Any:
        """Neighbours of each customer's own products, weighted by decayed counts that sum to one."""
        own = self.decayed_[users]
        top = best_of_rows(own, _SEEDS)
        row, rank = np.nonzero(top >= 0)
        item = top[row, rank]
        seeds = sparse.csr_matrix((at_cells(own, row, item), (row, item)), shape=own.shape)
        weight = 1.0 / np.maximum(np.asarray(seeds.sum(axis=1)).ravel(), 1e-9)
        return (scaled(seeds, weight) @ self.table_).tocsr()

    def _candidates(self, near: Any, users: NDArray[Any]) -> Any:
        """New products worth a chance: the nearest, and the best sellers."""
        seen = self.past_.bought[users]
        lists = best_of_rows(without(near, seen), _CANDIDATES, self.past_.popular)
        lists = np.concatenate([lists, np.full((len(lists), 20), -1, np.int32)], axis=1)
        lists = filled(_packed(lists), self.past_.best_sellers, seen)
        row, rank = np.nonzero(lists >= 0)
        shape = (len(users), self.past_.rows.n_items)
        return sparse.csr_matrix((np.ones(len(row)), (row, lists[row, rank])), shape=shape)

    def _features(self, users: NDArray[Any], near: Any, row: NDArray[Any], item: NDArray[Any]) -> NDArray[np.float32]:
        close = np.log(at_cells(near, row, item) + 1e-5)
        popular = np.log1p(self.past_.popular)[item]
        columns = (close, popular, self.size_[users][row], self.variety_[users][row], close * popular)
        return np.stack(columns, axis=1).astype(np.float32)

    def _known_features(
        self, users: NDArray[Any], near: Any, row: NDArray[Any], item: NDArray[Any]
    ) -> NDArray[np.float32]:
        own = np.log(at_cells(self.decayed_[users], row, item) + 1e-3)[:, None]
        return np.concatenate([self._features(users, near, row, item), own.astype(np.float32)], axis=1)


def _logistic(rows: NDArray[Any], hits: NDArray[Any], names: tuple[str, ...]) -> Logistic | None:
    return fitted(rows, hits, names) if int(np.sum(hits)) >= _FEWEST else None


def _cells(rows: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    matrix = sparse.csr_matrix(rows)
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices


def _joined(first: Codes, second: Codes) -> Codes:
    """The first lists, then the second ones where there is room. They share no item."""
    return _packed(np.concatenate([first, second], axis=1))[:, : first.shape[1]]


def _packed(lists: Codes) -> Codes:
    """The -1 of each list at its end."""
    order = np.argsort(lists < 0, axis=1, kind="stable")
    found: Codes = np.take_along_axis(lists, order, axis=1)
    return found


def _events(rows: Interactions, category: Codes) -> Purchases:
    """The rows as the repeat model sees them, with codes for labels."""
    at = np.asarray(rows.at)
    basket = rows.basket.astype(np.int64) if rows.basket is not None else np.floor(at).astype(np.int64)
    labels = np.arange(rows.n_users), np.arange(rows.n_items)
    return assembled(*labels, rows.user, rows.item, at, basket, category)


def _coded(category: Any, n_items: int) -> Codes:
    if category is None:
        return np.full(n_items, -1, dtype=np.int32)
    labels = sorted({each for each in category if each is not None})
    place = {each: code for code, each in enumerate(labels)}
    return np.array([place.get(each, -1) for each in category], dtype=np.int32)
