"""Between instants (microseconds, UTC) and days (in the shop's zone)."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from volver.core.errors import VolverError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownZone(VolverError):
    """The time zone is not in the tz database."""

    code = "core.unknown_zone"
    says = "There is no time zone called {zone}."
    hint = "Use a name such as Europe/Madrid or America/New_York."


def zone_named(name: str) -> "ZoneInfo":
    """The zone with this tz database name. Raises `core.unknown_zone`."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # slow to load, and `volver --help` needs no zone

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise UnknownZone(zone=name) from problem


def day_of(ts_us: int, zone: str) -> date:
    """The day on which an instant falls in a zone.

    >>> day_of(1_483_228_800_000_000, "America/New_York")
    datetime.date(2016, 12, 31)
    """
    return (EPOCH + timedelta(microseconds=ts_us)).astimezone(zone_named(zone)).date()


def midnight_us(day: date, zone: str) -> int:
    """The first instant of a day in a zone, in microseconds."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone_named(zone))
    return (start - EPOCH) // timedelta(microseconds=1)
