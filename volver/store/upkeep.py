"""Keeping the lake small and quick: many small files become one sorted file, files nobody needs go.

Neither changes an answer. A reader that opened a table before keeps reading the old files until they are tidied away,
which waits longer than any query runs.
"""

import json
import uuid
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import VolverError, Words, clock
from volver.store.compute import Compute, view_sql
from volver.store.jobs import Jobs
from volver.store.lake import Lake, NewFile
from volver.store.tables import TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop
    from volver.store.worker import Work

MANY_FILES = 8  # beyond this, opening the files of a partition costs more than reading them
MANY_COMMITS = 50  # beyond this, opening a table reads more log than a checkpoint holds
JOBS_KEPT_DAYS = 14  # long enough to see what a holiday did
FAILED_KEPT_DAYS = 90
DAY_US = 86_400_000_000
UNSEEN_MINUTES = 60  # longer than any query of ours runs


class CompactionLost(VolverError):
    """The compacted file does not hold the rows it should; nothing was changed."""

    code = "store.compaction_lost"
    says = "Compacting {table} gave {found} rows instead of {wanted}; nothing was changed."
    hint = "Run `volver doctor`; a file of the table may be damaged."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What upkeep did to the lake."""

    compacted: int
    removed: int


def keep(shop: "Shop", unseen_minutes: float = UNSEEN_MINUTES) -> Kept:
    """Compact the tables that have grown many small files, then remove files that nobody needs."""
    compacted, removed = 0, 0
    for table in TABLES:
        if shop.lake.snapshot(table).version < 0:
            continue
        if TABLES[table].partition:
            compacted += compact(shop, table, many=MANY_FILES)
        if _commits_since_checkpoint(shop.lake.path(table)) > MANY_COMMITS:
            shop.lake.checkpoint(table)
        removed += len(tidy(shop, table, unseen_minutes))
    return Kept(compacted=compacted, removed=removed)


def upkeep(work: "Work") -> dict[str, int]:
    """The job that keeps the lake small."""
    work.progress(0.0, Words("Tidying the lake"))
    done = keep(work.shop)
    return {"compacted": done.compacted, "removed": done.removed}


def retention(work: "Work") -> dict[str, int]:
    """The job that forgets what nobody will look at: work that ended long ago."""
    now = clock.real_us()
    return {"jobs": Jobs(work.shop.state).forget(now - JOBS_KEPT_DAYS * DAY_US, now - FAILED_KEPT_DAYS * DAY_US)}


def compact(shop: "Shop", table: str, many: int = 1) -> int:
    """Make one file, sorted, of every partition with more than `many`; the number of files that were replaced.

    Raises `store.compaction_lost`.
    """
    with shop.lake.writing():
        snapshot = shop.lake.snapshot(table)
        partitions: dict[Path, list[str]] = defaultdict(list)
        for each in snapshot.files:
            partitions[Path(each).parent].append(each)
        crowded = {folder: files for folder, files in partitions.items() if len(files) > many}
        if not crowded:
            return 0
        new = [_merged(shop.lake, shop.compute, table, folder, files) for folder, files in crowded.items()]
        old = [each for files in crowded.values() for each in files]
        shop.lake.swap(table, new, old)
        shop.lake.checkpoint(table)
        _check_rows(shop.lake, table, snapshot.rows)
    return len(old)


def tidy(shop: "Shop", table: str, unseen_minutes: float = UNSEEN_MINUTES) -> list[str]:
    """Remove a table's files that no version of the last minutes names: replaced, or left by a crash."""
    with shop.lake.writing():
        gone = leftovers(shop.lake, table, unseen_minutes)
        for each in gone:
            each.unlink(missing_ok=True)
    return [each.name for each in gone]


def leftovers(lake: Lake, table: str, unseen_minutes: float = UNSEEN_MINUTES) -> list[Path]:
    """A table's data files that neither its newest version nor any of the last minutes holds."""
    folder = lake.path(table)
    since_s = clock.now_us() / 1_000_000 - unseen_minutes * 60
    needed = {Path(each) for each in lake.snapshot(table).files} | _lately_removed(folder, since_s)
    return [
        each
        for each in sorted(folder.rglob("*.parquet"))
        if "_delta_log" not in each.parts and each not in needed and each.stat().st_mtime < since_s
    ]


def _merged(lake: Lake, compute: Compute, table: str, folder: Path, files: list[str]) -> NewFile:
    declared = TABLES[table]
    snapshot = lake.snapshot(table)
    some = type(snapshot)(
        version=snapshot.version,
        files=tuple(files),
        rows=0,
        columns=lake.columns_of(files),
        mixed=snapshot.mixed,
    )
    columns = ", ".join(name for name in declared.columns if name != declared.partition)
    select = f"select {columns} from ({view_sql(table, some)}) order by {declared.sort}"
    wanted = compute.relation(f"select count(*) as n from ({view_sql(table, some)})").column("n")[0].as_py()
    written = compute.copy(select, table, folder / f"{uuid.uuid4().hex}.parquet")
    if len(written) != 1 or written[0].rows != wanted:
        raise CompactionLost(table=table, found=sum(each.rows for each in written), wanted=wanted)
    parts = folder.relative_to(lake.path(table)).parts
    only = written[0]
    return NewFile(
        path=only.path,
        rows=only.rows,
        size=only.size,
        partition=dict(part.split("=", 1) for part in parts),
        stats=only.stats,
    )


def _check_rows(lake: Lake, table: str, wanted: int) -> None:
    found = lake.snapshot(table).rows
    if found != wanted:
        raise CompactionLost(table=table, found=found, wanted=wanted)


def _lately_removed(folder: Path, since_s: float) -> set[Path]:
    """Files that a commit since an instant took out of the table: a reader may still hold the version before."""
    found = set()
    for commit in (folder / "_delta_log").glob("*.json"):
        if commit.stat().st_mtime < since_s:
            continue
        for line in commit.read_text(encoding="utf-8").splitlines():
            removed: dict[str, Any] = json.loads(line).get("remove") or {}
            if removed:
                found.add(folder / str(removed["path"]))
    return found


def _commits_since_checkpoint(folder: Path) -> int:
    log = folder / "_delta_log"
    last = max((path.name[:20] for path in log.glob("*.checkpoint*.parquet")), default="")
    return sum(1 for path in log.glob("*.json") if path.name[:20] > last)
