"""The one place that wires the rooms: opening a shop whole, refreshing what is derived, the Python front."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver import collect, know, predict
from volver.core import Answer, clock
from volver.store import Check, Shop, check_shop, keep, open_shop

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from volver.store import Progress, Renewal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: `renewed` names what was due, `waiting` what is due but costly.

    `fitted` says that customers have scores; `why_not` what is missing for them. Seconds are CPU of this process.
    """

    customers: int
    orders: int
    fitted: bool
    why_not: str
    renewed: tuple[str, ...]
    waiting: tuple[str, ...]
    know_cpu_s: float
    predict_cpu_s: float


def open_recovered(path: str | Path | None = None, flags: Mapping[str, Any] | None = None) -> Shop:
    """Open a shop and finish what a crash left between log and lake."""
    shop = open_shop(path, flags)
    collect.recover(shop)
    return shop


def renewals() -> "tuple[Renewal, ...]":
    """Everything that is derived, in the order in which data flows."""
    return (*know.RENEWALS, *predict.RENEWALS)


def declared_traits() -> "tuple[know.Trait, ...]":
    """The traits that the rooms declare."""
    return (*know.TRAITS, *predict.TRAITS)


def is_behind(shop: Shop) -> bool:
    """Whether a refresh has something to do, costly things aside."""
    return any(each.is_due(shop) for each in renewals() if not each.costly)


def refresh(shop: Shop, *, everything: bool = False, progress: "Progress | None" = None) -> Refreshed:
    """Renew everything derived that is due, in the order in which data flows; then tidy the lake.

    What is costly waits for `everything`. A shop with too little history gets no scores; `why_not` says what it lacks.
    """
    spent, renewed, waiting, why_not = {"know": 0.0, "predict": 0.0}, list[str](), list[str](), ""
    for room, ours in (("know", know.RENEWALS), ("predict", predict.RENEWALS)):
        for each in ours:
            if not each.is_due(shop):
                continue
            if each.costly and not everything:
                waiting.append(each.name)
                continue
            began = clock.cpu_s()
            try:
                each.run(shop, progress)
                renewed.append(each.name)
            except predict.TooLittleHistory as missing:
                why_not = why_not or str(missing)
            spent[room] += clock.cpu_s() - began
    keep(shop)
    return Refreshed(
        customers=shop.lake.snapshot("facts").rows,
        orders=know.orders_held(shop),
        fitted=not why_not,
        why_not=why_not,
        renewed=tuple(renewed),
        waiting=tuple(waiting),
        know_cpu_s=spent["know"],
        predict_cpu_s=spent["predict"],
    )


def examine(shop: Shop) -> tuple[Check, ...]:
    """Every health check of a shop."""
    return (*check_shop(shop), know.check_today(shop), know.check_fresh(shop, renewals()))


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

    def traits(self, customer: str) -> "tuple[know.TraitValue, ...]":
        """All that is known and foreseen of one customer, each value with its day, source and model."""
        return know.traits(self.shop, know.find_customer(self.shop, customer), declared_traits())

    def trait(self, name: str) -> Answer:
        """One trait of every customer who has it; columns as `know.trait_table` says."""
        return know.trait_table(self.shop, name, declared_traits())

    def kpi(self, by: str = "month") -> Answer:
        """Key figures by day, week or month."""
        return know.kpi(self.shop, by)

    def value(self, horizon: str = "365d") -> "predict.ValueReport":
        """What customers are expected to bring over a horizon."""
        return predict.value(self.shop, horizon)

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
