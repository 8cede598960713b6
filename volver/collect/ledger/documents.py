"""What an order says after several documents have spoken of it: the one rule, for files, undoing and live messages.

An order number names one document. `fold` takes every version of some orders, oldest first, and finds their lines:

- a version that says the same as what stands, or a part of it, changes nothing; one that holds all of it and more adds
  the more; what comes back later (nothing but negative lines) is more;
- any other version replaces what stands, unless both say when they were updated and it is the older one;
- different lines of parts of one import are added, and of a file that was cut in two all of them.

Lines are compared as people read them: times at the coarser precision of the two versions, texts without invisible
characters and capitals, customers only where the later version names any.

Tables of the session: `fold_lines` (given), `truth` (the lines that stand), `verdicts` (what each version did).
"""

from collections.abc import Mapping
from typing import Final

from volver.collect.ledger.session import Session

NOTHING_NEW: Final = ("same", "part", "older")
_MINUTE_US: Final = 60_000_000
_SECOND_US: Final = 1_000_000
_TOKEN: Final = (
    f"case p.level when 0 then cast(l.day - date '1970-01-01' as bigint) when 1 then l.ts_us // {_MINUTE_US} "
    f"when 2 then l.ts_us // {_SECOND_US} else l.ts_us end"
)


def folded(text: str) -> str:
    """SQL: a text without invisible characters and capitals, its blanks plain."""
    bare = f"regexp_replace(regexp_replace({text}, '[\\p{{Cc}}\\p{{Cf}}]+', '', 'g'), '\\p{{Z}}+', ' ', 'g')"
    return f"lower(trim({bare}))"


def said(zone: str, columns: Mapping[str, str]) -> str:
    """SQL of what a line is compared by; `columns` say where `goods`, `who` and the rest are found, if elsewhere.

    `kind` counts as goods, fee or adjustment only: whether a sale is cancelled is said by its mirrored line.
    """
    at = {name: columns.get(name, name) for name in ("goods", "who", "kind", "day", "ts_us")}
    sort = f"case when {at['kind']} in ('adjustment', 'shipping_or_fee') then {at['kind']} else '' end"
    midnight = f"strftime(timezone('{zone}', make_timestamptz({at['ts_us']})), '%H%M') = '0000'"
    return f"""
        hash({folded(at["goods"])}, {sort}, quantity_e4, coalesce(unit_price_e4, 0), amount_e4, discount_e4) as what,
        case when {at["who"]} is not null then hash({folded(at["who"])}) end as who,
        case when {at["ts_us"]} % {_SECOND_US} <> 0 then 3 when {at["ts_us"]} % {_MINUTE_US} <> 0 then 2
             when {at["ts_us"]} % 900000000 = 0 and {midnight} then 0 else 1 end as level,
        quantity_e4 < 0 or amount_e4 < 0 as is_back"""


def fold(work: Session) -> None:
    """Make `truth` and `verdicts` from `fold_lines`, whose `ver` counts an order's versions from 1.

    `mode` of a version: `document`, `lines` (orders without a number: what is not there is added), or, within one
    import, `part` and `cut`. A step is made for all orders at once.
    """
    work.run("create temp table truth as select *, 0 as apart from fold_lines where ver = 1")
    work.run("""
        create temp table verdicts as
        select order_id, 1 as ver, 'new' as state, max(updated_us) as updated_us from truth group by order_id""")
    for ver in range(2, work.count("select max(ver) from fold_lines") + 1):
        _step(work, ver)


def _step(work: Session, ver: int) -> None:
    """Let the version `ver` of every order that has one meet what stands."""
    work.run(f"create or replace temp table coming as select * from fold_lines where ver = {ver}")
    work.run("""
        create or replace temp table pairs as
        select c.*, t.held_us, t.goes_forth, t.n_held, least(c.own_level, t.level) as level
        from (select order_id, any_value(mode) as mode, max(updated_us) as updated_us, min(level) as own_level,
                     bool_or(who is not null) as names, bool_and(is_back) as is_back, bool_or(is_back) as has_back,
                     count(*) as n_coming
              from coming group by order_id) c
        join (select order_id, max(updated_us) as held_us, min(level) as level, bool_or(not is_back) as goes_forth,
                     count(*) as n_held
              from truth where order_id in (select order_id from coming) group by order_id) t using (order_id)""")
    for mine, other in (("coming", "truth"), ("truth", "coming")):
        work.run(f"""
            create or replace temp table {mine}_read as
            select *, row_number() over (partition by order_id, loose order by is_exact desc, line_key, occurrence, uid)
                      as n
            from (select l.uid, l.order_id, l.apart, l.line_key, l.occurrence, x.line_key is not null as is_exact,
                         hash(l.what, {_TOKEN}, case when p.names then l.who end) as loose
                  from (select *{", 0 as apart" if mine == "coming" else ""} from {mine}) l
                  join pairs p using (order_id)
                  left join (select distinct order_id, line_key, occurrence from {other}) x
                         on x.order_id = l.order_id and x.line_key = l.line_key and x.occurrence = l.occurrence)""")
    work.run("""
        create or replace temp table met as
        select c.uid as coming_uid, t.uid as truth_uid, c.order_id
        from coming_read c join truth_read t on c.order_id = t.order_id and c.loose = t.loose and c.n = t.n""")
    _judge(work)
    _apply(work, ver)


