"""Imports whose rows the lake has lost: they are given up, so that their files can be imported again.

A lake that was put back from an older copy, or lost, lacks the rows of later imports. The log names those imports but
does not hold their rows.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from volver.collect.ledger.batch import KIND, ORDER
from volver.core import VolverError
from volver.store import LogEntry, Shop, forget_answers, restate_lake

PAGE = 200


class MixedLake(VolverError):
    """Some of the lake's tables are older than others."""

    code = "collect.mixed_lake"
    says = "The lake's tables are not of one time: {older} lack import {offset}, {newer} hold it or later ones."
    hint = "Put all of the lake back from one time, or take the shop from a backup with `volver restore`."
    status = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """An import that is not in the shop any more: its number and its files."""

    number: int
    files: tuple[str, ...]


def give_up(shop: Shop) -> tuple[GivenUp, ...]:
    """Forget, in log and state, the imports from the first on whose rows the lake lacks; which these are.

    Those that a crash cut short, whose rows still wait beside the lake, are not lost. Raises `collect.mixed_lake`.
    """
    held = {table: shop.lake.offset(table) for table in ORDER}
    entries = list(_batches(shop))
    lost = [each for each in entries if _lacks(shop, held, each)]
    if not lost:
        return ()
    first = lost[0].offset
    newer = sorted(table for table, offset in held.items() if offset >= first)
    if newer:
        older = sorted(table for table in _tables(json.loads(lost[0].body)) if held[table] < first)
        raise MixedLake(older=", ".join(older), newer=", ".join(newer), offset=first)
    gone = [each for each in entries if each.offset >= first]
    given_up = tuple(GivenUp(number=each.offset, files=_names(each)) for each in gone)
    shop.log.forget(each.offset for each in gone)
    with shop.state.quick_begin() as run:
        run('delete from batches where "offset" >= :first', first=first)
        run("update batches set undone_by = null where undone_by >= :first", first=first)
    restate_lake(shop, held)
    forget_answers(shop)  # they rest on versions of tables, which begin anew
    return given_up


def _batches(shop: Shop) -> Iterator[LogEntry]:
    after = 0
    while entries := shop.log.read(after, PAGE, (KIND,)):
        yield from entries
        after = entries[-1].offset


def _lacks(shop: Shop, held: dict[str, int], entry: LogEntry) -> bool:
    """Whether a table lacks an entry's rows and they are nowhere else either."""
    told = json.loads(entry.body)
    pending = shop.path / "lake" / ".pending"
    for table in _tables(told):
        if held[table] >= entry.offset:
            continue
        files = [shop.lake.path(table) / each["path"] for each in told["tables"].get(table, ())]
        files += [pending / name for name in (told.get("unnumbered", {}).get(table),) if name]
        if not all(each.exists() for each in files):
            return True
    return False


def _tables(told: dict[str, Any]) -> set[str]:
    return {*(table for table, files in told["tables"].items() if files), *told.get("unnumbered", {})}


def _names(entry: LogEntry) -> tuple[str, ...]:
    return tuple(str(each) for each in json.loads(entry.body).get("files", ()))
