"""What a file states of its own currency and time zone: in a column, in the cells of its money, in its headings."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from volver.collect.reading.contents import Column
from volver.collect.reading.currencies import CODES, SIGNS
from volver.collect.reading.names import suggested_currency
from volver.collect.reading.quoting import literal

_MARKS: Final[Mapping[str, str]] = {
    **SIGNS, "MX$": "MXN", "₹": "INR", "RS.": "INR", "RS": "INR", "ZŁ": "PLN", "KČ": "CZK", "₺": "TRY", "CHF": "CHF",
}  # fmt: skip
_MARK: Final = re.compile(r"US\$|R\$|MX\$|[€£¥₹₺$]|ZŁ|KČ|\bRS\b\.?|\b[A-Z]{3}\b|\bEUROS?\b")
_DOLLARS: Final = {"USD", "MXN", "ARS", "CLP", "COP", "UYU", "CAD", "AUD", "NZD", "DOP"}  # whose own shops write $
_ZONE: Final = re.compile(r"\b(?:utc|gmt)\b(?: ?([+-]) ?0?(\d{1,2})(?::?00)?)?|\b(z|zulu)\b", re.IGNORECASE)
_MONEY: Final = ("unit_price", "total", "order_total")

Fields = Mapping[str, tuple[Column, ...]]


def zone_of(heading: str) -> str | None:
    """The zone that a date's heading names.

    >>> [zone_of(each) for each in ("Order Date (UTC)", "Fecha (GMT-3)", "created_at_utc", "Date")]
    ['UTC', 'Etc/GMT+3', 'UTC', None]
    """
    found = _ZONE.search(heading.replace("_", " "))
    if found is None:
        return None
    hours = int(found[2] or 0)
    if not hours or hours > 12:
        return "UTC"
    return f"Etc/GMT{'-' if found[1] == '+' else '+'}{hours}"  # POSIX counts the other way round


def currencies_of(fields: Fields, ours: str) -> Counter[str]:
    """How many of the first rows are in which currency, as a column says it, or the money's cells, or their heading."""
    if column := next(iter(fields.get("currency", ())), None):
        return Counter(code for cell in column.filled if (code := _code(cell.upper(), ours)) in CODES)
    for column in _money(fields):
        found = Counter(marked for cell in column.filled if (marked := _marked(cell, ours)) is not None)
        if found:
            return found
        named = suggested_currency(column.name)
        if named in CODES:
            return Counter({str(named): len(column.filled)})
    return Counter()


def written_sql(fields: Fields, ours: str) -> str | None:
    """SQL for the currency that each money cell is marked with; None where the cells do not differ."""
    if fields.get("currency"):
        return None
    for column in _money(fields):
        marked = Counter(code for cell in column.filled if (code := _marked(cell, ours)) is not None)
        if column.kind == "text" and len(marked) > 1:
            mark = f"regexp_extract(upper({column.sql}), {literal(_MARK.pattern)})"
            known = {**_MARKS, **({"$": ours} if ours in _DOLLARS else {})}
            cases = " ".join(f"WHEN {literal(sign)} THEN {literal(code)}" for sign, code in known.items())
            return f"CASE {mark} WHEN '' THEN NULL {cases} ELSE {mark} END"
    return None


def _money(fields: Fields) -> Sequence[Column]:
    return [column for field in _MONEY for column in fields.get(field, ())[:1]]


def _marked(cell: str, ours: str) -> str | None:
    found = _MARK.search(cell.upper())
    code = _code(found[0], ours) if found else None
    return code if code in CODES else None


def _code(written: str, ours: str) -> str:
    written = written.strip()
    return ours if written == "$" and ours in _DOLLARS else _MARKS.get(written, written)
