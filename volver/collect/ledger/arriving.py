"""An import meets the orders that the shop has: what it enters, what it replaces, and what is kept of what it said.

Tables of the session: `arrivals` (the import's orders, what became of each, and which batch holds its lines); view
`fresh` (the lines of `entries` that the ledger does not hold yet). Where an order now says something else,
`versions.corrections` gives what the batch mirrors.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from volver.collect.ledger import documents, versions
from volver.collect.ledger.session import Session
from volver.core import decimal_text
from volver.store import Shop

EXAMPLES: Final = 10
ENTRY_UID: Final = (
    "cast(file_no as bigint) * 2199023255552 + row_no * 4"  # a mirrored entry's is one more, a return's two
)
_KINDS: Final = "['sale', 'return', 'cancel', 'adjustment', 'write_off', 'shipping_or_fee']"
_IS_REVENUE: Final = "kind not in ('adjustment', 'write_off')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An order that says something else than before, and its money then and now."""

    order: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCounts:
    """What an import did to orders: new, the same as before or less, completed, or changed (`before` and `after`: the
    money of all changed orders; `examples`: the ten whose money changed most).
    """

    new: int = 0
    same: int = 0
    completed: int = 0
    changed: int = 0
    before: str = "0.00"
    after: str = "0.00"
    examples: tuple[Changed, ...] = field(default=())


def meet(work: Session, shop: Shop, mode: str) -> None:
    """Make `arrivals` and `fresh` from `entries`; `mode` is what they are of a numbered order: `document` or `part`."""
    work.run(f"""
        create temp table named as
        select * exclude (says), cast(md5_number(says) >> 65 as bigint) as content
        from (
            select order_id, min(order_ref) as order_ref, max(updated_us) as updated_us,
                   count(*) as lines, case when min(numbered) = 1 then '{mode}' else 'lines' end as mode,
                   concat_ws('|', bit_xor(xor(line_key, cast(occurrence as bigint) << 40)), count(*), sum(cost_e4),
                             count(cost_e4), sum(list_position({_KINDS}, kind)), max(updated_us)) as says
            from entries group by order_id)""")
    versions.look_up(work, shop)
    known = work.count("select count(*) from versions")
    _compare(work)
    if known and work.count("select count(*) from open"):
        _fold(work, shop, mode)
    else:
        work.run("create temp table verdicts (order_id bigint, ver integer, state varchar)")
        work.run("create temp table leaving (line_id bigint, n bigint)")
    _decide(work)


def _compare(work: Session) -> None:
    """Make `held` (the lines in short that hold now), `met` orders, and `open`: those that need the fold."""
    work.run("""
        create temp table held as
        select order_id, line_key, occurrence from kin where holds""")
    work.run("""
        create temp table unheld as
        select uid, order_id from entries e where order_id in (select order_id from held)
        and not exists (select 1 from held h where h.order_id = e.order_id and h.line_key = e.line_key
                                             and h.occurrence = e.occurrence)""")
    work.run("""
        create temp table compared as
        select n.*, h.n_held, coalesce(u.n_unheld, 0) as n_unheld, coalesce(v.is_said, false) as is_said, v.lines_batch,
               h.order_id is not null or (mode <> 'lines' and coalesce(v.stands, false)) as is_known
        from named n
        left join (select order_id, count(*) as n_held from held group by order_id) h using (order_id)
        left join (select order_id, count(*) as n_unheld from unheld group by order_id) u using (order_id)
        left join (
            select v.order_id, bool_or(not v.is_undone) as stands,
                   bool_or(not v.is_undone and v.content = n.content) as is_said,
                   min(case when v.content = n.content then v.lines_batch end) as lines_batch
            from versions v join named n using (order_id)
            group by v.order_id) v using (order_id)""")
    work.run("""
        create temp table open as
        select order_id from compared
        where is_known and mode <> 'lines'
          and (n_unheld > 0 or n_held is null or (updated_us is not null and not (is_said and lines = n_held)))""")


def _fold(work: Session, shop: Shop, mode: str) -> None:
    """Let the fold say what stands of the open orders."""
    versions.gather(work, shop, thorough=False)
    stored = versions.fold_stored(work, shop)
    said = documents.said(shop.settings.timezone, {"goods": "product_ref", "who": "customer_ref"})
    versions.count_versions(
        work,
        f"""{stored}
        union all
        select uid, order_id, 9223372036854775807 as version, '{mode}' as mode, updated_us, ts_us, day, line_key,
               occurrence, kind, cost_e4, {said}
        from entries where order_id in (select order_id from open)""",
    )
    documents.fold(work)
    documents.settle(work)


