"""The days of orders, kept beside the ledger so that neither a question nor a refit reads the ledger again.

Owns the lake table `order_days`: rows of every document, with the days between which it was known to be an order and
the money it brought. Any past day can be asked of it; `orders` and predict both read it, so an order is the same thing
in both. `update_order_days` brings the table up to the ledger, and every reader calls it first: new orders of a batch
are added, customers whose past the batch changed are read anew from the ledger, and the whole is made again where the
table is missing or was made in another way.

The numbers that say what the table follows are part of the same commit as its rows, so a crash leaves both or none.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

from volver.core import log as log_of
from volver.know.settings import KnowSettings
from volver.store import Shop, canonical, layers, named, view_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa

TABLE: Final = "order_days"
FORM: Final = 1  # of the rows; counted up when their meaning changes, so that shops make the table again
_HOUR_US: Final = 3_600_000_000
_MANY_FILES: Final = 16  # beyond this the additions are merged
_FEW: Final = 4  # one in so many documents read anew costs as much as all of them
_STANDING: Final = {"order_lines": "standing_lines"}
_SEEN: Final = ("offset", "version", "rows", "hours", "form", "merges")


def update_order_days(shop: Shop) -> Literal["nothing", "added", "made"]:
    """Bring the table up to the ledger; what was done.

    Safe to call at any time and from several processes; it costs milliseconds when the ledger has not changed.
    """
    if _is_current(shop):
        return "nothing"
    done: Literal["added", "made"] = "made"
    with shop.lake.alone(TABLE):  # batches go on joining the ledger while it is read
        if _is_current(shop):
            return "nothing"
        before = shop.lake.seen(TABLE, _SEEN)
        if _may_add(shop, before) and _add(shop, before["offset"]):
            done = "added"
        else:
            _make(shop)
    log_of("know").info("order days follow the ledger", extra={"done": done})
    return done


def _undone_us(shop: Shop) -> int:
    return shop.settings.of(KnowSettings).cancel_within_hours * _HOUR_US


def _seen_now(shop: Shop) -> dict[str, int]:
    ledger = shop.lake.snapshot("order_lines")
    return {
        "offset": shop.lake.offset("order_lines"),
        "version": ledger.version,
        "rows": ledger.rows,
        "hours": shop.settings.of(KnowSettings).cancel_within_hours,
        "form": FORM,
        "merges": canonical.published(shop),
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
    sql = "select count(*) as n from {table} where batch > $after"
    fresh, gone = (
        shop.compute.relation(sql.format(table=table), {"after": before["offset"]}).column("n")[0].as_py()
        for table in ("ledger", "replaced")
    )
    # Lines that hold no longer may leave a document without any, and nothing would take its rows' place.
    return not gone and bool(before["rows"] + fresh == shop.lake.snapshot("order_lines").rows)


def _is_ours(shop: Shop, before: dict[str, int]) -> bool:
    merges, hours = canonical.published(shop), shop.settings.of(KnowSettings).cancel_within_hours
    return (before["form"], before["hours"], before.get("merges", 0)) == (FORM, hours, merges)


def _make(shop: Shop) -> None:
    """The whole table from the whole ledger."""
    with _ledger(shop) as (connection, now):
        connection.execute("create temp view order_lines as select * from standing_lines")
        params = {"undone_us": _undone_us(shop), "batch": now["offset"], "whole": 0}
        files = shop.compute.write(named(TABLE).sql, TABLE, params, connection)
    shop.lake.follow(TABLE, files, now, anew=True)


@contextmanager
def _ledger(shop: Shop) -> "Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, int]]]":
    """The ledger as it is now, as the view `standing_lines`, and numbers that say so; later batches wait."""
    with shop.lake.writing():
        snapshot, now = shop.lake.snapshot("order_lines"), _seen_now(shop)
    connection = shop.compute.connection()
    try:
        read = layers("order_lines", lambda table: shop.lake.snapshot(table).rows > 0)
        for name, select in read.views(view_sql("order_lines", snapshot)):
            connection.execute(f"create temp view {_STANDING.get(name, name)} as {select}")
        yield connection, now
    finally:
        connection.close()


def _add(shop: Shop, after: int) -> bool:
    """Rows of the batches after one; False if so many documents are touched that all may as well be read anew.

    False too if a document passes to another customer: rows of the former would be left behind.
    """
    hours = shop.settings.of(KnowSettings).cancel_within_hours
    undone_days = -(-hours // 24) + 1  # a day more, for the clock is put back now and then
    with _ledger(shop) as (connection, now):
        # A batch that joins only now may name more documents; these are then read anew once more than need be.
        changed = shop.compute.query("order_days_changed", after=after, undone_days=undone_days)
        if _any_passes(changed) or changed.num_rows * _FEW > shop.lake.snapshot(TABLE).rows:
            return False
        connection.register("changed", changed)
        files = []
        for whole, lines in ((0, _FRESH), (1, _ANEW)):
            if whole and not changed.num_rows:
                continue
            _show(connection, lines, after)
            params = {"undone_us": _undone_us(shop), "batch": now["offset"], "whole": whole}
            files += shop.compute.write(named(TABLE).sql, TABLE, params, connection)
    shop.lake.follow(TABLE, files, now)
    if len(shop.lake.snapshot(TABLE).files) > _MANY_FILES:
        _merge(shop, now)
    return True


def _any_passes(changed: "pa.Table") -> bool:
    import pyarrow.compute as pc

    return bool(pc.max(changed.column("passes")).as_py())


def _merge(shop: Shop, now: dict[str, int]) -> None:
    """One sorted file of all the rows that hold."""
    sql = f"select *, cast({now['offset']} as bigint) as batch, 0 as whole from ({named('order_days_held').sql})"
    shop.lake.follow(TABLE, shop.compute.write(sql, TABLE), now, anew=True)


_COLUMNS: Final = "line_id, customer_id, order_id, product_id, ts_us, day, kind, quantity_e4, amount_e4"
_FRESH: Final = f"""
    select {_COLUMNS} from ledger
    where batch > $after and order_id not in (select order_id from changed)"""
_ANEW: Final = f"""
    select {_COLUMNS} from standing_lines where order_id in (select order_id from changed)"""


def _show(connection: "duckdb.DuckDBPyConnection", lines: str, after: int) -> None:
    """Let this connection see only some lines as the ledger."""
    connection.execute("drop table if exists temp.order_lines")
    connection.execute(f"create temp table order_lines as {lines.replace('$after', str(int(after)))}")
