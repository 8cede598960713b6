"""What people did before, done again: the three rules that any recommender must beat.

Pure numerics. G-TopFreq (what sold most lately), GP-TopFreq (the customer's own counts, then what sells) and decayed
counts (each purchase loses its weight by e^(-age / tau)). Facts after the cut are refused.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from volver.core import VolverError
from volver.predict.numerics.arrays import Codes, Floats
from volver.predict.recommend.interactions import Interactions
from volver.predict.recommend.ranking import best_of_rows, filled, without
from volver.predict.when.purchases import Leak

LATELY: Final = 28.0  # days that popularity looks back
TAU: Final = 150.0  # days after which a purchase weighs e^-1


class NoTime(VolverError):
    """Rows without a time where past and future must be told apart."""

    code = "predict.no_time"
    says = "The interactions have no time column, so there is no before and after."
    hint = "Name it: Interactions.of(frame, time='…')."


def until_of(interactions: Interactions) -> float:
    """The newest row's time. Raises `NoTime`."""
    if interactions.at is None:
        raise NoTime()
    return float(interactions.at.max(initial=-np.inf))


def refuse_later(who: str, until: float, cut: float) -> None:
    """Raise `Leak` if something known is not from before the cut. Times are days."""
    if until >= cut:
        raise Leak(who=who, until=until, begin=cut)


@dataclass(frozen=True)
class PastBehaviour:
    """Rows before `cut` as the three rules see them. `rows` may not hold anything later (`Leak`).

    `bought` counts the distinct baskets (days where there are none) of each customer and item.
    """

    rows: Interactions
    cut: float

    def __post_init__(self) -> None:
        refuse_later("The past", until_of(self.rows), self.cut)

    @cached_property
    def visits(self) -> tuple[NDArray[Any], NDArray[Any], Floats]:
        """Customer, item and time of every distinct (customer, item, basket)."""
        rows, at = self.rows, np.asarray(self.rows.at)
        when = rows.basket if rows.basket is not None else np.floor(at)
        order = np.lexsort((when, rows.item, rows.user))
        user, item, when = rows.user[order], rows.item[order], when[order]
        fresh = np.append(True, (user[1:] != user[:-1]) | (item[1:] != item[:-1]) | (when[1:] != when[:-1]))
        fresh = fresh[: len(user)]
        return user[fresh], item[fresh], at[order][fresh]

    def _counted(self, weight: Floats) -> Any:
        user, item, _ = self.visits
        shape = (self.rows.n_users, self.rows.n_items)
        return sparse.csr_matrix((weight, (user, item)), shape=shape)

    @cached_property
    def bought(self) -> Any:
        """How often each customer bought each item, `(n_users, n_items)`."""
        return self._counted(np.ones(len(self.visits[0])))

    def decayed(self, tau: float = TAU) -> Any:
        """The same counts, each visit with e^(-age / tau)."""
        return self._counted(np.exp((self.visits[2] - self.cut) / tau))

    @cached_property
    def popular(self) -> Floats:
        """Visits with each item in the last 28 days; less than one for all time breaks ties and fills quiet times."""
        _, item, at = self.visits
        ever = np.bincount(item, minlength=self.rows.n_items).astype(np.float64)
        lately = np.bincount(item[at > self.cut - LATELY], minlength=self.rows.n_items)
        found: Floats = lately + ever / (ever.max(initial=0.0) + 1.0)
        return found

    @cached_property
    def best_sellers(self) -> Codes:
        """Items by popularity, best first; items that nobody bought are left out."""
        order = np.lexsort((np.arange(self.rows.n_items), -self.popular))
        return order[self.popular[order] > 0].astype(np.int32)

    def ranked(self, scores: Any, users: NDArray[Any], k: int, new_only: bool = False) -> Codes:
        """Lists by sparse scores of these users (rows as given), ties by popularity, filled up with best sellers."""
        seen = self.bought[users] if new_only else None
        lists = best_of_rows(without(scores, seen) if new_only else scores, k, self.popular)
        return filled(lists, self.best_sellers, seen)

    def best(self, users: NDArray[Any], k: int, new_only: bool = False) -> Codes:
        """G-TopFreq: the same best sellers for all."""
        return self.ranked(sparse.csr_matrix((len(users), self.rows.n_items)), users, k, new_only)

    def usual(self, users: NDArray[Any], k: int, new_only: bool = False) -> Codes:
        """GP-TopFreq: each customer's own counts, then best sellers."""
        return self.ranked(self.bought[users], users, k, new_only)

    def recent(self, users: NDArray[Any], k: int, new_only: bool = False) -> Codes:
        """Decayed counts (150 days), then best sellers."""
        return self.ranked(self.decayed()[users], users, k, new_only)
