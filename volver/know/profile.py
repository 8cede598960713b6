"""Everything that is known of one customer."""

from collections import defaultdict
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

from volver.know.answers import CustomerProfile, Event, Order, OrderLine, Scores, Share
from volver.know.as_of import AsOf, as_of
from volver.know.identity.finding import NoSuchCustomer
from volver.know.segment_rules import memberships
from volver.know.words import stage_reason
from volver.store import Shop, canonical

MOST = 200  # orders and events that a page shows; more is for SQL


def customer(shop: Shop, customer_id: int, at: date | None = None) -> CustomerProfile:
    """The profile of a customer as of a day (None: the last refresh); a past day has no scores.

    Raises `know.no_such_customer` where there was no order by then.
    """
    which = {"id": customer_id}
    with as_of(shop, at) as here:
        facts = here.sql(f"select {_FACT_COLUMNS} from facts where customer_id = $id", which)
        if not facts:
            raise NoSuchCustomer(customer=customer_id)
        people = here.sql(f"select {', '.join(_PERSON)} from customers where customer_id = $id", which)
        documents = here.sql(_DOCUMENTS, which)
        whose = ", ".join(str(each) for each in canonical.people_of(shop, customer_id))
        lines = _lines(here, whose, documents)
        scores = here.sql(f"select {', '.join(_SCORES)} from scores where customer_id = $id", which)
        events = _events(shop, here, whose)
        day = here.at
    fact, person = facts[0], people[0] if people else defaultdict(lambda: None)
    return CustomerProfile(
        customer_id=customer_id,
        ref=person["customer_ref"] or str(customer_id),
        **{name: person[name] for name in _PERSON[1:]},
        **{name: fact[name] for name in _FACTS},
        at=day or fact["last_day"],
        stage_reason=stage_reason(fact),
        segments=memberships(fact),
        scores=_scores(scores[0]) if scores else None,
        top_products=_top(lines, "product"),
        top_categories=_top(lines, "category"),
        order_days=tuple(sorted({each["day"] for each in documents if each["is_order"] == 1})),
        history=_history(documents[:MOST], lines),
        events=tuple(Event(**row) for row in events),
    )


_FACTS = (
    "orders",
    "net_e4",
    "margin_e4",
    "aov_e4",
    "first_day",
    "last_day",
    "usual_gap_days",
    "days_since",
    "discount_share",
    "returned_share",
    "stage",
    "stage_since",
)
# Columns are named one by one: each of a customer's rows costs its whole row group, a fifth of a millisecond a column.
_FACT_COLUMNS = ", ".join((*_FACTS, "rhythm_days", "segments"))
_PERSON = ("customer_ref", "name", "email", "city", "country", "channel", "campaign")
_SCORES = (
    *("p_alive", "value_low_e4", "value_high_e4", "orders_365d", "next_from_day", "next_to_day"),
    *("value_365d_e4", "p_buy_30d", "p_buy_90d"),
)
_DOCUMENTS = """
select order_id, order_ref, ts_us, day, doc, is_order, undone_day, gross_e4, returned_e4, net_e4, from_day, until_day
from orders where customer_id = $id order by ts_us desc, order_id
"""
# A customer's lines lie in few months; naming these and the numbers under which the lines were written lets the engine
# leave the other files shut.
_LINES = """
select l.order_id, l.product_id, coalesce(p.name, p.product_ref, '') as product, p.category, p.is_product, l.kind,
       l.quantity_e4, l.amount_e4
from order_lines_as_written l left join products p on p.product_id = l.product_id
where l.customer_id in ({whose}) and l.day <= $at and l.month in ({months}) order by l.line_id
"""
_EVENTS = """
select e.kind, e.ts_us, e.day, coalesce(p.name, p.product_ref) as product, e.text
from events_as_written e left join products p on p.product_id = e.product_id
where e.customer_id in ({whose}) and e.day <= $at and e.month in ({months})
order by e.ts_us desc, e.event_id limit $most
"""


def _events(shop: Shop, here: AsOf, whose: str) -> list[dict[str, Any]]:
    """The newest events, from the newest months that have enough of them: the other files stay shut."""
    files = shop.lake.snapshot("events").files
    months = sorted({Path(each).parent.name.rpartition("=")[2] for each in files}, reverse=True)
    found: list[dict[str, Any]] = []
    opened = 0
    while opened < len(months) and len(found) < MOST:
        some = months[opened : opened + _next_months(opened, len(found))]
        asked = _EVENTS.format(whose=whose, months=", ".join(f"'{each}'" for each in some))
        found += here.sql(asked, {"at": here.at, "most": MOST - len(found)})
        opened += len(some)
    return found


def _next_months(opened: int, found: int) -> int:
    """How many months more to open, by what the newest held; all the rest where that is little.

    >>> _next_months(0, 0), _next_months(3, 150), _next_months(3, 4)
    (6, 2, 162)
    """
    return ceil((MOST - found) * opened / max(found, 1) * 1.1) if opened else 6


def _lines(here: AsOf, whose: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    numbers = {n for each in documents for n in range(_month_no(each["from_day"]), _month_no(each["until_day"]) + 1)}
    months = ", ".join(f"'{(n - 1) // 12:04d}-{(n - 1) % 12 + 1:02d}'" for n in sorted(numbers))
    return here.sql(_LINES.format(months=months, whose=whose), {"at": here.at})


def _month_no(day: date) -> int:
    return day.year * 12 + day.month


def _scores(row: dict[str, Any]) -> Scores:
    return Scores(
        value_e4=row["value_365d_e4"],
        p_buy_30d=row["p_buy_30d"],
        p_buy_90d=row["p_buy_90d"],
        **{name: row[name] for name in _SCORES[:6]},
    )


def _history(documents: list[dict[str, Any]], lines: list[dict[str, Any]]) -> tuple[Order, ...]:
    by_order: dict[int, list[OrderLine]] = defaultdict(list)
    for row in lines:
        by_order[row["order_id"]].append(OrderLine(**{name: row[name] for name in OrderLine.__dataclass_fields__}))
    return tuple(
        Order(
            ref=row["order_ref"],
            is_order=row["is_order"] == 1,
            lines=tuple(by_order[row["order_id"]]),
            **{name: row[name] for name in ("doc", "ts_us", "day", "undone_day", "gross_e4", "returned_e4", "net_e4")},
        )
        for row in documents
    )


def _top(lines: list[dict[str, Any]], by: str, most: int = 5) -> tuple[Share, ...]:
    net: dict[str, int] = defaultdict(int)
    units: dict[str, int] = defaultdict(int)
    for row in lines:
        if row[by] and row["is_product"] == 1 and row["kind"] in ("sale", "return", "cancel"):
            net[row[by]] += row["amount_e4"]
            units[row[by]] += row["quantity_e4"]
    first = sorted(net, key=lambda name: (-net[name], name))[:most]
    return tuple(Share(name=name, net_e4=net[name], units_e4=units[name]) for name in first)
