"""Whether 03/04/2025 begins with the day or the month, told by what stands around it when no cell decides.

Only what goes together counts: the language of the headings, the comma before the cents, semicolons, dots in the date;
the shop's zone where the headings speak the language of its country. What it decides is said, with a cell.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from volver.collect.reading.headings import languages
from volver.core import Words

_PARTS: Final = re.compile(r"\s*(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_MONTH_FIRST_ZONES: Final = re.compile(
    r"US/.*|Pacific/Honolulu|America/(New_York|Chicago|Denver|Los_Angeles|Phoenix|Anchorage|Detroit|Boise|Menominee|"
    r"Juneau|Sitka|Nome|Yakutat|Metlakatla|Adak|(Indiana|Kentucky|North_Dakota)/.*)"
)
_ENGLISH_DAY_FIRST_ZONES: Final = re.compile(
    r"Europe/(London|Dublin|Belfast|Jersey|Guernsey|Isle_of_Man|Malta|Gibraltar)|GB|Eire|Australia/.*|NZ|"
    r"Pacific/(Auckland|Chatham)|Asia/(Kolkata|Calcutta|Singapore|Hong_Kong|Karachi|Colombo|Dhaka|Dubai)|"
    r"Africa/(Johannesburg|Lagos|Nairobi|Accra|Kampala)"
)
_FEWEST_WORDS: Final = 2  # of another language, before headings are taken to be in it

_SENTENCES: Final = {
    "language": "The dates of {column} begin with the day, as in the language of the headings: {cell} is {day}.",
    "comma": "The dates of {column} begin with the day, as in files with a comma before the cents: {cell} is {day}.",
    "semicolon": "The dates of {column} begin with the day, as in files with semicolons: {cell} is {day}.",
    "dots": "The dates of {column} begin with the day, as dates with dots do: {cell} is {day}.",
    "zone": "The dates of {column} begin with the day, as is usual in the shop's time zone: {cell} is {day}.",
    "month": "The dates of {column} begin with the month, as is usual in the shop's time zone: {cell} is {day}.",
}


def told_by_surroundings(
    headings: Sequence[str], *, decimal: str | None, delimiter: str | None, mark: str, zone: str
) -> tuple[bool, str] | None:
    """Whether the day comes first, and what says so (for `said`); None where nothing around the dates tells."""
    spoken = languages(headings)
    if spoken.foreign >= _FEWEST_WORDS:
        return True, "language"
    if decimal == ",":
        return True, "comma"
    if delimiter == ";":
        return True, "semicolon"
    if mark == ".":
        return True, "dots"
    if spoken.foreign or not spoken.english:
        return None
    if _MONTH_FIRST_ZONES.fullmatch(zone):
        return False, "month"
    return (True, "zone") if _ENGLISH_DAY_FIRST_ZONES.fullmatch(zone) else None


def telling_cell(cells: Iterable[str]) -> str:
    """The first cell that is two different days in the two readings; the first open one where none is; else empty."""
    open_cells = [cell.strip() for cell in cells if (found := _PARTS.match(cell)) and max(_days(found)) <= 12]
    return next((cell for cell in open_cells if len(set(_days_of(cell))) == 2), open_cells[0] if open_cells else "")


def read_day(cell: str, *, day_first: bool) -> date | None:
    """A cell as a day of the calendar; None where it is none.

    >>> read_day("03/04/2025 10:00", day_first=True), read_day("03/04/25", day_first=False)
    (datetime.date(2025, 4, 3), datetime.date(2025, 3, 4))
    """
    found = _PARTS.match(cell)
    if not found:
        return None
    day, month = _days(found) if day_first else reversed(_days(found))
    year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def said(why: str, column: str, cell: str, *, day_first: bool) -> Words:
    """The sentence about a column, with a cell of it and the day that it is."""
    return Words(_SENTENCES[why], {"column": column, "cell": cell, "day": read_day(cell, day_first=day_first)})


def _days(found: re.Match[str]) -> tuple[int, int]:
    return int(found[1]), int(found[3])


def _days_of(cell: str) -> tuple[int, int]:
    found = _PARTS.match(cell)
    assert found
    return _days(found)
