"""The ways to guess what a user wants next, each as scores of items given histories.

Every source is linear in the history (a table of items by items) or a list for everyone, but session neighbours.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from volver.core import VolverError
from volver.predict.numerics.arrays import Floats
from volver.predict.recommend.counts import Held
from volver.predict.recommend.interactions import Ids, Interactions
from volver.predict.recommend.linear import DENSE, ease, local_ridge
from volver.predict.recommend.neighbours import Neighbours
from volver.predict.recommend.sessions import SessionNeighbours
from volver.predict.recommend.visits import Visits, pruned, transitions

FADES: Final = (0.0, 0.5, 1.0, 2.0)
WIDE: Final = 100  # entries of an item's row that are kept
_LOCAL: Final = 32  # sources of one item's ridge problem
_RIDGES: Final = (50.0, 250.0)
_SMALL: Final = 2_000  # items up to which two ridges are tried
_SHORT: Final = 20  # events of a user on average, up to which whole histories are compared
FAMILIES: Final = ("popular", "trending", "together", "basket", "linear", "next", "sessions", "again")
_MANY: Final = 60_000  # items beyond which the small ridge problems cost too much


class NoSuchSource(VolverError):
    """A source that does not exist."""

    code = "predict.no_such_source"
    says = "There is no source called {source}."
    hint = "Take some of: {sources}."


def chosen_sources(only: Any) -> tuple[str, ...] | None:
    """The families that a caller limits the trial to; a lone name is a tuple of one. Raises `NoSuchSource`."""
    if only is None:
        return None
    names = (only,) if isinstance(only, str) else tuple(only)
    for name in names:
        if name not in FAMILIES:
            raise NoSuchSource(source=name, sources=", ".join(FAMILIES))
    return names


@dataclass(frozen=True, slots=True)
class Source:
    """One way: a `name`, and either a `table` (n_items, n_items) with the `fade` of the history, or a `list`."""

    name: str
    table: Any = None
    fade: float = 0.0
    list: Floats | None = None
    sessions: SessionNeighbours | None = None
    keep_last: bool = True  # whether the item just viewed may come next

    def rows(self, histories: Visits) -> Any:
        """Scores as a CSR matrix (n_users, n_items), for sources that differ between users."""
        if self.sessions is not None:
            return _session_rows(self.sessions, histories, self.keep_last)
        return (histories.weighted(self.fade) @ self.table).tocsr()


@dataclass(eq=False)
class CandidateSources:
    """All sources of one training set, each made when it is asked for and kept."""

    rows: Interactions
    histories: Visits
    only: tuple[str, ...] | None = None
    _made: dict[str, Any] = field(default_factory=dict)

    def names(self, repeats: bool) -> list[str]:
        """The sources that these data can feed, by `family` or `family:variant`."""
        ordered = self.rows.clock is not None
        found = ["popular"]
        if self.rows.clock == "days":
            found += ["trending:7", "trending:30"]
        found += ["together"]
        if self._has_baskets():
            found += ["basket"]
        found += [f"linear:{ridge:g}" for ridge in self._ridges()]
        if ordered:
            found += ["next"]
            length = len(self.histories.item) / max(int(np.count_nonzero(np.diff(self.histories.start))), 1)
            found += ["sessions"] if length <= _SHORT else []
            found += ["sessions:again"] if length <= _SHORT and repeats else []
        found += ["again"] if repeats else []
        return [name for name in found if self.only is None or name.partition(":")[0] in self.only or name == "popular"]

    def _has_baskets(self) -> bool:
        n_visits = self.histories.visit[-1] - self.histories.visit[0] + 1 if len(self.histories.visit) else 0
        return (
            self.rows.clock is not None and 1.5 * n_visits < len(self.histories.item) and n_visits > len(self.histories)
        )

    def _ridges(self) -> tuple[float, ...]:
        if self.rows.n_items > _MANY:
            return ()
        return _RIDGES if self.rows.n_items <= _SMALL else (100.0,) if self.rows.n_items <= DENSE else (20.0,)

    def source(self, name: str, fade: float = 0.0) -> Source:
        """One source by name. `fade` is how fast the user's older visits lose weight."""
        family, _, variant = name.partition(":")
        key = family if family == "sessions" else name
        if key not in self._made:
            self._made[key] = getattr(self, f"_{family}")(variant)
        made = self._made[key]
        if family in ("popular", "trending"):
            return Source(name, list=made)
        if family == "sessions":
            return Source(name, sessions=made, keep_last=variant == "again")
        return Source(name, table=made, fade=fade)

    def _popular(self, _: str) -> Floats:
        # people, not events: one user who repeats says little about the others
        return np.asarray(self.histories.held().sum(axis=0), dtype=np.float64).ravel()

    def _trending(self, half_life: str) -> Floats:
        at = self.rows.at
        assert at is not None
        weight = np.exp2(-(at.max() - at) / float(half_life))
        faded: Floats = np.bincount(self.rows.item, weight, self.rows.n_items).astype(np.float64)
        return faded

    def _again(self, _: str) -> Any:
        return sp.identity(self.rows.n_items, dtype=np.float32, format="csr")

    def _together(self, _: str) -> Any:
        return self._neighbour_table(Held.of(self.rows, "user"))

    def _basket(self, _: str) -> Any:
        visits, _owner = self.histories.visits()
        n_visits = visits.shape[0]
        ids = Ids(np.arange(n_visits), self.rows.items.type)
        visits.sort_indices()
        return self._neighbour_table(Held(ids, self.rows.items, visits.indptr.astype(np.int64), visits.indices))

    def _neighbour_table(self, held: Held) -> Any:
        model = Neighbours(score="damped", top=WIDE).fit_held(held)
        there = model.neighbours_ >= 0
        start = np.append(0, np.cumsum(there.sum(axis=1)))
        shape = (len(held.items), len(held.items))
        return sp.csr_matrix((model.scores_[there], model.neighbours_[there], start), shape=shape)

    def _linear(self, ridge: str) -> Any:
        held = self.histories.held()
        if self.rows.n_items <= DENSE:
            return ease(held, float(ridge))
        near = Neighbours(score="cosine", top=_LOCAL).fit_held(Held.of(self.rows, "user")).neighbours_
        return local_ridge(held, near, float(ridge))

    def _next(self, _: str) -> Any:
        pairs, followed = transitions(self.histories)
        total = np.maximum(np.asarray(self.histories.held().sum(axis=0)).ravel(), 1.0)
        scores = sp.diags(1 / (followed + 10)) @ pairs @ sp.diags(total**-0.1)
        return pruned(scores.tocsr().astype(np.float32), WIDE)

    def _sessions(self, _: str) -> SessionNeighbours:
        return SessionNeighbours(m=1000, k=200, last=5, keep_last=True).fit_held(Held.of(self.rows, "user"))


def _session_rows(model: SessionNeighbours, histories: Visits, keep_last: bool) -> Any:
    own = [histories.item[a:b] for a, b in pairwise(histories.start.tolist())]
    found = [model.scores(session) for session in own]
    if not keep_last:
        kept = [
            items != session[-1] if len(session) else items >= 0 for (items, _), session in zip(found, own, strict=True)
        ]
        found = [(items[mask], score[mask]) for (items, score), mask in zip(found, kept, strict=True)]
    start = np.append(0, np.cumsum([len(items) for items, _ in found]))
    items = np.concatenate([items for items, _ in found]) if found else np.empty(0, dtype=np.int32)
    score = np.concatenate([score for _, score in found]) if found else np.empty(0)
    return sp.csr_matrix((score.astype(np.float32), items, start), shape=(len(histories), histories.n_items))
