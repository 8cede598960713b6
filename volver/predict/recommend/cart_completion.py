"""What else belongs in this cart: neighbours of what is in it, and what the customer usually buys, in one score.

Pure numerics. Score of an item = sum of the neighbour scores of the cart's items + weight · ln(1 + the customer's
decayed purchases of it). The kind of neighbour score and the weight are chosen on baskets that the model has not
seen: the last four weeks before the end of the data.
"""

from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.core import clock
from volver.predict.numerics.arrays import Codes
from volver.predict.numerics.params import Params
from volver.predict.recommend.baselines import PastBehaviour, until_of
from volver.predict.recommend.evaluation import carts, next_item
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.neighbours import Neighbours
from volver.predict.recommend.ranking import best_of_rows, filled, without
from volver.predict.recommend.tables import before, list_matrix, neighbour_matrix

WEIGHTS: Final = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
_KINDS: Final = ("damped", "cosine")
_FEWEST: Final = 200  # baskets; below this the choice would be chance
_USUAL: Final = ("damped", 0.04)
_TRIALS: Final = 1000
_BLOCK: Final = 2000  # carts at once


class CartCompletion(Params):
    """Recommends for a cart. `top` neighbours per item; the baskets of the last `within_days`
    choose kind and weight.

    Learned: `kind_`, `weight_`, `trials_` (baskets that chose; 0: too few, the usual ones are taken) and `hr12_`
    (share of held-back items among the first twelve, on those baskets).

    >>> rows = {"user": [1, 1, 2, 2, 3, 3], "basket": [1, 1, 2, 2, 3, 3], "time": [1, 1, 2, 2, 3, 3],
    ...         "item": ["tea", "cup", "tea", "cup", "pot", "lid"]}
    >>> CartCompletion().fit(rows).recommend([3], [["tea"]], k=1)["item"].tolist()
    ['cup']
    """

    def __init__(self, *, top: int = 64, within_days: float = 28.0, seed: int = 0) -> None:
        self.top = top
        self.within_days = within_days
        self.seed = seed

    def fit(self, interactions: Any, *, at: float | None = None, **columns: str) -> Self:
        """Learn from a frame or encoded rows with a time. `at` is the end of what is known, in days.

        Raises `recommend.no_time`, and `predict.leak` for rows at or after `at`.
        """
        began = clock.stopwatch_s()
        rows = Interactions.of(interactions, **columns)
        self.at_ = np.nextafter(until_of(rows), np.inf) if at is None else at
        self.past_ = PastBehaviour(rows, self.at_)
        (self.kind_, self.weight_), self.trials_, self.hr12_ = self._chosen(rows)
        self.table_ = self._table(rows, self.kind_)
        self.personal_ = self.past_.decayed().log1p().tocsr()
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def recommend(self, users: Sequence[Any], carts: Sequence[Sequence[Any]], k: int = 12) -> dict[str, NDArray[Any]]:
        """Columns cart (its place in `carts`), item, rank: what to add to each cart. Unknown users and items are no
        error; what is in the cart is never recommended.
        """
        width = max((len(cart) for cart in carts), default=0)
        flat = self.past_.rows.items.codes([item for cart in carts for item in cart])
        shown = np.full((len(carts), max(width, 1)), -1, dtype=np.int32)
        sizes = np.array([len(cart) for cart in carts], dtype=np.int64)
        row = np.repeat(np.arange(len(carts)), sizes)
        shown[row, np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)] = flat
        lists = self.ranked(self.past_.rows.users.codes(users), shown, k)
        row, rank = np.nonzero(lists >= 0)
        return {"cart": row, "item": self.past_.rows.items.as_given(lists[row, rank]), "rank": rank + 1}

    def ranked(self, users: NDArray[Any], shown: NDArray[Any], k: int) -> Codes:
        """Lists of item codes `(n, k)` for carts of item codes padded with -1; a user of -1 is unknown."""
        found = [
            self._ranked(users[start : start + _BLOCK], shown[start : start + _BLOCK], k)
            for start in range(0, len(users), _BLOCK)
        ]
        return np.concatenate(found) if found else np.zeros((0, k), dtype=np.int32)

    def _ranked(self, users: NDArray[Any], shown: NDArray[Any], k: int) -> Codes:
        cart = list_matrix(shown, self.past_.rows.n_items)
        score = cart @ self.table_ + self.weight_ * _of(self.personal_, users)
        lists = best_of_rows(without(score, cart), k, self.past_.popular)
        return filled(lists, self.past_.best_sellers, cart)

    def _table(self, rows: Interactions, kind: str) -> Any:
        return neighbour_matrix(Neighbours(score=kind, top=self.top).fit(rows), rows.items)

    def _chosen(self, rows: Interactions) -> tuple[tuple[str, float], int, float | None]:
        """The kind and weight with the highest HR@12 + MRR@20 of held-back items, the baskets, and their HR@12."""
        cut = self.at_ - self.within_days
        past, at = before(rows, cut), np.asarray(rows.at)
        if not len(past):
            return _USUAL, 0, None
        known = np.bincount(past.item, minlength=rows.n_items) > 0
        held = carts(rows.rows(at >= cut), known, n=_TRIALS, seed=self.seed)
        if len(held.user) < _FEWEST:
            return _USUAL, 0, None
        behaviour, cart = PastBehaviour(past, cut), list_matrix(held.shown, rows.n_items)
        personal = _of(behaviour.decayed().log1p().tocsr(), held.user)
        best, chosen, share = -np.inf, _USUAL, 0.0
        for kind in _KINDS:
            near = cart @ self._table(past, kind)
            for weight in WEIGHTS:
                lists = best_of_rows(without(near + weight * personal, cart), 20, behaviour.popular)
                found = next_item(filled(lists, behaviour.best_sellers, cart), held.target)
                merit = float(found["hr@12"].mean() + found["mrr@20"].mean())
                if merit > best:
                    best, chosen, share = merit, (kind, weight), float(found["hr@12"].mean())
        return chosen, len(held.user), share


def _of(rows: Any, users: NDArray[Any]) -> Any:
    """Rows of users; empty for -1."""
    known = np.flatnonzero(users >= 0)
    pick = sparse.csr_matrix(
        (np.ones(len(known), np.float32), (known, users[known])), shape=(len(users), rows.shape[0])
    )
    return pick @ rows
