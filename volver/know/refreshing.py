"""Rebuilding what follows from the ledger: orders first, then what is usual, then every customer's facts."""

from datetime import date

from volver.know.answers import KnowReport
from volver.know.world import NEVER, days_params, facts_params, last_day, orders_params, thresholds_params
from volver.store import Shop, canonical


def refresh(shop: Shop, at: date | None = None) -> KnowReport:
    """Rebuild `orders`, `days`, `thresholds` and `facts` as of a day (None: the ledger's last), each replaced whole.

    The same ledger and settings give the same tables, however often this runs.
    """
    canonical.publish(shop)  # where a crash came between a merge and the lake
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
