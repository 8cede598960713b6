"""The derived tables as of a day: the lake's own for the present, temporary ones for any other day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from volver.core import Settings
from volver.know.order_days import update_order_days
from volver.know.settings import KnowSettings
from volver.store import TABLES, Shop, named

if TYPE_CHECKING:
    import duckdb

NEVER = date(1970, 1, 1)  # as of this day nothing has happened yet
QUIET_GAP_DAYS = 90.0  # where nobody has ever come back, a quarter is a long time
_FLAT = 9_000_000_000_000_000  # a threshold that nobody reaches


class AsOf:
    """A connection on which `orders`, `thresholds` and `facts` are as of one day; `is_past`: not as last refreshed."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", settings: Settings, at: date | None) -> None:
        self.connection = connection
        self.settings = settings
        self.at = at
        self.is_past = False

    def rows(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """Run a named query here."""
        wanted = named(name)
        return self.sql(wanted.sql, wanted.bound(params))

    def sql(self, text: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run SQL here; each row as a dict."""
        found = self.connection.execute(text, params or {})
        names = [each[0] for each in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def usual(self) -> dict[str, Any]:
        """What is usual in the shop: the row of `thresholds`; all None before the first refresh."""
        found = self.sql("select * from thresholds")
        return found[0] if found else dict.fromkeys(TABLES["thresholds"].columns)

    def arrow(self, name: str, **params: Any) -> Any:
        """Run a named query here; an Arrow table."""
        wanted = named(name)
        return self.connection.sql(wanted.sql, params=wanted.bound(params)).to_arrow_table()


@contextmanager
def as_of(shop: Shop, at: date | None = None) -> Iterator[AsOf]:
    """The shop as of `at` (None: as of its last refresh). On any other day than that there are no scores."""
    if at is not None:
        update_order_days(shop)
    connection = shop.compute.connection()
    try:
        built = _built_day(connection)
        here = AsOf(connection, shop.settings, at or built)
        if at is not None and at != built:
            here.is_past = True
            _rebuild(here, at)
        yield here
    finally:
        connection.close()


def ledger_params(settings: Settings, at: date) -> dict[str, Any]:
    """The parameters of `orders.sql` and of `days.sql`."""
    return {"as_of": at, "margin_rate": settings.of(KnowSettings).margin_rate}


def thresholds_params(settings: Settings, at: date) -> dict[str, Any]:
    """The parameters of `thresholds.sql`."""
    return {
        "as_of": at,
        "big_spender": settings.of(KnowSettings).big_spender_quantile,
        "high_aov": settings.of(KnowSettings).high_aov_quantile,
        "loyal": settings.of(KnowSettings).loyal_orders_quantile,
        "vip": settings.of(KnowSettings).vip_value_quantile,
    }


def facts_params(settings: Settings, at: date, usual: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `facts.sql` from the shop's thresholds."""

    def reached(name: str) -> int:
        found = usual[name]
        return _FLAT if found is None else int(found)

    return {
        "as_of": at,
        "gap_days": float(usual["gap_days"] or QUIET_GAP_DAYS),
        "second_days": new_days(settings, usual),
        "slipping": settings.of(KnowSettings).slipping_gaps,
        "sleeping": settings.of(KnowSettings).sleeping_gaps,
        "lost": settings.of(KnowSettings).lost_gaps,
        "big_net_e4": reached("big_net_e4"),
        "vip_net_e4": reached("vip_net_e4"),
        "high_aov_e4": reached("high_aov_e4"),
        "loyal_orders": reached("loyal_orders"),
        "discount_share": settings.of(KnowSettings).discount_share,
        "has_discounts": 1 if usual["discounted_orders"] else 0,
    }


def new_days(settings: Settings, usual: dict[str, Any]) -> float:
    """Days that a first-time buyer counts as new."""
    return float(settings.of(KnowSettings).new_days or usual["second_gap_days"] or usual["gap_days"] or QUIET_GAP_DAYS)


def _built_day(connection: "duckdb.DuckDBPyConnection") -> date | None:
    found = connection.execute("select max(as_of) from thresholds").fetchone()
    return found[0] if found and found[0] and found[0] > NEVER else None


def _rebuild(here: AsOf, at: date) -> None:
    def keep(name: str, **params: Any) -> None:
        wanted = named(name)
        here.connection.execute(f"create temp table {name} as {wanted.sql}", wanted.bound(params))

    here.connection.execute("create temp table scores as select * from scores limit 0")
    keep("orders", **ledger_params(here.settings, at))
    keep("thresholds", **thresholds_params(here.settings, at))
    usual = here.usual()
    # A customer's top product takes most of the time and nobody asks for that of the past: it stays empty.
    here.connection.execute("create temp table order_lines as select * from order_lines limit 0")
    keep("facts", **facts_params(here.settings, at, usual))
    here.connection.execute("drop table temp.order_lines")
