"""What each user did, in order, as visits: the side of a recommendation that belongs to the user.

A visit is a basket, or all events of one instant. Places count back from the latest visit, which is 0.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from volver.predict.numerics.arrays import Bools, Codes, Floats, Ints
from volver.predict.recommend.interactions import Interactions

AHEAD: Final = (1.0, 0.7, 0.58, 0.5, 0.45)  # weight of the d-th next visit: 1 / √d
_LATEST: Final = 200  # events of a user that still say something; 600 measured no better on groceries


@dataclass(frozen=True, eq=False)
class Visits:
    """Events sorted by user, oldest first, cut to the latest 200 of each user.

    `start` (n_users + 1,) bounds the events of a user; `visit` is a running number of visits over all users; `at` is
    in days or positions, None without a clock.
    """

    n_items: int
    start: Ints
    item: Codes
    visit: Ints
    at: Floats | None

    @classmethod
    def of(cls, rows: Interactions) -> "Visits":
        """Sort the rows. Without a clock all events of a user (or basket) are one visit."""
        own, start = latest(rows)
        user = rows.user[own]
        at = None if rows.at is None else rows.at[own]
        new = np.append(True, user[1:] != user[:-1])[: len(user)]
        if rows.basket is not None:
            basket = rows.basket[own]
            new[1:] |= basket[1:] != basket[:-1]
        elif at is not None:
            new[1:] |= at[1:] != at[:-1]
        return cls(rows.n_items, start, rows.item[own], np.cumsum(new) - 1, at)

    def __len__(self) -> int:
        return len(self.start) - 1

    @cached_property
    def user(self) -> Codes:
        """The user of every event."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))

    @cached_property
    def back(self) -> Ints:
        """How many visits of the user came after that of the event."""
        final = self.visit[np.maximum(self.start[1:] - 1, 0)] if len(self.visit) else self.start[1:]
        return final[self.user] - self.visit

    def chosen(self, mask: Bools) -> "Visits":
        """Only some events, of the same users."""
        size = np.bincount(self.user[mask], minlength=len(self))
        at = None if self.at is None else self.at[mask]
        return Visits(self.n_items, np.append(0, np.cumsum(size)), self.item[mask], self.visit[mask], at)

    def of_users(self, users: NDArray[Any]) -> "Visits":
        """The histories of some users, in that order; an unknown user (-1) has none."""
        size = np.where(users >= 0, np.diff(self.start)[users], 0)
        start = np.append(0, np.cumsum(size))
        flat = np.arange(start[-1]) + np.repeat(self.start[users] - start[:-1], size)
        at = None if self.at is None else self.at[flat]
        return Visits(self.n_items, start, self.item[flat], self.visit[flat], at)

    def weighted(self, fade: float) -> Any:
        """CSR (n_users, n_items): an event p visits ago weighs (1 + p)^-fade; repeats add up; rows sum to 1."""
        weight = (1.0 + self.back) ** -fade
        total = np.bincount(self.user, weight, len(self))
        weight /= np.maximum(total, 1e-12)[self.user]
        shape = (len(self), self.n_items)
        columns = self.item.copy()  # scipy sorts them in place
        found = sp.csr_matrix((weight.astype(np.float32), columns, self.start), shape=shape)
        found.sum_duplicates()
        return found

    def held(self) -> Any:
        """CSR (n_users, n_items) of ones: who had what."""
        ones = np.ones(len(self.item), dtype=np.float32)
        found = sp.csr_matrix((ones, self.item.copy(), self.start), shape=(len(self), self.n_items))
        found.sum_duplicates()
        found.data[:] = 1
        return found

    def visits(self) -> tuple[Any, Ints]:
        """CSR (n_visits, n_items) of ones, visits in order, and the user of each visit."""
        distinct, first, number = np.unique(self.visit, return_index=True, return_inverse=True)
        ones = np.ones(len(self.item), dtype=np.float32)
        found = sp.csr_matrix((ones, (number, self.item)), shape=(len(distinct), self.n_items))
        found.sum_duplicates()
        found.data[:] = 1
        return found, self.user[first].astype(np.int64)


def latest(rows: Interactions) -> tuple[Ints, Ints]:
    """The row number of every event of `Visits.of(rows)`, and the bounds of each user's events."""
    order = rows.by_user
    user = rows.user[order]
    size = np.bincount(user, minlength=rows.n_users)
    keep = np.cumsum(size)[user] - np.arange(len(user)) <= _LATEST
    return order[keep], np.append(0, np.cumsum(np.minimum(size, _LATEST)))


def transitions(histories: Visits) -> tuple[Any, Floats]:
    """What follows: CSR (n_items, n_items) of visits with i that were followed by j, the d-th next one counting 1 / √d.

    Also (n_items,), the visits with each item that were followed by any. The diagonal (the same again) is left out.
    """
    visits, owner = histories.visits()
    ahead = None
    for d, weight in enumerate(AHEAD, 1):
        if len(owner) <= d:
            break
        same = np.flatnonzero(owner[d:] == owner[:-d])
        shift = sp.csr_matrix((np.full(len(same), weight), (same, same + d)), shape=(len(owner), len(owner)))
        ahead = shift if ahead is None else ahead + shift
    if ahead is None:
        return sp.csr_matrix((histories.n_items, histories.n_items)), np.zeros(histories.n_items)
    followed = visits[np.flatnonzero(np.diff(ahead.tocsr().indptr))]
    pairs = (visits.T @ (ahead @ visits)).tocsr()
    pairs.setdiag(0)
    pairs.eliminate_zeros()
    return pairs, np.asarray(followed.sum(axis=0)).ravel().astype(np.float64)


def pruned(matrix: Any, keep: int) -> Any:
    """A CSR matrix with only the largest `keep` of each row (ties: the smaller column)."""
    matrix = matrix.tocsr()
    size = np.diff(matrix.indptr)
    if not len(size) or size.max() <= keep:
        return matrix
    row = np.repeat(np.arange(len(size)), size)
    order = np.lexsort((matrix.indices, -matrix.data, row))
    place = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], size)
    kept = np.sort(order[place < keep])
    start = np.append(0, np.cumsum(np.minimum(size, keep)))
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], start), shape=matrix.shape)
