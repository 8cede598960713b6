"""Keeping the lake small and quick: many small files become one sorted file, files nobody needs go.

Neither changes an answer. A reader that opened a table before keeps reading the old files until they are tidied away,
which waits longer than any query runs.
"""

import shutil
import uuid
from collections import defaultdict
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from volver.core import VolverError, Words, clock
from volver.store.compute import Compute, view_sql
from volver.store.delta_log import commits_since_checkpoint
from volver.store.disk import is_sound
from volver.store.jobs import Jobs
from volver.store.lake import Lake, NewFile
from volver.store.point_backup import BACKUP
from volver.store.tables import RETIRED, TABLES

if TYPE_CHECKING:
    from volver.store.shop import Shop
    from volver.store.worker import Work

MANY_ALIKE = 3  # beyond this, files of like size in a partition are joined
GROWTH = 4.0  # a file so many times larger than all smaller ones is not written again for their sake
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


class DamagedFile(VolverError):
    """A file of the lake does not hold what was written to it."""

    code = "store.damaged_file"
    says = "A file of the lake's {table} was changed since it was written; nothing is made from it."
    hint = "Ask `volver doctor --deep` which; take it, or the whole shop, from a backup."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What upkeep did to the lake."""

    compacted: int
    removed: int


def keep(shop: "Shop", unseen_minutes: float = UNSEEN_MINUTES) -> Kept:
    """Compact the tables that have grown many small files, thin their logs, then remove files that nobody needs."""
    compacted, removed = 0, 0
    for table in TABLES:
        if shop.lake.version(table) < 0:
            continue
        if TABLES[table].partition or TABLES[table].from_log:  # others are made anew, in one file
            compacted += compact(shop, table, many=MANY_ALIKE, growth=GROWTH)
        if commits_since_checkpoint(shop.lake.path(table)) > MANY_COMMITS or shop.lake.bucket is not None:
            shop.lake.thin(table)
        removed += len(tidy(shop, table, unseen_minutes))
    return Kept(compacted=compacted, removed=removed + _retire(shop.lake))


def upkeep(work: "Work") -> dict[str, int]:
    """The job that keeps the lake small."""
    work.progress(0.0, Words("Tidying the lake"))
    done = keep(work.shop)
    return {"compacted": done.compacted, "removed": done.removed}


def retention(work: "Work") -> dict[str, int]:
    """The job that forgets what nobody will look at: work that ended long ago."""
    now = clock.real_us()
    return {"jobs": Jobs(work.shop.state).forget(now - JOBS_KEPT_DAYS * DAY_US, now - FAILED_KEPT_DAYS * DAY_US)}


def compact(shop: "Shop", table: str, many: int = 1, growth: float = inf) -> int:
    """Make one file, sorted, of every partition with more than `many`; the number of files that were replaced.

    With `growth`, only files of like size are joined: one that is so many times larger than all smaller ones together
    begins a group of its own. So each row is written again as often as the logarithm of the rows. Others commit
    while the new files are written; if one of them replaced the table, nothing is changed. Raises
    `store.compaction_lost`.
    """
    snapshot = shop.lake.snapshot(table)
    partitions: dict[Path, list[tuple[int, str]]] = defaultdict(list)
    for each, size in zip(snapshot.files, snapshot.sizes, strict=True):
        partitions[Path(each).parent].append((size, each))
    groups = [(folder, group) for folder, files in partitions.items() for group in _alike(files, growth)]
    crowded = [(folder, group) for folder, group in groups if len(group) > many]
    if not crowded:
        return 0
    new = [_merged(shop.lake, shop.compute, table, folder, group) for folder, group in crowded]
    old = [each for _, group in crowded for each in group]
    shop.lake.settle(table, new)
    with shop.lake.writing():
        before = shop.lake.snapshot(table)
        if not set(old) <= set(before.files):
            return 0  # the new files are leftovers
        shop.lake.swap(table, new, old)
        _check_rows(shop.lake, table, before.rows)
    return len(old)


def _alike(files: list[tuple[int, str]], growth: float) -> list[list[str]]:
    """The files in groups by size: one `growth` times as large as all before it in its group opens the next."""
    groups: list[list[str]] = []
    together = 0
    for size, each in sorted(files):
        if not groups or size > growth * together:
            groups.append([])
            together = 0
        groups[-1].append(each)
        together += size
    return groups


def tidy(shop: "Shop", table: str, unseen_minutes: float = UNSEEN_MINUTES) -> list[str]:
    """Remove a table's files that no version of the last minutes names: replaced, or left by a crash.

    None while a backup copies: it names files that may be replaced meanwhile.
    """
    if shop.lake.alone(BACKUP).is_held():
        return []
    with shop.lake.writing():
        gone = leftovers(shop.lake, table, unseen_minutes)
        for each in gone:
            each.unlink(missing_ok=True)
        if shop.lake.bucket is not None and shop.lake.version(table) >= 0:
            hours = max(1, round(unseen_minutes / 60))
            shop.lake.opened(table).vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True)
    return [each.name for each in gone]


def leftovers(lake: Lake, table: str, unseen_minutes: float = UNSEEN_MINUTES) -> list[Path]:
    """A table's data files that its newest version does not hold, and none of the last minutes held.

    A file's time is when it was written or left the table, whichever came later.
    """
    folder = lake.path(table)
    since_s = clock.now_us() / 1_000_000 - unseen_minutes * 60
    needed = {Path(each) for each in lake.snapshot(table).files}
    return [
        each
        for each in sorted(folder.rglob("*.parquet"))
        if "_delta_log" not in each.parts and each not in needed and each.stat().st_mtime < since_s
    ]


def _retire(lake: Lake) -> int:
    """Remove the folders of tables that older releases derived; how many files they held."""
    removed = 0
    for folder in (lake.folder / name for name in RETIRED if (lake.folder / name).is_dir()):
        with lake.writing():
            removed += sum(1 for _ in folder.rglob("*.parquet"))
            shutil.rmtree(folder, ignore_errors=True)
    return removed


def _merged(lake: Lake, compute: Compute, table: str, folder: Path, files: list[str]) -> NewFile:
    declared = TABLES[table]
    if not all(is_sound(Path(each)) for each in files):
        raise DamagedFile(table=table)  # a file made of it would look whole
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
