"""Recommendations for anyone: looks at the data, tries its sources on a held-back part, and serves the best blend.

Learn from any frame of user, item and (better) time; ask for users, items or a session in progress.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from volver.core import Words, clock
from volver.predict.numerics.arrays import Bools, Codes, Floats
from volver.predict.numerics.frames import listed
from volver.predict.numerics.params import NotFitted, Params
from volver.predict.recommend.blend import OBJECTIVES, BlendChoice, NoSuchObjective, Part, choose_blend, whole_count
from volver.predict.recommend.holdout import AHEADS, HeldBack, NoSuchAhead, are_sessions, held_back, of_new_items
from volver.predict.recommend.interactions import ITEM, USER, Interactions
from volver.predict.recommend.neighbours import Neighbours
from volver.predict.recommend.sessions import SessionNeighbours
from volver.predict.recommend.sources import CandidateSources, chosen_sources
from volver.predict.recommend.visits import Visits

_TIE: Final = 1e-9  # popularity breaks ties and fills places that nothing else can fill


@dataclass(frozen=True)
class _Blend:
    """Chosen sources learned from all rows: a list for everyone, tables by fade, session neighbours with weights."""

    list: Floats
    tables: tuple[tuple[float, Any], ...]
    sessions: tuple[tuple[float, SessionNeighbours, bool], ...]


class Recommender(Params):
    """What each user wants next. All settings have defaults that look at the data.

    `objective`: "auto", "ndcg", "recall", "hit" or "mrr", at `k`, is what the blend is chosen by on a held-back part
    of the training data. `ahead` says what will be asked: "next" what comes after all that was seen, "any" items from
    anywhere in the history, "both" either; "auto" is both where there are ratings, which are often tested so, else
    next. `sources` limits what is tried, for example ("popular", "together"). Learned: `choice_` (what was tried, the
    measures, what was taken and why, which columns were read), `choice_new_` (the same where users come back for what
    they had, for `exclude_seen=True`; else None), `fit_seconds_`. Raises `NoSuchObjective`, `NoSuchAhead`,
    `NoSuchSource` and `NotACount`.

    >>> table = {"user": [1, 1, 2, 2, 3], "item": ["tea", "cup", "tea", "cup", "tea"], "time": [1, 2, 3, 4, 5]}
    >>> model = Recommender().fit(table)
    >>> model.recommend([3], k=1)["item"].tolist()
    ['cup']
    """

    def __init__(
        self,
        *,
        objective: str = "auto",
        k: int = 10,
        ahead: str = "auto",
        sources: tuple[str, ...] | None = None,
        seed: int = 0,
    ) -> None:
        self.objective = objective
        self.k = k
        self.ahead = ahead
        self.sources = sources
        self.seed = seed
        self._check()

    def _check(self) -> None:
        if self.objective not in OBJECTIVES:
            raise NoSuchObjective(objective=self.objective)
        whole_count(self.k, 1)
        if self.ahead not in AHEADS:
            raise NoSuchAhead(ahead=self.ahead)
        chosen_sources(self.sources)

    def fit(self, interactions: Any, **columns: str) -> Self:
        """Learn from any frame: pandas, polars, Arrow, DuckDB, a mapping of arrays. `columns` name user, item, time."""
        began = clock.stopwatch_s()
        self._check()
        rows = Interactions.of(interactions, **columns)
        self.choice_, self.choice_new_ = self._chosen(rows, held_back(rows, self.seed, self.ahead))
        self._learn(rows)
        self.fit_seconds_ = clock.stopwatch_s() - began
        return self

    def _chosen(self, rows: Interactions, trial: HeldBack | None) -> tuple[BlendChoice, BlendChoice | None]:
        """What to take, and what to take for new items only, where that is another question."""
        if trial is None:
            return _told(_untried(rows), rows), None
        tried = CandidateSources(trial.train, Visits.of(trial.train), only=chosen_sources(self.sources))
        choice = _told(choose_blend(trial, tried, self.objective, self.k), rows)
        fresh = None if choice.exclude_seen else of_new_items(trial)
        new = None if fresh is None else choose_blend(fresh, tried, self.objective, self.k, exclude=True)
        return choice, None if new is None else _told(new, rows)

    def _learn(self, rows: Interactions) -> None:
        """Make the chosen sources on all rows."""
        self._rows, self._histories = rows, Visits.of(rows)
        self.are_sessions_ = are_sessions(self._histories, rows.clock)
        sources = CandidateSources(rows, self._histories, only=chosen_sources(self.sources))
        self._blend = _blend(self.choice_, rows, sources)
        self._blend_new = self._blend if self.choice_new_ is None else _blend(self.choice_new_, rows, sources)
        order = np.argsort(rows.user, kind="stable")
        self._had = rows.item[order]
        self._had_start = np.searchsorted(rows.user[order], np.arange(rows.n_users + 1))

    def recommend(
        self,
        users: Any = None,
        k: int = 20,
        *,
        exclude_seen: bool | None = None,
        candidates: Any = None,
        exclude_items: Any = None,
    ) -> Any:
        """The k best items of each user: (user, item, score, rank), the kind of frame that was learned from.

        `users` are identifiers (None: everyone seen), one alone, or a frame with such a column; the unknown get what
        is popular. `exclude_seen` None: as the data
        suggest (`choice_.exclude_seen`). `candidates`: only these items; `exclude_items`: never these. Scores compare
        within a user only. Raises `NotFitted` and `NotACount`.
        """
        self._ready()
        k = whole_count(k)
        rows = self._rows
        if users is None:
            codes, given = np.arange(rows.n_users, dtype=np.int32), rows.users.as_given(np.arange(rows.n_users))
        else:
            asked = listed(users, (rows.names["user"], *USER))
            codes, given = rows.users.codes(asked), np.array(asked.to_pylist())
        shut = self._shut(candidates, exclude_items)
        found = [self._of_user(int(code), k, exclude_seen, shut) for code in codes]
        sizes = [len(items) for items, _ in found]
        return rows.frame(
            {
                rows.names["user"]: given[np.repeat(np.arange(len(codes)), sizes)],
                rows.names["item"]: rows.items.as_given(np.concatenate([i for i, _ in found] or [_NONE])),
                "score": np.concatenate([s for _, s in found] or [np.empty(0)]),
                "rank": np.concatenate([np.arange(1, size + 1) for size in sizes] or [np.arange(0)]),
            }
        )

    def next_items(
        self,
        items: Any,
        k: int = 20,
        *,
        exclude_seen: bool | None = None,
        candidates: Any = None,
        exclude_items: Any = None,
    ) -> list[Any]:
        """The k best items after a list of items, oldest first: a session in progress or a visitor without a name."""
        self._ready()
        k = whole_count(k)
        codes = self._codes(items)
        back = np.arange(len(codes))[::-1]
        back, codes = back[codes >= 0], codes[codes >= 0]
        shut = self._shut(candidates, exclude_items)
        found, _ = self._best(codes, back, codes, k, exclude_seen, shut)
        return list(self._rows.items.as_given(found).tolist())

    def similar(self, items: Any, k: int = 20) -> Any:
        """Items that go with items: (item, similar, score, support, rank), the kind of frame that was learned from."""
        self._ready()
        if not hasattr(self, "_neighbours"):
            self._neighbours = Neighbours().fit(self._rows)
        items = listed(items, (self._rows.names["item"], *ITEM))
        return self._rows.frame(self._neighbours.similar(items, whole_count(k)))

    def _codes(self, items: Any) -> Codes:
        return self._rows.items.codes(listed(items, (self._rows.names["item"], *ITEM)))

    def _ready(self) -> None:
        if not hasattr(self, "choice_"):
            raise NotFitted(model="Recommender")

    def _of_user(self, user: int, k: int, exclude_seen: bool | None, shut: Bools | None) -> tuple[Codes, Floats]:
        if user < 0:
            return self._best(_NONE, _NONE, _NONE, k, exclude_seen, shut)
        own = slice(self._histories.start[user], self._histories.start[user + 1])
        visit = self._histories.visit[own]
        had = self._had[self._had_start[user] : self._had_start[user + 1]]
        return self._best(self._histories.item[own], visit[-1:] - visit, had, k, exclude_seen, shut)

    def _best(
        self,
        items: Codes,
        back: NDArray[Any],
        had: Codes,
        k: int,
        exclude_seen: bool | None,
        shut: Bools | None,
    ) -> tuple[Codes, Floats]:
        only_new = self.choice_.exclude_seen if exclude_seen is None else exclude_seen
        score = _scores(self._blend_new if only_new else self._blend, items, back)
        if only_new:
            score[had] = -np.inf
        if shut is not None:
            score[shut] = -np.inf
        k = min(k, len(score))
        best = np.argpartition(-score, k - 1)[:k] if k < len(score) else np.arange(len(score))
        best = best[np.lexsort((best, -score[best]))]
        best = best[np.isfinite(score[best])]
        return best.astype(np.int32), score[best]

    def _shut(self, candidates: Any, exclude_items: Any) -> Bools | None:
        if candidates is None and exclude_items is None:
            return None
        shut = np.full(self._rows.n_items, candidates is not None)
        if candidates is not None:
            codes = self._codes(candidates)
            shut[codes[codes >= 0]] = False
        if exclude_items is not None:
            codes = self._codes(exclude_items)
            shut[codes[codes >= 0]] = True
        return shut


_NONE: Final = np.empty(0, dtype=np.int32)


def _scores(blend: _Blend, items: Codes, back: NDArray[Any]) -> Floats:
    """Scores of all items for a history, oldest first; `back` counts the visits since."""
    total = blend.list.copy()
    if not len(items):
        return total
    for fade, table in blend.tables:
        weight = (1.0 + back) ** -fade
        weight /= weight.sum()
        start = table.indptr[items]
        size = table.indptr[items + 1] - start
        before = np.cumsum(size) - size
        flat = np.arange(before[-1] + size[-1]) + np.repeat(start - before, size)
        total += np.bincount(table.indices[flat], table.data[flat] * np.repeat(weight, size), len(total))
    if blend.sessions:
        found, score = blend.sessions[0][1].scores(items)
        ever = sum(weight for weight, _, _ in blend.sessions)
        again = sum(weight for weight, _, keep_last in blend.sessions if keep_last)
        total[found] += np.where(found == items[-1], again, ever) * score
    return total


def _blend(choice: BlendChoice, rows: Interactions, sources: CandidateSources) -> _Blend:
    """Add up the chosen sources that read the history alike."""
    popular = sources.source("popular").list
    assert popular is not None
    flat: Floats = popular * (_TIE / max(float(popular.max(initial=0.0)), 1.0))
    sessions: list[tuple[float, SessionNeighbours, bool]] = []
    by_fade: dict[float, Any] = {}
    for part in choice.parts:
        weight = part.weight / part.scale
        source = sources.source(part.name, part.fade)
        if source.sessions is not None:
            sessions.append((weight, source.sessions, source.keep_last))
        elif source.list is not None:
            flat = flat + weight * source.list / _growth(rows, choice)
        else:
            table = source.table * np.float32(weight)
            by_fade[part.fade] = table if part.fade not in by_fade else by_fade[part.fade] + table
    return _Blend(flat, tuple((fade, by_fade[fade].tocsr()) for fade in sorted(by_fade)), tuple(sessions))


def _told(choice: BlendChoice, rows: Interactions) -> BlendChoice:
    """The choice with which columns were read."""
    return replace(choice, why=(*choice.why, *rows.reading), notes=rows.notes)


def _growth(rows: Interactions, choice: BlendChoice) -> float:
    """How many times more was learned from now than in the trial: lists are counts and grow with it."""
    return len(rows) / choice.n_rows if choice.n_rows else 1.0


def _untried(rows: Interactions) -> BlendChoice:
    """Too few users to try anything: item neighbours, and what is popular."""
    parts = (Part("together", 0.5, 1.0, 1.0), Part("popular", 0.0, 1e-3, float(max(rows.n_users, 1))))
    key = np.unique(rows.user.astype(np.int64) * rows.n_items + rows.item)
    repeats = 1 - len(key) / len(rows)
    why = (Words("Too few users to try anything: item neighbours first, then what is popular."),)
    return BlendChoice(parts, repeats < 0.05, (Words("nothing held back"),), "none", 0, None, why=why)
