"""The one place that wires the rooms: opening a shop whole, refreshing what is derived, the Python front."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver import collect, know, predict
from volver.core import Answer, clock
from volver.store import Check, Shop, check_shop, keep, open_shop

if TYPE_CHECKING:
    from starlette.applications import Starlette


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: seconds are CPU of this process."""

    customers: int
    orders: int
    fitted: bool
    why_not: str
    know_cpu_s: float
    predict_cpu_s: float


def open_recovered(path: str | Path | None = None, flags: Mapping[str, Any] | None = None) -> Shop:
    """Open a shop and finish what a crash left between log and lake."""
    shop = open_shop(path, flags)
    collect.recover(shop)
    return shop


def refresh(shop: Shop, at: date | None = None) -> Refreshed:
    """Rebuild everything that follows from the ledger: orders, facts, stages, segments, scores; then tidy the lake.

    A shop with too little history gets no scores; `why_not` says what is missing.
    """
    began = clock.cpu_s()
    known = know.refresh(shop, at)
    between = clock.cpu_s()
    fitted, why_not = True, ""
    try:
        predict.fit(shop, at)
        predict.kept_levers(shop)
    except predict.TooLittleHistory as missing:
        fitted, why_not = False, str(missing)
    keep(shop)
    return Refreshed(
        customers=known.customers,
        orders=known.orders,
        fitted=fitted,
        why_not=why_not,
        know_cpu_s=between - began,
        predict_cpu_s=clock.cpu_s() - between,
    )


def examine(shop: Shop) -> tuple[Check, ...]:
    """Every health check of a shop."""
    return check_shop(shop)


def web(shop: Shop) -> "Starlette":
    """The whole web application of a shop."""
    from volver.server import create_app

    return create_app(shop)


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop as Python sees it. Every answer is frozen and reads as Arrow, pandas or polars."""

    shop: Shop

    def collect(self, frame: Any, **options: Any) -> "collect.ImportReport":
        """Import a frame (pandas, polars, Arrow, DuckDB) of order lines, and refresh."""
        report = collect.import_frame(self.shop, frame, **options)
        refresh(self.shop)
        return report

    def customers(self) -> Answer:
        """Every customer with facts and scores, one row each."""
        return know.table(self.shop)

    def kpi(self, by: str = "month") -> Answer:
        """Key figures by day, week or month."""
        return know.kpi(self.shop, by)

    def value(self, horizon: str = "365d") -> "predict.ValueReport":
        """What customers are expected to bring over a horizon."""
        return predict.value_report(self.shop, horizon)

    def value_of(self, customer: str, horizon: str = "365d") -> "predict.CustomerValue":
        """What one customer (a reference, e-mail or id) is expected to bring over a horizon, and why."""
        return predict.value_of_customer(self.shop, know.find_customer(self.shop, customer), horizon)

    def sql(self, text: str, **params: Any) -> Answer:
        """Run SQL over the lake's tables."""
        return Answer(self.shop.compute.relation(text, params))

    def close(self) -> None:
        """Let go of the files."""
        self.shop.close()

    def __enter__(self) -> "OpenShop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_for_python(path: str | Path | None) -> OpenShop:
    """The handle behind `volver.open`."""
    return OpenShop(open_recovered(path))
