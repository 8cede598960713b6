"""Whether a file adds up: over the whole of it, what its orders state against what their lines come to."""

from decimal import Decimal
from typing import TYPE_CHECKING

from volver.collect.reading.money import FileMoney
from volver.collect.reading.money.roles import BESIDE
from volver.collect.reading.plans import Plan
from volver.collect.reading.rows import Frame, valued_sql
from volver.core import Words, decimal_text

if TYPE_CHECKING:
    import duckdb

_NAMED = 10
_SIGNS = {"gift_card": "-", "refunded": "-"}
_OUTSIDE = {
    "shipping": "Shipping of {money} {currency} stands beside the goods and is no revenue.",
    "tax": "Tax of {money} {currency} stands beside the goods and is no revenue.",
    "fee": "Fees of {money} {currency} stand beside the goods and are no revenue.",
    "tip": "Tips of {money} {currency} stand beside the goods and are no revenue.",
    "gift_card": "{money} {currency} were paid by gift card: a way to pay, no discount.",
}


def file_money(plan: Plan, frame: Frame, connection: "duckdb.DuckDBPyConnection") -> FileMoney:
    """What the money of an order file means and how far it adds up; nothing is read again where nothing is stated."""
    money = plan.found.money
    beside = [field for field in BESIDE if plan.columns(field)]
    checked = met = 0
    unmet: tuple[str, ...] = ()
    sums = dict.fromkeys(beside, 0)
    if beside or money.target:
        sums, checked, met, unmet = _count(plan, frame, connection, beside)
    says = [*_told(money.target, checked, met)]
    if money.lines != "order":
        stated = [(field, decimal_text(sums[field])) for field in beside if sums[field]]
        says += [Words(_OUTSIDE[field], {"money": text, "currency": frame.currency}) for field, text in stated]
    return FileMoney(
        lines=money.lines,
        taxed=money.taxed,
        says=tuple(says),
        beside={field: decimal_text(sums[field]) for field in beside},
        checked=checked,
        met=met,
        unmet=unmet,
        reading=_reading(plan),
    )


def _told(target: str | None, checked: int, met: int) -> list[Words]:
    if not target or not checked:
        return []
    facts = {"met": met, "checked": checked, "column": target}
    if met == checked:
        return [Words("The lines come to {column} for all {checked} orders.", facts)]
    return [Words("The lines come to {column} for {met} of {checked} orders.", facts)]


def _reading(plan: Plan) -> dict[str, str]:
    """What was decided, by name, for people who want to see it."""
    money = plan.found.money
    found: dict[str, str] = {"lines": money.lines}
    if plan.columns("discount"):
        found["discount"] = money.discount
    if plan.columns("order_discount"):
        found["order_discount"] = "order"
    if money.taxed is not None:
        found["tax"] = "with" if money.taxed else "without"
    if money.target:
        found["target"] = money.target
    return found


def _count(
    plan: Plan, frame: Frame, connection: "duckdb.DuckDBPyConnection", beside: list[str]
) -> tuple[dict[str, int], int, int, tuple[str, ...]]:
    """The sums of what stands beside the goods, and how many orders meet what they state."""
    money = plan.found.money
    each = {field: _of_order(plan, field) for field in beside}
    if "refunded" in money.terms and plan.columns("refunded"):
        each["refunded"] = f"abs({_of_order(plan, 'refunded')})"
    target = "max(cast(round(order_total_n * 10000) AS BIGINT))" if money.target else "cast(NULL AS BIGINT)"
    columns = "".join(f", {sql} AS {field}" for field, sql in each.items())
    # What stands first counts: a target that is the order's is stated once, or the same on each line.
    orders = (
        f"SELECT order_id, sum(amount_e4) AS net, count(*) AS n, {target} AS target{columns} "
        f"FROM ({valued_sql(plan, frame)}) WHERE fault IS NULL "
        "GROUP BY order_id, CASE WHEN order_id IS NULL THEN row_no END"
    )
    terms = "".join(f" {_SIGNS.get(field, '+')} coalesce({field}, 0)" for field in sorted(money.terms) if field in each)
    met = f"abs(target - (net{terms})) <= 101 + 50 * (n - 1)"
    row = connection.execute(
        f"SELECT count(target), count(*) FILTER ({met}), "
        f"list(order_id ORDER BY order_id) FILTER (target IS NOT NULL AND NOT coalesce({met}, false))[1:{_NAMED}]"
        f"{''.join(f', coalesce(sum({field}), 0)' for field in beside)} FROM ({orders})"
    ).fetchall()[0]
    sums = {field: int(Decimal(str(row[3 + n]))) for n, field in enumerate(beside)}
    return sums, int(row[0]), int(row[1]), tuple(str(ref) for ref in row[2] or ())


def _of_order(plan: Plan, field: str) -> str:
    """SQL of an order's money in ten-thousandths, within its group."""
    own = f"coalesce(cast(round({field}_n * 10000) AS BIGINT), 0)"
    if field not in plan.found.money.of_order:
        return f"sum({own})"
    return f"coalesce(arg_max({own}, abs({own})), 0)"
