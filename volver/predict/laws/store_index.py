"""A shop's seasons from what its store sold before: orders, sales or an index by day, week or month.

Pure numerics. Such a series grows with the store: growth, also one that bends, is estimated beside the months and left
out. Months are drawn towards 1 by as much as their length, noise and years that disagree ask for (empirical Bayes). The
customers' own orders then say how far they follow it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from volver.collect import INDEX, ORDERS, IndexRow, StoreIndex
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.calendar import Calendar, months_of
from volver.predict.laws.calendar_learning import cells_of, effects_of, expected_in, indicators, sums, weights_of
from volver.predict.laws.history import Histories
from volver.predict.numerics.arrays import Floats

_ANY_YEAR: Final = 2001  # stands for every year where rows name none
_LEAST_DAYS: Final = 20  # of a month, that it is known
_FEWEST: Final = 3  # months; fewer are no season
_SURE: Final = 100.0  # orders a half month that money or an index is worth
_HALF_MONTH: Final = 365.25 / 24
_GROWTH: Final = 0.3  # a year, in logs, before the series says so; and how much that changes from year to year
_NONE: Final = 1e-6
_MONTH, _HALF, _OCCASION = 0.3, 0.05, 0.08  # as in `calendar_learning`, in logs
_FOLLOWS: Final = 0.35  # how far off a shop's customers are from following its store's index in full
_SHOP_TREND: Final = 0.2
_MOST_FOLLOWED: Final = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """What an index tells: a calendar, which months (January first) it holds, the growth that was left out.

    `growth_per_year` is in logs, of the last year; None where rows name no year. `follows` is the share of the months'
    swings that the shop's own orders show: 1 until they say otherwise.
    """

    calendar: Calendar
    months: tuple[bool, ...]
    growth_per_year: float | None = None
    follows: float = 1.0


def season_of(index: StoreIndex, *, since: date | None = None) -> Season | None:
    """The season of an index; None below three months of it.

    What repeats comes from all rows; half months too, where two years by day or week are there. Days from `since` on
    that rows cover also have what their own month and year had beside that.
    """
    if not index.rows:
        return None
    days, values = _daily(index)
    known = np.bincount(months_of(days)[0], minlength=12) >= _LEAST_DAYS
    if known.sum() < _FEWEST or values.sum() <= 0:
        return None
    yearless = index.rows[0].first is None
    cells = cells_of(days, (), weekdays=False, halves=_is_fine(index.rows))
    came = sums(cells.of_day, values, len(cells.days))
    scale = 1.0 if index.kind == ORDERS else _SURE * len(days) / _HALF_MONTH / came.sum()
    blocks: list[tuple[str, Floats, float, float]] = [  # name, columns, prior deviation, prior weight (inf: fixed)
        ("level", np.ones((len(came), 1)), 1e3, np.inf),
        ("growth", _growth(cells.years), _NONE if yearless else _GROWTH, np.inf),
        ("months", indicators(cells.half // 2, 12), _MONTH, 3.0),
        ("occasions", indicators(cells.occasion, int(cells.occasion.max()) + 1), _OCCASION, 4.0),
    ]
    if cells.long:
        blocks.append(("halves", indicators(cells.half, 24), _HALF, 1.0))
    usual = cells.days * (came.sum() * scale / len(days))
    found = effects_of(came * scale, usual, blocks)
    months = np.where(known, found["months"], 0.0)
    repeating = Calendar(months=weights_of(months), halves=weights_of(found.get("halves", np.zeros(0))))
    beside = np.exp(found["occasions"])[cells.occasion[cells.of_day]]
    return Season(
        calendar=repeating if yearless or since is None else _with_days(repeating, days, beside, since),
        months=tuple(known.tolist()),
        growth_per_year=None if yearless else float(found["growth"].sum()),
    )


def followed(
    season: Season, kind: Callable[[], BuyingModel], born: Any, known: Histories, at: date, days: Any, orders: Floats
) -> Season:
    """The season by as much as the later orders (`orders` on each of `days`) of customers born on the days `born` show.

    The index holds every order of the store, new customers' too, or a whole trade's: log weights are multiplied by a
    share, normal about 1, learned against what a law of this kind expects. `known` counts days until the end of `at`.
    """
    if season.calendar.is_flat or not len(born) or born.min() >= np.datetime64(at):
        return season
    edges = np.arange(born.min(), np.datetime64(at) + 1)
    law = kind().fit(season.calendar.histories(known, at))
    cells = cells_of(edges[1:], (), weekdays=False)
    expected = expected_in(law, born, edges, season.calendar, cells)
    place = (np.asarray(days, dtype="datetime64[D]") - edges[1]).astype(np.int64)
    inside = (place >= 0) & (place < len(edges) - 1)
    came = sums(cells.of_day[place[inside]], np.asarray(orders, dtype=np.float64)[inside], len(cells.days))
    log_weight = np.log(sums(cells.of_day, season.calendar.daily(edges[1:]), len(cells.days)) / cells.days)
    usable = expected > _NONE
    blocks: list[tuple[str, Floats, float, float]] = [
        ("level", np.ones((len(came), 1)), 1e3, np.inf),
        ("trend", (cells.years - cells.years.mean())[:, None], _SHOP_TREND, np.inf),
        ("follows", log_weight[:, None], _FOLLOWS, np.inf),
        ("occasions", indicators(cells.occasion, int(cells.occasion.max()) + 1), _OCCASION, 4.0),
    ]
    found = effects_of(came[usable], expected[usable], [(name, x[usable], s, df) for name, x, s, df in blocks])
    share = float(np.clip(1.0 + found["follows"][0], 0.0, _MOST_FOLLOWED))
    return replace(season, calendar=_powered(season.calendar, share), follows=share)


def _daily(index: StoreIndex) -> tuple[Any, Floats]:
    """Days that rows cover, in order, and what was sold on each."""
    days: list[Any] = []
    values: list[Floats] = []
    for row in index.rows:
        if row.first is None or row.last is None:
            month = np.datetime64(f"{_ANY_YEAR}-{row.month:02}")
            own: Any = np.arange(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]"))
        else:
            own = np.arange(np.datetime64(row.first), np.datetime64(row.last) + 1)
        days.append(own)
        values.append(np.full(len(own), row.value if index.kind == INDEX else row.value / len(own)))
    every, each = np.concatenate(days), np.concatenate(values)
    order = np.argsort(every, kind="stable")
    return every[order], each[order]


def _is_fine(rows: Sequence[IndexRow]) -> bool:
    """Whether rows tell one half of a month from the other."""
    return all(each.first is not None and each.last is not None and (each.last - each.first).days < 7 for each in rows)


def _growth(years: Floats) -> Floats:
    """A line through the years, and one more from each whole year on: growth may bend, seasons do not."""
    bends = [np.maximum(years - knot, 0.0) for knot in range(1, int(np.ceil(years.max() - 0.5)))]
    return np.column_stack([each - each.mean() for each in (years, *bends)])


def _with_days(repeating: Calendar, days: Any, beside: Floats, since: date) -> Calendar:
    later = days >= np.datetime64(since)
    if not later.any():
        return repeating
    every = np.arange(days[later][0], days[-1] + 1)
    weights = repeating.daily(every)
    weights[(days[later] - every[0]).astype(np.int64)] *= beside[later]
    return replace(repeating, index=tuple(weights.tolist()), index_from=every[0].astype(object))


def _powered(calendar: Calendar, share: float) -> Calendar:
    """A calendar with this share of every swing."""
    months, halves = (tuple((np.array(each) ** share).tolist()) for each in (calendar.months, calendar.halves))
    found = Calendar(months=months, halves=halves)
    if not calendar.index or calendar.index_from is None:
        return found
    every = np.datetime64(calendar.index_from) + np.arange(len(calendar.index))
    beside = np.array(calendar.index) / replace(calendar, index=(), index_from=None).daily(every)
    return replace(found, index=tuple((found.daily(every) * beside**share).tolist()), index_from=calendar.index_from)
