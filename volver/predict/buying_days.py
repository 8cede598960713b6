"""The days on which customers bought, kept beside the ledger so that no refit reads the ledger again.

Owns the lake table `buying_days`: a row for every order, with the days between which it was known to count and the
money it brought. Any past day can be asked of it. `caught_up` brings the table up to the ledger, and every reader calls
it first: new orders of a batch are added, customers whose past the batch changed are read anew from the ledger, and
the whole is made again where the table is missing or was made in another way.

The numbers that say what the table follows are part of the same commit as its rows, so a crash leaves both or none.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from volver.core import log as log_of
from volver.predict.laws.history import Floats, Ints
from volver.store import Shop, named

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

TABLE: Final = "buying_days"
FORM: Final = 1  # of the rows; counted up when their meaning changes, so that shops make the table again
_HOUR_US: Final = 3_600_000_000
_MANY_FILES: Final = 16  # beyond this the additions are merged
_FEW: Final = 16  # one in so many customers read anew costs as much as all of them
_SEEN: Final = ("offset", "version", "rows", "hours", "form")
_NEVER: Final = np.int32(2**31 - 1)
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class BuyingDays:
    """Rows of the table as columns, by customer and day; days are counted from 1970-01-01, money is in e4.

    A row stands for an order on `day`: at the end of day A it was known to count if `counts` and
    `from_day` <= A < `until_day`. `amount` was known from `from_day` on, for good.
    """

    customer_id: Ints
    day: Any  # int32
    from_day: Any  # int32
    until_day: Any  # int32
    counts: Any  # bool
    gross: Ints
    amount: Ints

    @cached_property
    def starts(self) -> Ints:
        """Where each customer's rows begin."""
        return _runs(self.customer_id)

    def at(self, day: date) -> "Known":
        """What was known at the end of a day."""
        end = day_number(day)
        seen = self.from_day <= end
        rows = np.flatnonzero(seen & self.counts & (self.until_day > end))
        customer, days = self.customer_id[rows], self.day[rows]
        if not len(rows):
            none = np.zeros(0, dtype=np.int64)
            return Known(customer_id=customer, starts=none, day=days, is_spend=none, net=none)
        begins = _runs(customer, days)
        is_spend = np.add.reduceat(self.gross[rows], begins) > 0
        rows, customer, days = rows[begins], customer[begins], days[begins]
        firsts = _runs(customer)
        money = np.add.reduceat(np.where(seen, self.amount, 0), self.starts)
        whose = np.searchsorted(self.starts, rows[firsts], side="right") - 1
        return Known(customer_id=customer[firsts], starts=firsts, day=days, is_spend=is_spend, net=money[whose])

    def daily(self, born_until: date, as_of: date) -> tuple[Any, Floats]:
        """Later order days by day, as known at `as_of`, of those whose first order came until `born_until`.

        Days (datetime64[D], rising, only those with an order) and how many order days fall on each.
        """
        return _later_by_day(self.at(as_of), born_until)


@dataclass(frozen=True)
class Known:
    """Customers with an order until a day, by id, and their order days: those of customer i begin at `starts[i]`."""

    customer_id: Ints
    starts: Ints
    day: Any  # int32, days from 1970-01-01, rising within a customer
    is_spend: Any  # whether money was in the day
    net: Ints  # e4

    @property
    def many(self) -> Ints:
        """Order days of each customer."""
        found: Ints = np.diff(self.starts, append=len(self.day))
        return found


def caught_up(shop: Shop) -> str:
    """Bring the table up to the ledger; what was done: `nothing`, `added` or `made`.

    Safe to call at any time and from several processes; it costs milliseconds when the ledger has not changed.
    """
    if _is_current(shop):
        return "nothing"
    with shop.lake.writing():
        if _is_current(shop):
            return "nothing"
        before = shop.lake.seen(TABLE, _SEEN)
        if _may_add(shop, before) and _add(shop, before["offset"]):
            done = "added"
        else:
            _make(shop)
            done = "made"
    log_of("predict").info("buying days follow the ledger", extra={"done": done})
    return done


