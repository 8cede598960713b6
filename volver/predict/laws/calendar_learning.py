"""How a calendar is learned: from a law and the orders by day, or from a store-wide index.

Pure numerics. Months, half months, weekdays and windows are effects on the logarithm of orders over expected orders.
Each kind is drawn towards 1 by as much as its own spread and the disagreement between years ask for (empirical Bayes).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np

from volver.core import VolverError
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.calendar import FLAT, Calendar, Window, expected_between, months_of
from volver.predict.laws.history import Histories
from volver.predict.numerics.arrays import Floats, Ints
from volver.predict.numerics.frames import eager

_YEAR: Final = 365.25
_ROUNDS: Final = 3
_STILL: Final = 0.01  # weights that move by less have arrived
_STEPS: Final = 25
_DOUBT: Final = 0.08  # how much one month differs between years, in logs, before the shop's own years say so
_MONTH: Final = 0.3  # how much months differ, in logs, before the shop says so
_HALF: Final = 0.05
_WEEKDAY: Final = 0.1
_WINDOW: Final = 0.5
_TREND: Final = 0.1  # a year, in logs
_CALM: Final = 20.0  # cells without more noise than independent orders make, taken for granted
_FAR: Final = 3.0  # an effect beyond e^3 is no season
_STEADY: Final = 30.0  # orders as expected, added to each row of an index of counts
_LEAST: Final = 0.02


class BadIndex(VolverError):
    """A frame that holds no index by day or week."""

    code = "predict.bad_index"
    says = "The frame holds no calendar index: {why}."
    hint = "Give a column `day` or `week` (its first day) and a column `index` or `orders` (with `expected` if known)."


def learn_calendar(
    first_day: Any,
    known: Histories,
    at: date,
    kind: Callable[[], BuyingModel],
    days: Any,
    orders: Floats,
    *,
    windows: Sequence[Window] = (),
    weekdays: bool = False,
    doubt: float = _DOUBT,
) -> Calendar:
    """The calendar that the later orders (`orders`) on each of `days` tell, under a law of this kind.

    `first_day` (datetime64) is each customer's first order day; None takes it from `known`, which counts days until
    the end of `at`. Fits the law, compares the orders of each half month with what the law expects of the customers
    born until then, moves the weights, and fits again. A steady growth beside that is estimated too and stays out of
    the weights (`trend_per_year`). A month seen in one year is drawn towards 1 more than one seen in two: by
    `doubt`, until the years themselves disagree more or less. Half months are refined from two years on, `windows`
    from the weights they come with.
    """
    born = _first_days(known, at) if first_day is None else np.asarray(first_day, dtype="datetime64[D]")
    if not len(born):
        return FLAT
    edges = np.arange(born.min(), np.datetime64(at) + 1)
    if len(edges) < 2:
        return FLAT
    seen = _by_day(edges[1:], days, np.asarray(orders, dtype=np.float64))
    cells = cells_of(edges[1:], windows, weekdays)
    found = replace(FLAT, windows=tuple(windows))
    for _ in range(_ROUNDS):
        law = kind().fit(found.histories(known, at))
        weights = found.daily(edges[1:])
        expected = expected_in(law, born, edges, found, cells)
        usual = np.maximum(sums(cells.of_day, weights, len(cells.days)) / cells.days, 1e-9)
        came = sums(cells.of_day, seen, len(cells.days))
        before, found = weights, _calendar(_effects(came, expected / usual, cells, windows, doubt), windows)
        if float(np.max(np.abs(found.daily(edges[1:]) - before))) < _STILL:
            break
    return found


def index_of(frame: Any, *, repeating: Calendar | None = None) -> Calendar:
    """A calendar from a store-wide index: one row a day or a week, of any kind of frame.

    Columns: `day` or `week` (its first day); `index` (orders over expected orders) or `orders`, the latter with
    `expected` if that is known, else measured against its own exponential trend. Days outside use `repeating`; None
    learns the months from the index where it covers a year. Raises `BadIndex`.
    """
    first, length, seen, expected, counted = _index_rows(frame)
    expected = expected * (seen.sum() / max(float(expected.sum()), 1e-9))
    days, row_of = _covered(first, length)
    if repeating is None:
        long = len(days) >= 364
        repeating = _repeating(days, row_of, seen, expected, counted) if long else FLAT
    steady = _STEADY if counted else 0.0
    ratio = np.maximum((seen + steady) / np.maximum(expected + steady, 1e-9), _LEAST)[row_of]
    every = repeating.daily(np.arange(days[0], days[-1] + 1))
    inside = (days - days[0]).astype(np.int64)
    every[inside] = ratio * (every[inside].mean() / ratio.mean())
    return replace(repeating, index=tuple(every.tolist()), index_from=days[0].astype(object))


def _repeating(days: Any, row_of: Ints, seen: Floats, expected: Floats, counted: bool) -> Calendar:
    """The months that an index tells; an index that is no count is as sure as a hundred orders a half month."""
    cells = cells_of(days, (), weekdays=False)
    share = np.bincount(row_of, minlength=len(seen))[row_of].astype(np.float64)
    came, usual = (sums(cells.of_day, each[row_of] / share, len(cells.days)) for each in (seen, expected))
    scale = 1.0 if counted else 100.0 * len(cells.days) / max(float(usual.sum()), 1e-9)
    return _calendar(_effects(came * scale, usual * scale, cells, (), _DOUBT), ())


@dataclass(frozen=True, slots=True)
class Cells:
    """Runs of days that share month, half, weekday and windows; and what each cell is."""

    of_day: Ints
    days: Floats
    occasion: Ints  # one month of one year
    half: Ints
    weekday: Ints | None
    inside: Any  # (cells, windows)
    years: Floats  # middle of the cell, in years from the first day
    long: bool  # two years and more


def cells_of(days: Any, windows: Sequence[Window], weekdays: bool, *, halves: bool = True) -> Cells:
    """The cells of consecutive days (datetime64); half months are told apart from two years on, if at all."""
    _, half, weekday = months_of(days)
    months = days.astype("datetime64[M]").astype(np.int64)
    long = halves and float((days[-1] - days[0]).astype(np.int64)) >= 2 * _YEAR - 10
    half = half if long else half // 2 * 2
    inside = np.column_stack([np.zeros((len(days), 0), bool)] + [window.on(days) for window in windows])
    key = np.column_stack([months, half, weekday if weekdays else np.zeros_like(half), inside])
    _, first, of_day = np.unique(key, axis=0, return_index=True, return_inverse=True)
    of_day = np.asarray(of_day, dtype=np.int64).reshape(-1)
    size = np.bincount(of_day).astype(np.float64)
    return Cells(
        of_day=of_day,
        days=size,
        occasion=np.unique(months[first], return_inverse=True)[1],
        half=half[first],
        weekday=weekday[first] if weekdays else None,
        inside=inside[first],
        years=np.bincount(of_day, (days - days[0]).astype(np.float64)) / size / _YEAR,
        long=long,
    )


def expected_in(law: BuyingModel, born: Any, edges: Any, calendar: Calendar, cells: Cells) -> Floats:
    """Expected later orders in each cell; asked only where one run of days ends."""
    last = np.append(np.flatnonzero(np.diff(cells.of_day)), len(cells.of_day) - 1)
    runs = expected_between(law, born, edges[np.append(0, last + 1)], calendar)
    return sums(cells.of_day[last], runs, len(cells.days))


@dataclass(frozen=True, slots=True)
class _Effects:
    """In logs."""

    months: Floats
    halves: Floats
    weekdays: Floats
    windows: Floats
    trend: float


def _effects(came: Floats, expected: Floats, cells: Cells, windows: Sequence[Window], doubt: float) -> _Effects:
    """Penalised quasi-likelihood of counts with random effects; variances by Schall (1991), held by weak priors.

    log mean = log expected + level + trend + month + half + weekday + window + (month of that year).
    """
    blocks: list[tuple[str, Floats, float, float]] = [  # name, columns, prior deviation, prior weight (inf: fixed)
        ("level", np.ones((len(came), 1)), 1e3, np.inf),
        ("trend", (cells.years - cells.years.mean())[:, None], _TREND, np.inf),
        ("months", indicators(cells.half // 2, 12), _MONTH, 3.0),
        ("occasions", indicators(cells.occasion, int(cells.occasion.max()) + 1), doubt, 4.0),
    ]
    if cells.long:
        blocks.append(("halves", indicators(cells.half, 24), _HALF, 1.0))
    if cells.weekday is not None:
        blocks.append(("weekdays", indicators(cells.weekday, 7), _WEEKDAY, 1.0))
    if windows:
        blocks.append(("windows", cells.inside.astype(np.float64), _WINDOW, np.inf))
    usable = expected > 1e-6
    found = effects_of(came[usable], expected[usable], [(name, x[usable], s, df) for name, x, s, df in blocks])
    return _Effects(
        months=found["months"],
        halves=found.get("halves", np.zeros(0)),
        weekdays=found.get("weekdays", np.zeros(0)),
        windows=found.get("windows", np.zeros(len(windows))),
        trend=float(found["trend"][0]),
    )


def effects_of(came: Floats, expected: Floats, blocks: list[tuple[str, Floats, float, float]]) -> dict[str, Floats]:
    """Effects of each block on log(came / expected): name, columns, prior deviation, prior weight (inf: it is kept)."""
    design = np.column_stack([columns for _, columns, _, _ in blocks])
    ends = np.cumsum([0, *[columns.shape[1] for _, columns, _, _ in blocks]])
    places = [slice(int(a), int(b)) for a, b in pairwise(ends)]
    spread = np.array([deviation**2 for _, _, deviation, _ in blocks])
    theta, noise = np.zeros(design.shape[1]), 1.0
    if came.sum() > 0 and expected.sum() > 0:
        theta[0] = float(np.log(came.sum() / expected.sum()))
        for _ in range(_STEPS):
            mean = expected * np.exp(np.clip(design @ theta, -20.0, 20.0))
            weight = mean / noise
            ridge = np.concatenate([np.full(p.stop - p.start, 1 / s) for p, s in zip(places, spread, strict=True)])
            doubt = np.linalg.inv(design.T @ (weight[:, None] * design) + np.diag(ridge))
            step = doubt @ (design.T @ ((came - mean) / noise) - ridge * theta)
            theta = theta + np.clip(step, -1.0, 1.0)
            theta[1:] = np.clip(theta[1:], -_FAR, _FAR)
            told = 0.0
            for i, (_, _, deviation, prior) in enumerate(blocks):
                own, place = theta[places[i]], places[i]
                freedom = max(len(own) - float(np.trace(doubt[place, place])) / spread[i], 0.0)
                told += freedom
                if np.isfinite(prior):
                    spread[i] = max((float(own @ own) + prior * deviation**2) / (freedom + prior), 1e-8)
            left = len(came) - told
            off = float(np.sum((came - mean) ** 2 / np.maximum(mean, 1.0)))
            noise = max(1.0, (off + _CALM) / (max(left, 0.0) + _CALM))
    return {name: theta[place] for (name, *_), place in zip(blocks, places, strict=True)}


def _calendar(found: _Effects, windows: Sequence[Window]) -> Calendar:
    raw = Calendar(
        months=weights_of(found.months),
        halves=weights_of(found.halves),
        weekdays=weights_of(found.weekdays),
        windows=tuple(
            replace(window, weight=window.weight * float(np.exp(effect)))
            for window, effect in zip(windows, found.windows, strict=True)
        ),
        trend_per_year=found.trend,
    )
    scale = float(np.mean(raw.months))
    return replace(raw, months=tuple(each / scale for each in raw.months))


def weights_of(effects: Floats) -> tuple[float, ...]:
    """Effects in logs as weights."""
    return tuple(np.exp(effects).tolist())


def sums(group: Ints, values: Floats, size: int) -> Floats:
    """Values summed by group."""
    return np.bincount(group, values, minlength=size).astype(np.float64)


def indicators(group: Ints, size: int) -> Floats:
    """One column per group, 1 where a row is of it."""
    return np.eye(size)[group]


def _first_days(known: Histories, at: date) -> Any:
    ages = np.repeat(known.T, known.n.astype(np.int64))
    return np.datetime64(at) - np.ceil(ages).astype("timedelta64[D]")


def _by_day(every: Any, days: Any, orders: Floats) -> Floats:
    seen = np.zeros(len(every))
    place = (np.asarray(days, dtype="datetime64[D]") - every[0]).astype(np.int64)
    inside = (place >= 0) & (place < len(seen))
    np.add.at(seen, place[inside], orders[inside])
    return seen


def _index_rows(frame: Any) -> tuple[Any, int, Floats, Floats, bool]:
    """First day of each row, days in a row, what came, what was expected, and whether that is counts."""
    rows = eager(frame, BadIndex)
    when = next((name for name in ("day", "date", "week") if name in rows.columns), None)
    what = next((name for name in ("index", "orders") if name in rows.columns), None)
    if when is None or what is None or not len(rows):
        raise BadIndex(why="a column is missing" if len(rows) else "it is empty")
    try:
        first = np.array([str(each)[:10] for each in rows[when].to_list()], dtype="datetime64[D]")
    except ValueError as wrong:
        raise BadIndex(why=f"a {when} is not a date") from wrong
    order = np.argsort(first, kind="stable")
    first, seen = first[order], np.asarray(rows[what].to_numpy(), dtype=np.float64)[order]
    if np.isnat(first).any() or len(np.unique(first)) < len(first) or not np.all(np.isfinite(seen) & (seen >= 0)):
        raise BadIndex(why="a day comes twice or a value is missing or negative")
    counted = what == "orders"
    if "expected" in rows.columns:
        expected = np.maximum(np.asarray(rows["expected"].to_numpy(), dtype=np.float64)[order], 1e-9)
    else:
        expected = _trend(first, seen) if counted else np.ones(len(seen))
    return first, 7 if when == "week" else 1, seen, expected, counted


def _trend(first: Any, seen: Floats) -> Floats:
    """Orders as they would be with growth alone; below a year growth cannot be told from a season."""
    years = (first - first[0]).astype(np.float64) / _YEAR
    if years[-1] < 1.0 - 8 / _YEAR or seen.sum() <= 0:
        return np.full(len(seen), max(float(seen.mean()), 1e-9))
    slope = 0.0
    for _ in range(_STEPS):  # Poisson: the mean of time weighted by orders is the one that growth foresees
        mean = np.exp(slope * (years - years.mean()))
        mean *= seen.sum() / mean.sum()
        centre = float(mean @ years) / float(mean.sum())
        slope += float((seen - mean) @ years) / max(float(mean @ (years - centre) ** 2), 1e-12)
        slope = float(np.clip(slope, -_FAR, _FAR))
    grown = np.exp(slope * (years - years.mean()))
    found: Floats = grown * (seen.sum() / float(grown.sum()))
    return found


def _covered(first: Any, length: int) -> tuple[Any, Ints]:
    """Days that rows cover, in order, and the row of each; a later row goes before."""
    days = (first[:, None] + np.arange(length)[None, :]).reshape(-1)
    row = np.repeat(np.arange(len(first)), length)
    every, last = np.unique(days[::-1], return_index=True)
    return every, row[::-1][last]
