"""Stages by each customer's own rhythm, as of any day, and the moves between two days.

A stage is a pure function of the ledger up to a day and of the settings, so any past day can be asked exactly.
"""

from datetime import date

from volver.know.answers import STAGES, StageCount, StageMove, StageReport
from volver.know.as_of import as_of
from volver.know.words import STAGE_LABELS, STAGE_SAYS
from volver.store import Shop


def stages(shop: Shop, at: date | None = None, since: date | None = None) -> StageReport:
    """Counts per stage as of `at` (None: the last refresh); with `since`, who moved from which stage to which."""
    with as_of(shop, at) as here:
        counts = {row["stage"]: row for row in here.rows("stage_counts")}
        moves: tuple[StageMove, ...] = ()
        if since is not None:
            now = here.connection.sql("select customer_id, stage from facts").to_arrow_table()
            moves = _moves(shop, since, now)
        day = here.at
    everyone = sum(int(row["customers"]) for row in counts.values())
    found = []
    for stage in STAGES:
        row = counts.get(stage)
        customers = int(row["customers"]) if row else 0
        found.append(
            StageCount(
                stage=stage,
                label=STAGE_LABELS[stage],
                says=STAGE_SAYS[stage],
                customers=customers,
                share=customers / everyone if everyone else None,
                net_e4=int(row["net_e4"]) if row else 0,
                value_e4=int(row["value_e4"]) if row and row["scored"] else None,
            )
        )
    return StageReport(at=day, since=since, stages=tuple(found), moves=moves)


def _moves(shop: Shop, since: date, now: object) -> tuple[StageMove, ...]:
    with as_of(shop, since) as then:
        then.connection.register("stages_now", now)
        rows = then.sql(
            """select f.stage as was, n.stage as now, count(*) as customers
               from stages_now n left join facts f on f.customer_id = n.customer_id
               group by f.stage, n.stage order by was, now"""
        )
        then.connection.unregister("stages_now")
    return tuple(StageMove(was=row["was"], now=row["now"], customers=int(row["customers"])) for row in rows)
