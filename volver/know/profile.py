"""Everything that is known of one customer."""

from collections import defaultdict
from typing import Any

from volver.core import VolverError
from volver.know.answers import CustomerProfile, Event, Order, OrderLine, Scores, Share
from volver.know.segmenting import memberships
from volver.know.words import stage_reason
from volver.know.world import last_day
from volver.store import Shop

MOST = 200  # orders and events that a page shows; more is for SQL


class NoSuchCustomer(VolverError):
    """No customer who ever ordered has this id or reference."""

    code = "know.no_such_customer"
    says = "There is no customer {customer}."
    hint = "`volver know customers` lists them; a customer appears with the first order."
    status = 404


def find_customer(shop: Shop, reference: str) -> int:
    """The id of the customer with this id, reference or e-mail. Raises `know.no_such_customer`."""
    found = shop.compute.relation(
        """select c.customer_id from customers c join facts f on f.customer_id = c.customer_id
           where c.customer_ref = $ref or lower(c.email) = lower($ref)
           order by case when c.customer_ref = $ref then 0 else 1 end, c.customer_id limit 1""",
        {"ref": reference.strip()},
    ).to_pylist()
    if found:
        return int(found[0]["customer_id"])
    raise NoSuchCustomer(customer="with this reference")


def customer(shop: Shop, customer_id: int) -> CustomerProfile:
    """The profile of a customer as of the last refresh. Raises `know.no_such_customer`."""
    which = {"id": customer_id}
    facts = shop.compute.relation("select * from facts where customer_id = $id", which).to_pylist()
    if not facts:
        raise NoSuchCustomer(customer=customer_id)
    fact = facts[0]
    people = shop.compute.relation("select * from customers where customer_id = $id", which).to_pylist()
    person = people[0] if people else defaultdict(lambda: None)
    lines = shop.compute.relation(_LINES, which).to_pylist()
    at = last_day(shop)
    return CustomerProfile(
        customer_id=customer_id,
        ref=person["customer_ref"] or str(customer_id),
        **{name: person[name] for name in ("name", "email", "city", "country", "channel")},
        **{name: fact[name] for name in _FACTS},
        at=at or fact["last_day"],
        stage_reason=stage_reason(fact),
        segments=memberships(fact),
        scores=_scores(shop, customer_id),
        top_products=_top(lines, "product"),
        top_categories=_top(lines, "category"),
        history=_history(shop, customer_id, lines),
        events=_events(shop, customer_id),
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
_LINES = """
select l.order_id, l.product_id, coalesce(p.name, p.product_ref, '') as product, p.category, p.is_product, l.kind,
       l.quantity_e4, l.amount_e4, l.line_id
from order_lines l left join products p on p.product_id = l.product_id
where l.customer_id = $id order by l.ts_us desc, l.line_id
"""


def _scores(shop: Shop, customer_id: int) -> Scores | None:
    rows = shop.compute.relation("select * from scores where customer_id = $id", {"id": customer_id}).to_pylist()
    if not rows:
        return None
    row = rows[0]
    names = ("p_alive", "value_low_e4", "value_high_e4", "orders_365d", "next_from_day", "next_to_day")
    return Scores(
        value_e4=row["value_365d_e4"],
        p_buy_30d=row["p_buy_30d"],
        p_buy_90d=row["p_buy_90d"],
        **{name: row[name] for name in names},
    )


def _history(shop: Shop, customer_id: int, lines: list[dict[str, Any]]) -> tuple[Order, ...]:
    by_order: dict[int, list[OrderLine]] = defaultdict(list)
    for row in lines:
        by_order[row["order_id"]].append(OrderLine(**{name: row[name] for name in OrderLine.__dataclass_fields__}))
    found = shop.compute.relation(
        "select * from orders where customer_id = $id order by ts_us desc, order_id limit $most",
        {"id": customer_id, "most": MOST},
    ).to_pylist()
    return tuple(
        Order(
            ref=row["order_ref"],
            is_order=row["is_order"] == 1,
            lines=tuple(by_order[row["order_id"]]),
            **{name: row[name] for name in ("doc", "ts_us", "day", "undone_day", "gross_e4", "returned_e4", "net_e4")},
        )
        for row in found
    )


def _events(shop: Shop, customer_id: int) -> tuple[Event, ...]:
    found = shop.compute.relation(
        """select e.kind, e.ts_us, e.day, coalesce(p.name, p.product_ref) as product, e.text
           from events e left join products p on p.product_id = e.product_id
           where e.customer_id = $id order by e.ts_us desc, e.event_id limit $most""",
        {"id": customer_id, "most": MOST},
    ).to_pylist()
    return tuple(Event(**row) for row in found)


def _top(lines: list[dict[str, Any]], by: str, most: int = 5) -> tuple[Share, ...]:
    net: dict[str, int] = defaultdict(int)
    units: dict[str, int] = defaultdict(int)
    for row in lines:
        if row[by] and row["is_product"] == 1 and row["kind"] in ("sale", "return", "cancel"):
            net[row[by]] += row["amount_e4"]
            units[row[by]] += row["quantity_e4"]
    first = sorted(net, key=lambda name: (-net[name], name))[:most]
    return tuple(Share(name=name, net_e4=net[name], units_e4=units[name]) for name in first)