def _judge(work: Session) -> None:
    """Make `judged`: what each order's coming version does."""
    work.run("""
        create or replace temp table judged as
        with counted as (
            select p.*, coalesce(m.n_met, 0) as n_met, coalesce(e.n_exact, 0) as n_exact,
                   coalesce(a.n_apart, 0) as n_apart
            from pairs p
            left join (select order_id, count(*) as n_met from met group by order_id) m using (order_id)
            left join (select order_id, count(*) as n_exact from coming_read where is_exact group by order_id) e
                 using (order_id)
            left join (select order_id, count(*) as n_apart from truth_read where apart = 1 group by order_id) a
                 using (order_id)
        )
        select *, case
            when mode = 'cut' then 'completed'
            when mode = 'lines' then case when n_exact = n_coming then 'same' else 'completed' end
            when is_back and goes_forth then case when n_met = n_coming then 'part' else 'returned' end
            when updated_us < held_us then 'older'
            when n_met = n_coming and n_met = n_held then 'same'
            when updated_us > held_us and n_met < n_standing then 'changed'
            when n_met = n_coming then case when n_met = n_standing then 'same' else 'part' end
            when n_met = n_standing then 'completed'
            when mode = 'part' then 'completed'
            else 'changed' end as state
        from (select *, n_held - case when has_back then 0 else n_apart end as n_standing from counted)""")


def _apply(work: Session, ver: int) -> None:
    """Bring `truth` to what stands after this version."""
    work.run("""
        delete from truth t using judged j
        where t.order_id = j.order_id and j.state = 'changed' and (t.apart = 0 or j.has_back)""")
    work.run("""
        insert into truth
        select c.*, case when j.state = 'returned' then 1 else 0 end as apart
        from coming c join judged j using (order_id)
        where j.state = 'changed'
           or (j.mode = 'lines' and c.uid in (select uid from coming_read where not is_exact))
           or (j.mode = 'cut')
           or (j.mode in ('document', 'part') and j.state in ('completed', 'returned')
               and c.uid not in (select coming_uid from met))""")
    work.run("""
        update truth t
        set updated_us = case when j.state = 'changed' then j.updated_us else greatest(j.updated_us, j.held_us) end
        from judged j
        where t.order_id = j.order_id and (j.state = 'changed' or (j.updated_us is not null and j.state <> 'older'))""")
    work.run(f"""
        insert into verdicts
        select order_id, {ver}, case when state in ('same', 'part') and updated_us > coalesce(held_us, updated_us - 1)
                                     then 'dated' else state end, updated_us
        from judged""")


def settle(work: Session) -> None:
    """Make `leaving` (ids of ledger lines that stand no longer, counted in `n`) and `entering` (uids of lines to come).

    Compares `truth` with `current`, the lines that the ledger holds now; a line that says exactly the same stays.
    """
    exact = "order_id, line_key, occurrence, kind, coalesce(cost_e4, -1)"
    work.run(f"""
        create temp table settled as
        select t.uid, h.line_id
        from (select *, row_number() over (partition by {exact} order by uid) as n from truth) t
        full join (select *, row_number() over (partition by {exact} order by line_id) as n from current) h
             on t.order_id = h.order_id and t.line_key = h.line_key and t.occurrence = h.occurrence and t.kind = h.kind
            and t.cost_e4 is not distinct from h.cost_e4 and t.n = h.n""")
    work.run("create temp table leaving as select line_id, row_number() over () as n from settled where uid is null")
    work.run("create temp table entering as select uid from settled where line_id is null")
