"""The calendar of a simulated shop: how busy each day is, at which hour people buy, and what a local time is in UTC.

Time runs in *busy days*: day `d` lasts `busy[d]` of them, 1 on average over a year.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from volver.collect.simulate.law import BuyingProcess

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
AHEAD_DAYS = 365
"""The calendar runs a year beyond the history, so that what comes is known too."""

BY_MONTH = (0.96, 0.86, 0.88, 0.96, 1.06, 0.98, 0.92, 0.76, 0.92, 1.04, 1.18, 1.22)
BY_WEEKDAY = (1.10, 1.05, 1.02, 1.00, 0.96, 0.85, 1.02)
BY_HOUR = (
    1.2, 0.4, 0, 0, 0, 0, 0.3, 1.0, 2.2, 3.6, 4.6, 5.0,
    4.8, 4.4, 4.6, 4.2, 4.4, 5.0, 5.6, 6.2, 6.6, 7.2, 6.2, 3.4,
)  # fmt: skip
"""Nobody buys between two and six, so a local time is never one that summer time skips or repeats."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days from `first` to `last` and a year beyond. Arrays by day have shape (n_days + 365,)."""

    first: date
    last: date
    timezone: str
    busy: "NDArray[np.float64]"
    until: "NDArray[np.float64]"
    """Busy days before each day; one longer than `busy`."""
    p_sale: "NDArray[np.float64]"
    month: "NDArray[np.int64]"
    """0 to 11."""

    @property
    def n_days(self) -> int:
        """Days of history."""
        return (self.last - self.first).days + 1

    @property
    def busy_now(self) -> float:
        """The end of the history in busy days."""
        return float(self.until[self.n_days])

    @property
    def busy_end(self) -> float:
        """The end of the year beyond."""
        return float(self.until[-1])

    def arrivals(self, rng: Any, n: int, growth_per_year: float) -> "NDArray[np.float64]":
        """Days (with their fraction) of `n` arrivals within the history, following season and growth."""
        import numpy as np

        days = np.arange(self.n_days)
        weight = np.concatenate([[0.0], np.cumsum(self.busy[: self.n_days] * np.exp(growth_per_year * days / 365))])
        found: NDArray[np.float64] = np.interp(rng.random(n) * weight[-1], weight, np.arange(self.n_days + 1))
        return found

    def busy_at(self, days: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Busy days from days."""
        import numpy as np

        busy: NDArray[np.float64] = np.interp(days, np.arange(self.until.size), self.until)
        return busy

    def day_of(self, busy: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """The day in which an instant (busy days) falls."""
        import numpy as np

        day = np.searchsorted(self.until, busy, side="right") - 1
        return np.clip(day, 0, self.busy.size - 1).astype(np.int64)

    def local_us(self, busy: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Wall-clock time, as microseconds since 1970 in no zone, in order of `busy` and within shop hours."""
        import numpy as np

        day = self.day_of(busy)
        share = np.clip((busy - self.until[day]) / self.busy[day], 0, 0.999999)
        hours = np.array(BY_HOUR) + 1e-12
        by_hour = np.concatenate([[0.0], np.cumsum(hours / hours.sum())])
        second = (np.interp(share, by_hour, np.arange(25)) * 3600).astype(np.int64)
        local: NDArray[np.int64] = start_us(self.first) + day * DAY_US + np.minimum(second, 86_399) * 1_000_000
        return local

    def utc_us(self, local_us: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """UTC of a wall-clock time."""
        import numpy as np

        start, offsets = _offsets(self.first, self.last, self.timezone)
        guess = local_us - offsets[np.clip((local_us - start) // HOUR_US, 0, offsets.size - 1)]
        utc: NDArray[np.int64] = local_us - offsets[np.clip((guess - start) // HOUR_US, 0, offsets.size - 1)]
        return utc

    def local_day(self, utc_us: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """The shop's day of an instant, as days since 1970."""
        import numpy as np

        start, offsets = _offsets(self.first, self.last, self.timezone)
        local = utc_us + offsets[np.clip((utc_us - start) // HOUR_US, 0, offsets.size - 1)]
        day: NDArray[np.int64] = local // DAY_US
        return day


def start_us(day: date) -> int:
    """Midnight of a day in no zone, in microseconds since 1970."""
    return (day - date(1970, 1, 1)).days * DAY_US


def calendar(first: date, last: date, timezone: str, process: "BuyingProcess") -> Calendar:
    """The calendar of a shop with this buying process."""
    import numpy as np

    days = [first + timedelta(n) for n in range((last - first).days + 1 + AHEAD_DAYS)]
    busy = np.ones(len(days))
    if process.season:
        middle = [_day_of_year(date(2001, m, 15)) for m in range(1, 13)]
        busy *= np.interp([_day_of_year(d) for d in days], middle, BY_MONTH, period=365)
        busy *= np.array([BY_WEEKDAY[d.weekday()] for d in days])
    if process.christmas:
        busy *= np.array([_christmas(d) for d in days])
    busy /= busy[-AHEAD_DAYS:].mean()
    return Calendar(
        first=first,
        last=last,
        timezone=timezone,
        busy=busy,
        until=np.concatenate([[0.0], np.cumsum(busy)]),
        p_sale=np.array([0.45 if process.sales and _is_sale(d) else 0.0 for d in days]),
        month=np.array([d.month - 1 for d in days]),
    )


def _day_of_year(day: date) -> int:
    return (date(2001, day.month, min(day.day, 28)) - date(2001, 1, 1)).days + max(day.day - 28, 0)


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta((3 - first.weekday()) % 7 + 22)


def _christmas(day: date) -> float:
    if abs((day - black_friday(day.year)).days - 1) <= 3:
        return 1.9
    if day.month == 12:
        return 1.75 if day.day <= 19 else (1.1 if day.day <= 22 else 0.6)
    return 1.35 if day.month == 1 and day.day <= 4 else 1.0


def _is_sale(day: date) -> bool:
    """January and July sales, and the week of Black Friday."""
    is_rebajas = (day.month == 1 and day.day >= 7) or day.month == 7
    return is_rebajas or abs((day - black_friday(day.year)).days - 1) <= 3


@lru_cache(maxsize=4)
def _offsets(first: date, last: date, timezone: str) -> "tuple[int, NDArray[np.int64]]":
    """Offset from UTC of every hour of the calendar, from two days before its start."""
    import numpy as np

    zone = ZoneInfo(timezone)
    start = first - timedelta(2)
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    hours = ((last - start).days + 4) * 24
    found = [(midnight + timedelta(hours=n)).astimezone(zone).utcoffset() or timedelta() for n in range(hours)]
    return start_us(start), np.array([round(f.total_seconds()) * 1_000_000 for f in found], dtype=np.int64)
