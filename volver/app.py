"""The one place that knows every room: their list, opening a shop whole, refreshing, the web, the Python front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from volver import collect, know, predict, server, store
from volver.core import Room, Words, clock, found, sections

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette

    from volver.core import Answer, Setting
    from volver.store import Check, Shop

ROOMS: Final[tuple[Room, ...]] = (store.ROOM, server.ROOM, collect.ROOM, know.ROOM, predict.ROOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a refresh did: seconds are CPU of this process."""

    customers: int
    orders: int
    fitted: bool
    why_not: str
    know_cpu_s: float
    predict_cpu_s: float


def open_recovered(
    path: "str | Path | None" = None, flags: Mapping[str, Any] | None = None, rooms: Sequence[Room] = ROOMS
) -> "Shop":
    """Open a shop of these rooms and finish what a crash left between log and lake.

    Raises `store.not_a_shop`, `core.unknown_setting`, `core.bad_setting`.
    """
    from volver.core import bring_texts

    for room in rooms:
        if room.lake:
            store.bring_tables(found(room.lake))
        if room.texts:
            bring_texts("es", room.texts)
    shop = store.open_shop(path, flags, sections(rooms))
    collect.recover(shop)
    return shop


def refresh(shop: "Shop", at: date | None = None) -> Refreshed:
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
    store.keep(shop)
    return Refreshed(
        customers=known.customers,
        orders=known.orders,
        fitted=fitted,
        why_not=why_not,
        know_cpu_s=between - began,
        predict_cpu_s=clock.cpu_s() - between,
    )


def settings_of(shop: "Shop", rooms: Sequence[Room] = ROOMS) -> "tuple[Setting, ...]":
    """Every setting of a shop and its rooms, where it comes from, what it is for; secrets are not shown."""
    from volver.core import list_settings

    return list_settings(shop.settings, sections(rooms))


def examine(shop: "Shop", rooms: Sequence[Room] = ROOMS) -> "tuple[Check, ...]":
    """Every health check that the rooms bring, and whether each setting stands where it should."""
    looks = [(where.partition(":")[2], found(where)) for room in rooms for where in room.checks]
    return (*(check for name, look in looks for check in store.answered(name, look, shop)), _placed(shop, rooms))


def _placed(shop: "Shop", rooms: Sequence[Room]) -> "Check":
    old = [each for each in settings_of(shop, rooms) if each.hint]
    if not old:
        return store.Check(name="settings", ok=True, says=Words("Every setting stands in its section."))
    names = ", ".join(each.name.partition(".")[2] for each in old)
    says = Words("{n} settings stand without their section: {names}.", {"n": len(old), "names": names})
    return store.Check(name="settings", ok=True, says=says, hint=old[0].hint)


def web(shop: "Shop", hosts: Sequence[str] = (), rooms: Sequence[Room] = ROOMS) -> "Starlette":
    """The whole web application of a shop; it answers to these host names, by default to those of this machine."""
    from volver.server import LOOPBACK, create_app

    return create_app(shop, rooms, hosts or LOOPBACK)


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop as Python sees it. Every answer is frozen and reads as Arrow, pandas or polars."""

    shop: "Shop"

    def collect(self, frame: Any, **options: Any) -> "collect.ImportReport":
        """Import a frame (pandas, polars, Arrow, DuckDB) of order lines, and refresh."""
        report = collect.import_frame(self.shop, frame, **options)
        refresh(self.shop)
        return report

    def customers(self) -> "Answer":
        """Every customer with facts and scores, one row each."""
        return know.table(self.shop)

    def kpi(self, by: str = "month") -> "Answer":
        """Key figures by day, week or month."""
        return know.kpi(self.shop, by)

    def value(self, horizon: str = "365d") -> "predict.ValueReport":
        """What customers are expected to bring over a horizon."""
        return predict.value_report(self.shop, horizon)

    def value_of(self, customer: str, horizon: str = "365d") -> "predict.CustomerValue":
        """What one customer (a reference, e-mail or id) is expected to bring over a horizon, and why."""
        return predict.value_of_customer(self.shop, know.find_customer(self.shop, customer), horizon)

    def sql(self, text: str, **params: Any) -> "Answer":
        """Run SQL over the lake's tables."""
        from volver.core import Answer

        return Answer(self.shop.compute.relation(text, params))

    def close(self) -> None:
        """Let go of the files."""
        self.shop.close()

    def __enter__(self) -> "OpenShop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_for_python(path: "str | Path | None") -> OpenShop:
    """The handle behind `volver.open`."""
    return OpenShop(open_recovered(path))
