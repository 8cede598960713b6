"""The calendar that a shop counts its time by: what it imported, what it learned, which of them its forecasts use.

Reads the shelf; writes the lake table `calendar_index`, whose only writer it is.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from volver.collect import BadCalendarFile, IndexFile, IndexRow, StoreIndex, read_index_file
from volver.core import Words, clock
from volver.predict.laws.calendar import Calendar
from volver.predict.laws.store_index import Season, season_of
from volver.predict.value.registry import NoModel, published
from volver.store import Shop

_EVEN: Final = 0.005  # months nearer to each other than this, in logs, are alike
_SHORT: Final = "it tells fewer than three whole months, or nothing was sold in them"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCalendar:
    """What rests in the shop. `months` are its weights as they are before the shop's own orders are asked, January
    first; `growth_per_year` (a share) was left out of them; `unknown` are months (1 to 12) that it does not tell.
    """

    kind: str
    rows: int
    first_day: date | None
    last_day: date | None
    months: tuple[float, ...]
    unknown: tuple[int, ...]
    growth_per_year: float | None
    imported_us: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind,
            "rows": self.rows,
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "last_day": self.last_day.isoformat() if self.last_day else None,
            "months": list(self.months),
            "unknown_months": list(self.unknown),
            "growth_per_year": self.growth_per_year,
            "imported_us": self.imported_us,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReport:
    """The calendar of the published model: `used` is imported, learned or none; None before the first fit.

    `months` are the weights of its days, January first, 1 in the mean; None where all are alike or nothing was fitted.
    `stale` says that what was imported changed after the fit. `aside` are rows of a file that were not read.
    """

    used: str | None
    months: tuple[float, ...] | None
    imported: ImportedCalendar | None
    stale: bool
    why: tuple[Words, ...] = ()
    aside: tuple[tuple[int, Words], ...] = ()

    @property
    def best(self) -> int | None:
        """The month (1 to 12) in which most is bought; None where all are alike."""
        return None if self.months is None else int(np.argmax(self.months)) + 1

    @property
    def worst(self) -> int | None:
        """The month in which least is bought."""
        return None if self.months is None else int(np.argmin(self.months)) + 1

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `volver predict calendar`."""
        return {
            "used": self.used,
            "months": None if self.months is None else list(self.months),
            "best_month": self.best,
            "worst_month": self.worst,
            "stale": self.stale,
            "why": [str(each) for each in self.why],
            "imported": self.imported.to_dict() if self.imported else None,
            "set_aside": [{"row": row, "why": str(why)} for row, why in self.aside],
        }


def calendar_report(shop: Shop) -> CalendarReport:
    """Which calendar the published model counts by, and what was imported."""
    imported = _imported(shop)
    try:
        model = published(shop)
    except NoModel:
        return CalendarReport(used=None, months=None, imported=imported, stale=False)
    choice = model.body.get("choice") or {}
    season = model.learned.season
    seen = choice.get("imported_us")
    return CalendarReport(
        used=choice.get("chosen", {}).get("calendar_from") or ("none" if season.is_flat else "learned"),
        months=_months(season),
        imported=imported,
        stale=seen != (imported.imported_us if imported else None),
        why=tuple(Words(text, facts) for text, facts in choice.get("calendar_why") or []),
    )


def read_index(source: Any, today: date) -> IndexFile:
    """The index in a CSV file (its path) or a frame, if it tells a season. Raises `predict.bad_calendar_file`."""
    found = read_index_file(source, today)
    if season_of(found.index) is None:
        raise BadCalendarFile(
            file=found.name, why="it tells fewer than three whole months, or nothing was sold in them"
        )
    return found


def import_calendar(shop: Shop, source: Any) -> CalendarReport:
    """Put an index into the shop, from a CSV file or a frame, in the place of the one before.

    What cannot be read changes nothing. Raises `predict.bad_calendar_file`.
    """
    read = read_index(source, clock.today(shop.settings.timezone))
    _keep(shop, read.index)
    return replace(calendar_report(shop), aside=read.aside)


def forget_calendar(shop: Shop) -> int:
    """Take the imported index out of the shop; how many rows it had. Forecasts change with the next fit."""
    rows = shop.compute.rows("predict_calendar_index")
    if rows:
        _replace(shop, [])
    return len(rows)


def kept_index(shop: Shop) -> tuple[StoreIndex, int] | None:
    """The index that was imported, and when (µs); None where there is none."""
    rows = shop.compute.rows("predict_calendar_index")
    if not rows:
        return None
    found = tuple(
        IndexRow(value=row["value"], first=row["first_day"], last=row["last_day"], month=row["month_of_year"])
        for row in rows
    )
    return StoreIndex(kind=rows[0]["kind"], rows=found), int(rows[0]["imported_us"])


def _keep(shop: Shop, index: StoreIndex) -> None:
    now = clock.now_us()
    _replace(shop, [(index.kind, each.first, each.last, each.month, each.value, now) for each in index.rows])


def _replace(shop: Shop, rows: list[tuple[Any, ...]]) -> None:
    import pyarrow as pa

    kinds = (pa.string(), pa.date32(), pa.date32(), pa.int32(), pa.float64(), pa.int64())
    names = ("kind", "first_day", "last_day", "month_of_year", "value", "imported_us")
    columns = {name: pa.array([row[i] for row in rows], kinds[i]) for i, name in enumerate(names)}
    shop.compute.publish("calendar_index", pa.table(columns))


def _imported(shop: Shop) -> ImportedCalendar | None:
    kept = kept_index(shop)
    if kept is None:
        return None
    index, imported_us = kept
    season = season_of(index) or Season(calendar=Calendar(), months=(False,) * 12)
    growth = season.growth_per_year
    return ImportedCalendar(
        kind=index.kind,
        rows=len(index.rows),
        first_day=index.rows[0].first,
        last_day=index.rows[-1].last,
        months=season.calendar.weights,
        unknown=tuple(i + 1 for i, known in enumerate(season.months) if not known),
        growth_per_year=None if growth is None else float(np.expm1(growth)),
        imported_us=imported_us,
    )


def _months(season: Calendar) -> tuple[float, ...] | None:
    logs = np.log(season.weights)
    return None if float(np.ptp(logs)) < _EVEN else season.weights
