"""Which day it is for a shop: the clock's while its data flows, the last one in the ledger once it is an archive.

Reads the ledger's and the events' last days, writes nothing. Everything that asks "as of today" asks here.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from volver.core import Words, clock, day_of
from volver.store import Shop

LEAST_QUIET_DAYS: Final = 7  # who imports once a week is no archive
MOST_QUIET_DAYS: Final = 31  # beyond a month, what is missing would be taken for customers who stay away
_DATED: Final = (("lines", "order_lines"), ("events", "events"))
_LIVE_DAYS: Final = 2  # events of today or of the two days before: somebody is being watched now
_LATE_DAYS: Final = 3  # without an order for longer, a shop whose data flows is told so


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The shop's day and why it is that one.

    `day` is None for an empty shop. `quiet_days` counts from the last day in the ledger to the clock's; it is negative
    where the clock is wrong or an order lies in the future. `may_be_quiet_days` is how long the ledger may be silent
    until the shop counts as an archive.
    """

    day: date | None
    clock_day: date
    last_day: date | None
    last_event_day: date | None
    may_be_quiet_days: int

    @property
    def quiet_days(self) -> int:
        """Days from the last one in the ledger to the clock's; 0 for an empty shop."""
        return (self.clock_day - self.last_day).days if self.last_day else 0

    @property
    def is_archive(self) -> bool:
        """Whether nothing flows any more, so that the shop stays at its last day."""
        return self.day is not None and self.day < self.clock_day

    @property
    def is_clock_behind(self) -> bool:
        """Whether the ledger knows of days that the clock says are still to come; one day is a matter of zones."""
        return self.quiet_days < -1

    @property
    def says(self) -> Words | None:
        """What a person must know of it; None where data flows and nothing is late."""
        facts = {"n": abs(self.quiet_days), "day": self.last_day}
        if self.is_clock_behind:
            return Words(
                "The clock is {n} days before the last day with orders ({day}): one of the two is wrong.", facts
            )
        if self.is_archive:
            return Words("Archive: the last order came {n} days ago. Everything is as of that day, {day}.", facts)
        if self.quiet_days > _LATE_DAYS:
            return Words("Last order {n} days ago ({day}): if orders are missing, every customer looks later.", facts)
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        days = {name: getattr(self, name) for name in ("day", "clock_day", "last_day", "last_event_day")}
        return {
            **{name: each.isoformat() if each else None for name, each in days.items()},
            "quiet_days": self.quiet_days,
            "is_archive": self.is_archive,
            "says": str(self.says) if self.says else None,
        }


def today(shop: Shop, now_us: int | None = None) -> Today:
    """The shop's day at an instant (None: now).

    It is the clock's day while events are live or the last line of the ledger is no older than the shop's usual gap
    between a customer's orders, taken as a week at least and a month at most. Otherwise it is the last day in the
    ledger. It is never before that one, whatever the clock says.
    """
    clock_day = day_of(clock.now_us() if now_us is None else now_us, shop.settings.timezone)
    newest = {f"{which}_month": _newest_month(shop, table) for which, table in _DATED}
    found = shop.compute.rows("last_days", **newest)[0]
    if found["last_day"] is None and newest["lines_month"]:  # all of that month was replaced
        found = shop.compute.rows("last_days", **newest | {"lines_month": ""})[0]
    last, event = found["last_day"], found["last_event_day"]
    quiet = min(max(round(found["gap_days"] or LEAST_QUIET_DAYS), LEAST_QUIET_DAYS), MOST_QUIET_DAYS)
    day = last
    if last is not None and last < clock_day:
        is_watched = event is not None and 0 <= (clock_day - event).days <= _LIVE_DAYS
        if is_watched or (clock_day - last).days <= quiet:
            day = clock_day
    return Today(day=day, clock_day=clock_day, last_day=last, last_event_day=event, may_be_quiet_days=quiet)


def _newest_month(shop: Shop, table: str) -> str:
    """The newest partition of a table, from the names of its files; empty where it has none."""
    return max((Path(each).parent.name.rpartition("=")[2] for each in shop.lake.snapshot(table).files), default="")


def days_old(day: date, now: date) -> int:
    """Whole days from one day to another, 0 at least."""
    return max((now - day).days, 0)
