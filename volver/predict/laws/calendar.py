"""The shop's calendar: months, weekdays and sales days on which everyone buys more, as a change of time.

Pure numerics. If every customer's rate is multiplied by the same weight(day), the laws stay exact once days are
counted in weights: December may last 50 "days" and August 20 (a time change of the Poisson process).
`calendar_learning` finds the weights; whether they help a shop is for a backtest to prove.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final, Self

import numpy as np

from volver.core import VolverError
from volver.predict.laws.buying import BuyingModel
from volver.predict.laws.history import Histories
from volver.predict.numerics.arrays import Floats, Ints

_START: Final = np.datetime64("1900-01-01")
_DAYS: Final = 365 * 250
_THURSDAY: Final = 3  # 1970-01-01, with Monday = 0
_AGES: Final = 160
_MIDDLE: Final = 15  # last day of the first half of a month
CLOSED: Final = "closed"  # the name of windows in which the shop was shut: see `closures`
MonthDay = tuple[int, int]


class BadCalendar(VolverError):
    """Weights that no calendar can have."""

    code = "predict.bad_calendar"
    says = "The calendar's {part} are impossible: {why}."
    hint = "Give 12 months, none or 24 half months, none or 7 weekdays (Monday first); every weight above 0."


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days that stand out: every year from one (month, day) to another, or spans of dates, both ends included.

    `weight` is what such a day sells over what it would sell without its reason. A yearly window may pass the new
    year; days of the Gregorian calendar that move (Black Friday) are given as dates: see `black_fridays`.
    """

    name: str
    weight: float
    yearly: tuple[MonthDay, MonthDay] | None = None
    dates: tuple[tuple[date, date], ...] = ()

    def on(self, days: Any) -> Any:
        """Which of the days (datetime64) lie in the window."""
        asked = np.asarray(days, dtype="datetime64[D]")
        inside = np.zeros(asked.shape, dtype=bool)
        if self.yearly is not None:
            month = asked.astype("datetime64[M]")
            place = (month.astype(np.int64) % 12 + 1) * 100 + (asked - month.astype("datetime64[D]")).astype(np.int64)
            first, last = (100 * each[0] + each[1] - 1 for each in self.yearly)
            inside |= (place >= first) & (place <= last) if first <= last else (place >= first) | (place <= last)
        for begin, end in self.dates:
            inside |= (asked >= np.datetime64(begin)) & (asked <= np.datetime64(end))
        return inside

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        yearly = None if self.yearly is None else [list(each) for each in self.yearly]
        dates = [[begin.isoformat(), end.isoformat()] for begin, end in self.dates]
        return {"name": self.name, "weight": self.weight, "yearly": yearly, "dates": dates}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Self:
        """What `to_dict` wrote down."""
        ends = found.get("yearly")
        return cls(
            name=str(found["name"]),
            weight=float(found["weight"]),
            yearly=None if not ends else ((int(ends[0][0]), int(ends[0][1])), (int(ends[1][0]), int(ends[1][1]))),
            dates=tuple((date.fromisoformat(a), date.fromisoformat(b)) for a, b in found.get("dates", [])),
        )


def black_fridays(years: Sequence[int], weight: float, *, name: str = "Black Friday week") -> Window:
    """Monday to Monday around the day after Thanksgiving (the fourth Thursday of November), in each of the years.

    >>> black_fridays([2024], 2.0).dates[0][0].isoformat(), black_fridays([2024], 2.0).dates[0][1].isoformat()
    ('2024-11-25', '2024-12-02')
    """
    spans = []
    for year in years:
        first = date(year, 11, 1).toordinal()
        thanks = first + (3 - (first - 1) % 7) % 7 + 21  # fourth Thursday of November
        spans.append((date.fromordinal(thanks - 3), date.fromordinal(thanks + 4)))
    return Window(name=name, weight=weight, dates=tuple(spans))


def _refuse(part: str, weights: Sequence[float], lengths: tuple[int, ...]) -> None:
    if lengths and len(weights) not in lengths:
        raise BadCalendar(part=part, why=f"there are {len(weights)}")
    if any(not (np.isfinite(weight) and weight > 0) for weight in weights):
        raise BadCalendar(part=part, why="a weight is not above 0")