def buying_days(shop: Shop, until: date, every: int = 1) -> BuyingDays:
    """All that was known until a day of the customers whose id `every` divides, from one read of the table."""
    caught_up(shop)
    return _as_columns(shop.compute.query("buying_days_known", until=until, every=every))


def buying_days_of(shop: Shop, customer: int, until: date) -> BuyingDays:
    """The same of one customer, from the table as it is: a model's day was in it when the model was fitted."""
    if shop.lake.snapshot(TABLE).version < 0:
        caught_up(shop)
    return _as_columns(shop.compute.query("buying_days_of", until=until, customer=customer))


def _as_columns(found: "pa.Table") -> BuyingDays:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = {name: found.column(name).cast(pa.int32()) for name in ("day", "from_day", "until_day")}
    days["until_day"] = pc.fill_null(days["until_day"], int(_NEVER))
    columns = {name: column.to_numpy() for name, column in days.items()}
    columns["counts"] = pc.equal(found.column("counts"), 1).to_numpy()
    for ours, theirs in (("customer_id", "customer_id"), ("gross", "gross_e4"), ("amount", "amount_e4")):
        columns[ours] = found.column(theirs).to_numpy()
    order = _sorted(columns["customer_id"], columns["day"])
    return BuyingDays(**{name: column if order is None else column[order] for name, column in columns.items()})


def _later_by_day(known: Known, born_until: date) -> tuple[Any, Floats]:
    later = np.ones(len(known.day), dtype=bool)
    later[known.starts] = False
    is_old = known.day[known.starts] <= day_number(born_until)
    days = known.day[later & np.repeat(is_old, known.many)]
    if not len(days):
        return as_days(days), np.zeros(0)
    orders = np.bincount(days - days.min())
    there = np.flatnonzero(orders)
    return as_days(there + days.min()), orders[there].astype(np.float64)


def day_number(day: date) -> int:
    """Days from 1970-01-01 on."""
    return (day - _EPOCH).days


def as_days(numbers: Any) -> Any:
    """Day numbers as datetime64[D]."""
    return numbers.astype("datetime64[D]")


def _undone_us(shop: Shop) -> int:
    return shop.settings.cancel_within_hours * _HOUR_US


def _seen_now(shop: Shop) -> dict[str, int]:
    ledger = shop.lake.snapshot("order_lines")
    return {
        "offset": shop.lake.offset("order_lines"),
        "version": ledger.version,
        "rows": ledger.rows,
        "hours": shop.settings.cancel_within_hours,
        "form": FORM,
    }


def _is_current(shop: Shop) -> bool:
    """Whether the table says what the ledger does. A compacted ledger is another version of the same rows."""
    before = shop.lake.seen(TABLE, _SEEN)
    if not before:
        return shop.lake.snapshot("order_lines").version < 0
    return _is_ours(shop, before) and shop.lake.since("order_lines", before["version"]) == "same"


def _may_add(shop: Shop, before: dict[str, int]) -> bool:
    """Whether the ledger is what the table follows and batches that came after."""
    if not before or not _is_ours(shop, before) or before["offset"] < 0:
        return False
    if shop.lake.since("order_lines", before["version"]) != "added":
        return False
    sql = "select count(*) as n from ledger where batch > $after"
    fresh = shop.compute.relation(sql, {"after": before["offset"]}).column("n")[0].as_py()
    return bool(before["rows"] + fresh == shop.lake.snapshot("order_lines").rows)


def _is_ours(shop: Shop, before: dict[str, int]) -> bool:
    return (before["form"], before["hours"]) == (FORM, shop.settings.cancel_within_hours)


def _make(shop: Shop) -> None:
    """The whole table from the whole ledger."""
    now = _seen_now(shop)
    params = {"undone_us": _undone_us(shop), "batch": now["offset"], "whole": 0}
    shop.lake.follow(TABLE, shop.compute.write(named(TABLE).sql, TABLE, params), now, anew=True)


