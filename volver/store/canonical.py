"""One person, several customer numbers: how the lake is read as if there had been one number from the start.

Owns the lake table `canonical`: who stands for whom, only where the two differ, made from the state's merges by
`publish`. Lines and events are never rewritten. Every reader sees `order_lines`, `events` and `customers` through it,
on every engine, so that no query has to know of merges; while there are none, the views are the tables as they are.
"""

from typing import TYPE_CHECKING, Final

from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop

TABLE: Final = "canonical"
FOLLOW: Final = ("order_lines", "events", "customers")  # tables that are read through it
_CHANGES: Final = "changes"
_ONE_EACH = "select customer_id, min(canonical_id) as canonical_id from canonical group by customer_id"


def as_written(table: str) -> str:
    """The name of a followed table's view that shows the numbers as they were written."""
    return f"{table}_as_written"


def through_canonical(table: str) -> str:
    """Portable SQL of a followed table as it is read: over the views `canonical` and `as_written`."""
    if table == "customers":
        return _CUSTOMERS
    others = ", ".join(f"w.{name}" for name in TABLES[table].columns if name != "customer_id")
    return f"""
        select coalesce(p.canonical_id, w.customer_id) as customer_id, {others}
        from {as_written(table)} w left join ({_ONE_EACH}) p on p.customer_id = w.customer_id"""


def publish(shop: "Shop") -> bool:
    """Bring the lake's `canonical` up to the state's merges; whether it had to be written."""
    from volver.store.merging import changes, roots

    if not _is_behind(shop):
        return False
    import pyarrow as pa

    with shop.lake.writing():
        with shop.state.read() as rows:
            number, found = changes(rows), sorted(roots(rows).items())
        ids = pa.table(
            {
                "customer_id": pa.array([each for each, _ in found], pa.int64()),
                "canonical_id": pa.array([root for _, root in found], pa.int64()),
            }
        )
        connection = shop.compute.connection()
        try:
            connection.register("standing", ids)
            files = shop.compute.write("select * from standing", TABLE, None, connection)
        finally:
            connection.close()
        shop.lake.follow(TABLE, files, {_CHANGES: number}, anew=True)
    return True


def published(shop: "Shop") -> int:
    """The number of the last change among merges that the lake knows."""
    return shop.lake.seen(TABLE, (_CHANGES,)).get(_CHANGES, 0)


def people_of(shop: "Shop", customer_id: int) -> list[int]:
    """All the numbers under which a customer's lines are written, the customer's own among them."""
    if not shop.lake.snapshot(TABLE).rows:
        return [customer_id]
    asked = "select customer_id from canonical where canonical_id = $id order by customer_id"
    return [
        customer_id,
        *(int(each) for each in shop.compute.relation(asked, {"id": customer_id})["customer_id"].to_pylist()),
    ]


def _is_behind(shop: "Shop") -> bool:
    from volver.store.merging import changes

    with shop.state.read() as rows:
        return changes(rows) != published(shop)


# What the person's own number says counts first, then its parts by number; channel and campaign are the earliest.
_REFERENCE_FIRST = "case when customer_ref like '%@%' then 2000000000000000 else 0 end + is_part * 1000000000000000"
_OWN_FIRST = "is_part * 1000000000000000 + customer_id"
_EARLIEST = "coalesce({name}_us, 1) * 1000 + is_part * (1 + customer_id % 998)"


def _first(name: str, key: str) -> str:
    return f"arg_min({name}, case when {name} is not null then {key} end) as {name}"


_CUSTOMERS = f"""
    select w.{", w.".join(TABLES["customers"].columns)}
    from customers_as_written w
    left join (select customer_id from canonical union select canonical_id as customer_id from canonical) m
      on m.customer_id = w.customer_id
    where m.customer_id is null
    union all
    select person as customer_id,
           {_first("customer_ref", f"{_REFERENCE_FIRST} + customer_id")},
           {", ".join(_first(name, _OWN_FIRST) for name in ("name", "email", "city", "country"))},
           {", ".join(_first(name, _EARLIEST.format(name=name)) for name in ("channel", "campaign"))},
           min(channel_us) as channel_us, min(campaign_us) as campaign_us
    from (
      select p.canonical_id as person, 1 as is_part, w.{", w.".join(TABLES["customers"].columns)}
      from customers_as_written w join ({_ONE_EACH}) p on p.customer_id = w.customer_id
      union all
      select w.customer_id as person, 0 as is_part, w.{", w.".join(TABLES["customers"].columns)}
      from customers_as_written w
      join (select distinct canonical_id from canonical) o on o.canonical_id = w.customer_id
    ) parts
    group by person"""