def _decide(work: Session) -> None:
    """Make `fresh` and `arrivals`."""
    is_open = work.count("select count(*) from open")
    entering = "union all select uid from entering where uid > 0" if is_open else ""
    if work.count("select count(*) from compared where is_known"):
        work.run(f"""
            create temp table enters as
            select uid from unheld where order_id not in (select order_id from open) {entering}""")
        work.run("""
            create temp view fresh as
            select * from entries
            where order_id in (select order_id from compared where not is_known)
               or uid in (select uid from enters)""")
    else:
        work.run("create temp table enters (uid bigint)")
        work.run("create temp view fresh as select * from entries")
    work.run("""
        create temp table arrivals as
        select c.order_id, c.order_ref, c.mode, c.updated_us, c.lines, c.content, c.lines_batch, c.is_said,
               c.is_known,
               case when not c.is_known then 'new' when v.state is not null then v.state
                    when c.n_unheld > 0 then 'completed' when c.lines = c.n_held then 'same' else 'part' end as state
        from compared c
        left join (select order_id, arg_max(state, ver) as state from verdicts group by order_id) v using (order_id)""")


def says_more(work: Session) -> bool:
    """Whether the import says anything that no import that stands has said: else nothing of it is kept."""
    return bool(
        work.count("select count(*) from arrivals where not is_said or not is_known")
        or work.count("select count(*) from enters")
        or work.count("select count(*) from leaving")
    )


def versions_sql(number: int) -> str:
    """SQL of the rows for `order_versions`."""
    return f"""
        select order_id, order_ref, {number} as batch, coalesce(lines_batch, {number}) as lines_batch, content,
               updated_us, mode, state, lines
        from arrivals"""


# The lines that this import is the first to say and does not enter.
UNENTERED: Final = """(
    select * from entries
    where order_id in (select order_id from arrivals where is_known and lines_batch is null)
      and uid not in (select uid from enters))"""


def counts(work: Session) -> DocumentCounts:
    """What became of the orders."""
    _measure(work)
    new, same, completed, changed = work.one("""
        select count(*) filter (what = 'new'), count(*) filter (what = 'same'), count(*) filter (what = 'completed'),
               count(*) filter (what = 'changed') from measured""")
    before, after = work.one("""
        select coalesce(sum(before_e4), 0), coalesce(sum(after_e4), 0) from measured where what = 'changed'""")
    rows = work.run(f"""
        select order_ref, before_e4, after_e4 from measured where what = 'changed'
        order by abs(after_e4 - before_e4) desc, order_ref limit {EXAMPLES}""").fetchall()
    return DocumentCounts(
        new=_int(new), same=_int(same), completed=_int(completed), changed=_int(changed),
        before=decimal_text(_int(before)), after=decimal_text(_int(after)),
        examples=tuple(
            Changed(order=str(ref), before=decimal_text(_int(was)), after=decimal_text(_int(now)))
            for ref, was, now in rows
        ),
    )  # fmt: skip


def _measure(work: Session) -> None:
    """Make `measured`: what became of each order, with the money of those that changed."""
    if not work.count("select count(*) from open"):
        work.run("""
            create temp table measured as
            select order_id, order_ref, case when state = 'part' then 'same' else state end as what,
                   0 as before_e4, 0 as after_e4 from arrivals""")
        return
    money = f"select order_id, sum(case when {_IS_REVENUE} then amount_e4 else 0 end) as e4 from"
    work.run(f"""
        create temp table measured as
        select a.order_id, a.order_ref,
               case when a.state = 'changed' or (a.state = 'completed' and c.order_id is not null) then 'changed'
                    when a.state = 'returned' then 'completed'
                    when a.state in ('part', 'older', 'dated') then 'same' else a.state end as what,
               coalesce(b.e4, 0) as before_e4,
               coalesce(b.e4, 0) - coalesce(g.e4, 0) + coalesce(f.e4, 0) as after_e4
        from arrivals a
        left join ({money} current group by order_id) b using (order_id)
        left join ({money} current where line_id in (select line_id from leaving) group by order_id) g using (order_id)
        left join ({money} entries where uid in (select uid from enters) group by order_id) f using (order_id)
        left join (select distinct order_id from entries
                   where is_mirror = 1 and uid in (select uid from enters)) c using (order_id)""")


def ledger_net(work: Session, shop: Shop) -> str:
    """What the whole ledger counts as revenue once this import is in it."""
    work.show(shop, "order_lines")
    held = work.count(f"select sum(amount_e4) from held_order_lines where {_IS_REVENUE}")  # mirrors cancel out
    fresh = work.count(f"select sum(amount_e4) from fresh where {_IS_REVENUE}")
    gone = 0
    if work.count("select count(*) from leaving"):
        gone = work.count(
            f"select sum(amount_e4) from current where {_IS_REVENUE} and line_id in (select line_id from leaving)"
        )
    return decimal_text(held + fresh - gone)


def shop_net(shop: Shop) -> str:
    """What the whole ledger counts as revenue."""
    found = shop.compute.relation(f"select cast(sum(amount_e4) as bigint) as e4 from order_lines where {_IS_REVENUE}")
    return decimal_text(found.column("e4")[0].as_py() or 0)


def _int(value: Any) -> int:
    return int(str(value))
