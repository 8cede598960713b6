"""What people said of their files, remembered by the shape of the file and what it holds, and forgotten when asked.

An import writes down what was said of each of its files; the next file with the same headings is read the same way, and
says so, whichever door it comes through. Only names of fields, columns and files are kept, never a cell.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from volver.core import VolverError, clock, day_of
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.reading import Remembered, SourceFile


class NoSuchMapping(VolverError):
    """A remembered answer is named that the shop does not have."""

    code = "collect.no_such_mapping"
    says = "Nothing is remembered under the number {number}."
    hint = "See `volver collect mappings` for what is."
    status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What is remembered of one shape: its number, what the file held, what was said, of which file, on which day."""

    number: int
    kind: str
    said: dict[str, Any]
    file: str
    said_on: str
    shape: str

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, in the order of the fields."""
        return asdict(self)


def mappings(shop: Shop) -> tuple[Mapping, ...]:
    """All that is remembered, the newest first."""
    from sqlalchemy import select

    from volver.store import schema

    table = schema.mappings
    with shop.state.read() as state:
        found = state.execute(select(table).order_by(table.c.said_us.desc(), table.c.id.desc())).all()
    return tuple(
        Mapping(
            number=row.id,
            kind=row.kind,
            said=json.loads(row.sets),
            file=row.file,
            said_on=day_of(row.said_us, shop.settings.timezone).isoformat(),
            shape=row.shape,
        )
        for row in found
    )


def remembered(shop: Shop, kind: str | None = None) -> "dict[str, Remembered]":
    """What to read files by, by shape: the newest word on each, of one kind where it is known."""
    from volver.collect.reading import Remembered

    found: dict[str, Remembered] = {}
    for each in mappings(shop):
        if kind is None or each.kind == kind:
            found.setdefault(each.shape, Remembered(sets=each.said, file=each.file, said_on=each.said_on))
    return found


def remember(shop: Shop, files: "Sequence[SourceFile]") -> None:
    """Write down what was said of these files; what was said of their shape before is added to, the newer first."""
    from sqlalchemy import delete

    from volver.collect.reading import merged
    from volver.store import schema

    table, now = schema.mappings, clock.now_us()
    fresh = {(each.shape, each.as_): each for each in files if each.shape and each.said and each.kind != "frame"}
    if not fresh:
        return
    old = {(each.shape, each.kind): each.said for each in mappings(shop)}
    with shop.state.begin() as state:
        for (shape, kind), each in fresh.items():
            before = old.get((shape, kind), {})
            sets = {**before, **each.said, "as_": kind}
            mapping = merged(before.get("mapping", {}), each.said.get("mapping", {}))
            sets = sets | ({"mapping": mapping} if mapping else {})
            if sets == before:
                continue
            state.execute(delete(table).where(table.c.shape == shape, table.c.kind == kind))
            told = json.dumps(sets, ensure_ascii=False, sort_keys=True)
            row = {"shape": shape, "kind": kind, "sets": told, "file": each.label[:1024], "said_us": now}
            state.execute(table.insert(), row)


def forget_mapping(shop: Shop, number: int) -> None:
    """Forget what was said of a shape. Raises `collect.no_such_mapping`."""
    from sqlalchemy import delete

    from volver.store import schema

    table = schema.mappings
    with shop.state.begin() as state:
        done = state.execute(delete(table).where(table.c.id == number))
    if not done.rowcount:
        raise NoSuchMapping(number=number)
