"""What could not be read: kept with file, row and reason, listed, and settled when a retry can read it.

A row is known by its content and how often it appears in its file, like a line of the ledger: the same file again,
or a part of it, sets nothing aside twice.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from volver.core import clock
from volver.store import Shop, note_batch

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHUNK = 10_000
IN_ONE_FILE = "A customer file gives the reference and the e-mail of one person."


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideRow:
    """A row that could not be read. `kind` is orders, products or customers, `body` the row as it stood."""

    id: int
    kind: str
    file: str
    row_no: int
    reason: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """All that is set aside: how many by reason, and the first rows."""

    total: int
    reasons: Mapping[str, int]
    rows: tuple[AsideRow, ...]

    def to_json(self) -> dict[str, Any]:
        """The form that `--json` prints; the rows' contents stay in the shop."""
        rows = [{"id": row.id, "file": row.file, "row": row.row_no, "reason": row.reason} for row in self.rows]
        return {"total": self.total, "reasons": dict(self.reasons), "rows": rows}


def set_aside(shop: Shop, limit: int = 50) -> SetAside:
    """What waits to be read: counts by reason and the first `limit` rows in order of file and row."""
    from sqlalchemy import func, select

    from volver.store import schema

    rows = schema.set_aside
    waiting = rows.c.retried_us.is_(None)
    with shop.state.read() as state:
        counts = state.execute(
            select(rows.c.reason, func.count()).where(waiting).group_by(rows.c.reason).order_by(rows.c.reason)
        ).all()
        first = state.execute(select(rows).where(waiting).order_by(rows.c.file, rows.c.row_no, rows.c.id).limit(limit))
        shown = tuple(_row(each) for each in first)
    reasons = {reason: int(count) for reason, count in counts}
    return SetAside(total=sum(reasons.values()), reasons=reasons, rows=shown)


def waiting(shop: Shop) -> Iterator[AsideRow]:
    """Every row that waits, in order of id."""
    from sqlalchemy import select

    from volver.store import schema

    rows = schema.set_aside
    last = 0
    while True:
        page = select(rows).where(rows.c.retried_us.is_(None), rows.c.id > last).order_by(rows.c.id).limit(CHUNK)
        with shop.state.read() as state:
            found = state.execute(page).all()
        if not found:
            return
        for r in found:
            yield _row(r)
        last = int(found[-1].id)


def known(shop: Shop, keys: Sequence[str]) -> dict[str, bool]:
    """Which of these rows are already kept: key to whether a retry has settled it."""
    from sqlalchemy import select

    from volver.store import schema

    rows, found = schema.set_aside, {}
    with shop.state.read() as state:
        for part in _parts(keys, 500):
            query = select(rows.c.batch_key, rows.c.retried_us).where(rows.c.batch_key.in_(part))
            found.update({key: retried is not None for key, retried in state.execute(query)})
    return found


def settle(shop: Shop, offset: int, digest: str, entry: Mapping[str, Any], pending: Path) -> None:
    """Write a batch into the state, once: its record, the rows it set aside, those that it settled."""
    from sqlalchemy import select, update

    from volver.store import merging, people, schema

    batches, rows = schema.batches, schema.set_aside
    with shop.state.begin() as state:
        if state.execute(select(batches.c.offset).where(batches.c.offset == offset)).first():
            return
        if entry["put_aside"] and (pending / entry["put_aside"]).exists():  # else read again when the file comes again
            _keep(state, pending / entry["put_aside"])
        now = clock.now_us()
        for part in _parts(entry["settled"], 500):
            state.execute(update(rows).where(rows.c.id.in_(part)).values(retried_us=now, body=""))
        if entry.get("merges"):
            people.lock(state)
            merging.join_all(state, entry["merges"], IN_ONE_FILE, people.FROM_FILE)
        state.execute(
            batches.insert(),
            {
                "offset": offset,
                "source": entry["source"],
                "digest": digest,
                "kind": "import" if entry.get("undoes") is None else "undo",
                "rows": entry["rows"],
                "created_us": entry["made_us"],
                "report": json.dumps(entry["report"]),
                "files": json.dumps(entry.get("files", [])),
            },
        )
        note_batch(state, dict.fromkeys([*entry["tables"], *entry.get("unnumbered", {})], offset))
        if entry.get("undoes") is not None:
            state.execute(update(batches).where(batches.c.offset == entry["undoes"]).values(undone_by=offset))


def _row(r: Any) -> AsideRow:
    kind = r.batch_key.split(":", 1)[0]
    return AsideRow(id=r.id, kind=kind, file=r.file, row_no=r.row_no, reason=r.reason, body=r.body)


def _keep(state: "Connection", path: Path) -> None:
    from volver.store import schema

    now = clock.now_us()
    with open(path, encoding="utf-8") as lines:
        for part in _parts(lines, CHUNK):
            state.execute(schema.set_aside.insert(), [{**json.loads(line), "created_us": now} for line in part])


def _parts(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(values)
    while part := list(islice(remaining, size)):
        yield part
