"""Which sources to trust, and how much: tried on a held-back part of the past, best first, one more at a time.

A blend is a weighted sum of source scores. It grows while the gain is more than noise.
"""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from volver.core import VolverError, Words
from volver.predict.numerics.arrays import Codes, Floats, Ints
from volver.predict.recommend.evaluation import at_k
from volver.predict.recommend.holdout import DRAWN, HOW, HeldBack
from volver.predict.recommend.sources import FADES, CandidateSources, Source

OBJECTIVES: Final = ("auto", "ndcg", "recall", "hit", "mrr")
_BEST: Final = 40  # candidates of each source and user
_WEIGHTS: Final = (0.05, 0.15, 0.4, 0.8, 1.6)
_PARTS: Final = 5  # sources in a blend at most
_CELLS: Final = 4_000_000  # numbers that are compared at once
_STARTS: Final = 3  # sources that a blend is grown from


class NoSuchObjective(VolverError):
    """A measure that does not exist."""

    code = "predict.no_such_objective"
    says = "There is no objective called {objective}."
    hint = "Take one of: auto, ndcg, recall, hit, mrr."


class NotACount(VolverError):
    """A number of things that is none."""

    code = "predict.not_a_count"
    says = "k is {given}, not a whole number from {least} on."
    hint = "Give k as a whole number, for example 10."


def whole_count(k: Any, least: int = 0) -> int:
    """A whole number of things. Raises `NotACount`."""
    if isinstance(k, bool) or not isinstance(k, Integral) or k < least:
        raise NotACount(given=repr(k), least=least)
    return int(k)


@dataclass(frozen=True, slots=True)
class Part:
    """A source in a blend: its name, how fast older visits fade, and its weight (scores are of size 1)."""

    name: str
    fade: float
    weight: float
    scale: float


@dataclass(frozen=True, slots=True)
class BlendChoice:
    """What was tried and what was taken: `tried` are (what, value, standard error), `why` says it in words.

    `notes` tell what the table held that could not be used.

    Values are in units of the best source alone, averaged over the ways of holding back.
    """

    parts: tuple[Part, ...]
    exclude_seen: bool
    how: tuple[Words, ...]
    objective: str
    n_users: int
    repeats: float | None
    n_rows: int = 0
    tried: tuple[tuple[str, float, float], ...] = ()
    why: tuple[Words, ...] = ()
    notes: tuple[Words, ...] = ()


