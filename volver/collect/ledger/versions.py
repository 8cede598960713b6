"""What was said of orders before: every import's version of each order, kept so that any import can be taken back.

The lake table `order_versions` has a row for each order that an import names; its lines are those that the import
`lines_batch` entered into the ledger, and those in `version_lines` that it brought without entering them. What an
import says word for word as an earlier one did is kept once.

Tables of the session: `named` (the orders in question), `versions` (what is known of them), `kin` (their ledger
lines in short), `told` (the same in full, of the orders in `open`), `current` (of these, the lines that hold).
"""

from typing import Final

from volver.collect.ledger import documents
from volver.collect.ledger.session import Session
from volver.store import Shop

_LINE: Final = (
    "line_id, order_id, order_ref, customer_id, product_id, ts_us, day, doc, kind, quantity_e4, unit_price_e4, "
    "amount_e4, discount_e4, cost_e4, line_key, occurrence, batch"
)
_MIRRORED: Final = (
    "order_id, order_ref, customer_id, product_id, ts_us, day, doc, kind, -quantity_e4 as quantity_e4, unit_price_e4, "
    "-amount_e4 as amount_e4, -discount_e4 as discount_e4, -cost_e4 as cost_e4, line_key, occurrence"
)
_MIRRORS: Final = (
    1 << 30
)  # the ids of a batch's mirrors begin here, those of lines that it does not enter at twice that
UNENTERED: Final = 1 << 31


def look_up(work: Session, shop: Shop, leaving_out: int | None = None) -> None:
    """Make `versions` and `kin` for the orders in `named`; the import `leaving_out` counts as taken back."""
    taken_back = {int(offset) for offset in _undone(shop)} | ({leaving_out} if leaving_out is not None else set())
    work.show(shop, "order_versions")
    work.run(f"""
        create temp table versions as
        select order_id, batch, lines_batch, content, updated_us, mode, state,
               list_contains({_listed(taken_back)}, batch) as is_undone
        from held_order_versions where order_id in (select order_id from named)""")
    work.show(shop, "order_lines")
    work.show(shop, "replaced")
    work.run("""
        create temp table kin as
        select l.order_id, l.batch, l.line_key, l.occurrence, l.month, r.line_id is null as holds,
               coalesce(r.is_mirror, 0) as is_mirror
        from held_order_lines l left join held_replaced r on r.line_id = l.line_id
        where l.order_id in (select order_id from named)""")
    # Lines of batches that kept no versions: each is a version that only adds. What undoing put back is none.
    not_said = _listed({int(offset) for offset in _undoings(shop)} | taken_back)
    work.run(f"""
        insert into versions
        select k.order_id, k.batch, k.batch, null, null, 'lines', 'new', false
        from (select distinct order_id, batch from kin where is_mirror = 0 and not list_contains({not_said}, batch)) k
        anti join versions v on v.order_id = k.order_id and v.batch = k.batch""")


def gather(work: Session, shop: Shop, *, thorough: bool) -> None:
    """Make `told`, `current` and `stored` (every line of every version that counts) for the orders in `open`.

    Versions that changed nothing when they came are passed over, unless `thorough` or something before them was undone.
    """
    months = work.run("select distinct month from kin where order_id in (select order_id from open)").fetchall()
    work.show(shop, "order_lines", frozenset(str(month) for (month,) in months))
    work.run("""
        create temp table told as
        select l.*, r.line_id is null as holds, coalesce(r.is_mirror, 0) as is_mirror
        from held_order_lines l left join held_replaced r on r.line_id = l.line_id
        where l.order_id in (select order_id from open)""")
    work.run("create temp table current as select * exclude (holds, is_mirror) from told where holds")
    passed = ", ".join(f"'{state}'" for state in documents.NOTHING_NEW)
    matters = f"(state not in ({passed}) or order_id in (select order_id from versions where is_undone))"
    work.run(f"""
        create temp table counting as
        select * from versions where not is_undone and order_id in (select order_id from open)
        and {"true" if thorough else matters}""")
    work.show(shop, "version_lines")
    work.run(f"""
        create temp table stored as
        select t.*, c.batch as version, c.updated_us, c.mode
        from (select {_LINE} from told where is_mirror = 0
              union all select {_LINE} from held_version_lines where order_id in (select order_id from open)) t
        join counting c on c.order_id = t.order_id and c.lines_batch = t.batch""")


def fold_stored(work: Session, shop: Shop) -> str:
    """SQL of the lines in `stored` as `documents.fold` reads them, with `version` in the place of `ver`."""
    work.show(shop, "customers")
    work.show(shop, "products")
    said = documents.said(
        shop.settings.timezone, {"goods": "p.product_ref", "who": "c.customer_ref", "kind": "s.kind", "day": "s.day"}
    )
    return f"""
        select -s.line_id as uid, s.order_id, s.version, s.mode,
               s.updated_us, s.ts_us, s.day, s.line_key, s.occurrence, s.kind, s.cost_e4, {said}
        from stored s left join held_customers c on c.customer_id = s.customer_id
        left join held_products p on p.product_id = s.product_id"""


def count_versions(work: Session, sql: str) -> None:
    """Make `fold_lines` from lines that know their `version`."""
    work.run(f"""
        create temp table fold_lines as
        select * exclude (version), cast(dense_rank() over (partition by order_id order by version) as integer) as ver
        from ({sql})""")


def corrections(number: int) -> str:
    """SQL of the ledger lines that bring `current` to `truth` without new ones: mirrors, and lines that hold again."""
    first = number << 32
    again = ", ".join(name for name in _LINE.split(", ") if name not in ("line_id", "batch"))
    return f"""
        select {first + _MIRRORS} + l.n as line_id, {_MIRRORED}, {number} as batch
        from current c join leaving l using (line_id)
        union all
        select {first + _MIRRORS // 2} + row_number() over () as line_id, {again}, {number} as batch
        from (select distinct {_LINE} from stored) where -line_id in (select uid from entering)"""


def replaced(number: int) -> str:
    """SQL of the rows for `replaced`: lines that hold no longer, and the mirrors that `corrections` gives them."""
    return f"""
        select line_id, 0 as is_mirror, {number} as batch from leaving
        union all select {(number << 32) + _MIRRORS} + n as line_id, 1 as is_mirror, {number} as batch from leaving"""


def _undone(shop: Shop) -> list[int]:
    from sqlalchemy import select

    from volver.store import schema

    with shop.state.read() as state:
        found = state.execute(select(schema.batches.c.offset).where(schema.batches.c.undone_by.is_not(None)))
        return [offset for (offset,) in found]


def _undoings(shop: Shop) -> list[int]:
    from sqlalchemy import select

    from volver.store import schema

    with shop.state.read() as state:
        found = state.execute(select(schema.batches.c.offset).where(schema.batches.c.kind == "undo"))
        return [offset for (offset,) in found]


def _listed(numbers: set[int]) -> str:
    return f"[{', '.join(str(number) for number in sorted(numbers))}]::bigint[]"
