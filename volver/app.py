"""The one place that wires the rooms: opening a shop whole, refreshing what is derived, the Python front."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver import collect, know, predict
from volver.core import Answer, clock
from volver.core.room import Job, Projection, found
from volver.store import (
    Check,
    Jobs,
    NoSuchProjection,
    Runner,
    Shop,
    UnknownWork,
    Work,
    check_shop,
    keep,
    key_of,
    open_shop,
    replay,
)

if TYPE_CHECKING:
    from starlette.applications import Starlette

_ROOMS = ("store", "collect", "know", "predict")  # in the order that data flows
_FIRST, _FIT = "know.refresh", "predict.fit"


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

    The same work as the jobs do, in the same order, at once and here. A shop with too little history gets no scores;
    `why_not` says what is missing.
    """
    work = Work(shop=shop, payload={"at": at.isoformat()} if at else {"anew": True})
    told: dict[str, dict[str, Any]] = {}
    cpu_s: dict[str, float] = {}
    for job in _in_order(_FIRST):
        began = clock.cpu_s()
        told[job.name] = found(job.where)(work)
        cpu_s[job.name] = clock.cpu_s() - began
    keep(shop)
    known, fitted = told[_FIRST], told[_FIT]
    return Refreshed(
        customers=known["customers"],
        orders=known["orders"],
        fitted=fitted["fitted"],
        why_not=fitted["why_not"],
        know_cpu_s=cpu_s[_FIRST],
        predict_cpu_s=sum(cpu_s.values()) - cpu_s[_FIRST],
    )


def jobs() -> tuple[Job, ...]:
    """The work of every room."""
    return tuple(each for room in _ROOMS for each in getattr(import_module(f"volver.{room}.room"), "JOBS", ()))


def projections() -> tuple[Projection, ...]:
    """The readers of the log of every room."""
    listed = (getattr(import_module(f"volver.{room}.room"), "PROJECTIONS", ()) for room in _ROOMS)
    return tuple(each for some in listed for each in some)


def runner(shop: Shop, threads: int = 2) -> Runner:
    """A runner that knows the work of every room."""
    return Runner(shop, jobs(), projections(), threads=threads)


def start_job(shop: Shop, name: str, payload: Mapping[str, Any] | None = None) -> int:
    """Write work down as due now, unless the same waits already; its id. Raises `store.unknown_work`."""
    known = {each.name: each for each in jobs()}
    if name not in known:
        raise UnknownWork(name=name)
    return Jobs(shop.state).put(known[name], payload, unique=key_of(known[name], payload or {}))


def replay_log(shop: Shop, name: str | None = None) -> dict[str, int]:
    """Let one projection, or each, take the log again from its first entry; how many entries each took.

    Raises `store.no_such_projection`.
    """
    known = {each.name: each for each in projections()}
    if name is not None and name not in known:
        raise NoSuchProjection(name=name, known=", ".join(known))
    wanted = known.values() if name is None else [known[name]]
    return {each.name: replay(shop, each, [job for job in jobs() if job.after == each.name]) for each in wanted}


def _in_order(name: str) -> Iterator[Job]:
    """A job, and what comes after it, as data flows."""
    for job in jobs():
        if job.name == name:
            yield job
    for job in jobs():
        if job.after == name:
            yield from _in_order(job.name)


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