@dataclass(eq=False)
class ScoredSources:
    """Scores of sources for the candidates of each user, padded: (n_sources, n_users, n_candidates)."""

    parts: list[tuple[str, float, float]]
    score: NDArray[np.float32]
    blank: NDArray[np.float32]  # 0 where there is a candidate, else -inf
    target: tuple[Ints, Ints]  # (user, place) of the targets among the candidates
    n_targets: Ints
    objective: str
    k: int
    worth: Floats  # of each user: ways of asking count by their share, each measured in units of its best source
    way: Ints  # of each user: the way it is asked
    both: bool  # whether users are asked for what came next, and others for anything

    def blended(self, weights: Floats) -> NDArray[np.float32]:
        """The scores of a blend, (n_users, n_candidates); -inf where there is no candidate."""
        total = self.blank.copy()
        for n in np.flatnonzero(weights):
            total += np.float32(weights[n]) * self.score[n]
        return total

    def measure(self, total: NDArray[np.float32]) -> Floats:
        """The objective of each user under scores."""
        user, place = self.target
        own = total[user, place]
        rank = np.empty(len(user), dtype=np.int64)
        step = max(_CELLS // max(total.shape[1], 1), 1)
        for begin in range(0, len(user), step):
            part = slice(begin, begin + step)
            rank[part] = (total[user[part]] > own[part, None]).sum(axis=1)
        return at_k(rank, user, self.n_targets, self.objective, self.k)


def choose_blend(
    trial: HeldBack, sources: CandidateSources, objective: str = "auto", k: int = 10, exclude: bool | None = None
) -> BlendChoice:
    """Try every source alone, then blends. Raises `NoSuchObjective`."""
    if objective not in OBJECTIVES:
        raise NoSuchObjective(objective=objective)
    measure = "ndcg" if objective == "auto" else objective
    without_seen = trial.repeats < 0.05 if exclude is None else exclude
    table = _table(trial, sources, without_seen, measure, k)
    alone = [table.measure(table.blended(_only(table, n))) for n in range(len(table.parts))]
    for way, (groups, share) in enumerate(trial.shares.items()):
        own = np.isin(trial.group, groups)
        table.way[own] = way
        best = max(float(values[own].mean()) for values in alone)
        table.worth[own] = share * len(own) / (own.sum() * max(best, 1e-12))
    tried = [(_called(table.parts[n]), *_mean(values, table)) for n, values in enumerate(alone)]
    weights, value = _grown(table, alone, tried)
    parts = tuple(
        Part(name, fade, float(weights[n]), scale) for n, (name, fade, scale) in enumerate(table.parts) if weights[n]
    )
    names = " + ".join(f"{part.weight:.3g} {_called((part.name, part.fade, 1.0))}" for part in parts)
    why = tuple(
        Words(
            "{measure}@{k} is {score} where the future was held back so: {how}.",
            {"measure": measure, "k": k, "score": f"{value[trial.group == g].mean():.4f}", "how": HOW[g]},
        )
        for g in trial.groups
    )
    why = (*why, Words("Taken: {blend}.", {"blend": names}))
    tried.sort(key=lambda row: -row[1])
    return BlendChoice(
        parts, without_seen, trial.how, f"{measure}@{k}", len(trial), trial.repeats, len(trial.train), tuple(tried), why
    )


def _grown(table: ScoredSources, alone: list[Floats], tried: list[tuple[str, float, float]]) -> tuple[Floats, Floats]:
    """From the best sources on, add the one that helps most while it helps by more than half an error; the best end."""
    means = np.array([float((values * table.worth).mean()) for values in alone])
    pool = _pool(table, alone, means)
    starts = sorted(
        {table.parts[n][0]: n for n in sorted(pool, key=lambda n: means[n])}.values(), key=lambda n: -means[n]
    )
    ends = [_grown_from(table, first, alone[first], pool) for first in starts[:_STARTS]]
    for weights, value in ends:
        named = [f"{weights[n]:.3g} {_called(table.parts[n])}" for n in np.flatnonzero(weights)]
        if len(named) > 1:
            tried.append((" + ".join(named), *_mean(value, table)))
    return max(ends, key=lambda end: float((end[1] * table.worth).mean()))


def _grown_from(table: ScoredSources, first: int, value: Floats, pool: list[int]) -> tuple[Floats, Floats]:
    weights = _only(table, first)
    for _ in range(_PARTS - 1):
        total, unit = table.blended(weights), weights.max()
        options = [
            (table.measure(total + np.float32(weight * unit) * table.score[n]), n, weight * unit)
            for n in pool
            if not weights[n]
            for weight in _WEIGHTS
        ]
        if not options:
            break
        best, n, weight = max(options, key=lambda option: float((option[0] * table.worth).mean()))
        gain = (best - value) * table.worth
        if gain.mean() <= max(
            0.5 * float(gain.std()) / np.sqrt(len(gain)), 0.004 * float((value * table.worth).mean())
        ):
            break
        weights[n], value = weight, best
    return weights, value


def _pool(table: ScoredSources, alone: list[Floats], means: Floats) -> list[int]:
    """The two best fades of each source; where users are asked in two ways, the best for each."""
    pool: list[int] = []
    ways = np.unique(table.way)
    by_way = [np.array([float(values[table.way == way].mean()) for values in alone]) for way in ways]
    for name in dict.fromkeys(part[0] for part in table.parts):
        own = [n for n, part in enumerate(table.parts) if part[0] == name]
        if table.both:
            pool += sorted({min(own, key=lambda n: (-value[n], n)) for value in by_way})
        else:
            pool += sorted(own, key=lambda n: (-means[n], n))[:2]
    return pool


def _only(table: ScoredSources, n: int) -> Floats:
    weights = np.zeros(len(table.parts))
    weights[n] = 1.0
    return weights


def _called(part: tuple[str, float, float]) -> str:
    return part[0] if part[1] == 0 else f"{part[0]} (fade {part[1]:g})"


def _mean(values: Floats, table: ScoredSources) -> tuple[float, float]:
    """In units of the best source alone: 1 is as good as it, in every group."""
    values = values * table.worth
    return float(values.mean()), float(values.std() / np.sqrt(max(len(values), 1)))


def _table(trial: HeldBack, sources: CandidateSources, without_seen: bool, objective: str, k: int) -> ScoredSources:
    """Score the best candidates of every source under all sources."""
    found: list[Source] = []
    for name in sources.names(repeats=not without_seen):
        made = sources.source(name)
        flat = made.table is None
        found += [made] if flat else [sources.source(name, fade) for fade in _fades(trial, name)]
    matrices = [None if source.list is not None else source.rows(trial.past) for source in found]
    seen = trial.past.held() if without_seen else None
    candidates = [_candidates(user, found, matrices, seen) for user in range(len(trial))]
    wide = max((len(own) for own in candidates), default=1)
    there = np.arange(wide) < np.array([[len(own)] for own in candidates])
    score = np.zeros((len(found), len(trial), max(wide, 1)), dtype=np.float32)
    is_target = np.zeros(score.shape[1:], dtype=bool)
    scratch = np.zeros(trial.past.n_items, dtype=np.float32)
    for user, own in enumerate(candidates):
        is_target[user, : len(own)] = np.isin(own, trial.target[trial.start[user] : trial.start[user + 1]])
        for n, (source, matrix) in enumerate(zip(found, matrices, strict=True)):
            if matrix is None:
                score[n, user, : len(own)] = source.list[own]  # type: ignore[index]
                continue
            cells = slice(matrix.indptr[user], matrix.indptr[user + 1])
            scratch[matrix.indices[cells]] = matrix.data[cells]
            score[n, user, : len(own)] = scratch[own]
            scratch[matrix.indices[cells]] = 0
    scales = np.maximum(score.max(axis=2).mean(axis=1), 1e-12)
    score /= scales[:, None, None]
    score[:] += _TIE * score[0]  # what a source does not know is ranked by popularity, as it will be served
    parts = [(source.name, source.fade, float(scale)) for source, scale in zip(found, scales, strict=True)]
    blank = np.where(there, np.float32(0), np.float32(-np.inf))
    target = np.nonzero(is_target)
    found_at, of_all = (target[0], target[1]), np.ones(len(trial))
    way, both = np.zeros(len(trial), dtype=np.int64), len(trial.shares) > 1 and (DRAWN,) in trial.shares
    return ScoredSources(parts, score, blank, found_at, np.diff(trial.start), objective, k, of_all, way, both)


_TIE: Final = np.float32(1e-6)


def _fades(trial: HeldBack, name: str) -> tuple[float, ...]:
    if not len(trial.past.back) or trial.past.back.max() == 0:
        return (0.0,)
    return (0.0, 0.25, 0.5, 1.0, 2.0) if name == "again" else FADES


def _candidates(user: int, found: list[Source], matrices: list[Any], seen: Any) -> Codes:
    own = []
    gone = seen.indices[seen.indptr[user] : seen.indptr[user + 1]] if seen is not None else np.empty(0, dtype=np.int32)
    for source, matrix in zip(found, matrices, strict=True):
        if matrix is None:
            own.append(_top_of(source))
            continue
        cells = slice(matrix.indptr[user], matrix.indptr[user + 1])
        data, items = matrix.data[cells], matrix.indices[cells]
        if len(items) > _BEST + len(gone):
            best = np.argpartition(-data, _BEST + len(gone))[: _BEST + len(gone)]
            items = items[best]
        own.append(items)
    return np.setdiff1d(np.concatenate(own), gone)


def _top_of(source: Source) -> NDArray[Any]:
    assert source.list is not None
    k = min(_BEST, len(source.list))
    return np.argpartition(-source.list, k - 1)[:k].astype(np.int32)
