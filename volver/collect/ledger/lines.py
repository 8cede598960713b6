"""From typed rows to ledger lines: what each line is, which lines are the same, which the ledger does not hold yet.

Tables of the session: `unusable` (rows with a problem), `keyed` (every usable row, with key and kind), `repeats` (rows
whose key several rows have). Views: `lines` (`keyed` with its repeats), `entries` (what the files say that the ledger
should hold), and of `arriving` `fresh` (what it does not hold yet).

The identity of a line is what it says (`line_key`) and how often its file says it (`occurrence`). Descriptions and
countries are not part of it, since shops reword them. The nature (goods, fee, adjustment) is, so that the kind of a
line never depends on which file came first.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from volver.collect.ledger import arriving, parts, rules, versions
from volver.collect.ledger.session import Session
from volver.collect.settings import CollectSettings
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.reading import SourceFile

_KEY = (
    "order_ref, coalesce(line_ref, ''), coalesce(product_ref, ''), coalesce(customer_ref, ''), ts_us, quantity_e4, "
    "coalesce(cast(unit_price_e4 as varchar), ''), amount_e4, discount_e4, currency, nature"
)
_OWN_DOCUMENT = r"\d+"


def key_of(text: str) -> str:
    """SQL: the first 63 bits of a text's MD5, the same on every machine and in every version."""
    return f"cast(md5_number({text}) >> 65 as bigint)"  # md5_number_upper is a macro and twice as slow


def read_rows(work: Session, view: str, files: Collection["SourceFile"]) -> None:
    """Stage every row of the typed view once: `rows`, and apart from them those that are `unusable`."""

    def says(field: str) -> str:
        those = [str(each.file_no) for each in files if field in each.mapping]
        return f"case when file_no in ({', '.join(those)}) then 1 else 0 end" if those else "0"

    work.run(f"""
        create temp table rows as
        select * exclude (product_ref, has_time), coalesce(product_ref, product_name) as product_ref,
               {says("unit_price")} as has_price, {says("order_ref")} as numbered
        from {view}""")
    work.run("create temp table unusable as select file_no, row_no, problem, raw from rows where problem is not null")


def put_pending_apart(work: Session, shop: Shop) -> None:
    """Move rows of orders that are not paid yet from `rows` to `pending`; a later export brings them in, paid."""
    counts = shop.settings.of(CollectSettings).count_pending
    work.run("create temp table said_statuses as select distinct status from rows where status is not null")
    waits = "false" if counts else rules.is_pending("status")
    work.run(f"create temp table waiting_statuses as select status from said_statuses where {waits}")
    of_them = "problem is null and status in (select status from waiting_statuses)"
    work.run(f"create temp table pending as select order_ref, amount_e4 from rows where {of_them}")
    if work.count("select count(*) from pending"):
        work.run(f"delete from rows where {of_them}")


