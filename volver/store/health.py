"""Is a shop's store healthy? Each check looks at one thing and says what it found."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from volver.core import VolverError, Words, clock, day_of, zone_named
from volver.store.disk import open_to_others
from volver.store.parts import faults
from volver.store.settings import StoreSettings
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop

NEARLY_MB = 2_000  # above this there is time to do something about it
CLOCK_S = 300  # clocks of machines that work on one shop may differ by less
SANE_YEARS = range(2024, 2100)
OFTEN = 3  # attempts that never came to an end: work that takes its runner with it
SPARE_MB = 512  # below this a refresh may fail half way; nothing is lost, but nothing new is kept either
LATE_S = 900  # work that is due for longer has nobody who does it
_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one look found; `hint` says what to do when it is not `ok`."""

    name: str
    ok: bool
    says: Words
    hint: str = ""


def check_shop(shop: "Shop") -> tuple[Check, ...]:
    """Look at log, state, lake, people, disk, memory, who may read the folder, the spill folder and the time zones."""
    return tuple(
        check
        for name, look in (
            ("log", _log),
            ("state", _state),
            ("lake", _lake),
            ("parts", _parts),
            ("jobs", _jobs),
            ("projections", _projections),
            ("people", _people),
            ("disk", _disk),
            ("clock", _clock),
            ("memory", _memory),
            ("private", _private),
            ("leftovers", _leftovers),
            ("time zone", _zone),
        )
        for check in answered(name, look, shop)
    )


def answered(name: str, look: "Callable[[Shop], Check | tuple[Check, ...]]", shop: "Shop") -> tuple[Check, ...]:
    """What a look found; a look that breaks is a check that failed."""
    import sqlite3

    import duckdb
    from sqlalchemy.exc import SQLAlchemyError

    try:
        found = look(shop)
    except VolverError as problem:
        says = Words("{problem}", {"problem": str(problem)})
        found = Check(name=name, ok=False, says=says, hint=problem.advice)
    except (OSError, ValueError, sqlite3.Error, duckdb.Error, SQLAlchemyError) as problem:
        says = Words("Cannot be read ({problem}).", {"problem": type(problem).__name__})
        found = Check(name=name, ok=False, says=says, hint="Restore this part of the shop from a backup.")
    return found if isinstance(found, tuple) else (found,)


def _log(shop: "Shop") -> Check:
    found = shop.log.damage()
    if found:
        hint = "Restore log.db from a backup."
        return Check(name="log", ok=False, says=Words("The log's file is damaged."), hint=hint)
    return Check(name="log", ok=True, says=Words("{n} entries, the last is {last}.", _counts(shop)))


def _private(shop: "Shop") -> Check:
    if open_to_others(shop.path):
        says = Words("Others on this machine may read the shop's folder, with its customers and its password hashes.")
        return Check(name="private", ok=False, says=says, hint="Close it: chmod 700 on the shop's folder.")
    return Check(name="private", ok=True, says=Words("Only who owns the shop's folder may read it."))


def _counts(shop: "Shop") -> dict[str, int]:
    return {"n": shop.log.count(), "last": shop.log.last()}


def _state(shop: "Shop") -> Check:
    from volver.store.state import head

    version, newest = shop.state.version(), head()
    says = Words("Migration {version} of {newest}.", {"version": version or "0000", "newest": newest})
    hint = "Open the shop with this Volver once, with no other running, to migrate it."
    return Check(name="state", ok=version == newest, says=says, hint="" if version == newest else hint)


def _lake(shop: "Shop") -> Check:
    lost, files, rows = [], 0, 0
    for table in TABLES:
        snapshot = shop.lake.snapshot(table)
        files, rows = files + len(snapshot.files), rows + snapshot.rows
        lost += [table for each in snapshot.files if not Path(each).is_file()]
    if lost:
        says = Words("{n} files are missing from {tables}.", {"n": len(lost), "tables": ", ".join(sorted(set(lost)))})
        return Check(name="lake", ok=False, says=says, hint="Restore the lake folder from a backup, or import again.")
    return Check(name="lake", ok=True, says=Words("{rows} rows in {files} files.", {"rows": rows, "files": files}))


def _parts(shop: "Shop") -> Check:
    """Whether log, state and lake belong together, to the last entry."""
    found = faults(shop)
    if found:
        says = Words("{problem}", {"problem": " ".join(str(each) for each in found)})
        return Check(name="parts", ok=False, says=says, hint=found[0].advice)
    most = max([0, *(max(shop.lake.offset(table), shop.lake.offset(table, "stream")) for table in TABLES)])
    says = Words("The lake holds the log up to {reached} of {last}.", {"reached": most, "last": shop.log.last()})
    return Check(name="parts", ok=True, says=says)


def _jobs(shop: "Shop") -> Check:
    from volver.store.jobs import Jobs

    counts = Jobs(shop.state).counts()
    facts = {"waiting": counts.waiting, "running": counts.running, "failed": counts.failed}
    says, hint = Words("{waiting} wait, {running} run, {failed} failed.", facts), ""
    if counts.stuck:
        says = Words("{n} run beyond their lease: their runner died.", {"n": counts.stuck})
        hint = "Start `volver work` or `volver serve`; a runner takes them over."
    elif often := shop.state.quick_read(_OFTEN, most=OFTEN):
        name, times = often[0]
        says = Words("{name} was begun {n} times and never came to an end.", {"name": str(name), "n": int(times)})
        hint = "See `volver jobs list`, and the runner's log for memory or a crash; cancel it if it cannot succeed."
    elif counts.late_s > LATE_S:
        says = Words("The first has been due for {n} minutes: nobody works.", {"n": round(counts.late_s / 60)})
        hint = "Start `volver work` or `volver serve`."
    elif counts.failed:
        hint = "See why with `volver jobs list --status failed`; then retry or cancel them."
    return Check(name="jobs", ok=not hint, says=says, hint=hint)


