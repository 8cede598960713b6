"""Reading everything that a shop holds, to find what a disk changed in silence: `volver doctor --deep`."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from volver.core import Words
from volver.store import delta_log
from volver.store.disk import is_sealed, is_sound
from volver.store.health import Check, answered
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop

_RESTORE: Final = "Take the whole shop from a backup with `volver restore`, or this part of it, if it is as new."
_ANEW: Final = "It is derived: `volver jobs start know.refresh --anew` and `volver predict fit` make it again."
_NAMED: Final = 3  # files that are named; the others are counted


def check_deep(shop: "Shop") -> tuple[Check, ...]:
    """Compare every entry of the log, page of the state and file of the lake with what was once written."""
    looks = (("log, entry by entry", _log), ("state, page by page", _state), ("lake, file by file", _lake))
    return tuple(check for name, look in looks for check in answered(name, look, shop))


def _log(shop: "Shop") -> Check:
    name = "log, entry by entry"
    found = shop.log.deep_damage()
    if found:
        says = Words("The log is not what was written to it: {problem}.", {"problem": found[:200]})
        return Check(name=name, ok=False, says=says, hint=_RESTORE)
    return Check(name=name, ok=True, says=Words("{n} entries are as they were written.", {"n": shop.log.count()}))


def _state(shop: "Shop") -> Check:
    name = "state, page by page"
    if not shop.state.is_sqlite:
        return Check(name=name, ok=True, says=Words("PostgreSQL looks after its own pages."))
    with closing(sqlite3.connect(shop.path / "state.db")) as state:
        try:
            found = str(state.execute("pragma integrity_check(1)").fetchone()[0])
            strays = state.execute("pragma foreign_key_check").fetchall()
        except sqlite3.DatabaseError as problem:
            found, strays = str(problem), []
    if found != "ok" or strays:
        why = found if found != "ok" else f"{len(strays)} rows name rows that are not there"
        says = Words("The state's file is damaged: {problem}.", {"problem": why[:200]})
        return Check(name=name, ok=False, says=says, hint=_RESTORE)
    return Check(name=name, ok=True, says=Words("Its pages and indexes fit together."))


def _lake(shop: "Shop") -> Check:
    name, sound, readable = "lake, file by file", 0, 0
    broken: list[str] = []
    for table in TABLES:
        if shop.lake.version(table) < 0:
            continue
        if shop.lake.bucket is None:
            broken += [f"{table}/_delta_log/{each}" for each in _broken_log(shop.lake.path(table))]
        for path in map(Path, shop.lake.snapshot(table).files):
            if not (is_sound(path) if is_sealed(path) else _is_readable(path)):
                broken.append(f"{table}/{path.relative_to(shop.lake.path(table))}")
            elif is_sealed(path):
                sound += 1
            else:
                readable += 1
    if broken:
        says = Words(
            "{n} files of the lake are not what was written: {files}.",
            {"n": len(broken), "files": ", ".join(broken[:_NAMED])},
        )
        is_derived = not any(TABLES[each.split("/")[0]].from_log for each in broken)
        return Check(name=name, ok=False, says=says, hint=_ANEW if is_derived else _RESTORE)
    says = Words(
        "{n} files are as they were written; {readable} of an older release can be read.",
        {"n": sound, "readable": readable},
    )
    return Check(name=name, ok=True, says=says)


def _broken_log(folder: Path) -> list[str]:
    """The files of a table's log that cannot be read."""
    from pyarrow import ArrowException, parquet

    broken = []
    for name in sorted(delta_log.log_names(folder)):
        try:
            if name.endswith(".json"):
                for line in (folder / "_delta_log" / name).read_text(encoding="utf-8").splitlines():
                    json.loads(line)
            elif name.endswith(".parquet"):
                parquet.read_table(folder / "_delta_log" / name)
        except (OSError, ValueError, ArrowException):
            broken.append(name)
    return broken


def _is_readable(path: Path) -> bool:
    from pyarrow import ArrowException, parquet

    try:
        for _ in parquet.ParquetFile(path).iter_batches():
            pass
    except (OSError, ArrowException):
        return False
    return True
