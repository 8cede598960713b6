"""The imports of a shop, and taking one back: the ledger becomes what it would be had the import never come.

Nothing is deleted. What stands of each order that the import names is found anew from the versions of all other
imports, in the order in which they came; the difference is one batch more, of mirrored lines and of lines that hold
again. What customers and products are called, and what was set aside, stays.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from volver.collect.ledger import arriving, batch, documents, versions
from volver.collect.ledger.batch import Staged, Step
from volver.collect.ledger.session import Session, session
from volver.core import VolverError
from volver.core.days import EPOCH
from volver.store import Shop


class NoSuchImport(VolverError):
    """An import is named that the shop does not have."""

    code = "collect.no_such_import"
    says = "There is no import {number}."
    hint = "See `volver collect imports` for those there are."
    status = 404


class NotUndoable(VolverError):
    """An import that brought no orders, or was taken back before, is to be undone."""

    code = "collect.not_undoable"
    says = "Import {number} brought no orders, or they were taken back already."
    hint = "See `volver collect imports`; products and customers are corrected by importing their file again."
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import, by the number that `undo` takes. `undone_by` is the number of the undoing; money is decimal text."""

    number: int
    files: tuple[str, ...]
    source: str
    at: str
    rows: int
    new: int
    changed: int
    net: str
    undone_by: int | None

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, in the order of the fields."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What an undoing did: its number, orders that are gone and that are as before, the ledger's money then and now."""

    number: int
    undoes: int
    gone: int
    changed: int
    before: str
    after: str

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, in the order of the fields."""
        return asdict(self)


def imports(shop: Shop) -> tuple[Import, ...]:
    """Every import, the newest first."""
    from sqlalchemy import select

    from volver.store import schema

    table = schema.batches
    with shop.state.read() as state:
        found = state.execute(select(table).where(table.c.kind == "import").order_by(table.c.offset.desc())).all()
    return tuple(_import(row, json.loads(row.report)) for row in found)


def import_report(shop: Shop, number: int) -> dict[str, Any]:
    """What an import reported, as `ImportReport.to_json` says it; empty for one that is not there."""
    from sqlalchemy import select

    from volver.store import schema

    table = schema.batches
    with shop.state.read() as state:
        row = state.execute(select(table.c.report).where(table.c.offset == number)).first()
    found = json.loads(row.report) if row else {}
    return found if isinstance(found, dict) and "rows" in found else {}


def undo(shop: Shop, number: int, step: Step | None = None) -> Undone:
    """Take an import back. Raises `collect.no_such_import`, `collect.not_undoable`."""
    with session(shop) as work, batch.staging(shop) as staged:
        one = next((each for each in imports(shop) if each.number == number), None)
        if one is None:
            raise NoSuchImport(number=number)
        _find_orders(work, shop, number)
        if one.undone_by is not None or not work.count("select count(*) from named"):
            raise NotUndoable(number=number)
        before = arriving.shop_net(shop)
        _fold(work, shop, number)
        gone = work.count("select count(*) from named where order_id not in (select order_id from truth)")
        changed = work.count("""
            select count(distinct order_id) from (
                select order_id from current where line_id in (select line_id from leaving)
                union all select order_id from truth where uid in (select uid from entering))""")
        _write(shop, work, staged, number)
        offset = batch.commit(shop, staged, step)
    after = arriving.shop_net(shop)
    return Undone(number=offset, undoes=number, gone=gone, changed=changed - gone, before=before, after=after)


def _find_orders(work: Session, shop: Shop, number: int) -> None:
    """Make `named` and `open`: every order of which the import said something."""
    work.show(shop, "order_versions")
    work.show(shop, "order_lines")
    work.run("""
        create temp table named as
        select order_id from held_order_versions where batch = $number
        union select order_id from held_order_lines where batch = $number""", number=number)  # fmt: skip
    work.run("create temp view open as select order_id from named")


def _fold(work: Session, shop: Shop, number: int) -> None:
    versions.look_up(work, shop, leaving_out=number)
    versions.gather(work, shop, thorough=True)
    versions.count_versions(work, versions.fold_stored(work, shop))
    documents.fold(work)
    documents.settle(work)


def _write(shop: Shop, work: Session, staged: Staged, number: int) -> None:
    staged.source, staged.undoes = "undo", number
    if not work.count("select count(*) from settled where uid is null or line_id is null"):
        return
    sources = {
        "replaced": versions.replaced(batch.UNNUMBERED),
        "order_lines": f"select *, strftime(day, '%Y-%m') as month from ({versions.corrections(batch.UNNUMBERED)})",
    }
    for table, sql in sources.items():
        staged.rows = batch.write(shop, staged, table, sql, work.connection)


def _import(row: Any, report: Mapping[str, Any]) -> Import:
    from datetime import timedelta

    documents = report.get("documents", {})
    return Import(
        number=row.offset,
        files=tuple(json.loads(row.files)),
        source=row.source,
        at=(EPOCH + timedelta(microseconds=row.created_us)).isoformat(timespec="seconds"),
        rows=row.rows,
        new=documents.get("new", 0),
        changed=documents.get("changed", 0),
        net=report.get("ledger_net", "0.00"),
        undone_by=row.undone_by,
    )
