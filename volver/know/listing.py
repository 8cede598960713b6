"""Lists of customers: search, filter, sort, pages that stay quick at a million."""

from functools import lru_cache
from typing import Any, Final

from volver.core import Answer, VolverError
from volver.know.answers import STAGES, CustomerRow, CustomersPage
from volver.know.segmenting import BITS
from volver.store import Shop

SORTS: Final = {
    "value": "value_365d_e4",
    "net": "net_e4",
    "orders": "orders",
    "last": "last_day",
    "alive": "p_alive",
    "name": "coalesce(name, customer_ref)",
}


class UnknownSort(VolverError):
    """Customers cannot be sorted by this."""

    code = "know.unknown_sort"
    says = "Customers cannot be sorted by {sort}."
    hint = "Sort by value, net, orders, last, alive or name."


class UnknownSegment(VolverError):
    """No stage or segment has this name."""

    code = "know.unknown_segment"
    says = "There is no stage or segment called {segment}."
    hint = "`volver know segments` lists them."


def customers(
    shop: Shop,
    *,
    search: str = "",
    stage: str | None = None,
    segment: str | None = None,
    sort: str = "value",
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> CustomersPage:
    """A page of the customers who ever ordered, as of the last refresh.

    `search` looks into name, e-mail and reference, without regard to case and accents. `segment` may name a stage.
    Raises `know.unknown_sort`, `know.unknown_segment`.
    """
    if sort not in SORTS:
        raise UnknownSort(sort=sort)
    where, params = _where(search, stage, segment)
    tables = "facts f"
    if sort in ("value", "alive"):
        tables += " left join scores s on s.customer_id = f.customer_id"
    if search or sort == "name":
        tables += " left join customers c on c.customer_id = f.customer_id"
    direction = "desc" if descending else "asc"
    # The sort reads two columns; everything else is fetched for the page's few customers only.
    ids = shop.compute.relation(
        f"""select f.customer_id from {tables} where {where}
            order by {SORTS[sort]} {direction} nulls last, f.customer_id limit $limit offset $offset""",
        params | {"limit": limit, "offset": offset},
    )
    chosen = [int(value) for value in ids.column(0).to_pylist()]
    versions = tuple(shop.lake.snapshot(name).version for name in ("facts", "customers"))
    total = _total(_Counter(shop), versions, where, tuple(sorted(params.items())), bool(search))
    return CustomersPage(total=total, rows=_rows(shop, chosen))


def table(shop: Shop) -> Answer:
    """Every customer with facts and scores, as of the last refresh, by customer id."""
    return Answer(
        shop.compute.relation(
            """select f.*, c.customer_ref, c.name, c.email, c.city, c.country, c.channel,
                      s.* exclude (customer_id)
               from facts f left join customers c on c.customer_id = f.customer_id
               left join scores s on s.customer_id = f.customer_id order by f.customer_id"""
        )
    )


def _where(search: str, stage: str | None, segment: str | None) -> tuple[str, dict[str, Any]]:
    parts, params = ["true"], dict[str, Any]()
    if segment in STAGES:
        stage, segment = segment, None
    if stage is not None:
        if stage not in STAGES:
            raise UnknownSegment(segment=stage)
        parts.append("f.stage = $stage")
        params["stage"] = stage
    if segment is not None:
        if segment not in BITS:
            raise UnknownSegment(segment=segment)
        parts.append("f.segments & $bit <> 0")
        params["bit"] = BITS[segment]
    if search.strip():
        told = ("name", "email", "customer_ref")
        parts.append("(" + " or ".join(f"contains(strip_accents(lower(c.{one})), $search)" for one in told) + ")")
        params["search"] = _plain(search)
    return " and ".join(parts), params


def _plain(text: str) -> str:
    import unicodedata

    parts = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(char for char in parts if not unicodedata.combining(char))


class _Counter:
    """Counts matches; equal for the same shop, so that counts are remembered."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Counter) and other.shop.path == self.shop.path

    def __hash__(self) -> int:
        return hash(self.shop.path)


@lru_cache(maxsize=256)
def _total(counter: _Counter, _versions: tuple[int, ...], where: str, params: tuple[Any, ...], searching: bool) -> int:
    join = " left join customers c on c.customer_id = f.customer_id" if searching else ""
    found = counter.shop.compute.relation(f"select count(*) as n from facts f{join} where {where}", dict(params))
    return int(found.to_pylist()[0]["n"])


def _rows(shop: Shop, ids: list[int]) -> tuple[CustomerRow, ...]:
    if not ids:
        return ()
    listed = ", ".join(str(one) for one in ids)
    found = shop.compute.relation(
        f"""select f.customer_id, coalesce(c.customer_ref, '') as ref, c.name, c.email, f.stage, f.orders, f.net_e4,
                   f.last_day, s.p_alive, s.value_365d_e4 as value_e4, s.value_low_e4, s.value_high_e4
            from (select * from facts where customer_id in ({listed})) f
            left join (select * from customers where customer_id in ({listed})) c on c.customer_id = f.customer_id
            left join (select * from scores where customer_id in ({listed})) s on s.customer_id = f.customer_id"""
    ).to_pylist()
    by_id = {row["customer_id"]: CustomerRow(**row) for row in found}
    return tuple(by_id[one] for one in ids)
