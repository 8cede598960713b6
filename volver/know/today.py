"""The shop today: money first, then what to look at, and whether the data is sound."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from volver.core import Words
from volver.know.answers import Health, HomeReport, Todo
from volver.know.figures import kpi
from volver.know.world import last_day
from volver.store import Shop, schema

_MONTHS_SHOWN = 13
_WINDOW_DAYS = 30
_EMPTY = HomeReport(
    at=None,
    revenue_30d_e4=None,
    revenue_before_e4=None,
    orders_30d=None,
    orders_before=None,
    new_customers_30d=None,
    value_e4=None,
    todos=(),
    months=(),
    months_net_e4=(),
)


def home(shop: Shop) -> HomeReport:
    """Revenue of the last 30 days of data against the 30 before, expected value, three things to look at."""
    at = last_day(shop)
    if at is None:
        return _EMPTY
    now, before = _window(shop, at), _window(shop, at - timedelta(days=_WINDOW_DAYS))
    months = kpi(shop, "month").rows()[-_MONTHS_SHOWN:]
    value = shop.compute.relation("select sum(value_365d_e4) as e4 from scores").to_pylist()[0]["e4"]
    return HomeReport(
        at=at,
        revenue_30d_e4=now["net_e4"],
        revenue_before_e4=before["net_e4"],
        orders_30d=now["orders"],
        orders_before=before["orders"],
        new_customers_30d=now["new_customers"],
        value_e4=None if value is None else int(value),
        todos=_todos(shop),
        months=tuple(f"{row['start']:%Y-%m}" for row in months),
        months_net_e4=tuple(row["net_e4"] for row in months),
    )


def health(shop: Shop) -> Health:
    """Counts of what the ledger holds, and in words what a person should know about it."""
    row = shop.compute.rows("ledger_health")[0]
    with shop.state.begin() as connection:
        waiting = select(func.count()).select_from(schema.set_aside).where(schema.set_aside.c.retried_us.is_(None))
        aside = int(connection.execute(waiting).scalar_one())
    counts = shop.compute.relation(
        """select (select count(*) from facts) as customers, (select count(*) from events) as events,
                  (select count(*) from scores) as scored"""
    ).to_pylist()[0]
    guests = row["guest_orders"] / row["orders"] if row["orders"] else None
    unknown = row["unknown_costs"] / row["lines"] if row["lines"] else None
    return Health(
        first_day=row["first_day"],
        last_day=row["last_day"],
        lines=row["lines"],
        orders=row["orders"],
        set_aside=aside,
        guest_share=guests,
        unmatched_returns=row["unmatched"],
        unknown_cost_share=unknown,
        says=_health_words(shop, row, aside, guests, unknown),
        **counts,
    )


def _health_words(
    shop: Shop, row: dict[str, Any], aside: int, guests: float | None, unknown: float | None
) -> tuple[Words, ...]:
    said = []
    if aside:
        said.append(Words("{n} rows could not be read and wait in the set-aside", {"n": aside}))
    if guests is not None and guests > 0.02:
        said.append(Words("{share} of orders are by guests, whom no one can foresee", {"share": guests}))
    if row["unmatched"]:
        said.append(Words("{n} returned lines match no earlier sale and stand alone", {"n": row["unmatched"]}))
    if unknown is not None and unknown > 0.02:
        rate = shop.settings.margin_rate
        said.append(
            Words(
                "{share} of lines have no known cost; their margin is taken as {rate_share}",
                {"share": unknown, "rate_share": rate},
            )
        )
    return tuple(said)


def _window(shop: Shop, until: date) -> dict[str, int]:
    rows = kpi(shop, "day", until - timedelta(days=_WINDOW_DAYS - 1), until).rows()
    return {name: sum(row[name] for row in rows) for name in ("net_e4", "orders", "new_customers")}


def _todos(shop: Shop) -> tuple[Todo, ...]:
    """Slipping customers with the most to lose, one-time buyers on the edge, champions to thank."""
    row = shop.compute.relation(
        """select count(*) filter (where f.stage = 'slipping' and f.orders > 1) as slipping,
                  sum(coalesce(s.value_365d_e4, f.aov_e4)) filter (where f.stage = 'slipping' and f.orders > 1) as slipping_e4,
                  count(*) filter (where f.stage = 'slipping' and f.orders = 1) as singles,
                  sum(coalesce(s.value_365d_e4, f.aov_e4)) filter (where f.stage = 'slipping' and f.orders = 1) as singles_e4,
                  count(*) filter (where f.stage = 'new') as fresh,
                  sum(coalesce(s.value_365d_e4, 0)) filter (where f.stage = 'new') as fresh_e4,
                  count(*) filter (where f.segments & 64 <> 0) as carts,
                  sum(f.aov_e4) filter (where f.segments & 64 <> 0) as carts_e4,
                  count(*) filter (where f.stage = 'champion') as champions,
                  sum(coalesce(s.value_365d_e4, f.net_e4)) filter (where f.stage = 'champion') as champions_e4
           from facts f left join scores s on s.customer_id = f.customer_id"""
    ).to_pylist()[0]
    wanted = [
        (
            "slipping",
            "slipping",
            Words("Win back those who are slipping"),
            Words("{n} repeat buyers have waited longer than they usually do", {"n": row["slipping"]}),
        ),
        (
            "carts",
            "cart-abandoners",
            Words("Remind those who left a cart"),
            Words("{n} customers filled a cart and did not order", {"n": row["carts"]}),
        ),
        (
            "singles",
            "slipping",
            Words("Bring the second order"),
            Words("{n} first-time buyers are past the usual time for a second order", {"n": row["singles"]}),
        ),
        (
            "fresh",
            "new",
            Words("Welcome the new customers"),
            Words("{n} customers placed their first order not long ago", {"n": row["fresh"]}),
        ),
        (
            "champions",
            "champion",
            Words("Thank the champions"),
            Words("{n} customers are on time and spend the most", {"n": row["champions"]}),
        ),
    ]
    found = [
        Todo(
            key=key,
            title=title,
            reason=reason,
            worth_e4=int(row[f"{key}_e4"] or 0),
            customers=row[key],
            segment=segment,
        )
        for key, segment, title, reason in wanted
        if row[key]
    ]
    return tuple(found[:3])
