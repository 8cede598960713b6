"""Small tables as people write them: CSV of any delimiter and encoding, decimal comma or point, months and dates.

Pure reading of files and frames; what the columns mean is for who asks.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import dropwhile
from pathlib import Path
from typing import Any, Final

from volver.collect.reading.dates import MONTHS, WEEKDAYS
from volver.core import VolverError, folded

_LONGEST: Final = 100_000  # signs of a cell
_CURRENCY: Final = r"(?:[A-Z]{3}|[Ee]uros?|eur|usd|gbp|(?:US|R|A|C)?\$|[€£¥₹₺₽₩₪₫₴₦₱₲₡฿])"
_DAY_FORM: Final = re.compile(r"\s*(\d{1,2})([/.\- ])(\d{1,2})\2(\d{4})(?!\d)")


def month_number(text: str) -> int | None:
    """1 to 12 for a month alone, by name or number; None for anything else.

    >>> [month_number(text) for text in ("enero", "Sept.", "12", "M03", "13", "may 2024")]
    [1, 9, 12, 3, None, None]
    """
    plain = folded(text)
    for number, names in enumerate(MONTHS, 1):
        if re.fullmatch(rf"(?:{names})[a-z]*\.?", plain):
            return number
    found = re.fullmatch(r"m?(\d{1,2})", plain)
    return int(found[1]) if found and 1 <= int(found[1]) <= 12 else None


def date_of(text: str, *, month_first: bool = False) -> date | None:
    """The day that people write; an ISO week is its Monday; None for what is none.

    >>> [str(date_of(text)) for text in ("2025-03-15 00:00", "15/03/25", "15 de marzo de 2025", "2025-W02")]
    ['2025-03-15', '2025-03-15', '2025-03-15', '2025-01-06']
    >>> date_of("31/02/2025"), date_of("2025-03")
    (None, None)
    """
    plain = re.sub(r"[t ]\d{1,2}:\d{2}.*$", "", folded(text))
    plain = re.sub(rf"^(?:{WEEKDAYS}|mar)[a-z]*\.?,? +(?=.*[a-z]{{3}}|\d{{1,2}}[-/.])", "", plain)
    for number, names in enumerate(MONTHS, 1):
        plain = re.sub(rf"\b(?:{names})[a-z]*\.?", f"m{number:02}", plain)
    first, second = ("m", "d") if month_first else ("d", "m")
    for form in (
        r"(?P<y>\d{4})-?w(?P<w>\d{1,2})",
        r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})",
        r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})",
        rf"(?P<{first}>\d{{1,2}})([-/. ])(?P<{second}>\d{{1,2}})\2(?P<y>\d{{4}}|\d{{2}})",
        r"(?P<d>\d{1,2})[-/ ]*(?:de )?m(?P<m>\d{2})[-/, ]*(?:de |del )?(?P<y>\d{4}|\d{2})",
        r"m(?P<m>\d{2}) (?P<d>\d{1,2}),? (?P<y>\d{4})",
    ):
        found = re.fullmatch(form, plain)
        if found:
            said = {name: int(each) for name, each in found.groupdict().items()}
            year = said["y"] if said["y"] > 99 else 2000 + said["y"]
            try:
                return date.fromisocalendar(year, said["w"], 1) if "w" in said else date(year, said["m"], said["d"])
            except ValueError:
                return None
    return None


def month_of(text: str, *, month_first: bool = False) -> str | None:
    """YYYY-MM of a month or a day as people write it; None for what is none. `month_first`: 03/15/2025 is in March.

    >>> [month_of(text) for text in ("2025-03", "03/2025", "marzo 2025", "Mar-25", "15/03/2025", "2025-03-15", "Q1")]
    ['2025-03', '2025-03', '2025-03', '2025-03', '2025-03', '2025-03', None]
    """
    plain = folded(_DAY_FORM.sub(r"\3\2\1\2\4", text) if month_first else text)
    for number, names in enumerate(MONTHS, 1):
        plain = re.sub(rf"\b(?:{names})[a-z]*\.?", f"m{number:02}", plain)
    for form in (
        r"(?P<y>\d{4})\W?m?(?P<m>\d{1,2})(?:\W\d{1,2}(?:\D.*)?)?",
        r"(?:\d{1,2}\W)?(?:de )?m?(?P<m>\d{1,2})\W*(?:de |del )?(?P<y>\d{4})(?:\D.*)?",
        r"m(?P<m>\d{2})\W*(?P<y>\d{2})",
    ):
        found = re.fullmatch(form, plain)
        if found and 1 <= int(found["m"]) <= 12:
            year = int(found["y"])
            return f"{year if year > 99 else 2000 + year}-{int(found['m']):02}"
    return None


def table_of(path: Path, problem: Callable[[str], VolverError]) -> Iterator[list[str]]:
    """Rows of a CSV file from the first one that says something; `problem` makes an error of why it is none."""
    try:
        raw = path.read_bytes()
    except OSError as cause:
        raise problem("there is no such file") from cause
    if raw[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise problem("it is a spreadsheet, save it as CSV")
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";\t|,", key=lambda each: (first.count(each), each != ","))
    try:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter)
        for row in dropwhile(lambda row: not any(map(str.strip, row)), rows):
            if any(len(cell) > _LONGEST for cell in row):
                raise problem("it is no table (a cell of more than 100,000 signs)")
            yield row
    except csv.Error as cause:
        raise problem(f"it is no table ({cause})") from cause


def cells_of(frame: Any) -> Iterator[list[str]]:
    """The same of a frame."""
    import narwhals as nw

    native = nw.from_native(frame)
    eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    yield list(eager.columns)
    for row in eager.iter_rows():
        yield ["" if each is None or each != each else _written(each) for each in row]


def _written(value: Any) -> str:
    """A frame's value as a file would say it; a float never looks like thousands, nor has it an exponent."""
    text = str(value)
    if isinstance(value, float) and ("e" in text or re.fullmatch(r"\d{1,3}\.\d{3}", text)):
        return f"{value:.4f}"
    return text


