"""Building a demo shop: beside its place first, so that what stands there is always whole."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import VolverError, clock, day_of

if TYPE_CHECKING:
    from volver.collect import ImportReport
    from volver.store import Shop

MARK = "demo.json"
_HISTORY_DAYS = 730
_NAMES = {"en": "Casa Volver (simulated)", "es": "Casa Volver (simulada)"}
JOURNEY, SIMULATION = "complete journey", "simulation"


class NotADemo(VolverError):
    """The place for the demo holds something else."""

    code = "cli.not_a_demo"
    says = "{path} is there already and is no demo shop."
    hint = "Choose another place with --path; nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which demo: `customers` None is Complete Journey, a number is a simulation of that size."""

    lang: str
    customers: int | None = None
    seed: int = 1
    last_day: date | None = None

    def mark(self) -> dict[str, Any]:
        """What tells one demo from another."""
        if self.customers is None:
            return {"source": JOURNEY}
        last_day = self.last_day.isoformat() if self.last_day else None
        return {"source": SIMULATION, "size": self.customers, "seed": self.seed, "until": last_day}


Tell = Callable[[str], None]


def standing(path: Path, wanted: Wanted) -> dict[str, Any] | None:
    """What is known of the demo that stands at `path`; None if there is none or another. Raises `cli.not_a_demo`."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return None
    if not (path / MARK).exists():
        raise NotADemo(path=path.name)
    known: dict[str, Any] = json.loads((path / MARK).read_text(encoding="utf-8"))
    return known if known["wanted"] == wanted.mark() else None


def build(path: Path, wanted: Wanted, truth: Path | None, tell: Tell) -> dict[str, Any]:
    """Build the demo and put it at `path`, instead of any demo that is there."""
    began = clock.cpu_s()
    beside = path.with_name(f".{path.name}.building")
    shutil.rmtree(beside, ignore_errors=True)
    beside.parent.mkdir(parents=True, exist_ok=True)
    try:
        told = _simulated(beside, wanted, truth, tell) if wanted.customers else _journey(beside, wanted, tell)
        told["cpu_s"] = round(clock.cpu_s() - began, 1)
        mark = json.dumps({"wanted": wanted.mark(), "told": told}, ensure_ascii=False, default=str)
        (beside / MARK).write_text(mark, encoding="utf-8")
        if path.exists():
            shutil.rmtree(path)
        beside.rename(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return told


def _journey(folder: Path, wanted: Wanted, tell: Tell) -> dict[str, Any]:
    from volver.collect import import_complete_journey
    from volver.store import create_shop

    settings = {"name": "Complete Journey", "currency": "USD", "timezone": "America/New_York", "lang": wanted.lang}
    tell("Importing a year of real grocery orders: 2,469 households, 1.47 million lines.")
    with create_shop(folder, **settings) as shop:
        report = import_complete_journey(shop)
        return _finish(shop, report, tell) | {"source": JOURNEY}


def _simulated(folder: Path, wanted: Wanted, truth: Path | None, tell: Tell) -> dict[str, Any]:
    from volver.collect import import_simulated, simulate_shop
    from volver.store import create_shop

    settings = {"name": _NAMES[wanted.lang], "currency": "EUR", "timezone": "Europe/Madrid", "lang": wanted.lang}
    last_day = wanted.last_day or day_of(clock.now_us(), "Europe/Madrid") - timedelta(days=1)
    first_day = last_day - timedelta(days=_HISTORY_DAYS - 1)
    with create_shop(folder, **settings) as shop:
        files = folder / "simulated"
        tell(f"Simulating {wanted.customers:,} customers (seed {wanted.seed}).")
        found = simulate_shop(wanted.customers or 0, wanted.seed, out_dir=files, first_day=first_day, last_day=last_day)
        tell(f"Importing {found.n_orders:,} orders and {found.n_events:,} events.")
        report = import_simulated(shop, found)
        if truth is not None:
            truth.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found.truth, truth)
        shutil.rmtree(files)
        return _finish(shop, report, tell) | {"source": SIMULATION, "seed": wanted.seed, "events": found.n_events}


def _finish(shop: "Shop", report: "ImportReport", tell: Tell) -> dict[str, Any]:
    from volver.app import refresh
    from volver.server import create_owner

    tell("Learning who comes back, what each will be worth, what they buy again.")
    done = refresh(shop)
    create_owner(shop)
    return {
        "customers": report.customers,
        "orders": done.orders,
        "lines": sum(report.lines[kind] for kind in ("sale", "return", "cancel", "shipping_or_fee")),
        "net": report.ledger_net,
        "currency": report.currency,
        "first_at": report.first_at,
        "last_at": report.last_at,
        "fitted": done.fitted,
        "why_not": done.why_not,
    }


def has_screen() -> bool:
    """Whether somebody sits here who would see a browser open."""
    import os

    shown = sys.platform in ("darwin", "win32") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return sys.stderr.isatty() and shown
