"""What winning customers cost: a small table from a file or a frame, kept in the shop by channel, campaign and month.

Reads CSV of any delimiter, decimal comma or point, English or Spanish headers; writes the lake table `costs`, whose
only writer it is. A row that says nothing sound is told with its reason, never taken for zero.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from volver.core import E4, VolverError, Words
from volver.predict.value.sheets import (
    cell_of,
    cells_of,
    decimal_mark,
    folded,
    is_month_first,
    month_of,
    number_of,
    table_of,
)
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

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
_Place = tuple[str, str | None, str | None]


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


def keep_costs(shop: Shop, rows: Sequence[Cost], by: str = "channel") -> int:
    """Put costs in the shop; the number of rows that it holds now. The same group, campaign and month are replaced,
    whatever the case, accents and blanks of their names.

    A second import of the same file changes nothing.
    """
    merged = _by_place(rows)
    with shop.lake.writing():
        whole = _merged(shop, merged, by)
        return shop.compute.publish("costs", whole)


def kept_costs(shop: Shop, by: str = "channel") -> tuple[Cost, ...]:
    """The costs that the shop holds, by group, campaign and month."""
    return tuple(
        Cost(
            group=row["channel"],
            cost=row["cost_e4"] / E4,
            campaign=row["campaign"],
            month=row["month"],
            customers=row["customers"],
        )
        for row in shop.compute.rows("predict_costs", kind=by)
    )


def campaign_costs(shop: Shop) -> tuple[Cost, ...]:
    """Costs by campaign: those brought by campaign, and of other campaigns those brought by channel."""
    own = kept_costs(shop, "campaign")
    known = {folded(each.group) for each in own}
    inside = (
        replace(each, group=each.campaign, campaign=None)
        for each in kept_costs(shop)
        if each.campaign and folded(each.campaign) not in known
    )
    return (*own, *inside)


def _by_place(rows: Sequence[Cost]) -> dict[_Place, Cost]:
    """Costs by group, campaign and month; two rows for the same place add up."""
    found: dict[_Place, Cost] = {}
    for each in rows:
        place = (folded(each.group), folded(each.campaign) if each.campaign else None, each.month)
        found[place] = _together(found[place], each) if place in found else each
    return found


def _merged(shop: Shop, new: dict[_Place, Cost], by: str) -> "pa.Table":
    """The whole table with the new rows in it."""
    import pyarrow as pa

    held = _by_place(kept_costs(shop, by)) | new
    others = shop.compute.relation("select * from costs where kind <> $by", {"by": by})
    batch = int(shop.compute.relation("select coalesce(max(batch), 0) as n from costs").to_pylist()[0]["n"]) + 1
    table = pa.table(
        {
            "kind": pa.array([by] * len(held), pa.string()),
            "channel": pa.array([each.group for each in held.values()], pa.string()),
            "campaign": pa.array([each.campaign for each in held.values()], pa.string()),
            "month": pa.array([each.month for each in held.values()], pa.string()),
            "cost_e4": pa.array([round(each.cost * E4) for each in held.values()], pa.int64()),
            "customers": pa.array([each.customers for each in held.values()], pa.int64()),
            "batch": pa.array([batch] * len(held), pa.int64()),
        }
    )
    return pa.concat_tables([others.select(table.column_names), table], promote_options="permissive")


def _together(one: Cost, other: Cost) -> Cost:
    counts = [each.customers for each in (one, other) if each.customers is not None]
    return Cost(
        group=one.group,
        cost=one.cost + other.cost,
        campaign=one.campaign,
        month=one.month,
        customers=sum(counts) if counts else None,
    )


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
