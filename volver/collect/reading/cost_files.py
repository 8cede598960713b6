"""What winning customers cost, from a small table: a file or a frame, by channel, campaign and month.

Reads CSV of any delimiter, decimal comma or point, English or Spanish headers; writes nothing. A row that says nothing
sound is told with its reason, never taken for zero.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from volver.collect.reading.small_tables import (
    cell_of,
    cells_of,
    decimal_mark,
    is_month_first,
    month_of,
    number_of,
    table_of,
)
from volver.core import VolverError, Words, folded

_COLUMNS: Final = {
    "channel": "channel canal source fuente origen medio medium platform plataforma utmsource",
    "first-product": "product producto firstproduct primerproducto item articulo productname",
    "first-category": "category categoria firstcategory primeracategoria familia",
    "campaign": "campaign campana utmcampaign campaignname nombrecampana nombredecampana nombredelacampana utmcampana",
    "month": "month mes period periodo date fecha dia day",
    "cost": "cost coste costo spend spent gasto gastos inversion importe amount costs costes totalcost costetotal",
    "customers": "customers clientes newcustomers nuevosclientes clientesnuevos conversions conversiones altas won",
}
_MOST_COST: Final = 1e12


class BadCosts(VolverError):
    """Costs that cannot be read at all."""

    code = "predict.bad_costs"
    says = "The costs in {file} cannot be read: {why}."
    hint = (
        "Give columns such as channel, cost, and where you know them month, campaign and customers; "
        "or bring costs that name only campaigns by campaign."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was spent on one group (a channel, by default), in one campaign and month where those are known.

    By campaign the group is the campaign. `month` is YYYY-MM; `customers` is how many the campaign says it won.
    """

    group: str
    cost: float
    campaign: str | None = None
    month: str | None = None
    customers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRows:
    """Rows that were read, and those that were not: their numbers (the header is 1) and why."""

    rows: tuple[Cost, ...]
    aside: tuple[tuple[int, Words], ...]


def read_costs(source: Any, by: str = "channel") -> CostRows:
    """Costs from a path to a CSV file or from a frame (pandas, polars, Arrow, DuckDB). Raises `predict.bad_costs`."""
    if isinstance(source, str | Path):
        name, table = Path(source).name, table_of(Path(source), lambda why: BadCosts(file=name, why=why))
    else:
        name, table = "the frame", cells_of(source)
    header = next(table, None)
    if header is None:
        raise BadCosts(file=name, why="it is empty")
    place = _places(header, by)
    for wanted in (by, "cost"):
        if wanted not in place:
            raise BadCosts(file=name, why=f"no column says the {wanted.removeprefix('first-')}")
    lines = [(number, row) for number, row in enumerate(table, 2) if any(cell.strip() for cell in row)]
    mark = decimal_mark([cell_of(row, place["cost"]) for _, row in lines])
    month_first = is_month_first([cell_of(row, place.get("month")) for _, row in lines])
    rows, aside = [], []
    for number, row in lines:
        wide = any(cell.strip() for cell in row[len(header) :])
        found = Words("more cells than the header has") if wide else _cost(row, place, by, mark, month_first)
        if isinstance(found, Cost):
            rows.append(found)
        else:
            aside.append((number, found))
    if not rows:
        raise BadCosts(file=name, why="no row has both a name and a cost")
    return CostRows(rows=tuple(rows), aside=tuple(aside))


def _cost(row: list[str], place: dict[str, int], by: str, mark: str, month_first: bool) -> Cost | Words:
    """A row of costs, or why it is none."""
    group = cell_of(row, place[by])
    if not group:
        return Words("no name")
    money = number_of(cell_of(row, place["cost"]), mark)
    if money is None or not 0 <= money <= _MOST_COST:
        return Words("no cost that is a number of 0 or more")
    month = None
    if cell_of(row, place.get("month")):
        month = month_of(cell_of(row, place.get("month")), month_first=month_first)
        if month is None:
            return Words("a month that cannot be read")
    said = cell_of(row, place.get("customers"))
    won = _whole(said, mark) if said else None
    if said and won is None:
        return Words("customers that are no whole number of 0 or more")
    return Cost(
        group=group,
        cost=money,
        campaign=None if by == "campaign" else cell_of(row, place.get("campaign")) or None,
        month=month,
        customers=won,
    )


def _places(header: Sequence[str], by: str) -> dict[str, int]:
    """Which column says what; a field's names are tried in order."""
    keys = [re.sub(r"[^a-z]", "", re.sub(r"\b(eur|usd|gbp|euros?)\b", "", folded(name))) for name in header]
    found: dict[str, int] = {}
    for field in dict.fromkeys((by, "campaign", "month", "cost", "customers")):
        for name in _COLUMNS.get(field, field).split():
            if name in keys and keys.index(name) not in found.values():
                found[field] = keys.index(name)
                break
    return found


def _whole(text: str, mark: str) -> int | None:
    """The count that a cell says; None where it says none."""
    plain = re.fullmatch(r"(\d{1,12})(?:[.,]0{1,2})?", text)  # 100.0 where a program wrote a count
    value = float(plain[1]) if plain else number_of(text, mark)
    return int(value) if value is not None and value == int(min(value, _MOST_COST)) and value >= 0 else None
