"""How far ahead: "365d", "12 months", "52 weeks", a number of days, a date. Inside, always days.

Reads nothing, writes nothing. A time without a unit is days; nothing is ever guessed to be weeks.
"""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from math import inf
from numbers import Real
from typing import Final
from unicodedata import normalize

from volver.core import VolverError

Horizon = str | int | float | timedelta | date

_SPAN: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*([^\W\d_]*)\s*")
_UNITS: Final = {"": 1.0, "d": 1.0, "day": 1.0, "days": 1.0, "w": 7.0, "week": 7.0, "weeks": 7.0}
_DAYS: Final = _UNITS | dict.fromkeys(("día", "días", "dia", "dias"), 1.0) | dict.fromkeys(("semana", "semanas"), 7.0)
_MONTHS: Final = (
    dict.fromkeys(("m", "mo", "month", "months", "mes", "meses"), 1)
    | dict.fromkeys(("y", "year", "years", "año", "años", "ano", "anos"), 12)
)  # fmt: skip
_MOST_DAYS: Final = 36525.0
_SHOWN: Final = 40
_DAYS_IN_MONTH: Final = 365.25 / 12


class BadHorizon(VolverError):
    """A horizon that is no length of time."""

    code = "predict.bad_horizon"
    says = "Cannot read {given!r} as a horizon."
    hint = "Write days, weeks, months or years (365d, 52 weeks, 12 months), or a date after the data ends."


class HorizonOutOfRange(VolverError):
    """A length of time that is nothing, in the past, or longer than a century."""

    code = "predict.horizon_out_of_range"
    says = "The horizon {given} does not end after the data, or ends more than a hundred years later."
    hint = "Look ahead by more than 0 days and at most 100 years, or give a date after the data ends."


class UnknownUnit(VolverError):
    """A unit of time that Volver does not count in."""

    code = "predict.unknown_unit"
    says = "{given!r} is not a unit of time Volver counts in."
    hint = "Say `days` or `weeks`."


def horizon_days(horizon: Horizon, start: date | None = None) -> float:
    """Length of the horizon in days, counted from `start`.

    Months and years follow the calendar when `start` is known, else a month is 30.4375 days. Units are English or
    Spanish. Raises `predict.bad_horizon`, `predict.horizon_out_of_range`.

    >>> horizon_days("52 weeks"), horizon_days("12 months", date(2024, 1, 31)), horizon_days("1 month")
    (364.0, 366.0, 30.4375)
    """
    days = _days(horizon, start)
    if days is None or days != days:
        raise BadHorizon(given=_shown(horizon))
    if not 0 < days <= _MOST_DAYS:
        raise HorizonOutOfRange(given=_shown(horizon))
    return days


def unit_days(unit: str) -> float:
    """Days in one unit of time: 1.0 or 7.0."""
    found = _UNITS.get(str(unit).lower()) if unit else None
    if found is None:
        raise UnknownUnit(given=unit)
    return found


def _days(horizon: Horizon, start: date | None) -> float | None:
    if isinstance(horizon, timedelta):
        return horizon.total_seconds() / 86_400
    if isinstance(horizon, datetime):
        horizon = horizon.date()
    if isinstance(horizon, date):
        return float((horizon - start).days) if start else None
    if not isinstance(horizon, str):
        return _number(horizon)
    span = _SPAN.fullmatch(normalize("NFC", horizon))
    if span:
        return _span_days(float(span[1]), span[2].lower(), start)
    try:
        return _days(date.fromisoformat(horizon.strip()), start)
    except ValueError:
        return None


def _number(given: object) -> float | None:
    """Any real number as a float; None for what is none."""
    if isinstance(given, bool) or not isinstance(given, Real):
        return None
    try:
        return float(given)
    except OverflowError:  # an int of hundreds of digits
        return inf


def _shown(horizon: Horizon) -> str:
    """What was given, short enough for a message."""
    try:
        text = str(horizon)
    except ValueError:  # an int of more digits than Python writes
        return "a very long number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _span_days(number: float, unit: str, start: date | None) -> float | None:
    if unit in _DAYS:
        return number * _DAYS[unit]
    if unit not in _MONTHS:
        return None
    months = number * _MONTHS[unit]
    if start is None or abs(months) > 1200 or months != int(months):
        return months * _DAYS_IN_MONTH
    return float((_months_later(start, int(months)) - start).days)


def _months_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
