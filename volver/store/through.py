"""How the lake is read as if every person had had one number from the start, on every engine.

Lines and events are never rewritten. Every reader sees `order_lines`, `events` and `customers` through the table
`canonical`, so that no query has to know of merges; while there are none, the views are the tables as they are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from volver.store.tables import TABLES

TABLE: Final = "canonical"
FOLLOW: Final = ("order_lines", "events", "customers")  # tables that are read through it
_ONE_EACH = "select customer_id, min(canonical_id) as canonical_id from canonical group by customer_id"


@dataclass(frozen=True, slots=True)
class Layers:
    """The views by which a table is read: all its rows, those that hold, those that hold under today's people.

    `state` says which of them differ; `rests_on` names the tables that make them differ.
    """

    table: str
    state: tuple[bool, bool]

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The other tables that the views read."""
        unless = TABLES[self.table].unless
        return (*([unless] if self.state[0] else []), *([TABLE] if self.state[1] else []))

    def views(self, files: str) -> Iterator[tuple[str, str]]:
        """Names and SQL of the views, each over the ones before; `files` is SQL of all the rows."""
        some_hold_not, joined = self.state
        declared, shown = TABLES[self.table], files
        if declared.everything:
            yield declared.everything, files
            shown = declared.holds if some_hold_not else files
        if self.table in FOLLOW:
            yield as_written(self.table), shown
            shown = through_canonical(self.table) if joined else shown
        yield self.table, shown


def layers(table: str, has_rows: Callable[[str], bool]) -> Layers:
    """How a table is read now."""
    unless = TABLES[table].unless
    return Layers(table, (bool(unless) and has_rows(unless), table in FOLLOW and has_rows(TABLE)))


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
