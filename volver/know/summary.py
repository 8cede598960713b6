"""The shop today: money first, then what to look at, and whether the data is sound."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from volver.core import Words
from volver.know.answers import Health, HomeReport, Todo
from volver.know.as_of import AsOf, as_of
from volver.know.settings import KnowSettings
from volver.know.shop_day import today
from volver.store import Shop, schema

_MONTHS_SHOWN = 13
_WINDOW_DAYS = 30
_YEAR_DAYS = 365
_EMPTY = HomeReport(
    at=None,
    revenue_30d_e4=None,
    revenue_before_e4=None,
    orders_30d=None,
    orders_before=None,
    new_customers_30d=None,
    revenue_365d_e4=None,
    revenue_365d_before_e4=None,
    value_e4=None,
    todos=(),
    months=(),
    months_net_e4=(),
    today=None,
)


def home(shop: Shop) -> HomeReport:
    """Revenue of the 30 days until the last refresh against the 30 before, expected value, three things to look at."""
    with as_of(shop) as here:
        days = {row["day"]: row for row in here.sql("select day, orders, new_customers, net_e4 from days")}
        value = here.sql("select sum(value_365d_e4) as e4 from scores")[0]["e4"]
        at = here.at
        if at is None or not days:
            return _EMPTY
        todos = _todos(here)
    earlier = at - timedelta(days=_WINDOW_DAYS)
    now, before = _window(days, at), _window(days, earlier) if min(days) <= earlier else None
    year, year_before = (_year(days, at - timedelta(days=_YEAR_DAYS * n)) for n in (0, 1))
    months = _months(days)[-_MONTHS_SHOWN:]
    return HomeReport(
        at=at,
        revenue_30d_e4=now["net_e4"],
        revenue_before_e4=before["net_e4"] if before else None,
        orders_30d=now["orders"],
        orders_before=before["orders"] if before else None,
        new_customers_30d=now["new_customers"],
        revenue_365d_e4=year,
        revenue_365d_before_e4=year_before,
        value_e4=None if value is None else int(value),
        todos=todos,
        months=tuple(month for month, _ in months),
        months_net_e4=tuple(net_e4 for _, net_e4 in months),
        today=today(shop),
    )


def health(shop: Shop) -> Health:
    """Counts of what the ledger held at the last refresh, and in words what a person should know about it."""
    kept = shop.compute.relation("select * from ledger_health").to_pylist()
    row = kept[0] if kept else shop.compute.rows("ledger_health")[0]  # before the first refresh
    aside = rows_set_aside(shop)
    counts = shop.compute.rows("known_counts")[0]
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


def rows_set_aside(shop: Shop) -> int:
    """How many rows could not be read and wait."""
    waiting = select(func.count()).select_from(schema.set_aside).where(schema.set_aside.c.retried_us.is_(None))
    with shop.state.read() as connection:
        return int(connection.execute(waiting).scalar_one())


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
        rate = shop.settings.of(KnowSettings).margin_rate
        said.append(
            Words(
                "{share} of lines have no known cost; their margin is taken as {rate_share}",
                {"share": unknown, "rate_share": rate},
            )
        )
    return tuple(said)


def _window(days: dict[date, dict[str, Any]], until: date) -> dict[str, int]:
    """Sums over the 30 days that end with a day."""
    inside = [row for day, row in days.items() if 0 <= (until - day).days < _WINDOW_DAYS]
    return {name: sum(row[name] for row in inside) for name in ("net_e4", "orders", "new_customers")}


def _year(days: dict[date, dict[str, Any]], until: date) -> int | None:
    """Net revenue of the 365 days that end with a day; None where the ledger does not reach back so far."""
    if (until - min(days)).days < _YEAR_DAYS - 1:
        return None
    return sum(int(row["net_e4"]) for day, row in days.items() if 0 <= (until - day).days < _YEAR_DAYS)


def _months(days: dict[date, dict[str, Any]]) -> list[tuple[str, int]]:
    """Net revenue by month from the first to the last, none left out."""
    first, last = (each.year * 12 + each.month - 1 for each in (min(days), max(days)))
    net = {f"{n // 12:04d}-{n % 12 + 1:02d}": 0 for n in range(first, last + 1)}
    for day, row in days.items():
        net[f"{day:%Y-%m}"] += row["net_e4"]
    return list(net.items())


def _todos(here: AsOf) -> tuple[Todo, ...]:
    """The first three of `_LOOKS` that hold somebody; worth is what they should bring, None while not foreseen."""
    rows = here.rows("look_counts")
    found = []
    for each in _LOOKS:
        inside = [row for row in rows if each.holds(row)]
        customers = sum(int(row["customers"]) for row in inside)
        if not customers:
            continue
        known = [row[each.worth] for row in inside if each.worth == "aov_e4" or row["scored"]]
        found.append(
            Todo(
                key=each.key,
                title=each.title,
                reason=each.one if customers == 1 else Words(each.many.text, {"n": customers}),
                worth_e4=sum(int(value) for value in known) if known else None,
                customers=customers,
                stage=each.stage,
                segment=each.segment,
            )
        )
    return tuple(found[:3])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Something worth a look, most urgent first, said for one customer and for many."""

    key: str
    title: Words
    one: Words
    many: Words
    holds: Callable[[dict[str, Any]], bool]
    worth: str = "value_e4"
    stage: str = ""
    segment: str = ""


_LOOKS = (
    _Look(
        key="slipping",
        stage="slipping",
        segment="repeat",
        title=Words("Win back those who are slipping"),
        one=Words("One repeat buyer has waited longer than usual"),
        many=Words("{n} repeat buyers have waited longer than they usually do"),
        holds=lambda row: row["stage"] == "slipping" and row["is_repeat"] == 1,
    ),
    _Look(
        key="carts",
        segment="cart-abandoners",
        title=Words("Remind those who left a cart"),
        one=Words("One customer filled a cart and did not order"),
        many=Words("{n} customers filled a cart and did not order"),
        holds=lambda row: row["left_cart"] == 1,
        worth="aov_e4",  # a cart is worth about an order
    ),
    _Look(
        key="singles",
        stage="slipping",
        segment="first-time",
        title=Words("Bring the second order"),
        one=Words("One first-time buyer is past the usual time for a second order"),
        many=Words("{n} first-time buyers are past the usual time for a second order"),
        holds=lambda row: row["stage"] == "slipping" and row["is_repeat"] == 0,
    ),
    _Look(
        key="fresh",
        stage="new",
        title=Words("Welcome the new customers"),
        one=Words("One customer placed a first order not long ago"),
        many=Words("{n} customers placed their first order not long ago"),
        holds=lambda row: row["stage"] == "new",
    ),
    _Look(
        key="champions",
        stage="champion",
        title=Words("Thank the champions"),
        one=Words("One customer is on time and spends the most"),
        many=Words("{n} customers are on time and spend the most"),
        holds=lambda row: row["stage"] == "champion",
    ),
)
