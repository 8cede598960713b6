"""Key figures by day, week or month."""

from datetime import date, timedelta
from typing import Literal, get_args

from volver.core import Answer, VolverError
from volver.store import Shop

By = Literal["day", "week", "month"]


class UnknownPeriod(VolverError):
    """Key figures are asked by something other than day, week or month."""

    code = "know.unknown_period"
    says = "Key figures come by day, week or month, not by {by}."
    hint = "Use --by day, --by week or --by month."


def kpi(shop: Shop, by: str = "month", start: date | None = None, end: date | None = None) -> Answer:
    """Key figures per period between two days (None: the whole ledger), oldest first, none left out.

    Columns: start, orders, net_e4, gross_e4, returned_e4, margin_e4, customers, new_customers, returning_customers,
    guest_orders, and the ratios aov_e4, repeat_rate, frequency, returns_rate (None where nothing is to be divided).
    All as of the last refresh; AOV is net revenue per order. Raises `know.unknown_period`.
    """
    import pyarrow as pa

    if by not in get_args(By):
        raise UnknownPeriod(by=by)
    rows = shop.compute.rows(
        "kpi",
        by=by,
        start_day=start or date(1970, 1, 1),
        end_day=end or date(2060, 12, 31),
    )
    known = {row["start"]: row for row in rows}
    if not known:
        return Answer(pa.Table.from_pylist([], schema=_schema()))
    filled = []
    day = min(known)
    while day <= max(known):
        row = dict.fromkeys(_COUNTS, 0) | known.get(day, {}) | {"start": day}
        filled.append(row | _ratios(row))
        day = _next(day, by)
    return Answer(pa.Table.from_pylist(filled, schema=_schema()))


_COUNTS = (
    "orders",
    "net_e4",
    "gross_e4",
    "returned_e4",
    "margin_e4",
    "customers",
    "new_customers",
    "returning_customers",
    "guest_orders",
)
_RATIOS = ("repeat_rate", "frequency", "returns_rate")


def _schema() -> object:
    import pyarrow as pa

    counts = [(name, pa.int64()) for name in (*_COUNTS, "aov_e4")]
    return pa.schema([("start", pa.date32()), *counts, *((name, pa.float64()) for name in _RATIOS)])


def _ratios(row: dict[str, int]) -> dict[str, float | int | None]:
    orders, customers, gross = row["orders"], row["customers"], row["gross_e4"]
    return {
        "aov_e4": round(row["net_e4"] / orders) if orders else None,
        "repeat_rate": row["returning_customers"] / customers if customers else None,
        "frequency": (orders - row["guest_orders"]) / customers if customers else None,
        "returns_rate": -row["returned_e4"] / gross if gross > 0 else None,
    }


def _next(day: date, by: str) -> date:
    if by == "month":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=1 if by == "day" else 7)