def cell_of(row: Sequence[str], place: int | None) -> str:
    """What stands at a place of a row; nothing where the row is shorter or there is no such place."""
    return row[place].strip() if place is not None and place < len(row) else ""


def decimal_mark(cells: Sequence[str]) -> str:
    """Comma where a cell can only be read so: 12,5 or 1.234,50; else point."""
    comma = sum(1 for each in cells if re.search(r",\d{1,2}\D*$|\.\d{3},", each) and "." not in each.split(",")[-1])
    point = sum(1 for each in cells if re.search(r"\.\d{1,2}\D*$|,\d{3}\.", each) and "," not in each.split(".")[-1])
    if comma == point == 0 and any(re.fullmatch(r"\D*\d{1,3}(\.\d{3})+\D*", each) for each in cells):
        return ","  # 1.234 beside no decimals at all: thousands, as no invoice has three decimals
    return "," if comma > point else "."


def number_of(text: str, mark: str) -> float | None:
    """The number that the whole cell is, with thousands in groups of three and one currency or none; else None."""
    thousands = r"[.\s'’]" if mark == "," else r"[,\s'’]"
    whole = rf"(?:\d{{1,3}}(?:(?P<by>{thousands})\d{{3}}(?:(?P=by)\d{{3}})*)|\d+)"
    cents = re.escape(mark)
    number = rf"(?P<number>[+-]?(?:{whole}(?:{cents}\d*)?|{cents}\d+))"
    form = rf"(?:{_CURRENCY}\s*)?{number}\s*(?:{_CURRENCY})?"
    found = re.fullmatch(form, text.strip())
    if found is None:
        return None
    return float(re.sub(thousands, "", found["number"]).replace(mark, "."))


def is_month_first(cells: Sequence[str]) -> bool:
    """Whether 03/04/2025 is March 4 here: where some date can only be read so, and none the other way."""
    seen = [(int(found[1]), int(found[3])) for each in cells if (found := _DAY_FORM.match(each))]
    return any(a <= 12 < b for a, b in seen) and not any(b <= 12 < a for a, b in seen)
