"""What winning customers cost, kept in the shop by channel, campaign and month.

Writes the lake table `costs`, whose only writer it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from volver.collect import Cost
from volver.core import E4, folded
from volver.store import Shop

if TYPE_CHECKING:
    import pyarrow as pa

_Place = tuple[str, str | None, str | None]


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
