"""When a shop was shut, or its orders are missing: time that is nobody's silence.

Pure numerics. A run of days without any order, in a shop that had several a day just before and again just after, and
far longer than its usual pauses, says nothing about single customers. It becomes a window of a `Calendar` in which next
to no time passes, so that laws take it neither for silence nor for a season.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np

from volver.predict.laws.calendar import CLOSED, FLAT, Calendar, Window
from volver.predict.numerics.arrays import Floats

_SHORTEST: Final = 14  # days without an order; holidays are shorter
_AROUND: Final = 28  # days before and after that say what is usual
_NEAR: Final = 7  # of these, the nearest: a season ebbs away, a closed door does not
_USUAL: Final = 4.0  # times the longest pause between order days that is usual
_PAUSE: Final = 0.98  # the share of order days after which a pause is no longer
_BUSY: Final = 1.0  # orders a day, before and after
_YEAR: Final = 365
_HOLIDAYS: Final = 35  # days that a shop may shut every year
_WEIGHT: Final = 1e-4


def closures(days: Any, orders: Floats) -> tuple[Window, ...]:
    """The spans in which the shop was shut. `days`: datetime64[D], rising, those with an order; `orders` on each.

    What comes back at the same time of another year is the season's, not a closure; so may be a month of holidays until
    a year has passed, and a run that has not ended.
    """
    if len(days) < _AROUND:
        return ()
    place = (days - days[0]).astype(np.int64)
    pauses = np.diff(place) - 1
    longest = max(_SHORTEST, _USUAL * (float(np.quantile(pauses, _PAUSE)) + 1.0))
    counts: Floats = np.bincount(place, weights=orders).astype(np.float64)
    found = []
    for at in np.flatnonzero(pauses >= longest):
        begin, end = int(place[at]) + 1, int(place[at + 1]) - 1
        if _is_abrupt(counts, begin, end):
            found.append((begin, end))
    last = int(place[-1])
    known = [each for each in found if each[1] - each[0] >= _HOLIDAYS or last > each[1] + _YEAR]
    once = [each for each in known if not any(_a_year_apart(each, other) for other in found)]
    start = days[0]
    return tuple(
        Window(
            name=CLOSED,
            weight=_WEIGHT,
            dates=((_date(start + begin), _date(start + end)),),
        )
        for begin, end in once
    )


def with_closures(calendar: Calendar, closed: Sequence[Window]) -> Calendar:
    """The calendar with no time passing while the shop was shut."""
    others = tuple(window for window in calendar.windows if window.name != CLOSED)
    return replace(calendar, windows=(*others, *closed)) if closed else calendar


def without_seasons(calendar: Calendar) -> Calendar:
    """Only the closures of a calendar."""
    return with_closures(FLAT, [window for window in calendar.windows if window.name == CLOSED])


def _is_abrupt(counts: Floats, begin: int, end: int) -> bool:
    """Whether orders stopped at once and came again at once: as many in the nearest days as in the weeks around."""
    before, after = counts[max(begin - _AROUND, 0) : begin], counts[end + 1 : end + 1 + _AROUND]
    if len(before) < _AROUND or not len(after):
        return False
    near = (before[-_NEAR:].mean(), after[:_NEAR].mean())
    return min(*near, before.mean(), after.mean()) >= _BUSY and bool(near[0] >= 0.5 * before.mean())


def _a_year_apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether another closure lies mostly over the same days of the year before or after."""
    years = round((other[0] - one[0]) / _YEAR)
    if years == 0:
        return False
    shared = min(one[1], other[1] - years * _YEAR) - max(one[0], other[0] - years * _YEAR) + 1
    return shared > 0.5 * (one[1] - one[0] + 1)


def _date(day: Any) -> date:
    found: date = day.astype(object)
    return found
