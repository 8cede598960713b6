"""Rebuilding what follows from the ledger: orders first, then what is usual, then every customer's facts."""

from datetime import date
from typing import Any, Final

from volver.core import Settings, Words
from volver.know.answers import KnowReport
from volver.know.as_of import NEVER, facts_params, ledger_params, thresholds_params
from volver.know.order_days import update_order_days
from volver.know.settings import KnowSettings
from volver.know.shop_day import today
from volver.store import Basis, Progress, Renewal, Shop, Work, canonical, named

FACTS: Final = Basis(
    tables=("order_lines", "products", "events", "canonical"),
    settings={
        Settings: ("timezone",),
        KnowSettings: (
            "margin_rate",
            "cancel_within_hours",
            "new_days",
            "slipping_gaps",
            "sleeping_gaps",
            "lost_gaps",
            "big_spender_quantile",
            "high_aov_quantile",
            "loyal_orders_quantile",
            "vip_value_quantile",
            "discount_share",
        ),
    },
)


def facts_are_due(shop: Shop) -> bool:
    """Whether the ledger, the events, a setting or the shop's day has changed since `facts` were made."""
    return bool(FACTS.behind(shop, "facts", today(shop).day))


def refresh_job(work: Work) -> dict[str, Any] | None:
    """The job that renews the tables of knowing; None where nothing is behind and nobody asks for it `anew`."""
    with work.shop.locks.held("refresh"):  # who waited here finds that another has done it
        if not work.payload.get("anew") and not facts_are_due(work.shop):
            return None
        done = renew_facts(work.shop, work.say)
    return {"at": done.at.isoformat() if done.at else None, "customers": done.customers, "orders": done.orders}


def renew_facts(shop: Shop, progress: Progress | None = None) -> KnowReport:
    """Rebuild the tables of knowing as of the shop's day."""
    if progress:
        progress(Words("Customers, stages and segments"))
    return refresh(shop)


def refresh(shop: Shop, at: date | None = None) -> KnowReport:
    """Rebuild `orders`, `days`, `thresholds` and `facts` as of a day (None: the shop's own), each replaced whole; and
    `event_days` and `ledger_health`, so that no page counts events or lines while they stream in.

    The same ledger, settings and day give the same tables, however often this runs. Others commit meanwhile: what
    reaches the ledger after `orders` was read is in the next refresh.
    """
    canonical.publish(shop)  # where a crash came between a merge and the lake
    day = at or today(shop).day
    with shop.lake.alone("refresh"):
        customers = _rebuild(shop, day)
        again = at or today(shop).day  # what is usual in the shop is known by now, and that decides which day it is
        if again != day:
            day, customers = again, _rebuild(shop, again)
    return KnowReport(at=day, customers=customers, orders=orders_held(shop))


def publish_counts(shop: Shop) -> None:
    """Count events by day and lines by kind, so that no page does; also where an older release never did."""
    shop.compute.materialise("event_days", "event_days")
    shop.compute.materialise("ledger_health", "ledger_health")


def orders_held(shop: Shop) -> int:
    """How many orders the last refresh counted."""
    counted = shop.compute.relation("select coalesce(sum(is_order), 0) as n from orders").to_pylist()
    return int(counted[0]["n"])


def _rebuild(shop: Shop, day: date | None) -> int:
    until, marks = day or NEVER, FACTS.marks(shop, day)
    update_order_days(shop)
    shop.compute.materialise("orders", "orders", **ledger_params(shop.settings, until))
    shop.compute.materialise("days", "days", **ledger_params(shop.settings, until))
    shop.compute.materialise("thresholds", "thresholds", **thresholds_params(shop.settings, until))
    usual = shop.compute.relation("select * from thresholds").to_pylist()[0]
    wanted = named("facts")
    files = shop.compute.write(wanted.sql, "facts", wanted.bound(facts_params(shop.settings, until, usual)))
    publish_counts(shop)
    shop.lake.follow("facts", files, marks, anew=True)
    return sum(each.rows for each in files)


RENEWALS = (
    Renewal(
        name="facts",
        tables=("order_days", "orders", "days", "thresholds", "facts"),
        says=Words("Customers, stages and segments"),
        due="volver.know.renewals:facts_are_due",
        renew="volver.know.renewals:renew_facts",
    ),
)
