"""A shop on disk: `volver.toml`, `log.db`, `state.db`, `lake/`, `models/`, and the handle that opens them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import Section, Settings, VolverError, check_settings, load_settings, write_settings
from volver.store.bucket import lake_place
from volver.store.compute import Compute
from volver.store.disk import close_to_others, keep_private
from volver.store.lake import Lake
from volver.store.locks import Locks, locks_of
from volver.store.part_notes import adopt_log
from volver.store.settings import StoreSettings
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.log import EventLog
    from volver.store.state import State


class NotAShop(VolverError):
    """The directory holds no shop."""

    code = "store.not_a_shop"
    says = "There is no shop in {path}."
    hint = "Make one with `volver init {path}`, or name another with --shop or VOLVER_SHOP."
    status = 404


class ShopExists(VolverError):
    """The directory already holds something."""

    code = "store.shop_exists"
    says = "{path} already holds a shop."
    hint = "Choose another directory, or use the shop that is there with --shop."


@dataclass(frozen=True, slots=True)
class Shop:
    """An open shop. Its parts are safe to share between threads; `close` when done."""

    path: Path
    settings: Settings
    log: "EventLog"
    state: "State"
    lake: Lake
    compute: Compute
    locks: Locks

    def close(self) -> None:
        """Finish writing and let go of the files."""
        self.compute.close()
        self.log.close()
        self.state.close()

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create_shop(path: str | Path, **values: Any) -> Shop:
    """Make a shop with these settings (a room's as a mapping, `know={…}`) and open it. Raises `store.shop_exists`."""
    folder = Path(path)
    if (folder / "volver.toml").exists() or (folder / "state.db").exists():
        raise ShopExists(path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    keep_private(folder)
    chosen = {key: value for key, value in values.items() if value is not None}
    load_settings(folder, chosen).of(StoreSettings)
    for part in ("lake", "models"):
        (folder / part).mkdir(exist_ok=True)
    write_settings(folder, chosen)
    shop = open_shop(folder)
    keep_private(folder)
    adopt_log(shop.state, shop.log.identity)
    return shop


def open_shop(
    path: str | Path | None = None,
    flags: Mapping[str, Any] | None = None,
    sections: Sequence[type[Section]] | None = None,
) -> Shop:
    """Open the shop in a directory, `VOLVER_SHOP` or the current directory.

    Who knows every room names their `sections`: then a setting that belongs to none of them is refused. Raises
    `store.not_a_shop`, `core.unknown_setting`, `core.bad_setting`.
    """
    from volver.store.log import EventLog
    from volver.store.state import State, state_url

    folder = Path(path or os.environ.get("VOLVER_SHOP") or ".")
    if not (folder / "volver.toml").exists():
        raise NotAShop(path=folder)
    settings = load_settings(folder, flags)
    if sections is not None:
        check_settings(settings, sections)
    limits = settings.of(StoreSettings)
    state = State(state_url(limits.state.reveal(), folder / "state.db"))
    locks = locks_of(state, folder / "lake")
    lake = Lake(*lake_place(limits.lake.reveal(), folder / "lake"), locks)
    spill = Path(limits.spill_folder) if limits.spill_folder else folder / "spill"
    compute = Compute(
        lake,
        memory_limit_mb=limits.memory_limit_mb,
        threads=limits.threads,
        spill=spill,
        far=limits.compute.reveal(),
    )
    shop = Shop(
        path=folder,
        settings=settings,
        log=EventLog(folder / "log.db"),
        state=state,
        lake=lake,
        compute=compute,
        locks=locks,
    )
    lake.log_id = shop.log.identity
    if lake.version("months") < 0 and not _is_lost(shop):  # new, or cut short while it was made
        lake.replace("months", compute.write(_MONTHS, "months"))
    if shop.state.is_migrated:
        close_to_others(folder)
        from volver.store.people import catch_up

        catch_up(shop.state, shop.lake, shop.compute)
    return shop


def _is_lost(shop: Shop) -> bool:
    """Whether the lake is not where it should be: then nothing is made in its place."""
    return bool(shop.state.quick_read("select 1 from parts where name like 'lake:%' limit 1")) and not any(
        shop.lake.version(name) >= 0 for name, table in TABLES.items() if table.from_log
    )


_MONTHS = """
select strftime(first_day, '%Y-%m') as month, first_day, last_day(first_day) as last_day,
       year(first_day) * 12 + month(first_day) as month_no
from (select cast(unnest(generate_series(date '1990-01-01', date '2060-12-01', interval 1 month)) as date) as first_day)
"""