def make_lines(work: Session, shop: Shop, *, drop_identical: bool) -> None:
    """Make `lines` from `rows`, which are dropped. `kept` marks the first file that holds a line."""
    _make_natures(work)
    document = _cancellation_rule(work, shop)
    work.run(f"""
        create temp table keyed as
        select * exclude (by_document, by_status, is_cancellation, has_price, line_ref, currency),
               {key_of(f"concat_ws(chr(31), {_KEY})")} as line_key, {rules.kind()} as kind,
               {key_of("order_ref")} as order_id,
               case when by_status and kind in ('sale', 'shipping_or_fee') then 1 else 0 end as mirrored
        from (
            select r.* exclude (raw, problem, net_exact, status), coalesce(n.nature, '') as nature,
                   {document} as by_document, s.status is not null as by_status,
                   by_document or (by_status and (quantity_e4 < 0 or (amount_e4 < 0 and has_price = 0)))
                       as is_cancellation
            from rows r
            left join natures n on r.product_ref is not distinct from n.product_ref
                               and r.product_name is not distinct from n.product_name
            left join cancelled_statuses s on r.status = s.status
            where r.problem is null
        )""")
    work.run("drop table rows")
    _number_repeats(work, drop_identical=drop_identical)
    joined = parts.join(work, shop.settings.timezone, arriving.ENTRY_UID)
    if not joined and not work.count("select count(*) from repeats"):
        work.run("create temp view lines as select *, 1 as occurrence, 1 as copy, true as kept from keyed")
        return
    kept, occurrence, more = "coalesce(r.kept, true)", "coalesce(r.occurrence, 1)", ""
    if joined:
        kept = f"case when k.order_id in (select order_id from shared) then j.uid is not null else {kept} end"
        occurrence = f"coalesce(j.occurrence, {occurrence})"
        more = f"left join joined j on j.uid = {arriving.ENTRY_UID}"
    work.run(f"""
        create temp view lines as
        select k.* exclude (mirrored, refunded_e4, refunded_quantity_e4), coalesce(r.mirrored, k.mirrored) as mirrored,
               coalesce(r.refunded_e4, k.refunded_e4) as refunded_e4,
               coalesce(r.refunded_quantity_e4, k.refunded_quantity_e4) as refunded_quantity_e4,
               {occurrence} as occurrence, coalesce(r.copy, 1) as copy, {kept} as kept
        from keyed k left join repeats r using (file_no, row_no) {more}
        where not coalesce(r.dropped, false)""")


def make_entries(work: Session) -> None:
    """Make `entries`, one row for each line that the ledger should hold by these files.

    A line whose order was cancelled by status stands as it was sold, and once more with every sign turned. An export
    from before the cancellation gives the first, a later one adds the second; nothing is ever edited.
    """
    said = (
        "order_id, order_ref, numbered, updated_us, customer_ref, product_ref, product_name, ts_us, day, "
        "unit_price_e4, nature, file_no, row_no"
    )
    work.run(f"""
        create temp view entries as
        select {said}, line_key, occurrence, kind, quantity_e4, amount_e4, discount_e4, cost_e4, 0 as is_mirror,
               {arriving.ENTRY_UID} as uid
        from lines where kept
        union all
        select {said}, {key_of("'cancelled:' || line_key")} as line_key, occurrence, 'cancel' as kind,
               -quantity_e4, -amount_e4, 0 as discount_e4, -cost_e4, 1 as is_mirror, {arriving.ENTRY_UID} + 1 as uid
        from lines where kept and mirrored = 1
        {_returned(said) if _refunds(work) else ""}""")


def _refunds(work: Session) -> int:
    """How many rows say that money or pieces were given back."""
    return work.count("select count(*) from keyed where refunded_e4 > 0 or refunded_quantity_e4 > 0")


def _returned(said: str) -> str:
    """What was given back of a line that stands is a return of its order, on the order's day."""
    key = key_of("concat_ws('|', 'refunded', line_key, refunded_e4, refunded_quantity_e4)")
    cost = "cast(-cost_e4 * (refunded_quantity_e4 / quantity_e4) as bigint)"
    return f"""
        union all
        select {said}, {key} as line_key, occurrence, 'return' as kind, -refunded_quantity_e4 as quantity_e4,
               -refunded_e4 as amount_e4, 0 as discount_e4,
               case when quantity_e4 > 0 then {cost} end as cost_e4, 0 as is_mirror, {arriving.ENTRY_UID} + 2 as uid
        from lines
        where kept and mirrored = 0 and kind in ('sale', 'shipping_or_fee')
          and (refunded_e4 > 0 or refunded_quantity_e4 > 0)"""


def added(work: Session) -> int:
    """How many rows bring at least one new line."""
    if work.count("select count(*) from keyed where mirrored = 1") or _refunds(work):
        return work.count("select count(*) from (select distinct file_no, row_no from fresh)")
    return work.count("select count(*) from fresh")


