"""Rebuilding what follows from the ledger: orders first, then what is usual, then every customer's facts."""

from datetime import date
from typing import TYPE_CHECKING, Any

from volver.core import Words
from volver.know.answers import KnowReport
from volver.know.world import NEVER, days_params, facts_params, last_day, orders_params, thresholds_params
from volver.store import Shop

if TYPE_CHECKING:
    from volver.store import Work

_FOLLOWED = ("order_lines", "customers", "products")


def refresh(shop: Shop, at: date | None = None) -> KnowReport:
    """Rebuild `orders`, `days`, `thresholds` and `facts` as of a day (None: the ledger's last), each replaced whole.

    The same ledger and settings give the same tables, however often this runs.
    """
    day = at or last_day(shop)
    until = day or NEVER
    with shop.lake.writing():
        shop.compute.materialise("orders", "orders", **orders_params(shop.settings, until))
        shop.compute.materialise("days", "days", **days_params(shop.settings, until))
        shop.compute.materialise("thresholds", "thresholds", **thresholds_params(shop.settings, until))
        usual = shop.compute.relation("select * from thresholds").to_pylist()[0]
        customers = shop.compute.materialise("facts", "facts", **facts_params(shop.settings, until, usual))
    counted = shop.compute.relation("select coalesce(sum(is_order), 0) as n from orders").to_pylist()
    return KnowReport(at=day, customers=customers, orders=int(counted[0]["n"]))


def renew(work: "Work") -> dict[str, Any] | None:
    """The job that refreshes; None where nothing is behind. The payload may name a day (`at`) or ask for it `anew`."""
    at = work.payload.get("at")
    with work.shop.locks.held("refresh"):  # who waited here finds that another has done it
        if not at and not work.payload.get("anew") and not is_behind(work.shop):
            return None
        work.progress(0.0, Words("Counting orders and customers"))
        done = refresh(work.shop, date.fromisoformat(at) if at else None)
    return {"at": done.at.isoformat() if done.at else None, "customers": done.customers, "orders": done.orders}


def is_behind(shop: Shop) -> bool:
    """Whether the ledger changed after customers were last brought up to date; `facts` is the last table of knowing.

    Compacting the ledger counts as a change too, which costs one refresh more and nothing else.
    """
    made = _newest_ms(shop, "facts")
    return any(_newest_ms(shop, table) > made for table in _FOLLOWED)


def _newest_ms(shop: Shop, table: str) -> int:
    """When a lake table's newest file was written (its commit says so: copying a shop changes nothing); -1 without."""
    import pyarrow as pa

    if shop.lake.snapshot(table).version < 0:
        return -1
    actions = pa.RecordBatchReader.from_stream(shop.lake.opened(table).get_add_actions(flatten=True))
    return max((int(each["modification_time"]) for each in actions.read_all().to_pylist()), default=-1)