_OFTEN: Final = """
select name, attempts from jobs where status in ('waiting', 'running') and attempts >= :most
order by attempts desc limit 1
"""


def _projections(shop: "Shop") -> Check:
    from volver.store.checkpoints import lags

    behind = max(lags(shop), key=lambda each: (bool(each.problem), each.seconds), default=None)
    if behind is None or not (behind.problem or behind.seconds > LATE_S):
        return Check(name="projections", ok=True, says=Words("All have read the log."))
    facts = {"name": behind.projection, "n": behind.entries, "minutes": round(behind.seconds / 60)}
    says = Words("{name} is {n} entries and {minutes} minutes behind the log.", facts)
    hint = "Start `volver work` or `volver serve`."
    if behind.problem:
        hint = f"It stumbled over {behind.problem}: mend that, and it goes on by itself."
    return Check(name="projections", ok=False, says=says, hint=hint)


def _people(shop: "Shop") -> Check:
    from volver.store import canonical, merging, people

    lake = shop.compute.relation("select coalesce(max(customer_id), 0) as n from customers_as_written")["n"][0].as_py()
    with shop.state.read() as rows:
        newest, changes = people.newest(rows), merging.changes(rows)
    told = canonical.published(shop)
    if shop.log.last() and (newest < lake or changes < told):  # every import is an entry of the log
        says = Words(
            "The state knows customers up to {newest} and {changes} changes of merges, the lake {lake} and {told}.",
            {"newest": newest, "changes": changes, "lake": lake, "told": told},
        )
        hint = "state.db was replaced by an older one: restore the newest."
        return Check(name="people", ok=False, says=says, hint=hint)
    says = Words("Customers up to {newest} are known, with {n} changes of merges.", {"newest": newest, "n": changes})
    hint = "" if told == changes else "The next refresh brings the merges into the lake."
    return Check(name="people", ok=told == changes, says=says, hint=hint)


def _disk(shop: "Shop") -> Check:
    places = {each for each in (shop.path, shop.lake.folder) if each.exists()}
    return disk_check(min(shutil.disk_usage(each).free for each in places) // _MB)


def disk_check(free_mb: int) -> Check:
    """What so much free space means for a shop."""
    says = Words("{free} MB are free.", {"free": free_mb})
    hint = "Free disk space; until then nothing may be kept that arrives." if free_mb < SPARE_MB else ""
    if not hint and free_mb < NEARLY_MB:
        hint = "The disk is nearly full: free space soon. A refresh writes its tables beside the old ones."
    return Check(name="disk", ok=free_mb >= SPARE_MB, says=says, hint=hint)


def _clock(shop: "Shop") -> Check:
    now_us = clock.real_us()
    if day_of(now_us, "UTC").year not in SANE_YEARS:
        says = Words("The machine's clock says {day}.", {"day": day_of(now_us, "UTC")})
        return Check(name="clock", ok=False, says=says, hint=_SET_CLOCK)
    last = shop.log.last()
    newest_us = max([0, *(each.received_us for each in shop.log.read(last - 1, 1))])
    newest_us = max([newest_us, *(int(row[0] or 0) for row in shop.state.quick_read(_TOLD_US))])
    late_s = (newest_us - now_us) / 1e6
    if late_s > CLOCK_S:
        says = Words("The machine's clock is {n} minutes behind what the shop wrote last.", {"n": round(late_s / 60)})
        return Check(name="clock", ok=False, says=says, hint=_SET_CLOCK)
    return Check(name="clock", ok=True, says=Words("It is not behind what the shop wrote last."))


_SET_CLOCK: Final = "Set the machine's clock, by NTP best: days, leases and sessions go by it."
_TOLD_US: Final = """
select max(created_us) from batches union all select max(created_us) from jobs union all select max(moved_us)
from checkpoints
"""


def _memory(shop: "Shop") -> Check:
    limit, there = shop.settings.of(StoreSettings).memory_limit_mb, machine_mb()
    if there is None:
        return Check(name="memory", ok=True, says=Words("Queries may use {limit} MB.", {"limit": limit}))
    says = Words("Queries may use {limit} MB of {there}.", {"limit": limit, "there": there})
    fits = limit <= there
    return Check(
        name="memory", ok=fits, says=says, hint="" if fits else "Set memory_limit_mb below the machine's memory."
    )


def _leftovers(shop: "Shop") -> Check:
    from volver.store.tables import TABLES
    from volver.store.upkeep import leftovers

    found = [each for table in TABLES if shop.lake.path(table).exists() for each in leftovers(shop.lake, table)]
    size = sum(each.stat().st_size for each in found) // _MB
    says = Words(
        "{n} files that nothing needs, {size} MB; the next refresh removes them.", {"n": len(found), "size": size}
    )
    return Check(name="leftovers", ok=True, says=says)


def _zone(shop: "Shop") -> Check:
    zone_named(shop.settings.timezone)
    return Check(name="time zone", ok=True, says=Words("Days begin in {zone}.", {"zone": shop.settings.timezone}))


def machine_mb() -> int | None:
    """The machine's memory, or what its control group allows; None where it cannot be known."""
    import os

    found = []
    try:
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):
        pass
    return min(found) // _MB if found else None