def ledger_sql(work: Session, number: int) -> str:
    """SQL of the new ledger lines, as the lake's table wants them: what is fresh, and what corrects the older."""
    lines = _entered("fresh", number, number << 32)
    if work.count("select count(*) from leaving"):
        lines += f" union all by name {versions.corrections(number)}"
    return f"select *, strftime(day, '%Y-%m') as month from ({lines})"


def version_lines_sql(number: int) -> str:
    """SQL of the lines that the import says and does not enter, as the lake's table wants them."""
    return _entered(arriving.UNENTERED, number, (number << 32) + versions.UNENTERED)


def _entered(source: str, number: int, first: int) -> str:
    return f"""
        select {first} + row_number() over () as line_id, e.order_id, e.order_ref, c.customer_id, p.product_id, e.ts_us,
               e.day,
               case e.kind when 'cancel' then 'cancellation' when 'adjustment' then 'adjustment' else 'sale' end as doc,
               e.kind, e.quantity_e4, e.unit_price_e4, e.amount_e4, e.discount_e4, e.cost_e4, e.line_key, e.occurrence,
               {number} as batch
        from {source} e
        left join customer_ids c on e.customer_ref = c.customer_ref
        left join product_ids p on e.product_ref = p.product_ref"""


def _number_repeats(work: Session, *, drop_identical: bool) -> None:
    """Make `repeats` from the rows whose key is not their own: most are, and need no numbers.

    `occurrence` counts within a file, `copy` counts rows that agree in every column of the file.
    """
    work.run(f"""
        create temp table repeats as
        with several as (
            select file_no, row_no, line_key, mirrored, refunded_e4, refunded_quantity_e4,
                   row_number() over (partition by file_no, line_key, full_key order by row_no) as copy
            from keyed where line_key in (select line_key from keyed group by line_key having count(*) > 1)
        ),
        numbered as (
            select *, {"copy > 1" if drop_identical else "false"} as dropped,
                   row_number() over (partition by file_no, line_key, dropped order by row_no) as occurrence
            from several
        )
        select file_no, row_no, copy, occurrence, dropped,
               row_number() over (partition by line_key, occurrence, dropped order by file_no, row_no) = 1 as kept,
               max(mirrored) over same as mirrored, max(refunded_e4) over same as refunded_e4,
               max(refunded_quantity_e4) over same as refunded_quantity_e4
        from numbered window same as (partition by line_key, occurrence)""")


def _make_natures(work: Session) -> None:
    """Ask the rules once for each product and status.

    Each kept in a table before it is asked: the engine moves a question about a `distinct` below it, to every line.
    """
    nature, cancelled = rules.nature("product_ref", "product_name"), rules.is_cancelled("status")
    work.run("""
        create temp table said_products as
        select distinct product_ref, product_name from rows where problem is null""")
    work.run(f"""
        create temp table natures as
        select * from (select product_ref, product_name, {nature} as nature from said_products) where nature <> ''""")
    work.run(f"create temp table cancelled_statuses as select status from said_statuses where {cancelled}")


def _cancellation_rule(work: Session, shop: Shop) -> str:
    """SQL: whether a row belongs to a cancellation document (`C` before a number).

    A negative line of such a document always does. A positive one does where the shop's own documents are plain
    numbers: in a shop whose every order is called C1001, C1002, … a letter says nothing.
    """
    matches = f"regexp_full_match(r.order_ref, '{rules.CANCELLATION_REF}')"
    letters = f"case when left(r.order_ref, 1) in ('C', 'c') then {matches}"
    if not work.count(f"select count(*) from rows r where problem is null and {letters} else false end"):
        return "false"
    plain = f"regexp_full_match(order_ref, '{_OWN_DOCUMENT}')"
    known = work.count(f"select count(*) from (select 1 from rows where problem is null and {plain} limit 1)")
    if not known:
        work.show(shop, "order_lines")
        known = work.count(f"select count(*) from (select 1 from held_order_lines where {plain} limit 1)")
    return f"({letters} {'else false end' if known else 'and r.quantity_e4 < 0 else false end'})"