def _add(shop: Shop, after: int) -> bool:
    """Rows of the batches after one; False if so many customers are touched that all may as well be read anew."""
    now, hours = _seen_now(shop), shop.settings.cancel_within_hours
    undone_days = -(-hours // 24) + 1  # a day more, for the clock is put back now and then
    changed = shop.compute.query("buying_days_changed", after=after, undone_days=undone_days)
    changed = _with_replaced(shop, changed, after)
    if changed.num_rows * _FEW > shop.lake.snapshot(TABLE).rows:
        return False
    connection = shop.compute.connection()
    try:
        connection.register("changed", changed)
        files = []
        for whole, lines in ((0, _FRESH), (1, _ANEW)):
            if whole and not changed.num_rows:
                continue
            _show(connection, lines, after)
            params = {"undone_us": _undone_us(shop), "batch": now["offset"], "whole": whole}
            sql = f"({named(TABLE).sql}) {_NOTHING_LEFT}" if whole else named(TABLE).sql
            files += shop.compute.write(sql, TABLE, params, connection)
    finally:
        connection.close()
    shop.lake.follow(TABLE, files, now)
    if len(shop.lake.snapshot(TABLE).files) > _MANY_FILES:
        _merge(shop, now)
    return True


def _with_replaced(shop: Shop, changed: "pa.Table", after: int) -> "pa.Table":
    """With the customers of orders of which lines were replaced since."""
    import pyarrow as pa

    found = shop.compute.relation(_REPLACED, {"after": after})
    return pa.table({"customer_id": pa.concat_tables([changed, found]).column("customer_id").unique()})


def _merge(shop: Shop, now: dict[str, int]) -> None:
    """One sorted file of all the rows that hold."""
    params = {"until": date.max, "every": 1}
    sql = f"select *, cast({now['offset']} as bigint) as batch, 0 as whole from ({named('buying_days_known').sql})"
    shop.lake.follow(TABLE, shop.compute.write(sql, TABLE, params), now, anew=True)


_COLUMNS: Final = "line_id, customer_id, order_id, product_id, ts_us, day, kind, amount_e4"
_REPLACED: Final = """
    select distinct l.customer_id from ledger l join replaced r on r.line_id = l.line_id
    where r.batch > $after and l.customer_id is not null"""
_NOTHING_LEFT: Final = """
    union all
    select customer_id, date '1970-01-01', date '1970-01-01', null, null, 0, 0, 0, $batch, 1
    from changed where customer_id not in (
        select customer_id from temp.order_lines where kind not in ('adjustment', 'write_off'))"""
_FRESH: Final = f"""
    select {_COLUMNS} from memory.main.order_lines
    where batch > $after and customer_id is not null and customer_id not in (select customer_id from changed)"""
_ANEW: Final = f"""
    select {_COLUMNS} from memory.main.order_lines where customer_id in (select customer_id from changed)"""


def _show(connection: "duckdb.DuckDBPyConnection", lines: str, after: int) -> None:
    """Let this connection see only some lines as the ledger."""
    connection.execute("drop table if exists temp.order_lines")
    connection.execute(f"create temp table order_lines as {lines.replace('$after', str(int(after)))}")


def _runs(*columns: Any) -> Ints:
    """Where a run of equal values begins, in any of the sorted columns."""
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    new = np.zeros(len(columns[0]), dtype=bool)
    new[0] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    found: Ints = np.flatnonzero(new)
    return found


def _sorted(customer: Ints, day: Any) -> Any:
    """The order by customer and day; None where they are sorted."""
    if not len(customer):
        return None
    low = int(day.min())
    width = int(day.max()) - low + 1
    least, most = int(customer.min()), int(customer.max())
    if max(abs(least), abs(most)) >= 2**62 // width:
        return np.lexsort((day, customer))
    key = customer * width + (day - low)
    if np.all(key[1:] >= key[:-1]):
        return None
    return np.argsort(key, kind="stable")