@dataclass(frozen=True)
class Calendar:
    """Weights of days: months × halves of months × weekdays × windows, repeating with mean 1 over the years.

    `months`: 12, January first. `halves`: none or 24, first half of January first. `weekdays`: none or 7, Monday
    first. `index`: weights of consecutive days from `index_from` on, which replace the repeating part there. Only
    proportions matter: the repeating part is scaled to mean 1. `trend_per_year` is what `learn_calendar` saw beside
    the seasons (log of orders over expected, a year); it is reported and never applied. Raises `BadCalendar`.
    """

    months: tuple[float, ...] = (1.0,) * 12
    halves: tuple[float, ...] = ()
    weekdays: tuple[float, ...] = ()
    windows: tuple[Window, ...] = ()
    index: tuple[float, ...] = ()
    index_from: date | None = None
    trend_per_year: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _refuse("months", self.months, (12,))
        _refuse("halves", self.halves, (0, 24))
        _refuse("weekdays", self.weekdays, (0, 7))
        _refuse("windows", [window.weight for window in self.windows], ())
        _refuse("days of the index", self.index, ())
        if self.index and self.index_from is None:
            raise BadCalendar(part="days of the index", why="the first day is missing")

    # ---- questions

    @property
    def is_flat(self) -> bool:
        """Whether time passes as in any calendar on the wall."""
        windows = (window.weight for window in self.windows)
        return not self.index and len({*self.months}) == 1 and len({*self.halves, *windows, *self.weekdays, 1.0}) == 1

    @property
    def is_seasonal(self) -> bool:
        """Whether there is more to it than days on which the shop was shut."""
        return not replace(self, windows=tuple(each for each in self.windows if each.name != CLOSED)).is_flat

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """What a day of each month weighs in the mean, January first; the index aside."""
        daily = self._repeating[:_CYCLE]
        months = _almanac()[0][:_CYCLE]
        return tuple((np.bincount(months, daily, minlength=12) / np.bincount(months, minlength=12)).tolist())

    def daily(self, days: Any) -> Floats:
        """Weight of each day (datetime64)."""
        place = np.clip(_place(days), 0, _DAYS - 1)
        found: Floats = self._daily[place]
        return found

    def elapsed(self, days: Any) -> Floats:
        """Weighted time at the end of each day (datetime64), from a beginning that is always the same."""
        return self._at(_place(days).astype(np.float64))

    def histories(self, known: Histories, at: date) -> Histories:
        """The same histories with times weighted; they were counted in days until the end of `at`."""
        if self.is_flat:
            return known
        now = float(_place(at))
        born = self._at(now - known.T)
        t_x = np.where(known.x > 0, self._at(now - known.T + known.t_x) - born, 0.0)
        age = float(self._at(np.array([now]))[0]) - born
        return Histories(x=known.x, t_x=np.minimum(t_x, age), T=age, n=known.n, row_of=known.row_of)

    def span(self, at: date, days: float) -> float:
        """Weighted length of the `days` after the end of `at`."""
        if self.is_flat:
            return days
        begin = float(_place(at))
        ends = self._at(np.array([begin, begin + days]))
        return float(ends[1] - ends[0])

    def calendar_days(self, at: date, weighted: Floats) -> Floats:
        """Days after `at` in which so much weighted time passes."""
        asked = np.asarray(weighted, dtype=np.float64)
        if self.is_flat:
            return asked
        begin = int(_place(at))
        target = self._at(np.array([float(begin)]))[0] + asked
        beyond = np.maximum(target - self._clock[-1], 0.0)
        found: Floats = np.interp(target, self._clock, np.arange(_DAYS)) - begin + beyond
        return found

    # ---- as plain values

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which `from_dict` makes the same again."""
        return {
            "months": list(self.months),
            "halves": list(self.halves),
            "weekdays": list(self.weekdays),
            "windows": [window.to_dict() for window in self.windows],
            "index": list(self.index),
            "index_from": None if self.index_from is None else self.index_from.isoformat(),
            "trend_per_year": self.trend_per_year,
        }

    @classmethod
    def from_dict(cls, found: dict[str, Any] | Sequence[float]) -> Self:
        """What `to_dict` wrote down; twelve weights alone are months."""
        if not isinstance(found, dict):
            return cls(months=tuple(float(each) for each in found))
        first = found.get("index_from")
        return cls(
            months=tuple(found["months"]),
            halves=tuple(found.get("halves", ())),
            weekdays=tuple(found.get("weekdays", ())),
            windows=tuple(Window.from_dict(each) for each in found.get("windows", ())),
            index=tuple(found.get("index", ())),
            index_from=date.fromisoformat(first) if first else None,
            trend_per_year=found.get("trend_per_year"),
        )

    # ---- inside

    @cached_property
    def _repeating(self) -> Floats:
        """Weights of all days without the index; what repeats has mean 1, dates of one year come on top."""
        months, halves, weekdays = _almanac()
        found = np.array(self.months)[months]
        if self.halves:
            found *= np.array(self.halves)[halves]
        if self.weekdays:
            found *= np.array(self.weekdays)[weekdays]
        once = np.ones(_DAYS)
        for window in self.windows:
            inside = window.on(_START + np.arange(_DAYS))
            repeats = found if window.yearly is not None else once
            repeats[inside] *= window.weight
        found *= once / found[:_CYCLE].mean()
        return found

    @cached_property
    def _daily(self) -> Floats:
        if not self.index or self.index_from is None:
            return self._repeating
        found = self._repeating.copy()
        begin = int(_place(self.index_from))
        first, last = max(begin, 0), min(begin + len(self.index), _DAYS)
        if first < last:
            found[first:last] = self.index[first - begin : last - begin]
        return found

    @cached_property
    def _clock(self) -> Floats:
        """Weighted days since 1900 at the end of each day."""
        return np.cumsum(self._daily)

    def _at(self, place: Floats) -> Floats:
        """Weighted time at fractional places on the clock; beyond its ends a day is a day."""
        within = np.clip(place, 0.0, _DAYS - 1.0)
        low = np.minimum(within.astype(np.int64), _DAYS - 2)
        before = self._clock[low]
        found: Floats = before + (within - low) * (self._clock[low + 1] - before) + (place - within)
        return found


FLAT: Final = Calendar()
_CYCLE: Final = 365 * 28 + 7  # days after which weekdays and leap years fall together again


def expected_between(buying: BuyingModel, first_days: Any, edges: Any, calendar: Calendar = FLAT) -> Floats:
    """Later orders that a law expects of customers between the ends of consecutive days, from their first day on.

    `first_days` and `edges` are datetime64; the answer is one shorter than `edges`. What is known of each customer
    later is not used: this is what the law says of the whole shop.
    """
    born, n = np.unique(np.asarray(first_days, dtype="datetime64[D]"), return_counts=True)
    since = np.clip(calendar.elapsed(edges)[None, :] - calendar.elapsed(born)[:, None], 0.0, None)
    oldest = max(float(since.max(initial=0.0)), 2.0)
    ages = np.append(0.0, np.geomspace(0.5, oldest, _AGES))
    none = np.zeros(len(ages))
    orders = buying.p_alive([[0], [0], [0]])[0] * buying._alive_orders(none, none, ages)
    found: Floats = np.diff(n.astype(np.float64) @ np.interp(since, ages, orders))
    return found


def months_of(days: Any) -> tuple[Ints, Ints, Ints]:
    """Month (0 January), half month (0 to 23) and weekday (0 Monday) of each day (datetime64)."""
    asked = np.asarray(days, dtype="datetime64[D]")
    month = asked.astype("datetime64[M]")
    number = month.astype(np.int64) % 12
    second = (asked - month.astype("datetime64[D]")).astype(np.int64) >= _MIDDLE
    return number, 2 * number + second, (asked.astype(np.int64) + _THURSDAY) % 7


@lru_cache(maxsize=1)
def _almanac() -> tuple[Ints, Ints, Ints]:
    return months_of(_START + np.arange(_DAYS))


def _place(days: Any) -> Ints:
    found: Ints = (np.asarray(days, dtype="datetime64[D]") - _START).astype(np.int64)
    return found
