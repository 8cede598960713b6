"""Orders that several files of one import hold: parts of one document, copies of it, or two exports of it.

Files that hold different lines of an order are parts of it, and of equal lines the largest count in any one file holds.
Two signs say otherwise. Where one file ends and another begins with the only order that they share, a file was cut: all
its lines count. Files that agree word for word on many orders are two exports, of which the later tells an order anew.
"""

from typing import Final

from volver.collect.ledger import documents
from volver.collect.ledger.session import Session

_MANY: Final = 10  # orders on which two files agree before they are taken for two exports


def join(work: Session, zone: str, uid: str) -> bool:
    """Make `joined`, the rows that hold of orders in several files; whether there are any.

    Reads `keyed` and `repeats`. `occurrence` counts equal lines of an order over its files.
    """
    if work.count("select count(distinct file_no) from keyed") < 2:
        return False
    work.run("""
        create temp table shared as
        select order_id from keyed where numbered = 1 group by order_id having min(file_no) <> max(file_no)""")
    if not work.count("select count(*) from shared"):
        return False
    _tell_files(work)
    said = documents.said(zone, {"goods": "product_ref", "who": "customer_ref"})
    work.run(f"""
        create temp table fold_lines as
        select {uid} as uid, k.order_id, coalesce(m.mode, 'part') as mode, k.updated_us, ts_us, day, k.line_key,
               coalesce(r.occurrence, 1) as occurrence, k.kind, k.cost_e4, {said},
               cast(dense_rank() over (partition by k.order_id order by file_no) as integer) as ver
        from keyed k left join repeats r using (file_no, row_no) left join modes m on m.order_id = k.order_id
        where k.order_id in (select order_id from shared) and not coalesce(r.dropped, false)""")
    documents.fold(work)
    work.run("""
        create temp table joined as
        select uid, row_number() over (partition by line_key order by uid) as occurrence from truth""")
    for table in ("fold_lines", "truth", "verdicts"):
        work.run(f"drop table {table}")
    return True


def _tell_files(work: Session) -> None:
    """Make `modes`: what two files are to each other, for orders that exactly two hold. Others are parts."""
    work.run("""
        create temp table in_files as
        select file_no, order_id, count(*) as n, bit_xor(line_key) as says, min(row_no) as begins, max(row_no) as ends
        from keyed group by file_no, order_id""")
    work.run(f"""
        create temp table modes as
        with edges as (
            select file_no, arg_min(order_id, begins) as first_id, arg_max(order_id, ends) as last_id,
                   count(*) as n_orders
            from in_files group by file_no
        ),
        met as (
            select a.file_no as one, b.file_no as other, a.order_id, a.says = b.says and a.n = b.n as agrees
            from in_files a join in_files b on a.order_id = b.order_id and a.file_no < b.file_no
        ),
        pairs as (
            select one, other, count(*) as n_shared, count(*) filter (agrees) as n_agree from met group by one, other
        )
        select m.order_id, case when p.n_agree >= {_MANY} then 'document' else 'cut' end as mode
        from met m join pairs p using (one, other)
        join edges e on e.file_no = m.one join edges f on f.file_no = m.other
        where m.order_id in (select order_id from met group by order_id having count(*) = 1)
          and (p.n_agree >= {_MANY}
               or (p.n_shared = 1 and e.n_orders > 1 and f.n_orders > 1
                   and ((e.last_id = m.order_id and f.first_id = m.order_id)
                        or (e.first_id = m.order_id and f.last_id = m.order_id))))""")
