"""From unusable rows to the shop's set-aside list, once each, as part of the batch that read them."""

import os
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from volver.collect.ledger import aside, batch
from volver.collect.ledger.batch import Staged
from volver.collect.ledger.kinds import ROWS, Kind
from volver.collect.ledger.session import Session
from volver.store import Shop

if TYPE_CHECKING:
    from volver.collect.reading import SourceFile


def counts(shop: Shop, work: Session, kind: Kind) -> tuple[dict[str, int], int]:
    """Rows that cannot be used, by reason; and how many more a retry has settled before."""
    _mark(shop, work, kind)
    found = work.run("""
        select problem, count(*) from aside_rows where not coalesce(settled, false)
        group by problem order by problem""")
    by_reason = {str(problem): int(count) for problem, count in found.fetchall()}
    return by_reason, work.count("select count(*) from aside_rows where settled")


def put_aside(
    shop: Shop, work: Session, staged: Staged, kind: Kind, files: Sequence["SourceFile"]
) -> tuple[dict[str, int], int]:
    """Make the batch keep the rows that cannot be used and are not kept yet. Answers as `counts` does."""
    by_reason, settled = counts(shop, work, kind)
    new = "settled is null qualify row_number() over (partition by batch_key order by file_no, row_no) = 1"
    if work.count(f"select count(*) from (select 1 from aside_rows where {new})"):
        work.run("create temp table labels (file_no integer, file varchar)")
        work.connection.executemany("insert into labels values (?, ?)", [(each.file_no, each.label) for each in files])
        staged.put_aside = f"{uuid.uuid4().hex}.aside"
        path = batch.pending_file(shop, staged.put_aside)
        work.run(f"""
            copy (select batch_key, file, row_no, problem as reason, raw as body
                  from (select * from aside_rows where {new}) join labels using (file_no) order by file_no, row_no)
            to '{str(path).replace("'", "''")}' (format json)""")
        with open(path, "rb") as written:
            os.fsync(written.fileno())
    return by_reason, settled


def _mark(shop: Shop, work: Session, kind: Kind) -> None:
    """Stage `aside_rows`: `settled` is NULL for a row that is not kept yet, else whether a retry has settled it."""
    # An empty cell is NULL or '' by the file's quoting; a row is the same row either way.
    work.run(f"""
        create temp table aside_found as
        select * exclude (same),
               '{kind}:' || same || ':' || row_number() over (partition by file_no, same order by row_no) as batch_key
        from (
            select file_no, row_no, problem, coalesce(raw, '{{}}') as raw,
                   md5(replace(coalesce(raw, '{{}}'), ':null', ':""')) as same
            from {ROWS[kind]} where problem is not null)""")
    work.run("create temp table kept_aside (batch_key varchar, settled boolean)")
    keys = work.run("select distinct batch_key from aside_found")
    found: dict[str, bool] = {}
    while part := keys.fetchmany(10_000):
        found |= aside.known(shop, [key for (key,) in part])
    if found:
        work.connection.executemany("insert into kept_aside values (?, ?)", [list(each) for each in found.items()])
    work.run("""
        create temp table aside_rows as
        select a.*, k.settled from aside_found a left join kept_aside k using (batch_key)""")
