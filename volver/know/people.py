"""Everybody in memory: the columns that lists show, sort and filter by, made once per version of the lake.

Over Parquet each page would decode a million rows again; in the engine's own memory, which it may spill, a page costs
milliseconds. What is searched in is only made when somebody searches.
"""

import threading
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from volver.store import Compute, Shop

if TYPE_CHECKING:
    import duckdb

_KEPT = 2  # a reader may still be at the one before
_RESTS_ON = ("facts", "customers", "scores", "canonical")
PEOPLE = """
select f.customer_id, coalesce(c.customer_ref, '') as ref, c.name, c.email, f.stage, f.segments, f.orders, f.net_e4,
       f.last_day, s.p_alive, s.p_buy_90d, s.value_365d_e4 as value_e4, s.value_low_e4, s.value_high_e4
from facts f left join customers c on c.customer_id = f.customer_id left join scores s on s.customer_id = f.customer_id
order by f.customer_id
"""
# Name, e-mail and reference without case and accents; it begins with the name, so it also sorts by name.
SPOKEN = """
select *, strip_accents(lower(coalesce(name, ref) || chr(10) || coalesce(email, '') || chr(10) || ref)) as spoken
from {people} order by customer_id
"""


@dataclass(slots=True)
class People:
    """The name of a table in memory, and the counts that were asked of it."""

    table: str
    versions: tuple[int, ...] = ()
    has_spoken: bool = False
    counts: dict[tuple[Any, ...], int] = field(default_factory=dict)


_kept: "WeakKeyDictionary[Compute, list[People]]" = WeakKeyDictionary()
_lock = threading.Lock()
_numbers = count(1)


def people(shop: Shop, connection: "duckdb.DuckDBPyConnection", *, spoken: bool) -> People:
    """The people of the newest lake, in memory; with `spoken`, also what is searched in."""
    versions = tuple(shop.lake.snapshot(name).version for name in _RESTS_ON)
    with _lock:
        held = _kept.setdefault(shop.compute, [])
        if not held or held[-1].versions != versions or not _exists(connection, held[-1].table):
            made = People(table=f"people_{next(_numbers)}", versions=versions)
            connection.execute(f"create table {made.table} as {PEOPLE}")
            held.append(made)
        if spoken and not held[-1].has_spoken:
            made = People(table=f"people_{next(_numbers)}", versions=versions, has_spoken=True)
            connection.execute(f"create table {made.table} as {SPOKEN.format(people=held[-1].table)}")
            held.append(made)
        while len(held) > _KEPT:
            connection.execute(f"drop table if exists {held.pop(0).table}")
        return held[-1]


def _exists(connection: "duckdb.DuckDBPyConnection", table: str) -> bool:
    return bool(connection.execute("select 1 from duckdb_tables() where table_name = ?", [table]).fetchall())
